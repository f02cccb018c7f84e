"""The shop's program that a call waits for, if any. Time comes in with every call."""

from collections.abc import Mapping

from voicebot.call.events import Ms
from voicebot.dialogue.hook import HookCall, judged
from voicebot.dialogue.step import Spoken

PATIENCE_MS: Ms = 2500
"""Silence after the prompt until the caller is told that it takes a moment longer."""


class PendingHook:
    """One hook at a time; late answers of earlier ones are known by their number."""

    def __init__(self) -> None:
        self.number = 0
        self._call: HookCall | None = None
        self._waiting: Spoken | None = None
        self._until: Ms = 0
        self._reassure_at: Ms | None = None
        self._done = False
        self.results: Mapping[str, str] | None = None
        """What it answered; None when it failed."""

    @property
    def pending(self) -> bool:
        """Whether the call goes on from a hook, answered or not."""
        return self._call is not None

    @property
    def open(self) -> bool:
        """Whether the answer is still awaited."""
        return self._call is not None and not self._done

    @property
    def deadline(self) -> Ms | None:
        """When there is something to do without an answer."""
        if not self.open:
            return None
        return self._until if self._reassure_at is None else min(self._until, self._reassure_at)

    def begin(self, call: HookCall, waiting: Spoken | None, now: Ms) -> int:
        """Wait for a new hook; return its number."""
        self.number += 1
        self._call, self._waiting = call, waiting
        self._until = now + call.hook.timeout_ms
        self._reassure_at, self._done, self.results = None, False, None
        return self.number

    def awaits(self, number: int) -> bool:
        """Tell whether this hook's answer is still wanted."""
        return self.open and number == self.number

    def take(self, answer: object) -> Mapping[str, str]:
        """Keep an answer. Raises `ValueError` for nonsense."""
        assert self._call is not None
        self.results = judged(self._call.hook, answer)
        self._done = True
        return self.results

    def fail(self) -> None:
        """Wait no longer."""
        self._done, self.results = True, None

    def gives_up(self, now: Ms) -> bool:
        """Tell whether the time for an answer is over."""
        return self.open and now >= self._until

    def meanwhile(self, now: Ms) -> Spoken | None:
        """Return what to say now to a caller who waits in silence; at first nothing."""
        if self._waiting is None:
            return None
        if self._reassure_at is None:
            self._reassure_at = now + PATIENCE_MS
            return None
        if now < self._reassure_at:
            return None
        said, self._waiting, self._reassure_at = self._waiting, None, None
        return said

    def drop(self) -> None:
        """Forget the hook: the call goes on, or it is over."""
        self._call, self._waiting, self._reassure_at = None, None, None
