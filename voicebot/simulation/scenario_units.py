"""Times, levels, shares and names as people write them: `1.2 s`, `-30 dBFS`, `5 %`.

What is wrong is noted in the value's document, and something harmless is returned instead.
"""

import re
from enum import StrEnum
from typing import TypeVar

from voicebot.dialogue.document import Value, suggest
from voicebot.simulation.line import NOMINAL_DBFS
from voicebot.simulation.voices import VOICES

Choice = TypeVar("Choice", bound=StrEnum)
Other = TypeVar("Other")

MAX_MS = 120_000
"""The longest time that a scenario may name."""

LEVELS = (-70.0, 0.0)
"""dBFS of a sound; from some -10 on a voice is clipped."""

_TIME = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>ms|s)")
_DB = re.compile(r"(?P<number>-?\d+(?:\.\d+)?)\s*(?:dB|dBFS)")
_SHARE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*%")
_AT_LEVEL = re.compile(r"(?P<what>.*?\S)\s+at\s+(?P<level>-?\d+(?:\.\d+)?\s*dB)")


def one_of(
    value: Value, kind: type[Choice], otherwise: Other, *, text: str | None = None
) -> Choice | Other:
    """Return the member of `kind` that is written in the value, or in `text`, a part of it."""
    text = value.text() if text is None else text
    known = [each.value for each in kind]
    if text in known:
        return kind(text)
    value.report(f'"{text}" is none of {", ".join(known)}', suggest(text, known))
    return otherwise


def time(value: Value) -> int:
    """Return a time in milliseconds."""
    return ms(value, value.text())


def ms(value: Value, text: str, *, least: int = 0) -> int:
    """Return a time that is part of a value, in milliseconds."""
    match = _TIME.fullmatch(text)
    if match is None:
        value.report(f'"{text}" is no time', "write 1.2 s or 1200 ms")
        return least
    found = round(float(match["number"]) * (1000 if match["unit"] == "s" else 1))
    if not least <= found <= MAX_MS:
        value.report(f"{found} ms is not from {least} to {MAX_MS} ms")
    return found


def level(value: Value) -> float:
    """Return a level in dBFS."""
    text = value.text()
    match = _DB.fullmatch(text)
    found = float(match["number"]) if match else 1.0
    if not LEVELS[0] <= found <= LEVELS[1]:
        value.report(f'"{text}" is no level', f"write -30 dBFS: {LEVELS[0]:g} to {LEVELS[1]:g}")
        return NOMINAL_DBFS
    return found


def at_level(value: Value, example: str) -> tuple[str, float | None]:
    """Return what is written before `at`, and the decibels after it; `example` is the hint."""
    text = value.text()
    match = _AT_LEVEL.fullmatch(text)
    if match is None:
        value.report(f'"{text}" has no level', f"write {example}")
        return text, None
    return match["what"], float(match["level"].removesuffix("dB"))


def share(value: Value) -> float:
    """Return a part of one."""
    match = _SHARE.fullmatch(value.text())
    found = float(match["number"]) / 100 if match else -1.0
    if not 0 <= found <= 1:
        value.report(f'"{value.text()}" is no share', "write 5 %")
        return 0.0
    return found


def whole(value: Value, least: int, most: int) -> int:
    """Return a whole number."""
    text = value.text()
    if text.isdecimal() and least <= int(text) <= most:
        return int(text)
    value.report(f'"{text}" is no whole number from {least} to {most}')
    return least


def voice(value: Value) -> str:
    """Return the name of a voice."""
    name = value.text()
    if name not in VOICES:
        value.report(f'there is no voice "{name}"', suggest(name, VOICES, everything=True))
    return name


def one_key(
    value: Value, fields: dict[str, Value], keys: tuple[str, ...], what: str, example: str
) -> str | None:
    """Return which of some keys that exclude each other is there; `what` it says."""
    found = [key for key in keys if key in fields]
    if len(found) == 1:
        return found[0]
    if found:
        value.report(f"says twice {what}: {' and '.join(found)}", "keep one of them")
    else:
        value.report(f"does not say {what}", f"add one of {', '.join(keys)}, such as {example}")
    return None
