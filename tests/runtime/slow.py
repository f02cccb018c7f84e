"""A slow thread in virtual time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

T = TypeVar("T")


class SlowExecutor(Executor):
    """Does one job after the other, each in `job_ms` virtual milliseconds."""

    def __init__(self, job_ms: int) -> None:
        self._job_s = job_ms / 1000
        self._free_s = 0.0

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Queue a job."""
        loop = asyncio.get_running_loop()
        future: Future[T] = Future()
        self._free_s = max(self._free_s, loop.time()) + self._job_s
        loop.call_at(self._free_s, self._work, future, lambda: fn(*args, **kwargs))
        return future

    @staticmethod
    def _work(future: Future[T], job: Callable[[], T]) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(job())
        except Exception as error:
            future.set_exception(error)
