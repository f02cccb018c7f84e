"""Read the test set of the understanding; README.md beside it describes files and labels.

Every reader names all malformed lines of its file at once (BadInput). A path can be given to read a
shop's own utterances in the same form.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from voicebot.errors import BadInput, Problem

FOLDER = Path(__file__).parent

NONE = "none"
"""The label of what no shared intent covers."""

INTENTS = (
    *("affirm", "deny", "unsure", "later", "call_back", "repeat", "slower", "wait", "greet"),
    *("thanks", "goodbye", "who_are_you", "are_you_robot", "transfer_human", "opt_out"),
    *("wrong_person", "driving_or_busy", "already_bought", "ask_price", "ask_discount"),
    *("ask_delivery", "ask_order_status", "ask_return", "ask_exchange", "ask_refund"),
    *("ask_invoice", "ask_quality", "ask_stock", "ask_product", "change_address", "complain"),
    *("praise", "insult", "no_money", "not_interested", "send_info"),
)
DIFFICULTIES = (
    *("plain", "long", "hesitation", "self_correction", "negation", "double_negation", "polite"),
    *("dialect_word", "side_question", "two_intents", "asr_unfriendly"),
)
EMOTIONS = ("negative", "neutral", "positive")
SATISFACTION = ("very_satisfied", "satisfied", "neutral", "dissatisfied", "very_dissatisfied")
ANSWER_LIMIT = 60
"""Characters of an answer: about fifteen seconds of speech, the most a caller listens to."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """What a customer said, and what it asks of the robot."""

    id: str
    text: str
    intent: str
    context: str
    """The question just asked, or nothing."""
    difficulty: tuple[str, ...]
    also: tuple[str, ...]
    """Other intents that are right answers to an ambiguous text."""

    @property
    def accepted(self) -> frozenset[str]:
        """Every intent that counts as right."""
        return frozenset({self.intent, *self.also})


@dataclass(frozen=True, slots=True)
class SlotExample:
    """A text and the value it gives to a slot."""

    id: str
    text: str
    slot: str
    accepted: tuple[str, ...]
    """Values in canonical form, any of which is right, the best first; none: it is not there."""
    now: datetime | None
    """When it was said, for dates and times."""


@dataclass(frozen=True, slots=True)
class EmotionExample:
    """A text and the mood of its words."""

    id: str
    text: str
    emotion: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the shop's knowledge base."""

    number: int
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Question:
    """A customer's question and the entry that answers it."""

    id: str
    text: str
    entry: int | None
    """Nothing where no entry does."""


def read_products(file: Path = FOLDER / "products.txt") -> tuple[str, ...]:
    """Return the names of the shop's products."""
    return tuple(file.read_text(encoding="utf-8").split())


def read_utterances(file: Path = FOLDER / "utterances.tsv") -> list[Utterance]:
    """Read the labelled utterances."""
    rows = _Rows(file, ("id", "text", "intent", "context", "difficulty", "also"))
    found = []
    for line, row in rows:
        example = Utterance(
            id=row["id"],
            text=row["text"],
            intent=row["intent"],
            context=row["context"],
            difficulty=_names(row["difficulty"]),
            also=_names(row["also"]),
        )
        rows.expect_one_of(line, "intent", [example.intent], (*INTENTS, NONE))
        rows.expect_one_of(line, "difficulty", example.difficulty or [""], DIFFICULTIES)
        rows.expect_one_of(line, "also", example.also, (*INTENTS, NONE))
        if example.intent in example.also:
            rows.blame(line, "also", f'"{example.intent}" is the label itself')
        found.append(example)
    rows.finish()
    return found


def read_slots(file: Path = FOLDER / "slots.tsv") -> list[SlotExample]:
    """Read the labelled slots."""
    rows = _Rows(file, ("id", "text", "slot", "value", "now"))
    found = []
    for line, row in rows:
        example = SlotExample(
            id=row["id"],
            text=row["text"],
            slot=row["slot"],
            accepted=tuple(value for value in row["value"].split("|") if value),
            now=rows.moment(line, row["now"]),
        )
        rows.expect_one_of(line, "slot", [example.slot], tuple(CANONICAL))
        for value in example.accepted:
            is_canonical = CANONICAL.get(example.slot)
            if is_canonical and not is_canonical(value):
                rows.blame(line, "value", f'"{value}" is no canonical {example.slot}')
        if example.slot in ("date", "time", "datetime") and not row["now"]:
            rows.blame(line, "now", f"a {example.slot} needs the moment it was said")
        found.append(example)
    rows.finish()
    return found


def read_emotions(file: Path = FOLDER / "emotion.tsv") -> list[EmotionExample]:
    """Read the texts with their moods."""
    rows = _Rows(file, ("id", "text", "emotion"))
    found = []
    for line, row in rows:
        rows.expect_one_of(line, "emotion", [row["emotion"]], EMOTIONS)
        found.append(EmotionExample(row["id"], row["text"], row["emotion"]))
    rows.finish()
    return found


def read_entries(file: Path = FOLDER / "knowledge_entries.tsv") -> list[Entry]:
    """Read the knowledge base of the fictional shop."""
    rows = _Rows(file, ("entry", "question", "answer"), key="entry", text="question")
    found = []
    for line, row in rows:
        number = rows.number(line, row["entry"])
        if not 0 < len(row["answer"]) <= ANSWER_LIMIT:
            rows.blame(line, "answer", f"{len(row['answer'])} characters, not 1-{ANSWER_LIMIT}")
        found.append(Entry(number or 0, row["question"], row["answer"]))
    rows.finish()
    return found


def read_questions(file: Path = FOLDER / "knowledge.tsv") -> list[Question]:
    """Read the customers' questions, each with the number of its entry."""
    rows = _Rows(file, ("id", "text", "entry"))
    found = [
        Question(row["id"], row["text"], rows.number(line, row["entry"]) if row["entry"] else None)
        for line, row in rows
    ]
    rows.finish()
    return found


class _Rows:
    """The lines of a table, and what is wrong with them."""

    def __init__(
        self, file: Path, columns: tuple[str, ...], *, key: str = "id", text: str = "text"
    ) -> None:
        self._file = file
        self._columns = columns
        self._key = key
        self._text = text
        self._problems: list[Problem] = []

    def __iter__(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Give the line, counted from 1, and its fields by column; skip what has no such fields."""
        seen: dict[str, int] = {}
        with self._file.open(encoding="utf-8", newline="") as stream:
            table = csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
            header = tuple(next(table, ()))
            if header != self._columns:
                self.blame(1, "", f"the columns are not {', '.join(self._columns)}")
                return
            for line, fields in enumerate(table, start=2):
                if len(fields) != len(header):
                    self.blame(line, "", f"{len(fields)} fields, not {len(header)}")
                    continue
                row = dict(zip(header, fields, strict=True))
                if not row[self._text].strip():
                    self.blame(line, self._text, "is empty")
                if first := seen.get(row[self._key]):
                    self.blame(line, self._key, f'"{row[self._key]}" stands in line {first} too')
                seen.setdefault(row[self._key], line)
                yield line, row

    def blame(self, line: int, column: str, what: str) -> None:
        self._problems.append(Problem(str(self._file), what, line=line, path=column))

    def expect_one_of(
        self, line: int, column: str, names: Iterable[str], known: tuple[str, ...]
    ) -> None:
        for name in names:
            if name not in known:
                self.blame(line, column, f'unknown name "{name}"')

    def number(self, line: int, text: str) -> int | None:
        if text.isascii() and text.isdigit():
            return int(text)
        self.blame(line, "entry", f'"{text}" is no number')
        return None

    def moment(self, line: int, text: str) -> datetime | None:
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            self.blame(line, "now", f'"{text}" is no date and time')
            return None
        if moment.tzinfo is None:
            self.blame(line, "now", f'"{text}" has no zone such as +08:00')
        return moment

    def finish(self) -> None:
        """Raise BadInput where anything was wrong."""
        if self._problems:
            raise BadInput(*self._problems)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)


def _one_or_span(one: str, between: str = "..", open_end: str = "") -> re.Pattern[str]:
    """Match one thing, about one thing (~), or a span of it that may be open on one side."""
    middle, end = re.escape(between), re.escape(open_end)
    return re.compile(f"~?{one}|{one}{middle}(?:{one}|{end})|{end}{middle}{one}")


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda value: pattern.fullmatch(value) is not None


def _in_calendar(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    """Match what has the form and names moments that exist, the earlier one first."""

    def is_canonical(value: str) -> bool:
        moments = [moment for moment in value.split("/") if moment != ".."]
        try:
            known = [datetime.fromisoformat(moment) for moment in moments]
        except ValueError:
            return False
        return pattern.fullmatch(value) is not None and known == sorted(known)

    return is_canonical


def _is_rating(value: str) -> bool:
    ends = value.split("..")
    return _RATING.fullmatch(value) is not None and all(1 <= Decimal(end) <= 10 for end in ends)


_NUMBER = r"-?\d+(?:\.\d+)?"
_DATE = r"\d{4}-\d\d-\d\d"
_CLOCK = r"(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)"
_LENGTH = r"P(?=[\dT])(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?"
_RATING = re.compile(rf"{_NUMBER}(?:\.\.{_NUMBER})?")

CANONICAL: dict[str, Callable[[str], bool]] = {
    "number": _matches(_one_or_span(_NUMBER)),
    "amount": _matches(_one_or_span(_NUMBER)),
    "quantity": _matches(
        re.compile(rf"(?:{_one_or_span(_NUMBER).pattern}) [\u4e00-\u9fff]{{1,2}}")
    ),
    "date": _in_calendar(_one_or_span(_DATE, "/", "..")),
    "time": _matches(_one_or_span(_CLOCK, "/", "..")),
    "datetime": _in_calendar(_one_or_span(rf"{_DATE}T(?!24){_CLOCK}", "/", "..")),
    "duration": _matches(_one_or_span(_LENGTH)),
    "phone": _matches(re.compile(r"\d{7,12}")),
    "order_number": _matches(re.compile(r"\*?[A-Z0-9]+(?:-[A-Z0-9]+)*")),
    "address": _matches(re.compile(r"[\u4e00-\u9fff]+")),
    "product": lambda value: value in read_products(),
    "rating": _is_rating,
    "satisfaction": lambda value: value in SATISFACTION,
    "yes_no": lambda value: value in ("yes", "no"),
}
"""For every kind of slot, whether a value is written as README.md says."""
