"""Conditions that a script's author writes: `found == yes and attempts < 3`.

    condition  = all ("or" all)*
    all        = one ("and" one)*
    one        = "not" one | "(" condition ")" | NAME [ comparison ]
    comparison = ("==" | "!=" | "<" | "<=" | ">" | ">=") VALUE | "in" "[" VALUE ("," VALUE)* "]"

A NAME stands left, a VALUE (a word, a number, a "quoted text") right, so a name that is misspelt is
never taken for a text. A NAME alone holds when it has a value that is neither `no` nor 0. Numbers
are compared as numbers; what is none is neither less nor more than anything. Nothing can be called,
computed or reached but the names of the conversation.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

MAX_LENGTH = 200
"""Characters of one condition; more belongs into states of their own."""

EQUAL, UNEQUAL = "==", "!="
ORDERS = ("<", "<=", ">", ">=")
FALSE = frozenset({"", "no", "0"})

_TOKEN = re.compile(
    r"""\s*(?:(?P<mark>==|!=|<=|>=|<|>|\(|\)|\[|\]|,)|"(?P<quoted>[^"]*)"|(?P<word>[\w.:+-]+))"""
)
_WORDS = frozenset({"and", "or", "not", "in"})


@dataclass(frozen=True, slots=True)
class Holds:
    """A name that has a value other than `no` and 0."""

    name: str


@dataclass(frozen=True, slots=True)
class Compared:
    """A name compared with one value, or with several for `in`."""

    name: str
    sign: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    part: "Condition"


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One part at least holds."""

    parts: tuple["Condition", ...]


Condition = Holds | Compared | Not | All | AnyOf


def parse(text: str) -> Condition:
    """Return the condition. Raises `ValueError` with what is wrong, and where."""
    if len(text) > MAX_LENGTH:
        raise ValueError(f"is longer than {MAX_LENGTH} characters")
    return _Parser(text).whole()


def holds(condition: Condition, values: Mapping[str, str]) -> bool:
    """Tell whether a condition holds; a name without a value has the empty one."""
    match condition:
        case Holds(name):
            return values.get(name, "") not in FALSE
        case Compared(name, sign, others):
            return _compare(values.get(name, ""), sign, others)
        case Not(part):
            return not holds(part, values)
        case All(parts):
            return all(holds(part, values) for part in parts)
        case AnyOf(parts):
            return any(holds(part, values) for part in parts)
        case _:
            assert_never(condition)


def comparisons(condition: Condition) -> Iterator[Holds | Compared]:
    """Yield the parts that name something, for checking the names and their values."""
    match condition:
        case Holds() | Compared():
            yield condition
        case Not(part):
            yield from comparisons(part)
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from comparisons(part)
        case _:
            assert_never(condition)


def _compare(value: str, sign: str, others: tuple[str, ...]) -> bool:
    if sign == "in":
        return any(_same(value, other) for other in others)
    other = others[0]
    if sign in (EQUAL, UNEQUAL):
        return _same(value, other) is (sign == EQUAL)
    left, right = number(value), number(other)
    if left is None or right is None:
        return False
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[sign]


def _same(value: str, other: str) -> bool:
    left, right = number(value), number(other)
    # 0123 is an order number, not 123: only plain numbers are equal as numbers.
    plain = left is not None and right is not None and not value.startswith("0")
    return value == other or (plain and left == right)


def number(text: str) -> float | None:
    """Return the number that a value is, or None."""
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else None


class _Parser:
    """Takes a condition apart, one word after the other."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._at = 0

    def whole(self) -> Condition:
        if not self._tokens:
            raise ValueError("is empty")
        found = self._any()
        if self._at < len(self._tokens):
            raise ValueError(f"{self._shown()} is not expected here")
        return found

    def _any(self) -> Condition:
        parts = [self._all()]
        while self._skip("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all(self) -> Condition:
        parts = [self._one()]
        while self._skip("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self) -> Condition:
        if self._skip("not"):
            return Not(self._one())
        if self._skip("("):
            found = self._any()
            self._need(")")
            return found
        kind, name = self._take("a name")
        if kind != "word" or name in _WORDS:
            raise ValueError(f'"{name}" stands where a name is needed')
        for sign in (EQUAL, UNEQUAL, *ORDERS):
            if self._skip(sign):
                return Compared(name, sign, (self._value(),))
        if self._skip("in"):
            self._need("[")
            values = [self._value()]
            while self._skip(","):
                values.append(self._value())
            self._need("]")
            return Compared(name, "in", tuple(values))
        return Holds(name)

    def _value(self) -> str:
        kind, value = self._take("a value")
        if kind == "mark" or (kind == "word" and value in _WORDS):
            raise ValueError(f'"{value}" stands where a value is needed')
        return value

    def _take(self, what: str) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise ValueError(f"ends where {what} is needed")
        self._at += 1
        return self._tokens[self._at - 1]

    def _skip(self, token: str) -> bool:
        here = self._at < len(self._tokens) and self._tokens[self._at]
        if here and here[1] == token and here[0] != "quoted":
            self._at += 1
            return True
        return False

    def _need(self, mark: str) -> None:
        if not self._skip(mark):
            raise ValueError(f'{self._shown()} stands where "{mark}" is needed')

    def _shown(self) -> str:
        rest = self._tokens[self._at :]
        return f'"{rest[0][1]}"' if rest else "the end"


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            rest = text[at:].strip()
            hint = "; write == to compare" if rest.startswith("=") else ""
            raise ValueError(f'cannot be read at "{rest[:12]}"{hint}')
        at = match.end()
        kind = str(match.lastgroup)
        yield kind, match[kind]
