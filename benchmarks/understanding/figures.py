"""Judge intents and slots against the labelled test set."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter, process_time
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.understanding.load import NONE, SlotExample, Utterance
from voicebot.dialogue.classifier import Classifier
from voicebot.dialogue.evidence import GUARDED
from voicebot.dialogue.intents import IntentIndex, index
from voicebot.dialogue.script import Intent
from voicebot.dialogue.slots import SlotValue, extract
from voicebot.dialogue.wording import plain
from voicebot.speech.recogniser import Transcript

CONFIDENT = 0.8
"""From here a wrong answer is wrong-but-confident: a call would act on it without asking."""

ANSWERS = ("affirm", "deny")
"""What a state that has just asked something expects."""

SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(slots=True)
class Judged:
    """How a set of utterances was understood."""

    seconds: list[float] = field(default_factory=list)
    processor_seconds: list[float] = field(default_factory=list)
    """Without the time in which other work had the processor."""
    within: int = 0
    within_right: int = 0
    new: int = 0
    """Those that mean something and that training never saw word for word."""
    new_right: int = 0
    outside: int = 0
    outside_right: int = 0
    wrong_confident: int = 0
    guarded: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    """By name: how many there are, and how many were found."""
    false_guarded: int = 0
    confusions: Counter[tuple[str, str]] = field(default_factory=Counter)
    by_difficulty: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    by_intent: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    calibration: list[tuple[float, bool]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many utterances."""
        return self.within + self.outside


def judge(
    utterances: Iterable[Utterance],
    heard: Callable[[str], Transcript],
    intents: Sequence[Intent],
    classifier: Classifier,
    known: Collection[str] = (),
) -> Judged:
    """Understand every utterance and compare with its label.

    `known` are the sentences that training saw, in plain form: callers of all kinds say 不用了谢谢.
    """
    engine: IntentIndex = index(tuple(intents))
    names = [intent.name for intent in intents]
    hot = [intent.name for intent in intents if intent.hot_words]
    judged = Judged()
    for utterance in utterances:
        transcript = heard(utterance.text)
        expected = ANSWERS if utterance.context else ()
        begin, worked = perf_counter(), process_time()
        found = engine.understand(transcript, names, hot, classifier=classifier, expected=expected)
        judged.seconds.append(perf_counter() - begin)
        judged.processor_seconds.append(process_time() - worked)
        if utterance.intent != NONE and plain(utterance.text) not in known:
            judged.new += 1
            judged.new_right += (found.intent or NONE) in utterance.accepted
        _count(judged, utterance, found.intent or NONE, found.confidence)
    return judged


def _count(judged: Judged, utterance: Utterance, found: str, confidence: float) -> None:
    right = found in utterance.accepted
    if utterance.intent == NONE:
        judged.outside += 1
        judged.outside_right += right
    else:
        judged.within += 1
        judged.within_right += right
    if found != NONE:
        judged.wrong_confident += not right and confidence >= CONFIDENT
        judged.calibration.append((confidence, right))
    if utterance.intent in GUARDED:
        judged.guarded[utterance.intent][0] += 1
        judged.guarded[utterance.intent][1] += right
    judged.false_guarded += found in GUARDED and not right
    if not right:
        judged.confusions[utterance.intent, found] += 1
    for difficulty in utterance.difficulty:
        judged.by_difficulty[difficulty][0] += 1
        judged.by_difficulty[difficulty][1] += right
    judged.by_intent[utterance.intent][0] += 1
    judged.by_intent[utterance.intent][1] += right


def percentile(seconds: Sequence[float], share: float) -> float:
    """Return a percentile in milliseconds."""
    return float(np.percentile(seconds, share)) * 1000


def slots(
    examples: Iterable[SlotExample],
    heard: Mapping[tuple[str, str], Sequence[str]],
    products: Sequence[str],
) -> dict[str, list[int]]:
    """Return, by kind, how many there are and how many values are exactly right.

    `heard` has the readings of each kind and text, the likeliest first; the first that has a value
    counts.
    """
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for example in examples:
        now = (example.now or datetime(2026, 11, 27, 10, 0)).astimezone(SHANGHAI)
        values = (
            extract(example.slot, reading, now=now, options=products)
            for reading in heard[example.slot, example.text]
        )
        value = next(filter(None, values), None)
        found[example.slot][0] += 1
        found[example.slot][1] += is_right(example, value)
    return dict(found)


def is_right(example: SlotExample, value: SlotValue | None) -> bool:
    """Tell whether a value is one of those accepted, in the form of the test set."""
    if value is None:
        return not example.accepted
    return bool(set(_forms(value)) & set(example.accepted))


def _forms(value: SlotValue) -> list[str]:
    """Return the ways in which the test set may write a value: ~ for about, the unit after it.

    A span has no ~, as load.CANONICAL says.
    """
    unit = f" {value.unit}" if value.unit else ""
    forms = [f"{value.value}{unit}"]
    spanned = ".." in value.value or "/" in value.value
    if value.approximate and not spanned:
        forms = [f"~{form}" for form in forms]
    return forms
