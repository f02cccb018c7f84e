"""A small language of conditions on what calls left behind, for segments and grading rules.

    intention in (A, B) and not bought
    refusals = 0 and (questions >= 2 or affirmatives >= 2)

Comparisons are joined by `not`, `and`, `or` (非, 且, 或) and parentheses, in this order of
strength. `=`, `!=`, `in (...)` compare words and text, `<` to `>=` numbers and dates as well;
`contains` looks into text. A field by itself is true when it holds something but no, false, 0, 否
or 没有. Nothing here can be a program: a condition is data that is looked at, never run.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, tzinfo
from typing import Literal, assert_never

from voicebot.dialogue.document import suggest
from voicebot.errors import BadSegment, Problem

MAX_CHARACTERS = 4000
MAX_DEPTH = 50
"""Of parentheses and `not`."""

NOTHING = frozenset({"", "no", "false", "0", "否", "没有", "无", "不"})
"""Text that makes a field by itself false."""

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "contains"]


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


@dataclass(frozen=True, slots=True)
class Compare:
    """One comparison."""

    field: str
    source: str
    """The attribute that has the field, when it is an open one."""
    operator: Operator
    value: str | float | date


@dataclass(frozen=True, slots=True)
class Holds:
    """A field that holds something, or a condition of its own."""

    field: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    inner: "Condition"


@dataclass(frozen=True, slots=True)
class Both:
    """All of them."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of them."""

    parts: tuple["Condition", ...]


Value = str | float | bool | datetime | None

Condition = Compare | Holds | Not | Both | Either


def parse(text: str, vocabulary: Vocabulary) -> Condition:
    """Read a condition. Raises `BadSegment`, which says where it stops making sense."""
    if len(text) > MAX_CHARACTERS:
        raise _bad(text, MAX_CHARACTERS, f"is longer than {MAX_CHARACTERS} characters")
    reader = _Reader(text, vocabulary)
    condition = reader.either(0)
    reader.end()
    return condition


def holds(condition: Condition, subject: object, zone: tzinfo) -> bool:
    """Tell whether a condition is true of `subject`, whose attributes are the fields.

    Dates are days in `zone`.
    """
    match condition:
        case Not(inner):
            return not holds(inner, subject, zone)
        case Both(parts):
            return all(holds(each, subject, zone) for each in parts)
        case Either(parts):
            return any(holds(each, subject, zone) for each in parts)
        case Holds(name, source):
            return _something(_value_of(name, source, subject))
        case Compare(name, source, comparison, wanted):
            return _compared(_value_of(name, source, subject), comparison, wanted, zone)
        case _:
            assert_never(condition)


def fields_of(condition: Condition) -> Iterator[str]:
    """Yield the fields that a condition looks at, as they are written."""
    match condition:
        case Not(inner):
            yield from fields_of(inner)
        case Both(parts) | Either(parts):
            for each in parts:
                yield from fields_of(each)
        case Holds(name) | Compare(name):
            yield name
        case _:
            assert_never(condition)


_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>"[^"]*"|'[^']*'|“[^”]*”)
      | (?P<mark><=|>=|!=|<>|[=<>(),（），＝])
      | (?P<word>[^\s"'“”=<>!(),（），＝]+)
      )""",
    re.VERBOSE,
)
_MARKS = {"（": "(", "）": ")", "，": ",", "＝": "=", "<>": "!="}
_AND, _OR, _NOT = ("and", "且", "并且"), ("or", "或", "或者"), ("not", "非")
_LOGIC = (*_AND, *_OR, *_NOT, "in", "contains")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


class _Reader:
    """Recursive descent over the tokens."""

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self._text = text
        self._words = vocabulary
        self._tokens = list(_tokens(text))
        self._next = 0

    def either(self, depth: int) -> Condition:
        parts = [self._both(depth)]
        while self._word(*_OR):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def end(self) -> None:
        token = self._peek()
        if token is not None:
            raise self._wrong(token, f'did not expect "{token.text}"', "join with and / or")

    def _both(self, depth: int) -> Condition:
        parts = [self._one(depth)]
        while self._word(*_AND):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _one(self, depth: int) -> Condition:
        if depth > MAX_DEPTH:
            raise self._wrong(self._peek(), f"is nested more than {MAX_DEPTH} deep")
        if self._word(*_NOT):
            return Not(self._one(depth + 1))
        if self._mark("("):
            inner = self.either(depth + 1)
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        token = self._take("a field")
        if token.kind != "word" or token.text.lower() in _LOGIC:
            raise self._wrong(token, f'expected a field, not "{token.text}"', self._words.hint)
        name = self._field(token)
        if name in self._words.flags:
            return Holds(name)
        source = self._source(name)
        negated = self._word(*_NOT)
        if self._word("in"):
            self._expect("(")
            parts: list[Condition] = [self._value(name, "=")]
            while self._mark(","):
                parts.append(self._value(name, "="))
            self._expect(")")
            found: Condition = Either(tuple(parts))
            return Not(found) if negated else found
        if self._word("contains"):
            if name in self._words.numbers or name in self._words.dates:
                raise self._wrong(token, f'"{name}" is no text to look into')
            found = self._value(name, "contains")
            return Not(found) if negated else found
        if negated:
            raise self._wrong(self._peek(), 'expected "in" or "contains" after not')
        operator = self._operator()
        if operator is None:
            return Holds(name, source)
        ordered = (*self._words.numbers, *self._words.dates)
        if operator not in ("=", "!=") and name not in ordered:
            hint = f"numbers and dates have an order: {', '.join(ordered)}"
            raise self._wrong(token, f'"{name}" is neither more nor less than anything', hint)
        return self._value(name, operator)

    def _operator(self) -> Operator | None:
        token = self._peek()
        if token is None or token.kind != "mark":
            return None
        match token.text:
            case "=" | "!=" | "<" | "<=" | ">" | ">=" as operator:
                self._next += 1
                return operator
            case _:
                return None

    def _field(self, token: _Token) -> str:
        prefix, _, rest = token.text.partition(".")
        if prefix in self._words.open and rest:
            return token.text
        if token.text.lower() in self._words.known:
            return token.text.lower()
        meant = suggest(token.text, self._words.known)
        hint = meant if meant.startswith("did") else self._words.hint
        raise self._wrong(token, f'there is no field "{token.text}"', hint)

    def _source(self, name: str) -> str:
        prefix, dot, _ = name.partition(".")
        return self._words.open[prefix] if dot else ""

    def _value(self, name: str, operator: Operator) -> Compare:
        token = self._take("a value")
        if token.kind == "mark":
            raise self._wrong(token, f'expected a value, not "{token.text}"')
        written = token.text
        if name in self._words.numbers:
            if not re.fullmatch(r"-?\d{1,12}(\.\d{1,6})?", written):
                raise self._wrong(token, f'"{written}" is not a number')
            return Compare(name, self._source(name), operator, float(written))
        if name in self._words.dates:
            try:
                return Compare(name, self._source(name), operator, date.fromisoformat(written))
            except ValueError:
                raise self._wrong(token, f'"{written}" is not a date', "write 2026-11-27") from None
        allowed = self._words.words.get(name)
        if allowed is None or operator == "contains":
            return Compare(name, self._source(name), operator, written)
        for each in allowed:
            if each.lower() == written.lower():
                return Compare(name, self._source(name), operator, str(each))
        meant = suggest(written, sorted(allowed), everything=True)
        raise self._wrong(token, f'"{written}" is no {name}', meant)

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self, wanted: str) -> _Token:
        token = self._peek()
        if token is None:
            raise self._wrong(None, f"ends where {wanted} should stand", self._words.hint)
        self._next += 1
        return token

    def _word(self, *words: str) -> bool:
        token = self._peek()
        found = token is not None and token.kind == "word" and token.text.lower() in words
        self._next += found
        return found

    def _mark(self, mark: str) -> bool:
        token = self._peek()
        found = token is not None and token.kind == "mark" and token.text == mark
        self._next += found
        return found

    def _expect(self, mark: str) -> None:
        if not self._mark(mark):
            token = self._peek()
            found = "the end" if token is None else f'"{token.text}"'
            raise self._wrong(token, f'expected "{mark}", not {found}')

    def _wrong(self, token: _Token | None, what: str, hint: str = "") -> BadSegment:
        return _bad(self._text, len(self._text) if token is None else token.at, what, hint)


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    end = len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            hint = "close the quotation mark" if text[start] in "\"'“”" else ""
            raise _bad(text, start, f'cannot read "{text[start]}"', hint)
        kind = found.lastgroup or ""
        raw = found[kind]
        start = found.start(kind)
        yield _Token(kind, raw[1:-1] if kind == "text" else _MARKS.get(raw, raw), start)
        at = found.end()


def _bad(text: str, at: int, what: str, hint: str = "") -> BadSegment:
    shown = text[:at] + "▸" + text[at:]
    near = shown[max(0, at - 30) : at + 31]
    return BadSegment(Problem("condition", what, path=f"character {at + 1} ({near})", hint=hint))


def _value_of(name: str, source: str, subject: object) -> Value:
    if source:
        named: Mapping[str, str] = getattr(subject, source)
        return named.get(name.partition(".")[2], "")
    found: Value = getattr(subject, name)
    return found


def _something(value: Value) -> bool:
    if isinstance(value, str):
        return value.strip().lower() not in NOTHING
    return bool(value)


def _compared(
    value: Value,
    operator: Operator,
    wanted: str | float | date,
    zone: tzinfo,
) -> bool:
    if isinstance(wanted, date):
        if not isinstance(value, datetime):
            return False
        # A day is compared as a whole: `= 2026-11-27` is any moment of it.
        if operator in ("=", "!="):
            return (value.astimezone(zone).date() == wanted) == (operator == "=")
        start = datetime.combine(wanted, time(), zone)
        day = value.astimezone(zone).date()
        return {
            "<": value < start,
            "<=": day <= wanted,
            ">": day > wanted,
            ">=": value >= start,
        }[operator]
    if isinstance(wanted, float):
        number = value if isinstance(value, int | float) else 0.0
        return {
            "=": number == wanted,
            "!=": number != wanted,
            "<": number < wanted,
            "<=": number <= wanted,
            ">": number > wanted,
            ">=": number >= wanted,
        }[operator]
    text = value if isinstance(value, str) else ""
    if operator == "contains":
        return wanted in text
    return (text == wanted) == (operator == "=")
