"""Whether this process has room for one more call, by what the running ones feel.

A call is a frame every 20 ms. When the event loop wakes late, every call's frames go out late, so
lateness is what is measured: not the number of calls, which means nothing by itself.
"""

import asyncio
from collections import deque

PROBE_S = 0.05
"""How often the loop is asked."""
REMEMBERED = 100
"""Probes: the last five seconds."""
LATE_MS = 40.0
"""Two frames: the receiving side's jitter buffer still hides it. More is heard."""
QUANTILE = 0.95


class LoadMeter:
    """How late this process's event loop wakes; `run` in a task."""

    def __init__(self) -> None:
        self._late: deque[float] = deque(maxlen=REMEMBERED)

    @property
    def late_ms(self) -> float:
        """The 95th percentile of the last five seconds, in ms; 0 before the first probe."""
        if not self._late:
            return 0.0
        ordered = sorted(self._late)
        return ordered[min(len(ordered) - 1, int(QUANTILE * len(ordered)))]

    @property
    def overloaded(self) -> bool:
        """Whether another call would spoil those that run."""
        return self.late_ms > LATE_MS

    async def run(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + PROBE_S
            await asyncio.sleep(PROBE_S)
            self._late.append(max(0.0, (loop.time() - due) * 1000))
