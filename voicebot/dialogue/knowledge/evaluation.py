"""How well a knowledge base answers: questions with the entry that should answer them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from voicebot.dialogue.knowledge.entry import Entry
from voicebot.dialogue.knowledge.index import Index
from voicebot.dialogue.wording import plain
from voicebot.errors import BadInput, Problem

NONE = ("", "-")
"""As the entry of a question: it should be refused."""


@dataclass(frozen=True, slots=True)
class Question:
    """One line of a test file."""

    text: str
    entry: str
    """The question that the right entry is called by; empty: none should answer."""
    line: int


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of one question."""

    question: Question
    given: str
    """The entry that was told; empty: refused."""
    first: tuple[str, ...]
    """The best three, told or not."""
    score: float


@dataclass(frozen=True, slots=True)
class Result:
    """A whole file."""

    answers: tuple[Answered, ...]

    @property
    def known(self) -> list[Answered]:
        """Questions that have an entry."""
        return [each for each in self.answers if each.question.entry]

    @property
    def unknown(self) -> list[Answered]:
        """Questions that should be refused."""
        return [each for each in self.answers if not each.question.entry]

    @property
    def top1(self) -> float:
        """Share of known questions whose entry comes first."""
        return _share(each.first[:1] == (each.question.entry,) for each in self.known)

    @property
    def top3(self) -> float:
        """Share of known questions whose entry is among the best three."""
        return _share(each.question.entry in each.first for each in self.known)

    @property
    def told(self) -> float:
        """Share of known questions that were answered rightly, refusals counted as wrong."""
        return _share(each.given == each.question.entry for each in self.known)

    @property
    def wrong(self) -> float:
        """Share of all questions that were answered wrongly."""
        return _share(
            bool(each.given) and each.given != each.question.entry for each in self.answers
        )

    @property
    def refused(self) -> float:
        """Share of unknown questions that were refused."""
        return _share(not each.given for each in self.unknown)


def read(path: Path, entries: Sequence[Entry]) -> list[Question]:
    """Read lines of `question<TAB>entry`. Raises `BadInput` with every fault.

    An entry is named by its question; the rest of a line is a comment, as are lines with #.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise BadInput(Problem(str(path), "is not UTF-8", hint="save it as UTF-8")) from error
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise BadInput(Problem(str(path), what, hint="check the path")) from error
    names = {plain(entry.question): entry.question for entry in entries}
    found, problems = [], []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        text, tab, rest = line.partition("\t")
        entry = rest.split("\t")[0].strip()
        if not tab or not plain(text):
            hint = "write question, tab, entry; the entry is - where none should answer"
            problems.append(Problem(str(path), "has no question and entry", number, hint=hint))
        elif entry not in NONE and plain(entry) not in names:
            what = f'no entry is called "{entry}"'
            problems.append(Problem(str(path), what, number, hint="name it by its question"))
        else:
            found.append(Question(text.strip(), names.get(plain(entry), ""), number))
    if problems:
        raise BadInput(*problems)
    if not found:
        raise BadInput(Problem(str(path), "has no questions", hint="one a line, with its entry"))
    return found


def evaluate(index: Index, questions: Iterable[Question]) -> Result:
    """Ask every question."""
    answers = []
    for question in questions:
        hits = index.search(question.text, 3)
        told = index.answer(question.text)
        answers.append(
            Answered(
                question,
                told.entry.question if told else "",
                tuple(hit.entry.question for hit in hits),
                hits[0].score if hits else 0.0,
            )
        )
    return Result(tuple(answers))


def _share(found: Iterable[bool]) -> float:
    kept = list(found)
    return sum(kept) / len(kept) if kept else 1.0
