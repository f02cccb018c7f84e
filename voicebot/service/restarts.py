"""How long to wait before a worker that ended is started again."""

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 30.0
STEADY_S = 60.0
"""A worker that ran for so long has not failed by how it is set up."""


class Restarts:
    """Of one worker: each wait is twice the last one, until it has run steadily."""

    def __init__(self) -> None:
        self.number = 0
        self._wait_s = FIRST_WAIT_S

    def wait_s(self, ran_s: float) -> float:
        """Return the wait before the next start, after it ran for `ran_s` seconds."""
        if ran_s >= STEADY_S:
            self._wait_s = FIRST_WAIT_S
        wait, self._wait_s = self._wait_s, min(2 * self._wait_s, LONGEST_WAIT_S)
        self.number += 1
        return wait
