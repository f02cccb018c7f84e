"""The dialler's clock: the database's, as this host's reading of it, real or accelerated.

Workers on several hosts must agree on slots and windows, so each one reads the database's clock
whenever it beats, and counts from there on its monotonic clock: a host's own clock that jumps, or
is wrong, puts no retry off by an hour.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits."""

    @property
    def speed(self) -> float:
        """How many of its seconds pass in a real one."""
        ...

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class DatabaseClock:
    """The database's time; the host's until it was measured."""

    speed = 1.0

    def __init__(self) -> None:
        self._read: tuple[datetime, float] | None = None
        """What the database said, and when that was on the monotonic clock."""

    def now(self) -> datetime:
        """Return the database's present moment."""
        if self._read is None:
            return datetime.now(UTC)
        said, then_s = self._read
        return said + timedelta(seconds=time.monotonic() - then_s)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    def measured(self, database: datetime) -> None:
        """Take what the database said a moment ago."""
        self._read = database, time.monotonic()


class FastClock:
    """A simulation's time: it begins at `start` and runs `speed` times as fast as the real one.

    Only waiting is shorter: work takes the time it takes.
    """

    def __init__(self, start: datetime, speed: float) -> None:
        self._start = start
        self.speed = speed
        self._began = time.monotonic()

    def now(self) -> datetime:
        """Return the simulation's present moment."""
        return self._start + timedelta(seconds=(time.monotonic() - self._began) * self.speed)

    async def sleep(self, seconds: float) -> None:
        """Wait for so many of the simulation's seconds."""
        await asyncio.sleep(seconds / self.speed)
