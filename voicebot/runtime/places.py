"""A limited number of places, and who waits for one in which order.

Places are for talking to the robot, or for the persons behind an address. Several processes may
share them: then whoever has the order keeps it for all (`Places`), each process is a holder, and
asks for what it needs (`Queue`).
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from voicebot.campaign.urgency import TRIED_AGAIN_S

ONLY_HOLDER = ""
"""When one process does all."""


class Queue(Protocol):
    """Places, as one holder sees them."""

    async def take(self) -> bool:
        """Take a place now; False when there is none, or somebody waits for one."""
        ...

    async def full(self) -> bool:
        """Tell whether nobody else can wait."""
        ...

    async def join(self, ahead_s: float) -> int:
        """Wait, as if one had come so much earlier; return a ticket."""
        ...

    async def before(self, ticket: int) -> int | None:
        """Return how many are before this one; None when the place is theirs now."""
        ...

    async def leave(self, ticket: int) -> None:
        """Wait no longer; harmless when the place was got."""
        ...

    def free(self) -> None:
        """Give a place back."""
        ...


@dataclass(frozen=True, slots=True)
class _Waiter:
    ticket: int
    holder: str
    since_s: float


class Places:
    """The order of one kind of places."""

    def __init__(self, room: Callable[[Counter[str], str], bool], longest: int) -> None:
        """`room` tells, by how many places each holder has, whether this one may have another.
        At most `longest` can wait."""
        self.taken: Counter[str] = Counter()
        """By holder."""
        self._room = room
        self._longest = longest
        self._tickets = count(1)
        self._waiting: list[_Waiter] = []

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def full(self) -> bool:
        """Whether nobody else can wait."""
        return len(self._waiting) >= self._longest

    def waiting_of(self, holder: str) -> int:
        """Return how many of a holder's wait."""
        return sum(each.holder == holder for each in self._waiting)

    def take(self, holder: str) -> bool:
        """Take a place now; False when there is none, or somebody waits for one."""
        if self._waiting or not self._room(self.taken, holder):
            return False
        self.taken[holder] += 1
        return True

    def join(self, holder: str, since_s: float) -> int:
        """Wait since then; return a ticket."""
        waiter = _Waiter(next(self._tickets), holder, since_s)
        self._waiting.append(waiter)
        self._waiting.sort(key=lambda each: each.since_s)
        return waiter.ticket

    def before(self, ticket: int) -> int | None:
        """Return how many are before this one; None when the place is theirs now.

        It is the first one's turn; but who is before may wait for a holder that has no room.
        """
        for number, waiter in enumerate(self._waiting):
            may = self._room(self.taken, waiter.holder)
            if waiter.ticket == ticket:
                if not may:
                    return number
                del self._waiting[number]
                self.taken[waiter.holder] += 1
                return None
            if may:
                break
        return next(
            (number for number, each in enumerate(self._waiting) if each.ticket == ticket), 0
        )

    def leave(self, ticket: int) -> None:
        """Wait no longer; harmless when the place was got."""
        self._waiting = [each for each in self._waiting if each.ticket != ticket]

    def free(self, holder: str) -> None:
        """Give a place back; harmless when the holder has none."""
        if self.taken[holder] > 0:
            self.taken[holder] -= 1

    def forget(self, holder: str) -> None:
        """Free everything of a holder that is no more."""
        del self.taken[holder]
        self._waiting = [each for each in self._waiting if each.holder != holder]


class GaveUp:
    """Who left a queue without having been served, for as long as it counts."""

    def __init__(self) -> None:
        self._at_s: dict[str, float] = {}

    def note(self, caller: str, now_s: float) -> None:
        """Remember it, and forget what is too old."""
        self._at_s = {
            each: at for each, at in self._at_s.items() if now_s - at <= TRIED_AGAIN_S
        } | {caller: now_s}

    def since_s(self, caller: str, now_s: float) -> float | None:
        """Return how long ago the caller gave up; None when they did not."""
        at = self._at_s.get(caller)
        return None if at is None or now_s - at > TRIED_AGAIN_S else now_s - at


class Queues(Protocol):
    """What callers of one service may wait for."""

    @property
    def calls(self) -> Queue:
        """Talking to the robot."""
        ...

    def people(self, person: str, number: int | None) -> Queue:
        """Return the queue for one of `number` persons at an address; nobody counts when None."""
        ...

    def note_gave_up(self, caller: str) -> None:
        """Remember who left without having been served."""
        ...

    async def gave_up_s_ago(self, caller: str) -> float | None:
        """Return how long ago the caller left so; None when they did not."""
        ...


class OwnQueue:
    """See `Queue`: of the process that keeps the order."""

    def __init__(self, places: Places) -> None:
        self._places = places

    async def take(self) -> bool:
        """See `Queue`."""
        return self._places.take(ONLY_HOLDER)

    async def full(self) -> bool:
        """See `Queue`."""
        return self._places.full

    async def join(self, ahead_s: float) -> int:
        """See `Queue`."""
        return self._places.join(ONLY_HOLDER, asyncio.get_running_loop().time() - ahead_s)

    async def before(self, ticket: int) -> int | None:
        """See `Queue`."""
        return self._places.before(ticket)

    async def leave(self, ticket: int) -> None:
        """See `Queue`."""
        self._places.leave(ticket)

    def free(self) -> None:
        """See `Queue`."""
        self._places.free(ONLY_HOLDER)


def room_of_people(number: int | None) -> Callable[[Counter[str], str], bool]:
    """Return what tells whether one of so many persons is free."""
    return lambda taken, _: number is None or taken.total() < number


class OwnQueues:
    """See `Queues`: of a process that does all by itself."""

    def __init__(self, room: Callable[[Counter[str], str], bool], longest: int) -> None:
        self.calls = OwnQueue(Places(room, longest))
        self._longest = longest
        self._people: dict[str, OwnQueue] = {}
        self._gave_up = GaveUp()

    def people(self, person: str, number: int | None) -> OwnQueue:
        """See `Queues`."""
        if person not in self._people:
            self._people[person] = OwnQueue(Places(room_of_people(number), self._longest))
        return self._people[person]

    def note_gave_up(self, caller: str) -> None:
        """See `Queues`."""
        self._gave_up.note(caller, asyncio.get_running_loop().time())

    async def gave_up_s_ago(self, caller: str) -> float | None:
        """See `Queues`."""
        return self._gave_up.since_s(caller, asyncio.get_running_loop().time())
