"""A small classifier of utterances."""

import numpy as np
import pytest

from voicebot.dialogue.classifier import UNRELATED, Classifier, from_bytes, to_bytes
from voicebot.dialogue.features import WordGroups
from voicebot.dialogue.intents import understand
from voicebot.dialogue.mishearing import Mishearings
from voicebot.dialogue.script import Intent
from voicebot.dialogue.shared_intents import examples, shared_intents, unrelated, word_groups
from voicebot.dialogue.training import evenly, material, train
from voicebot.speech.recogniser import Transcript

TAUGHT = ("affirm", "deny", "ask_refund", "ask_order_status", "transfer_human", "opt_out")


@pytest.fixture(scope="module")
def intents() -> dict[str, Intent]:
    shared = shared_intents()
    return {name: shared[name] for name in TAUGHT}


@pytest.fixture(scope="module")
def classifier(intents: dict[str, Intent]) -> Classifier:
    taught = {name: (evenly(each.phrases, 30), each.examples) for name, each in intents.items()}
    pairs = [("我要退款", "我要腿款"), ("快递", "快地"), ("订单", "订蛋")]
    return train(material(taught, unrelated(), word_groups(), pairs))


def test_it_generalises_beyond_its_examples(classifier: Classifier) -> None:
    likely = classifier.probabilities(["包裹怎么一直没有动静呢"])

    assert max(likely, key=lambda name: likely[name]) == "ask_order_status"


def test_it_knows_what_means_nothing(classifier: Classifier) -> None:
    likely = classifier.probabilities(["我奶奶做的饺子最好吃"])

    assert max(likely, key=lambda name: likely[name]) == UNRELATED


def test_its_shares_are_one_together(classifier: Classifier) -> None:
    likely = classifier.probabilities(["我要退款", "我要腿款"], [0.7, 0.3])

    assert sum(likely.values()) == pytest.approx(1)
    assert set(likely) == {*TAUGHT, UNRELATED}


def test_it_is_the_same_after_it_was_kept(classifier: Classifier) -> None:
    kept = from_bytes(to_bytes(classifier))

    assert kept is not None
    assert kept.labels == classifier.labels
    assert np.allclose(kept.scores("钱什么时候退"), classifier.scores("钱什么时候退"), atol=0.01)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 nothing", b"{}"])
def test_what_is_no_classifier_is_trained_again(data: bytes) -> None:
    assert from_bytes(data) is None


def test_the_intent_comes_with_its_reason(
    classifier: Classifier, intents: dict[str, Intent]
) -> None:
    found = understand(
        Transcript("麻烦你瞧瞧我那个包裹走到哪里了呀"),
        list(intents.values()),
        [],
        classifier=classifier,
        expected=["ask_order_status"],
    )

    assert found.intent == "ask_order_status"
    assert "it is what was asked" in found.reason
    assert found.confidence > 0.5
    assert found.runner_up is not None


def test_what_a_state_does_not_react_to_is_named_all_the_same(
    classifier: Classifier, intents: dict[str, Intent]
) -> None:
    found = understand(
        Transcript("我的退款怎么还没到账呢都好几天了"),
        [intents["affirm"]],
        [],
        classifier=classifier,
    )

    assert found.intent == "ask_refund"
    assert "nothing follows from it here" in found.reason


def test_words_of_a_group_are_found_by_sound() -> None:
    groups = WordGroups({"parcel": ("快递", "包裹"), "arrive": ("收到",)})

    assert groups.find("我的快地还没收到") == ["parcel", "¬", "arrive"]


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
