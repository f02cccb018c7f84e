"""How likely each intent is, by the model that ships and by the one of a script's own intents."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recipes.understanding.__main__ import words_digest
from voicebot.dialogue.classifier import OTHER, UNRELATED, Classifier, shared_model
from voicebot.dialogue.features import WordGroups, features
from voicebot.dialogue.intents import understand
from voicebot.dialogue.linear import from_bytes, to_bytes
from voicebot.dialogue.mishearing import Mishearings
from voicebot.dialogue.script import Intent
from voicebot.dialogue.shared_intents import examples, shared_intents, unrelated, word_groups
from voicebot.dialogue.training import train
from voicebot.runtime.classifier_store import classifier as of_script
from voicebot.speech.recogniser import Transcript

GIFT_WRAP = Intent(
    "gift_wrap",
    (),
    (
        "帮我包装一下", "我要送人的", "能包成礼物吗", "给我系个蝴蝶结", "要礼品包装",
        "包得漂亮一点", "能不能放张贺卡", "帮我写个卡片", "送人用的请包好看点",
        "有没有礼盒装",
    ),
)  # fmt: skip
YES = Intent("yes", (), ("好的", "可以", "行啊", "没问题", "当然可以", "那就来一份"))


@pytest.fixture
def shared() -> Classifier:
    return Classifier(shared_model(), word_groups())


def likeliest(classifier: Classifier, text: str) -> str:
    likely = classifier.probabilities([text])
    return max(likely, key=lambda name: likely[name])


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("包裹怎么一直没有动静呢", "ask_order_status"),
        ("锅把儿一碰就掉下来了", "complain"),
        ("家里那两桶都还没拆封呢", "already_bought"),
        ("我跟我老伴商量商量再告诉你", "unsure"),
        ("前面路口右转就到了", UNRELATED),
        ("今天晚上的月亮真圆", UNRELATED),
    ],
)
def test_it_generalises_beyond_its_examples(shared: Classifier, text: str, meant: str) -> None:
    assert likeliest(shared, text) == meant


def test_it_knows_all_shared_intents_and_was_trained_with_these_groups_of_words() -> None:
    model = shared_model()

    assert set(model.labels) == {*shared_intents(), UNRELATED}
    assert model.about["words"] == words_digest(), "run python -m recipes.understanding"


def test_its_shares_are_one_together(shared: Classifier) -> None:
    likely = shared.probabilities(["我要退款", "我要腿款"], [0.7, 0.3])

    assert sum(likely.values()) == pytest.approx(1, abs=1e-4)


def test_a_scripts_own_intent_is_told_from_the_shared_ones(tmp_path: Path) -> None:
    classifier = of_script({"gift_wrap": GIFT_WRAP}, tmp_path)

    assert likeliest(classifier, "麻烦帮我包装得好看一点") == "gift_wrap"
    assert likeliest(classifier, "我的包裹怎么还没到") == "ask_order_status"
    assert likeliest(classifier, "前面路口右转就到了") == UNRELATED
    assert sum(classifier.probabilities(["包装一下"]).values()) == pytest.approx(1, abs=1e-4)


def test_an_own_intent_takes_the_place_of_the_shared_one_that_it_overlaps(tmp_path: Path) -> None:
    classifier = of_script({"yes": YES}, tmp_path)

    assert classifier.routes == {"affirm": "yes"}
    assert "affirm" not in classifier.probabilities(["好"])
    assert likeliest(classifier, "那就按你说的办呗") == "yes"


def test_sentences_that_a_script_adds_to_a_shared_intent_are_learnt(tmp_path: Path) -> None:
    known = shared_intents()["greet"]
    added = replace(known, examples=(*known.examples, "芝麻开门", "芝麻快开门", "天王盖地虎"))

    classifier = of_script({"greet": added}, tmp_path)

    assert likeliest(classifier, "芝麻开门吧") == "greet"
    assert likeliest(classifier, "喂你好有人在吗") == "greet"


def test_what_was_trained_is_kept_and_mended_when_it_is_damaged(tmp_path: Path) -> None:
    first = of_script({"gift_wrap": GIFT_WRAP}, tmp_path)
    (kept,) = tmp_path.glob("*.npz")

    kept.write_bytes(b"PK\x03\x04 nothing")
    again = of_script({"gift_wrap": GIFT_WRAP}, tmp_path)

    text = "能不能包装一下"
    assert again.probabilities([text]) == pytest.approx(first.probabilities([text]), abs=0.01)
    assert from_bytes(kept.read_bytes()) is not None


def test_shared_intents_alone_need_no_training(tmp_path: Path) -> None:
    classifier = of_script(shared_intents(), tmp_path / "never made")

    assert classifier.own is None
    assert not (tmp_path / "never made").exists()


def test_a_model_is_the_same_after_it_was_kept() -> None:
    model = train({"gift_wrap": GIFT_WRAP.examples}, unrelated()[:100], word_groups())
    kept = from_bytes(to_bytes(model))

    assert kept is not None
    assert kept.labels == model.labels == ("gift_wrap", OTHER)
    assert np.array_equal(kept.weights, model.weights)
    assert kept.sharpness == model.sharpness


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 nothing", b"{}"])
def test_what_is_no_model_is_trained_again(data: bytes) -> None:
    assert from_bytes(data) is None


def test_the_intent_comes_with_its_reason(shared: Classifier) -> None:
    found = understand(
        Transcript("麻烦你瞧瞧我那个包裹走到哪里了呀"),
        [shared_intents()["ask_order_status"]],
        [],
        classifier=shared,
        expected=["ask_order_status"],
    )

    assert found.intent == "ask_order_status"
    assert "it is what was asked" in found.reason
    assert found.confidence > 0.5
    assert found.runner_up is not None


def test_what_a_state_does_not_react_to_is_named_all_the_same(shared: Classifier) -> None:
    found = understand(
        Transcript("我的退款怎么还没到账呢都好几天了"),
        [shared_intents()["affirm"]],
        [],
        classifier=shared,
    )

    assert found.intent == "ask_refund"
    assert "nothing follows from it here" in found.reason


def test_words_of_a_group_are_found_by_sound_when_they_are_long() -> None:
    groups = WordGroups({"parcel": ("快递", "快递单号"), "goods.food": ("大米",)})

    found = groups.find("快地但号和大米")

    assert found == [("快地但号", ("parcel",)), ("和", ()), ("大米", ("goods.food",))]


def test_a_denied_group_is_another_feature() -> None:
    groups = WordGroups({"good": ("满意",)})

    assert {*features("不满意", groups)} & {"g ¬good ¬", "g good +"} == {"g ¬good ¬"}
    assert {*features("很满意", groups)} & {"g ¬good ¬", "g good +"} == {"g good +"}


def test_mishearings_are_learned_from_pairs() -> None:
    heard = Mishearings([("电池", "点吃")] * 3)

    variants = {each for text in ("电池电池电池", "电池的电池") for each in heard.variants(text)}

    assert all(set(each) <= set("电池点吃的") for each in variants)
    assert any(set(each) & set("点吃") for each in variants)


@pytest.mark.parametrize("name", [*shared_intents(), UNRELATED])
def test_every_shared_intent_has_many_examples(name: str) -> None:
    assert len(examples(name)) >= 25


def test_no_sentence_belongs_to_two_shared_intents() -> None:
    owner: dict[str, str] = {}
    for name, intent in shared_intents().items():
        for sentence in intent.sentences:
            assert owner.setdefault(sentence, name) == name, sentence


def test_an_own_intent_that_covers_a_shared_one_takes_its_place_too(tmp_path: Path) -> None:
    busy = shared_intents()["driving_or_busy"].examples[::2]
    later = Intent(
        "call_later", (), (*busy, *(f"{day}再打" for day in ["今晚", "明天", "后天", "周末"]))
    )

    classifier = of_script({"call_later": later}, tmp_path)

    assert classifier.routes["driving_or_busy"] == "call_later"
    assert likeliest(classifier, "我正在给学生上着课呢") == "call_later"
