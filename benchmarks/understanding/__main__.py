"""How well is understood what customers say: intents, slots, moods and questions.

    python -m benchmarks.understanding                 text alone, a minute
    python -m benchmarks.understanding --audio 4       every fourth sentence through the recogniser
                                                       too, on a telephone line without noise and
                                                       with pink noise 10 dB under the voice

Intents are heard by the shared sentences, values by what a script's slot of their kind listens for.
The voices are those that neither the recogniser nor the classifier was trained with. Prints
Markdown; docs/understanding.md holds what it printed.
"""

import argparse
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from benchmarks.conditions import conditions
from benchmarks.understanding import load
from benchmarks.understanding.asked import phrases as phrases_for
from benchmarks.understanding.figures import CONFIDENT, Judged, judge, percentile, slots
from benchmarks.understanding.hearing import CLEAN, NOISY, TESTED_WITH, Hearing
from recipes.understanding.__main__ import sentences
from voicebot import bootstrap
from voicebot.dialogue import emotion
from voicebot.dialogue.knowledge.entry import Entry
from voicebot.dialogue.knowledge.index import Index
from voicebot.dialogue.listener import value_readings
from voicebot.dialogue.shared_intents import shared_intents
from voicebot.dialogue.slots import KINDS
from voicebot.dialogue.wording import plain
from voicebot.speech.recogniser import Transcript

SHOWN_CONFUSIONS = 25


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.understanding")
    parser.add_argument("--audio", type=int, metavar="N", help="hear every Nth sentence too")
    chosen = parser.parse_args(arguments)
    print(f"{conditions()}\n")
    intents = list(shared_intents().values())
    classifier = bootstrap.shared_classifier()
    utterances = load.read_utterances()
    known = {plain(text) for _, _, text in sentences()}
    judged = {"text": judge(utterances, Transcript, intents, classifier, known)}
    examples = load.read_slots()
    products = load.read_products()
    values = {
        "text": slots(
            examples, {(each.slot, each.text): (each.text,) for each in examples}, products
        )
    }
    if chosen.audio:
        some, spoken = utterances[:: chosen.audio], examples[:: chosen.audio]
        model = bootstrap.load_model(None)
        phrases = [sentence for intent in intents for sentence in intent.sentences]
        for name, settings in (("telephone", CLEAN), ("10 dB", NOISY)):
            hearing = Hearing(model, TESTED_WITH, settings)
            heard = {
                each.text: hearing.hear(hearing.sound(number, each.text), phrases)
                for number, each in enumerate(some)
            }
            judged[name] = judge(some, heard.__getitem__, intents, classifier, known)
            asked = {kind: phrases_for(kind, products) for kind in KINDS}
            words = {
                (each.slot, each.text): value_readings(
                    hearing.hear(hearing.sound(number, each.text), asked[each.slot]), each.slot
                )
                for number, each in enumerate(spoken)
            }
            values[name] = slots(spoken, words, products)
    _intents(judged)
    _slots(values)
    _difficulties(judged["text"])
    for name, each in judged.items():
        _confusions(name, each)
    _calibration(judged["text"])
    _moods()
    _questions()


def _intents(judged: dict[str, Judged]) -> None:
    print("| | " + " | ".join(judged) + " |")
    print("|---|" + "---|" * len(judged))
    rows: dict[str, Callable[[Judged], str]] = {
        "utterances": lambda each: f"{each.count}",
        "intent right": lambda each: _share(each.within_right, each.within),
        "the same, of what training never saw": lambda each: _share(each.new_right, each.new),
        "opt_out found": lambda each: _share(*reversed(each.guarded["opt_out"])),
        "transfer_human found": lambda each: _share(*reversed(each.guarded["transfer_human"])),
        "taken for one of them wrongly": lambda each: f"{each.false_guarded}",
        f"wrong with {CONFIDENT} or more": lambda each: _share(each.wrong_confident, each.count),
        "none of the intents, not matched": lambda each: _share(each.outside_right, each.outside),
        "ms an utterance, p50 / p99": lambda each: (
            f"{percentile(each.seconds, 50):.1f} / {percentile(each.seconds, 99):.1f}"
        ),
        "ms of processor time, p50 / p99": lambda each: (
            f"{percentile(each.processor_seconds, 50):.1f}"
            f" / {percentile(each.processor_seconds, 99):.1f}"
        ),
    }
    for name, cell in rows.items():
        print(f"| {name} | " + " | ".join(cell(each) for each in judged.values()) + " |")
    print()


def _slots(values: dict[str, dict[str, list[int]]]) -> None:
    print("| slots, exactly right | " + " | ".join(values) + " |")
    print("|---|" + "---|" * len(values))
    for kind in sorted(values["text"]):
        cells = (_share(*reversed(each.get(kind, [0, 0]))) for each in values.values())
        print(f"| {kind} | " + " | ".join(cells) + " |")
    totals = (
        _share(sum(each[1] for each in kinds.values()), sum(each[0] for each in kinds.values()))
        for kinds in values.values()
    )
    print("| all | " + " | ".join(totals) + " |\n")


def _difficulties(judged: Judged) -> None:
    print("| difficulty (text) | right |\n|---|---|")
    for name, (count, right) in sorted(judged.by_difficulty.items()):
        print(f"| {name} | {_share(right, count)} |")
    print("\n| intent (text) | right |\n|---|---|")
    for name, (count, right) in sorted(judged.by_intent.items()):
        print(f"| {name} | {_share(right, count)} |")
    print()


def _confusions(name: str, judged: Judged) -> None:
    print(f"| {name}: meant | taken for | times |\n|---|---|---|")
    for (meant, found), times in judged.confusions.most_common(SHOWN_CONFUSIONS):
        print(f"| {meant} | {found} | {times} |")
    rest = len(judged.confusions) - SHOWN_CONFUSIONS
    print(f"\n{max(rest, 0)} rarer pairs are not shown.\n")


def _calibration(judged: Judged) -> None:
    print("| confidence | utterances | right |\n|---|---|---|")
    edges = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99, 1.01)
    confidences = np.array([confidence for confidence, _ in judged.calibration])
    rights = np.array([right for _, right in judged.calibration])
    for low, high in pairwise(edges):
        chosen = (confidences >= low) & (confidences < high)
        if chosen.any():
            count = int(chosen.sum())
            share = _share(int(rights[chosen].sum()), count)
            print(f"| {low:.2f}-{min(high, 1):.2f} | {count} | {share} |")
    print()


def _moods() -> None:
    examples = load.read_emotions()
    right = sum(str(emotion.judge(each.text).mood) == each.emotion for each in examples)
    print(f"Moods by words: {_share(right, len(examples))} of {len(examples)}.")


def _questions() -> None:
    entries = [Entry(each.question, each.answer) for each in load.read_entries()]
    numbers = {each.question: each.number for each in load.read_entries()}
    index = Index(entries)
    questions = load.read_questions()
    answered = [each for each in questions if each.entry is not None]
    top = {1: 0, 3: 0}
    said = 0
    for each in answered:
        hits = [numbers[hit.entry.question] for hit in index.search(each.text)]
        for count in top:
            top[count] += each.entry in hits[:count]
        hit = index.answer(each.text)
        said += hit is not None and numbers[hit.entry.question] == each.entry
    refused = sum(index.answer(each.text) is None for each in questions if each.entry is None)
    others = len(questions) - len(answered)
    print(
        f"Knowledge: top-1 {_share(top[1], len(answered))}, top-3 {_share(top[3], len(answered))}, "
        f"answered rightly {_share(said, len(answered))} of {len(answered)}; of {others} that no "
        f"entry answers, {_share(refused, others)} refused."
    )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


if __name__ == "__main__":
    main()
