"""Conditions on what calls left behind, for segments and grading rules: fields with types.

The language is that of `voicebot.dialogue.condition`; here every field is known, and each value is
what its field can be.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, tzinfo

from voicebot.dialogue.condition import (
    ORDERS,
    Compare,
    Condition,
    ConditionFault,
    Holds,
    Operator,
    comparisons,
    evaluate,
    number,
    something,
)
from voicebot.dialogue.condition import parse as parse_language
from voicebot.dialogue.document import suggest
from voicebot.errors import BadSegment, Problem

__all__ = ["Condition", "Vocabulary", "fields_of", "holds", "parse"]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The fields that conditions of one kind may name."""

    words: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    """What each may be; anything when None."""
    numbers: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    """Conditions of their own."""
    open: Mapping[str, str] = field(default_factory=dict)
    """By prefix: the attribute with the fields that contacts and scripts name."""

    @property
    def known(self) -> tuple[str, ...]:
        """Return every field but the open ones."""
        return (*self.words, *self.numbers, *self.dates, *self.texts, *self.flags)

    @property
    def hint(self) -> str:
        """Name them all to a person."""
        return f"fields: {', '.join((*self.known, *(f'{each}.NAME' for each in self.open)))}"

    def source(self, name: str) -> str:
        """Return the attribute that has an open field; nothing for any other."""
        prefix, dot, _ = name.partition(".")
        return self.open[prefix] if dot else ""


Value = str | float | bool | datetime | None


def parse(text: str, vocabulary: Vocabulary) -> Condition:
    """Read a condition. Raises `BadSegment`, which says where it stops making sense."""
    try:
        condition = parse_language(text)
        for part in comparisons(condition):
            _check(part, vocabulary)
    except ConditionFault as fault:
        raise _bad(text, fault, vocabulary) from fault
    return condition


def holds(condition: Condition, vocabulary: Vocabulary, subject: object, zone: tzinfo) -> bool:
    """Tell whether a condition is true of `subject`, whose attributes are the fields.

    Dates are days in `zone`.
    """

    def true(part: Compare | Holds) -> bool:
        value = _value_of(part.name, vocabulary, subject)
        if isinstance(part, Holds):
            return something(value) if isinstance(value, str) else bool(value)
        return _compared(value, part, vocabulary, zone)

    return evaluate(condition, true)


def fields_of(condition: Condition) -> Iterator[str]:
    """Yield the fields that a condition looks at, as they are written."""
    for part in comparisons(condition):
        yield part.name


def _check(part: Compare | Holds, vocabulary: Vocabulary) -> None:
    name = _field(part, vocabulary)
    if isinstance(part, Holds):
        return
    ordered = (*vocabulary.numbers, *vocabulary.dates)
    if name in vocabulary.flags:
        raise ConditionFault(part.at, f'"{name}" is true or not', f"write {name} or not {name}")
    if part.operator == "contains" and name in ordered:
        raise ConditionFault(part.at, f'"{name}" is no text to look into')
    if part.operator in ORDERS and name not in ordered:
        hint = f"numbers and dates have an order: {', '.join(ordered)}"
        raise ConditionFault(part.at, f'"{name}" is neither more nor less than anything', hint)
    if name in vocabulary.numbers and (len(part.value) > 19 or number(part.value) is None):
        raise ConditionFault(part.value_at, f'"{part.value}" is not a number')
    if name in vocabulary.dates and _date(part.value) is None:
        raise ConditionFault(part.value_at, f'"{part.value}" is not a date', "write 2026-11-27")
    allowed = vocabulary.words.get(name)
    if allowed is None or part.operator == "contains":
        return
    if part.value.lower() not in {each.lower() for each in allowed}:
        meant = suggest(part.value, sorted(allowed), everything=True)
        raise ConditionFault(part.value_at, f'"{part.value}" is no {name}', meant)


def _field(part: Compare | Holds, vocabulary: Vocabulary) -> str:
    prefix, _, rest = part.name.partition(".")
    if prefix in vocabulary.open and rest:
        return part.name
    if part.name.lower() in vocabulary.known:
        return part.name.lower()
    meant = suggest(part.name, vocabulary.known)
    hint = meant if meant.startswith("did") else vocabulary.hint
    raise ConditionFault(part.at, f'there is no field "{part.name}"', hint)


def _bad(text: str, fault: ConditionFault, vocabulary: Vocabulary) -> BadSegment:
    shown = text[: fault.at] + "▸" + text[fault.at :]
    near = shown[max(0, fault.at - 30) : fault.at + 31]
    hint = fault.hint or (vocabulary.hint if "a field" in fault.what else "")
    where = f"character {fault.at + 1} ({near})"
    return BadSegment(Problem("condition", fault.what, path=where, hint=hint))


def _value_of(name: str, vocabulary: Vocabulary, subject: object) -> Value:
    source = vocabulary.source(name)
    if source:
        named: Mapping[str, str] = getattr(subject, source)
        return named.get(name.partition(".")[2], "")
    found: Value = getattr(subject, name.lower())
    return found


def _compared(value: Value, part: Compare, vocabulary: Vocabulary, zone: tzinfo) -> bool:
    name = part.name.lower()
    if name in vocabulary.dates:
        day = _date(part.value)
        return isinstance(value, datetime) and day is not None and _on(value, part, day, zone)
    if name in vocabulary.numbers:
        own = float(value) if isinstance(value, int | float) else 0.0
        return _ordered(own, part.operator, float(part.value))
    text = value if isinstance(value, str) else ""
    if part.operator == "contains":
        return part.value in text
    same = text.lower() == part.value.lower() if name in vocabulary.words else text == part.value
    return same == (part.operator == "=")


def _on(value: datetime, part: Compare, day: date, zone: tzinfo) -> bool:
    # A day is compared as a whole: `= 2026-11-27` is any moment of it.
    midnight = datetime.combine(day, time(), zone)
    own = value.astimezone(zone).date()
    match part.operator:
        case "<":
            return value < midnight
        case ">=":
            return value >= midnight
        case "<=" | ">":
            return (own <= day) == (part.operator == "<=")
        case _:
            return (own == day) == (part.operator == "=")


def _ordered(own: float, operator: Operator, wanted: float) -> bool:
    return {
        "=": own == wanted,
        "!=": own != wanted,
        "<": own < wanted,
        "<=": own <= wanted,
        ">": own > wanted,
        ">=": own >= wanted,
    }[operator]


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
