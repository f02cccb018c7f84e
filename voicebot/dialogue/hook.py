"""Actions: what the shop's own programs are asked in a call, and what they may answer.

The core only says what it wants done and judges what comes back; `voicebot.runtime.hooks` does it.
Whatever a hook does wrong (hangs, breaks, answers nonsense) is one thing here: it failed, and the
script says what is said then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

TIMEOUT_MS = range(200, 15_001)
"""Shorter fails for nothing, longer no caller waits."""

DEFAULT_TIMEOUT_MS = 4000

MAX_VALUE = 200
"""Characters of one value: some sentences; more is no answer that can be spoken."""


@dataclass(frozen=True, slots=True)
class Hook:
    """One action, as the script declares it."""

    name: str
    function: str | None = None
    """In the campaign's `actions.py`; else `url` is set."""
    url: str | None = None
    """Gets a POST with the arguments as JSON, and answers with JSON."""
    token_from: str | None = None
    """The environment variable that holds the endpoint's bearer token."""
    send: Mapping[str, str] = field(default_factory=dict)
    """Arguments; values may hold `{name}` places."""
    gives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What it answers, and which values that may have; any when empty."""
    timeout_ms: int = DEFAULT_TIMEOUT_MS
    folder: Path = Path()
    """The campaign's, where `actions.py` is."""


@dataclass(frozen=True, slots=True)
class HookCall:
    """One run of an action, its arguments filled in."""

    hook: Hook
    arguments: Mapping[str, str]


def judged(hook: Hook, answer: object) -> dict[str, str]:
    """Return an answer as the script may use it. Raises `ValueError` for nonsense, naming it.

    Nothing (None or an empty text) is a value that every result may have.
    """
    if not isinstance(answer, Mapping):
        raise ValueError(f"answered {type(answer).__name__}, not names and values")
    unknown = [str(name)[:40] for name in answer if name not in hook.gives]
    if unknown:
        raise ValueError(f"answered {', '.join(unknown)}, which the script does not know")
    missing = [name for name in hook.gives if name not in answer]
    if missing:
        raise ValueError(f"did not answer {', '.join(missing)}")
    return {name: _value(hook, name, answer[name]) for name in hook.gives}


def _value(hook: Hook, name: str, value: object) -> str:
    match value:
        case None:
            text = ""
        case bool():
            text = "yes" if value else "no"
        case str() | int() | float():
            text = str(value).strip()
        case _:
            raise ValueError(f"answered {name} with {type(value).__name__}, not with a text")
    if len(text) > MAX_VALUE:
        raise ValueError(f"answered {name} with {len(text)} characters; {MAX_VALUE} are the most")
    if any(not character.isprintable() for character in text):
        raise ValueError(f"answered {name} with characters that nobody can say")
    allowed = hook.gives[name]
    if allowed and text and text not in allowed:
        raise ValueError(f'answered {name} with "{text[:40]}", not with {", ".join(allowed)}')
    return text
