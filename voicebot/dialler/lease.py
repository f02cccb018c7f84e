"""Who is alive? A worker whose beat moves while somebody looks.

No two clocks are compared: a worker is thought dead when its beat has not moved for the length of a
lease *while the looker was looking*. A wall clock that jumps, clocks of two hosts that differ, or a
looker that was itself frozen for a minute therefore kill nobody.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import DBAPIError

from voicebot.errors import StorageFailed
from voicebot.store import leases
from voicebot.store.engine import Store
from voicebot.store.leases import Lease

log = logging.getLogger(__name__)

LEASE_S = 30.0
"""Longer than a database restart or a long pause of the process, so that neither is a death."""

BEATS = 8
"""In the length of a lease."""


class Heartbeat:
    """Beats in its own thread, so that a busy event loop is no death."""

    def __init__(
        self, store: Store, executor: str, every_s: float, measured: Callable[[datetime], None]
    ) -> None:
        """`measured` is given the database's clock at each beat."""
        self._store = store
        self._executor = executor
        self._every_s = every_s
        self._measured = measured
        self._stop = threading.Event()
        self._lost = False
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    @property
    def lost(self) -> bool:
        """Whether somebody declared this worker dead."""
        return self._lost

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """Beat no more."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with self._store.write() as connection:
                    beaten = leases.beat(connection, self._executor)
            except (StorageFailed, DBAPIError) as error:
                # Nobody can declare us dead either while nobody can write.
                log.debug("no beat: %s", error)
            else:
                if beaten is None:
                    self._lost = True
                    return
                self._measured(beaten)
            self._stop.wait(self._every_s)


@dataclass(slots=True)
class _Seen:
    beat: datetime
    still_s: float = 0.0


class Watch:
    """Notices whose beat stands still. Time comes in as an argument."""

    def __init__(self, lease_s: float, every_s: float) -> None:
        """`every_s` is how often `look` is meant to be called."""
        self._lease_s = lease_s
        self._longest_s = 2 * every_s
        self._seen: dict[str, _Seen] = {}
        self._looked_s: float | None = None

    def look(self, found: Sequence[Lease], now_s: float) -> list[Lease]:
        """Return the workers whose beat stood still for a whole lease, those declared dead aside.

        `now_s` is monotonic. Time in which nobody looked counts as little more than one look.
        """
        elapsed = 0.0 if self._looked_s is None else min(now_s - self._looked_s, self._longest_s)
        self._looked_s = now_s
        still = []
        seen: dict[str, _Seen] = {}
        for each in found:
            before = self._seen.get(each.executor)
            if before is None or before.beat != each.beat:
                seen[each.executor] = _Seen(each.beat)
                continue
            before.still_s += elapsed
            seen[each.executor] = before
            if before.still_s >= self._lease_s and not each.dead:
                still.append(each)
        self._seen = seen
        return still
