"""The test set of the understanding is complete, varied and well formed."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

import pytest

from benchmarks.understanding.load import (
    CANONICAL,
    EMOTIONS,
    FOLDER,
    INTENTS,
    NONE,
    read_emotions,
    read_entries,
    read_products,
    read_questions,
    read_slots,
    read_utterances,
)
from voicebot.dialogue.knowledge import evaluation, files
from voicebot.dialogue.knowledge.background import sections, topics
from voicebot.dialogue.mood_model import MOODS
from voicebot.dialogue.wording import plain
from voicebot.errors import BadInput

LATIN_OR_DIGIT = re.compile(r"[A-Za-z0-9]")
ALLOWED = re.compile(r"[\u4e00-\u9fff，。？A-Z ]+")


def bare(text: str) -> str:
    """Drop punctuation and fillers; what is nothing else stays as it is."""
    plain = re.sub(r"[，。？\s]", "", text)
    return re.sub(r"嗯|呃|额|啊|哎|哦|那个|这个|就是", "", plain) or plain


def repeated(texts: Iterable[str]) -> list[str]:
    return [text for text, times in Counter(map(bare, texts)).items() if times > 1]


def test_every_shared_intent_has_enough_utterances() -> None:
    counts = Counter(utterance.intent for utterance in read_utterances())

    assert set(counts) == {*INTENTS, NONE}
    assert len(INTENTS) == 36
    assert counts.total() >= 1700
    assert [intent for intent in INTENTS if counts[intent] < 35] == []
    assert min(counts["opt_out"], counts["transfer_human"]) >= 70
    assert counts[NONE] >= 250


def test_no_utterance_is_there_twice() -> None:
    assert repeated(utterance.text for utterance in read_utterances()) == []


def test_no_more_than_three_utterances_of_an_intent_begin_alike() -> None:
    beginnings = Counter(
        (utterance.intent, bare(utterance.text)[:6])
        for utterance in read_utterances()
        if len(bare(utterance.text)) >= 6
    )

    assert [beginning for beginning, times in beginnings.items() if times > 3] == []


def test_few_utterances_have_a_second_right_answer() -> None:
    utterances = read_utterances()

    assert sum(bool(utterance.also) for utterance in utterances) < 0.08 * len(utterances)


def test_nothing_stands_in_for_a_missed_refusal_of_calls_or_wish_for_a_person() -> None:
    lenient = [
        utterance.id
        for utterance in read_utterances()
        if utterance.intent in ("opt_out", "transfer_human") and utterance.also
    ]

    assert lenient == []


def test_a_plain_yes_or_no_has_the_question_before_it() -> None:
    bare_answers = [
        utterance.id
        for utterance in read_utterances()
        if utterance.intent in ("affirm", "deny", "unsure") and not utterance.context
    ]

    assert bare_answers == []


def test_every_difficulty_has_its_utterances() -> None:
    counts = Counter(tag for utterance in read_utterances() for tag in utterance.difficulty)

    assert min(counts.values()) >= 15
    assert len(counts) == 11


def test_texts_are_written_as_they_are_spoken() -> None:
    texts = [utterance.text for utterance in read_utterances()]
    texts += [example.text for example in read_emotions()]
    texts += [question.text for question in read_questions()]
    spelled = [example.text for example in read_slots() if example.slot == "order_number"]
    others = [example.text for example in read_slots() if example.slot != "order_number"]

    assert [text for text in texts + others if LATIN_OR_DIGIT.search(text)] == []
    assert [text for text in texts + others + spelled if not ALLOWED.fullmatch(text)] == []


def test_every_kind_of_slot_has_examples_with_and_without_a_value() -> None:
    examples = read_slots()
    counts = Counter(example.slot for example in examples)

    assert len(examples) >= 400
    assert [kind for kind in CANONICAL if counts[kind] < 25] == []
    assert {example.slot for example in examples if not example.accepted} == set(CANONICAL)
    assert sum(not example.accepted for example in examples) >= 40


def test_no_slot_example_is_there_twice() -> None:
    keys = Counter((bare(example.text), example.slot, example.now) for example in read_slots())

    assert [key for key, times in keys.items() if times > 1] == []


def test_a_named_weekday_is_the_weekday_of_its_value() -> None:
    wrong = []
    checked = 0
    for example in read_slots():
        named = re.findall(r"(?:周|礼拜|星期)([一二三四五六日天])", example.text)
        if named and example.accepted and example.slot in ("date", "datetime"):
            checked += 1
            weekday = date.fromisoformat(example.accepted[0].removeprefix("../")[:10]).weekday()
            if weekday != "一二三四五六日".index(named[-1].replace("天", "日")):
                wrong.append(example.id)

    assert wrong == []
    assert checked >= 25


def test_the_last_digits_said_end_the_telephone_number() -> None:
    digits = dict(zip("零幺二三四五六七八九", "0123456789", strict=True)) | {"一": "1"}
    wrong = []
    for example in read_slots():
        if example.slot == "phone" and example.accepted:
            said = "".join(digits.get(character, "") for character in example.text)
            if example.accepted[0][-4:] not in said:
                wrong.append(example.id)

    assert wrong == []


def test_an_address_is_made_of_the_characters_that_were_said() -> None:
    def in_order(value: str, text: str) -> bool:
        said = iter(text)
        return all(character in said for character in value)

    wrong = [
        example.id
        for example in read_slots()
        if example.slot == "address"
        and not all(in_order(value, example.text) for value in example.accepted)
    ]

    assert wrong == []


def test_every_mood_has_fifty_texts() -> None:
    examples = read_emotions()

    assert Counter(example.emotion for example in examples) == dict.fromkeys(EMOTIONS, 50)
    assert repeated(example.text for example in examples) == []


def test_questions_lead_to_every_entry_in_other_words_or_to_none() -> None:
    entries = read_entries()
    questions = read_questions()
    asked = Counter(question.entry for question in questions)

    assert [entry.number for entry in entries] == list(range(1, 41))
    assert set(asked) == {None, *range(1, 41)}
    assert asked[None] >= 40
    assert asked.total() - asked[None] >= 150
    assert min(asked.values()) >= 3
    assert repeated([e.question for e in entries] + [q.text for q in questions]) == []


def test_the_shop_has_thirty_products_and_most_are_asked_for() -> None:
    products = read_products()
    named = {
        value for example in read_slots() if example.slot == "product" for value in example.accepted
    }

    assert len(set(products)) == 30
    assert len(named) >= 25


def test_the_page_about_the_test_set_counts_right() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    counts = {
        "utterances.tsv": len(read_utterances()),
        "slots.tsv": len(read_slots()),
        "emotion.tsv": len(read_emotions()),
        "knowledge_entries.tsv": len(read_entries()),
        "knowledge.tsv": len(read_questions()),
        "products.txt": len(read_products()),
    }

    named = re.findall(r"^\| `(\S+)` \| ([\d,]+) \|", page, re.MULTILINE)

    assert {file: int(count.replace(",", "")) for file, count in named} == counts


HEADERS: dict[Callable[[Path], object], str] = {
    read_utterances: "id\ttext\tintent\tcontext\tdifficulty\talso",
    read_slots: "id\ttext\tslot\tvalue\tnow",
    read_emotions: "id\ttext\temotion",
    read_entries: "entry\tquestion\tanswer",
    read_questions: "id\ttext\tentry",
}


@pytest.mark.parametrize(
    ("read", "lines", "complaints"),
    [
        (
            read_utterances,
            [
                "u1\t好\tyes\t\tplain\t",
                "u1\t不\tdeny\t\teasy\tdeny",
                "u2\t\tdeny\t\tplain\t",
                "u3\t好",
            ],
            [
                '2: intent: unknown name "yes"',
                '3: id: "u1" stands in line 2 too',
                '3: difficulty: unknown name "easy"',
                '3: also: "deny" is the label itself',
                "4: text: is empty",
                "5: 2 fields, not 6",
            ],
        ),
        (
            read_slots,
            [
                "s1\t二月三十\tdate\t2026-02-30\t2026-01-01T10:00+08:00",
                "s2\t明天\tdate\t2026-01-02\t",
                "s3\t明天\tdate\t2026-01-02\t2026-01-01T10:00",
                "s4\t明天\tday\t2026-01-02\tnow",
                "s5\t十一分\trating\t11\t",
                "s6\t一会儿\tduration\tP\t",
            ],
            [
                '2: value: "2026-02-30" is no canonical date',
                "3: now: a date needs the moment it was said",
                '4: now: "2026-01-01T10:00" has no zone such as +08:00',
                '5: now: "now" is no date and time',
                '5: slot: unknown name "day"',
                '6: value: "11" is no canonical rating',
                '7: value: "P" is no canonical duration',
            ],
        ),
        (read_emotions, ["m1\t气死了\tangry"], ['2: emotion: unknown name "angry"']),
        (
            read_entries,
            ["1\t几点\t" + "好" * 61, "x\t几点\t九点"],
            ["2: answer: 61 characters, not 1-60", '3: entry: "x" is no number'],
        ),
        (read_questions, ["k1\t几点\t一"], ['2: entry: "一" is no number']),
    ],
)
def test_every_malformed_line_is_named_at_once(
    read: Callable[[Path], object], lines: list[str], complaints: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "lines.tsv"
    file.write_text("\n".join([HEADERS[read], *lines]) + "\n", encoding="utf-8")

    with pytest.raises(BadInput) as caught:
        read(file)

    named = [str(problem).removeprefix(f"{file}:") for problem in caught.value.problems]
    assert named == complaints


def test_a_file_with_other_columns_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "utterances.tsv"
    file.write_text("text\tintent\n好\taffirm\n", encoding="utf-8")

    with pytest.raises(BadInput, match=r"utterances\.tsv:1: the columns are not id, text, intent"):
        read_utterances(file)


@pytest.mark.parametrize(
    ("slot", "right", "wrong"),
    [
        (
            "amount",
            ["320", "2.5", "~1000", "200..300", "..300", "1000.."],
            ["..", "3元", "1..2..3"],
        ),
        ("quantity", ["2 箱", "3.5 斤", "7..8 盒"], ["2箱", "箱", "2 box"]),
        ("date", ["2026-12-02", "2026-12-01/2026-12-03"], ["2026-12-03/2026-12-01", "../..", ""]),
        ("time", ["08:00", "18:00/24:00", "../10:00"], ["8:00", "25:00", "24:30"]),
        ("datetime", ["2026-12-02T12:00/2026-12-02T18:00"], ["2026-12-02", "2026-12-02T12"]),
        (
            "duration",
            ["PT30M", "P1Y6M", "P3D..P5D", "~P10D"],
            ["P", "P2W", "PT", "30", "P..", "P3D..PT"],
        ),
        ("order_number", ["AB123", "*3827", "8-3-2016"], ["ab123", "*", "A B"]),
        ("rating", ["1", "9.5", "6..7"], ["0", "11", "6.."]),
    ],
)
def test_canonical_values(slot: str, right: list[str], wrong: list[str]) -> None:
    is_canonical = CANONICAL[slot]

    assert [value for value in right if not is_canonical(value)] == []
    assert [value for value in wrong if is_canonical(value)] == []


def test_nothing_that_was_learnt_from_stands_in_it() -> None:
    """Where it did, the figures would tell what was learnt by heart."""
    asked = {plain(each.text) for each in read_questions()}
    felt = {plain(each.text) for each in read_emotions()}
    valued = {(each.slot, plain(each.text)) for each in read_slots()}
    shops = sorted((FOLDER / "dev" / "knowledge").glob("*.md"))

    developed = {
        plain(each.text)
        for shop in shops
        for each in evaluation.read(shop.with_suffix(".questions.tsv"), files.read(shop))
    }

    assert shops
    assert not asked & {question for _, question in topics()}
    assert not asked & developed
    assert not felt & {sentence for _, sentence in sections(MOODS)}
    assert not valued & {
        (each.slot, plain(each.text)) for each in read_slots(FOLDER / "dev" / "slots.tsv")
    }
