"""Which worker takes the next call, and what all workers share: places, numbers, who gave up.

Nothing here waits or reads a clock: times come in, in seconds.
"""

from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from voicebot.runtime.answering import Begun
from voicebot.runtime.load import LATE_MS
from voicebot.runtime.places import GaveUp, Places, room_of_people


@dataclass(slots=True)
class Load:
    """What one worker has to do."""

    late_ms: float = 0.0
    """How late its event loop wakes; see `voicebot.runtime.load`."""
    lines: int = 0
    """That it has: who talks, who waits, who is being answered, and persons who were called."""
    begun: dict[int, tuple[Begun, float]] = field(default_factory=dict)
    """Calls of which nothing is kept yet, by number, and when they began."""


@dataclass(frozen=True, slots=True)
class LostCall:
    """A call that ended with its worker."""

    number: int
    call: Begun
    lasted_s: float


class Switchboard:
    """The front's books of its workers."""

    def __init__(self, *, calls: int, waiting: int, first: int = 1) -> None:
        """At most `calls` talk and `waiting` wait, in the whole service; numbers begin with
        `first`."""
        self.draining = False
        self.counts: Counter[str] = Counter()
        """Of calls: `begun`, `ended`, `lost` with their worker."""
        self.places = Places(self._room, waiting)
        self._calls = calls
        self._longest = waiting
        self._workers: dict[str, Load] = {}
        self._people: dict[str, Places] = {}
        self._gave_up = GaveUp()
        self._numbers = count(first)

    # Workers

    def add(self, worker: str) -> None:
        """A worker is ready."""
        self._workers[worker] = Load()

    def remove(self, worker: str, now_s: float) -> list[LostCall]:
        """A worker is no more: free what it had, and return the calls that it leaves."""
        load = self._workers.pop(worker, Load())
        for places in (self.places, *self._people.values()):
            places.forget(worker)
        self.counts["lost"] += len(load.begun)
        return [
            LostCall(number, call, now_s - began)
            for number, (call, began) in sorted(load.begun.items())
        ]

    def note_late(self, worker: str, late_ms: float) -> None:
        """A worker tells how late its event loop wakes."""
        if worker in self._workers:
            self._workers[worker].late_ms = late_ms

    def note_lines(self, worker: str, more: int) -> None:
        """A worker has got more or fewer lines."""
        if worker in self._workers:
            self._workers[worker].lines += more

    def least_busy(self) -> str | None:
        """Return who should take the next call: the one with the fewest lines, before those that
        have too much to do; None when nobody is there or no call is taken any more."""
        if self.draining:
            return None
        return min(
            self._workers,
            key=lambda name: (self._overloaded(name), self._workers[name].lines),
            default=None,
        )

    @property
    def busy(self) -> int:
        """How many callers talk or wait."""
        return self.places.taken.total() + self.places.waiting

    def _room(self, taken: Counter[str], worker: str) -> bool:
        # A machine that other programs keep busy may still be called: there is nobody to spoil.
        spoilt = taken[worker] > 0 and self._overloaded(worker)
        return worker in self._workers and taken.total() < self._calls and not spoilt

    def _overloaded(self, worker: str) -> bool:
        load = self._workers.get(worker)
        return load is not None and load.late_ms > LATE_MS

    def has_room(self) -> bool:
        """Tell whether a call that comes now would be talked to at once."""
        worker = self.least_busy()
        return (
            worker is not None
            and self.places.waiting == 0
            and self._room(self.places.taken, worker)
        )

    # What workers ask and tell

    def answer(self, worker: str, what: str, data: dict[str, Any], now_s: float) -> Any:
        """Answer a worker's question about what is shared."""
        match what:
            case "take":
                return self._queue(data).take(worker)
            case "full":
                return self._queue(data).full
            case "join":
                return self._queue(data).join(worker, now_s - data["ahead_s"])
            case "before":
                return self._queue(data).before(data["ticket"])
            case "gave_up_s_ago":
                return self._gave_up.since_s(data["caller"], now_s)
            case "begin":
                number = next(self._numbers)
                self.counts["begun"] += 1
                if worker in self._workers:
                    self._workers[worker].begun[number] = (Begun(**data), now_s)
                return number
            case _:
                raise ValueError(f"no worker asks {what}")

    def take(self, worker: str, what: str, data: dict[str, Any], now_s: float) -> None:
        """Note a worker's news about what is shared."""
        match what:
            case "late":
                self.note_late(worker, data["late_ms"])
            case "leave":
                self._queue(data).leave(data["ticket"])
            case "free":
                self._queue(data).free(worker)
            case "gave_up":
                self._gave_up.note(data["caller"], now_s)
            case "end":
                load = self._workers.get(worker)
                if load is not None and load.begun.pop(data["number"], None) is not None:
                    self.counts["ended"] += 1
            case _:
                raise ValueError(f"no worker tells {what}")

    def _queue(self, data: dict[str, Any]) -> Places:
        """Return the queue that a message names: `person` and `number`, or neither."""
        person = data.get("person")
        if person is None:
            return self.places
        if person not in self._people:
            self._people[person] = Places(room_of_people(data["of"]), self._longest)
        return self._people[person]
