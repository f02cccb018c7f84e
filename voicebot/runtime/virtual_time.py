"""An event loop whose clock jumps to the next timer instead of waiting for it.

The same driver that runs a call in real time runs it in virtual time as fast as the machine goes:
replay, demo and tests. Blocking work must be done inline (`InlineExecutor`), so that it takes no
virtual time and every run is the same. When all tasks wait and no timer is set, nothing can ever
happen any more: that is a hang, and it raises `Deadlock` at once instead of hanging.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

T = TypeVar("T")


class Deadlock(RuntimeError):
    """All tasks wait and no timer is set."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop that never waits; `time()` starts at 0 s."""

    def __init__(self) -> None:
        self._virtual_s = 0.0
        super().__init__(_JumpingSelector(self._jump))

    def time(self) -> float:
        """Return virtual seconds."""
        return self._virtual_s

    def _jump(self, seconds: float) -> None:
        self._virtual_s += seconds


class _JumpingSelector(selectors.DefaultSelector):
    """Polls real file descriptors, but answers a wait by moving the clock."""

    def __init__(self, jump: Callable[[float], None]) -> None:
        super().__init__()
        self._jump = jump

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise Deadlock("all tasks wait and no timer is set")
        self._jump(max(timeout, 0.0))
        return []


class InlineExecutor(Executor):
    """Runs each job where it is submitted, before `submit` returns."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Run the job now; its result or exception is in the returned future."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in virtual time, like `asyncio.run`."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
