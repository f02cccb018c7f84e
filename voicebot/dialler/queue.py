"""What the dialler needs of a queue that outlives the process."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Protocol

from sqlalchemy import Connection


class Queue(Protocol):
    """Gives released attempts to this process, each at least once."""

    async def start(self, handle: Callable[[str], Awaitable[None]]) -> None:
        """Begin to hand out attempts, by their ids."""
        ...

    def release(self, connection: Connection, attempts: Sequence[str]) -> None:
        """Keep attempts for this process, in the transaction that takes their contacts."""
        ...

    async def take_over(self, executor: str) -> int:
        """Let this process have what a dead one left; say how much."""
        ...

    async def unfinished(self, attempts: Collection[str]) -> set[str]:
        """Return which of these the queue still holds."""
        ...

    async def purge(self) -> int:
        """Forget some of what is finished; say how much."""
        ...

    async def stop(self) -> None:
        """Hand out nothing any more."""
        ...
