"""Train the classifiers: `python -m recipes.understanding [intents|satisfaction] [--to FILE]`.

`intents`, those of the shared intents, learns from what these have themselves (phrases of their
grammars, examples, what is unrelated) and some 148,000 sentences of 26 authors who wrote apart from
each other (`callers/`); `satisfaction` from what eight authors answered to the question how
satisfied they were (`satisfaction/`); both of each sentence as it is and as the recogniser would
mishear it. A fifth of the authors in turn is left out, which tells how well a stranger is
understood, how much `unrelated` must be leant to, and how sure the scores may sound. The same
material gives the same file. Takes a quarter of an hour, for `satisfaction` a minute, and needs no
more than the robot's own packages.
"""

import argparse
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from hashlib import sha256
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recipes.understanding.fitting import Row, fitted, learnt_from
from voicebot.dialogue import classifier, shared_intents
from voicebot.dialogue.classifier import UNRELATED
from voicebot.dialogue.linear import to_bytes
from voicebot.dialogue.slots.satisfaction import MODEL as SATISFACTION
from voicebot.dialogue.training import evenly

log = logging.getLogger("understanding")

CALLERS = Path(__file__).parent / "callers"
ANSWERS = Path(__file__).parent / "satisfaction"
EXAMPLES = "examples"
"""The author of what the shared intents have themselves; never left out."""

NO_JUDGEMENT = frozenset(
    {
        *("unrelated", "ask_delivery", "ask_discount", "ask_invoice", "ask_order_status"),
        *("ask_price", "ask_product", "ask_stock", "call_back", "change_address"),
        *(
            "are_you_robot",
            "driving_or_busy",
            "goodbye",
            "greet",
            "repeat",
            "send_info",
            "slower",
            "thanks",
        ),
        *("transfer_human", "wait", "who_are_you", "wrong_person"),
    }
)
"""Intents whose sentences seldom say how somebody liked something."""
EVERY = 80
"""One in so many of their sentences tells the model of satisfaction what no answer is."""

PARTS = 5
"""Of the authors, each left out once."""

LEANING = np.linspace(-0.5, 0.5, 51)
"""What is tried, added to the score of `unrelated`. A threshold on the share costs more."""

SHARPNESS = np.geomspace(12.0, 1.0, 60)
"""What is tried, the sharpest first."""

CONFIDENT = 0.8


@dataclass(frozen=True, slots=True)
class Plan:
    """What one of the classifiers is made from and how."""

    sentences: Callable[[], Iterator[tuple[str, str, str]]]
    """Author, label and text of each."""
    about: Callable[[], Mapping[str, object]]
    seen: int
    """A feature that stands in fewer rows, misheard ones included, is not kept."""
    refused: float
    """Of a stranger's sentences that mean nothing, at least."""
    wrong_and_confident: float
    """Of a stranger's sentences, at most."""
    target: Path


@dataclass(frozen=True, slots=True)
class Judged:
    """How well a model understands an author whom it does not know; shares of one."""

    right: float
    """Of what means something."""
    refused: float
    """Of what means nothing."""
    wrong_sure: float
    """Of all."""

    def __str__(self) -> str:
        right, refused, sure = 100 * self.right, 100 * self.refused, 100 * self.wrong_sure
        return f"{right:.1f} % right, {refused:.1f} % refused, {sure:.1f} % wrong with {CONFIDENT}"


@dataclass(frozen=True, slots=True)
class Scored:
    """What a model says of the sentences of an author whom it does not know."""

    scores: NDArray[np.float32]
    """Sentences by labels."""
    right: NDArray[np.intp]
    """The number of each sentence's label."""
    unrelated: int
    """The number of that label."""


def train(plan: Plan, target: Path) -> None:
    """Train, judge and write."""
    rows = list(learnt_from(dict.fromkeys(plan.sentences())))
    authors = sorted({row.author for row in rows} - {EXAMPLES})
    log.info("%d rows of %d authors", len(rows), len(authors))
    parts = min(PARTS, len(authors))
    strangers = {
        author: scores
        for part in range(parts)
        for author, scores in _held_out(plan, rows, authors[part::parts]).items()
    }
    leaning = _first(LEANING, lambda each: _mean(strangers, each, 1.0).refused >= plan.refused)
    sharpness = _first(
        SHARPNESS,
        lambda each: _mean(strangers, leaning, each).wrong_sure <= plan.wrong_and_confident,
    )
    for author, scored in sorted(strangers.items()):
        log.info("without %s: %s", author, _judged(scored, leaning, sharpness))
    log.info("all of these: %s", _mean(strangers, leaning, sharpness))
    model = fitted(rows, seen=plan.seen, about=plan.about(), leaning=leaning, sharpness=sharpness)
    log.info("%d features, leaning %.2f, sharpness %.2f", len(model.keys), leaning, sharpness)
    target.write_bytes(to_bytes(model))


def sentences() -> Iterator[tuple[str, str, str]]:
    """Yield author, label and text of each sentence."""
    for name, intent in shared_intents.shared_intents().items():
        for text in dict.fromkeys((*intent.examples, *evenly(intent.phrases))):
            yield EXAMPLES, name, text
    for text in shared_intents.unrelated():
        yield EXAMPLES, UNRELATED, text
    for path in sorted(CALLERS.glob("*/*.txt")):
        for text in path.read_text("utf-8").split("\n"):
            if text:
                yield path.parent.name, path.stem, text


def answers() -> Iterator[tuple[str, str, str]]:
    """Yield author, level and text of each answer about satisfaction."""
    for path in sorted(ANSWERS.glob("*.tsv")):
        for line in path.read_text("utf-8").splitlines():
            level, text = line.split("\t")
            yield path.stem, level, text
    for path in sorted(CALLERS.glob("*/*.txt")):
        if path.stem in NO_JUDGEMENT:
            for text in path.read_text("utf-8").split()[::EVERY]:
                yield EXAMPLES, UNRELATED, text


def words_digest() -> str:
    """Return a hash of the groups of words: a model of other groups would be blind to these."""
    return sha256(repr(shared_intents.word_groups().words).encode()).hexdigest()[:16]


def _held_out(plan: Plan, rows: Sequence[Row], authors: Collection[str]) -> dict[str, Scored]:
    """Return the scores of the authors' sentences by a model of all others."""
    known = [row for row in rows if row.author not in authors]
    model = fitted(known, seen=plan.seen, about={})
    found = {}
    for author in authors:
        told = [row for row in rows if row.author == author and row.original]
        scores = np.stack([model.scores(row.features) for row in told])
        right = np.searchsorted(model.labels, [row.label for row in told])
        found[author] = Scored(scores, right, model.labels.index(UNRELATED))
    return found


def _judged(scored: Scored, leaning: float, sharpness: float) -> Judged:
    scores = scored.scores.copy()
    scores[:, scored.unrelated] += leaning
    raised = np.exp((scores - scores.max(axis=1, keepdims=True)) * sharpness)
    shares = raised / raised.sum(axis=1, keepdims=True)
    found = shares.argmax(axis=1)
    sure = (shares.max(axis=1) >= CONFIDENT) & (found != scored.unrelated)
    right = found == scored.right
    means_nothing = scored.right == scored.unrelated
    return Judged(
        float(np.mean(right[~means_nothing])),
        float(np.mean(right[means_nothing])),
        float(np.mean(~right & sure)),
    )


def _mean(strangers: Mapping[str, Scored], leaning: float, sharpness: float) -> Judged:
    """Return what holds of the authors on the average, each counting as much."""
    every = [_judged(scored, leaning, sharpness) for scored in strangers.values()]
    return Judged(*np.mean([astuple(each) for each in every], axis=0).tolist())


def _first(tried: NDArray[np.float64], fits: Callable[[float], bool]) -> float:
    """Return the first value that fits. Raises `StopIteration` where none does."""
    return next(value for value in tried.tolist() if fits(value))


def _ours(package: str, name: str) -> Path:
    return Path(str(resources.files(package).joinpath(name)))


PLANS = {
    # Features seen five times instead of eight made the file a third larger and understood one or
    # two in a thousand more.
    "intents": Plan(
        sentences,
        lambda: {"words": words_digest()},
        seen=8,
        refused=0.9,
        wrong_and_confident=0.015,
        target=_ours("voicebot.dialogue", classifier.MODEL),
    ),
    "satisfaction": Plan(
        answers,
        lambda: {"groups": shared_intents.word_groups().words},
        seen=3,
        refused=0.95,
        wrong_and_confident=0.05,
        target=_ours("voicebot.dialogue.slots", SATISFACTION),
    ),
}


def main() -> None:
    """Train what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m recipes.understanding")
    parser.add_argument("which", nargs="?", choices=PLANS, default="intents")
    parser.add_argument("--to", type=Path, help="where the model is written; else in the package")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    plan = PLANS[asked.which]
    train(plan, asked.to or plan.target)


if __name__ == "__main__":
    main()
