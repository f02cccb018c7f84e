"""The one language of conditions, in scripts, segments and grading rules.

    found = yes and attempts < 3
    intention in (A, B) and not bought
    refusals = 0 and (questions >= 2 or affirmatives >= 2)

Comparisons are joined by `not`, `and`, `or` (非, 且, 或) and parentheses, in this order of
strength. A name stands left, a value (a word, a number, a "quoted text") right, so that a name that
is misspelt is never taken for a text. `=` (or `==`), `!=`, `in (...)` (or `in [...]`) and `not in`
compare words and text, `<` to `>=` what has an order, `contains` looks into text. A name by itself
holds when it has a value other than no, false, 0, 否 or 没有. Nothing here can be a program: a
condition is data that is looked at, never run.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, assert_never

MAX_CHARACTERS = 4000
MAX_DEPTH = 50
"""Of parentheses and `not`."""

NOTHING = frozenset({"", "no", "false", "0", "否", "没有", "无", "不"})
"""Values that make a name by itself false."""

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "contains"]
ORDERS: tuple[Operator, ...] = ("<", "<=", ">", ">=")


@dataclass(frozen=True, slots=True)
class Compare:
    """A name compared with one value."""

    name: str
    operator: Operator
    value: str
    at: int = field(default=0, compare=False)
    """Where the name stands, in characters."""
    value_at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Holds:
    """A name that has a value."""

    name: str
    at: int = field(default=0, compare=False)


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


Condition = Compare | Holds | Not | Both | Either


class ConditionFault(ValueError):
    """A text that is no condition: what is wrong, and at which character."""

    def __init__(self, at: int, what: str, hint: str = "") -> None:
        super().__init__(f"{what}; {hint}" if hint else what)
        self.at = at
        self.what = what
        self.hint = hint


def parse(text: str, *, longest: int = MAX_CHARACTERS) -> Condition:
    """Read a condition. Raises `ConditionFault`."""
    if len(text) > longest:
        raise ConditionFault(longest, f"is longer than {longest} characters")
    reader = _Reader(text)
    condition = reader.either(0)
    reader.end()
    return condition


def evaluate(condition: Condition, true: Callable[[Compare | Holds], bool]) -> bool:
    """Tell whether a condition holds, where `true` judges each of its comparisons."""
    match condition:
        case Not(inner):
            return not evaluate(inner, true)
        case Both(parts):
            return all(evaluate(each, true) for each in parts)
        case Either(parts):
            return any(evaluate(each, true) for each in parts)
        case Holds() | Compare():
            return true(condition)
        case _:
            assert_never(condition)


def comparisons(condition: Condition) -> Iterator[Compare | Holds]:
    """Yield the parts that name something, for checking the names and their values."""
    match condition:
        case Not(inner):
            yield from comparisons(inner)
        case Both(parts) | Either(parts):
            for each in parts:
                yield from comparisons(each)
        case Holds() | Compare():
            yield condition
        case _:
            assert_never(condition)


def holds(condition: Condition, values: Mapping[str, str]) -> bool:
    """Tell whether a condition holds of texts by name; a name without a value has the empty one.

    Numbers are compared as numbers; what is none is neither less nor more than anything.
    """

    def true(part: Compare | Holds) -> bool:
        value = values.get(part.name, "")
        return something(value) if isinstance(part, Holds) else _compared(value, part)

    return evaluate(condition, true)


def something(text: str) -> bool:
    """Tell whether a value by itself counts as true."""
    return text.strip().lower() not in NOTHING


def number(text: str) -> float | None:
    """Return the number that a value is, or None."""
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else None


def _compared(value: str, part: Compare) -> bool:
    other = part.value
    match part.operator:
        case "=" | "!=" as operator:
            return _same(value, other) is (operator == "=")
        case "contains":
            return other in value
        case "<" | "<=" | ">" | ">=" as operator:
            left, right = number(value), number(other)
            if left is None or right is None:
                return False
            return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[
                operator
            ]
        case _:
            assert_never(part.operator)


def _same(value: str, other: str) -> bool:
    left, right = number(value), number(other)
    # 0123 is an order number, not 123: only plain numbers are equal as numbers.
    plain = left is not None and right is not None and not value.startswith("0")
    return value == other or (plain and left == right)


_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>"[^"]*"|'[^']*'|“[^”]*”)
      | (?P<mark><=|>=|!=|<>|==|[=<>(),\[\]（），＝])
      | (?P<word>[^\s"'“”=<>!(),\[\]（），＝]+)
      )""",
    re.VERBOSE,
)
_MARKS = {"（": "(", "）": ")", "[": "(", "]": ")", "，": ",", "＝": "=", "==": "=", "<>": "!="}
_AND, _OR, _NOT = ("and", "且", "并且"), ("or", "或", "或者"), ("not", "非")
_LOGIC = (*_AND, *_OR, *_NOT, "in", "contains")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


class _Reader:
    """Recursive descent over the tokens."""

    def __init__(self, text: str) -> None:
        self._text = text
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
        name = self._take("a field")
        if name.kind != "word" or name.text.lower() in _LOGIC:
            raise self._wrong(name, f'expected a field, not "{name.text}"')
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
            found = self._value(name, "contains")
            return Not(found) if negated else found
        if negated:
            raise self._wrong(self._peek(), 'expected "in" or "contains" after not')
        operator = self._operator()
        if operator is None:
            return Holds(name.text, name.at)
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

    def _value(self, name: _Token, operator: Operator) -> Compare:
        token = self._take("a value")
        if token.kind == "mark" or (token.kind == "word" and token.text.lower() in _LOGIC):
            raise self._wrong(token, f'expected a value, not "{token.text}"')
        return Compare(name.text, operator, token.text, name.at, token.at)

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self, wanted: str) -> _Token:
        token = self._peek()
        if token is None:
            raise self._wrong(None, f"ends where {wanted} should stand")
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

    def _wrong(self, token: _Token | None, what: str, hint: str = "") -> ConditionFault:
        return ConditionFault(len(self._text) if token is None else token.at, what, hint)


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    end = len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            hint = "close the quotation mark" if text[start] in "\"'“”" else ""
            raise ConditionFault(start, f'cannot read "{text[start]}"', hint)
        kind = found.lastgroup or ""
        raw = found[kind]
        start = found.start(kind)
        yield _Token(kind, raw[1:-1] if kind == "text" else _MARKS.get(raw, raw), start)
        at = found.end()
