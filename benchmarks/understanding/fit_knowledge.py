"""Fit what each evidence counts in a knowledge base, and when an entry is sure enough to be told.

    python -m benchmarks.understanding.fit_knowledge

Reads the shops in dev/knowledge (NAME.md and NAME.questions.tsv), prints how well each is answered
with weights fitted on the others, and then the weights of all for
voicebot/dialogue/knowledge/index.py. A question whose entry is taken away has no answer: that is
how near misses are learnt.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.understanding.load import FOLDER
from voicebot.dialogue.knowledge import evaluation, files
from voicebot.dialogue.knowledge.index import EVIDENCE, LIKELY, Index, signs
from voicebot.dialogue.shared_intents import unrelated
from voicebot.dialogue.wording import plain, without_fillers

SHOPS = FOLDER / "dev" / "knowledge"
SUPPORT = Path("campaigns/support")
CAMPAIGN = "campaigns/support"
"""A file with many wordings an entry, as a shop's should have."""

HELD_OUT = ("outdoor",)
"""Shops that are only answered, never fitted on: their questions were written last."""

STEPS = 600
RATE = 0.2
SHRINK = 0.002
"""How much large weights are held back."""

NEAR_MISSES = 0.25
"""What a question without its entry counts, against 1 of one with it."""

FOREIGN = 0.25
"""What a sentence counts that has nothing to do with a shop."""

FOREIGN_EACH = 12
"""Each shop is asked every twelfth of them."""

FREE = ("bias", "other_kind", "elsewhere")
"""What may count against an entry."""

THRESHOLDS = (0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7)

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: what speaks for each entry, and the row of the right one (-1: none answers)."""

    evidence: Values
    right: int
    weight: float = 1.0


def main() -> None:
    """Fit, judge and print."""
    names = [*sorted(path.stem for path in SHOPS.glob("*.md")), CAMPAIGN]
    shops = {name: _read(name) for name in names}
    for name in names:
        others = [
            each for other in names if other not in (name, *HELD_OUT) for each in shops[other]
        ]
        ranks = _rank(others)
        _report(name, shops[name], ranks, _judge(others, ranks))
    everything = [each for name in names if name not in HELD_OUT for each in shops[name]]
    ranks = _rank(everything)
    print("EVIDENCE =", {name: round(float(w), 2) for name, w in zip(EVIDENCE, ranks, strict=True)})
    odds = _judge(everything, ranks)
    print("LIKELY =", {name: round(float(w), 2) for name, w in zip(LIKELY, odds, strict=True)})


def _read(name: str) -> list[Asked]:
    source, asked = SHOPS / f"{name}.md", SHOPS / f"{name}.questions.tsv"
    if name == CAMPAIGN:
        source, asked = SUPPORT / "faq.md", SUPPORT / "questions.tsv"
    entries = files.read(source)
    index = Index(entries)
    rows = {entry.question: row for row, entry in enumerate(entries)}
    questions = evaluation.read(asked, entries)
    found = [
        Asked(index.evidence(_words(each.text))[0], rows[each.entry] if each.entry else -1)
        for each in questions
    ]
    start = sum(map(ord, name)) % FOREIGN_EACH
    foreign = [each for each in unrelated()[start::FOREIGN_EACH] if _words(each)]
    return found + [Asked(index.evidence(_words(each))[0], -1, FOREIGN) for each in foreign]


def _words(text: str) -> str:
    return without_fillers(plain(text))


def _rank(asked: Sequence[Asked]) -> Values:
    """Fit the weights by which the right entry comes first: softmax over the entries of a shop."""
    known = [each for each in asked if each.right >= 0]

    def slope(weights: Values) -> Values:
        total = np.zeros_like(weights)
        for each in known:
            scores = each.evidence @ weights
            raised = np.exp(scores - scores.max())
            total += each.evidence[each.right] - raised / raised.sum() @ each.evidence
        return np.asarray(total / len(known) - SHRINK * weights)

    return _climb(slope, list(EVIDENCE))


def _judge(asked: Sequence[Asked], ranks: Values) -> Values:
    """Fit the odds that the first entry answers: a logistic regression of its signs."""
    rows, right, weights = [], [], []
    for each in asked:
        totals = each.evidence @ ranks
        rows.append(list(signs(each.evidence, totals).values()))
        right.append(float(np.argmax(totals) == each.right))
        weights.append(each.weight)
        if each.right >= 0:
            others = np.delete(each.evidence, each.right, axis=0)
            rows.append(list(signs(others, others @ ranks).values()))
            right.append(0.0)
            weights.append(NEAR_MISSES)
    signs_of, is_right, weight = np.array(rows), np.array(right), np.array(weights)

    def slope(odds: Values) -> Values:
        off = weight * (is_right - 1 / (1 + np.exp(-(signs_of @ odds))))
        return np.asarray(off @ signs_of / weight.sum() - SHRINK * odds)

    return _climb(slope, list(LIKELY))


def _climb(slope: Callable[[Values], Values], names: Sequence[str]) -> Values:
    """Follow a slope upwards with steps that adapt to it (Adam); evidence never counts against."""
    size = len(names)
    low = np.array([-np.inf if name in FREE else 0.0 for name in names])
    weights, mean, square = np.zeros(size), np.zeros(size), np.zeros(size)
    for step in range(1, STEPS + 1):
        here = slope(weights)
        mean = 0.9 * mean + 0.1 * here
        square = 0.99 * square + 0.01 * here * here
        step_size = RATE / (1 - 0.9**step) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
        weights = np.maximum(weights + step_size * mean, low)
    return weights


def _report(name: str, asked: Sequence[Asked], ranks: Values, odds: Values) -> None:
    asked = [each for each in asked if each.weight == 1]
    first, third, sure = [], [], []
    for each in asked:
        totals = each.evidence @ ranks
        order = np.argsort(-totals)
        first.append(order[0] == each.right)
        third.append(each.right in order[:3])
        of = np.array(list(signs(each.evidence, totals).values()))
        sure.append(float(1 / (1 + np.exp(-(of @ odds)))))
    known = np.array([each.right >= 0 for each in asked])
    right, told = np.array(first), np.array(sure)
    print(f"{name}: top-1 {right[known].mean():.3f}, top-3 {np.array(third)[known].mean():.3f}")
    for least in THRESHOLDS:
        given = told >= least
        print(
            f"    from {least}: answered rightly {(given & right)[known].mean():.3f}, wrongly "
            f"{(given & ~right).mean():.3f}, refused of unknown {(~given)[~known].mean():.3f}"
        )


if __name__ == "__main__":
    main()
