"""What the classifier of the shared intents is made from, and that it is made the same again."""

import re
from collections import defaultdict

import numpy as np

from recipes.understanding.__main__ import CALLERS, EXAMPLES, answers, sentences
from recipes.understanding.fitting import fitted, learnt_from
from voicebot.dialogue.classifier import UNRELATED
from voicebot.dialogue.linear import to_bytes
from voicebot.dialogue.shared_intents import shared_intents
from voicebot.dialogue.slots.satisfaction import SPOKEN

INTENTS = {*shared_intents(), UNRELATED}


def test_every_author_wrote_for_every_intent_in_chinese_characters_alone() -> None:
    for folder in sorted(CALLERS.iterdir()):
        assert {path.stem for path in folder.glob("*.txt")} <= INTENTS
        for path in folder.glob("*.txt"):
            odd = [
                line
                for line in path.read_text("utf-8").splitlines()
                if not re.fullmatch(r"[\u3400-\u9fff，〇]+", line)
            ]
            assert odd == [], path


def test_few_sentences_of_an_author_have_two_meanings() -> None:
    meant: dict[tuple[str, str], set[str]] = defaultdict(set)
    for author, label, text in sentences():
        if author != EXAMPLES:
            meant[author, text].add(label)

    doubtful = [text for (_, text), labels in meant.items() if len(labels) > 1]

    assert len(doubtful) <= 0.001 * len(meant), doubtful


def test_answers_about_satisfaction_are_of_one_level_and_in_chinese_characters_alone() -> None:
    meant: dict[str, set[str]] = defaultdict(set)
    for _, level, text in answers():
        assert level in {*SPOKEN, UNRELATED}
        assert re.fullmatch(r"[\u3400-\u9fff，〇]+", text), text
        meant[text].add(level)

    doubtful = [text for text, levels in meant.items() if len(levels) > 1]

    assert len(doubtful) <= 0.01 * len(meant), doubtful


def test_the_same_rows_give_the_same_model() -> None:
    some = [each for each in sentences() if each[1] in ("affirm", "opt_out", UNRELATED)][::40]
    rows = list(learnt_from(dict.fromkeys(some)))

    first, second = (to_bytes(fitted(rows, seen=8, about={}, sharpness=4.0)) for _ in range(2))

    assert first == second
    model = fitted(rows, seen=8, about={})
    right = [
        model.labels[int(np.argmax(model.scores(row.features)))] == row.label
        for row in rows
        if row.original
    ]
    assert np.mean(right) > 0.9
