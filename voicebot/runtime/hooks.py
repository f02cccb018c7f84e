"""Asking the shop's own programs: functions in a campaign's `actions.py`, and HTTP endpoints.

A function runs in a process of its own that holds nothing of ours: one that hangs is ended by its
process id, one that crashes takes no call with it. Both kinds get their time and not more, and
whatever goes wrong is one `HookFailed` with the reason.
"""

import json
import logging
import os
import select
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Mapping
from concurrent.futures import Executor, Future
from functools import partial
from pathlib import Path
from typing import IO, Any

import httpx

from voicebot.dialogue.hook import HookCall
from voicebot.dialogue.schema_declared import ACTIONS_FILE
from voicebot.errors import HookFailed

log = logging.getLogger(__name__)

MAX_WORKERS = 4
"""Processes for one campaign's functions. More calls at once wait for one of them; who waits too
long has failed."""

START_S = 10.0
"""For the first function of a process: imports of the shop's libraries take their time."""

MAX_ANSWER = 64 * 1024
"""Bytes of one answer; a thousandth of it would be too long to say."""


class HookRunner:
    """Runs hooks on an executor. `close` ends every process that it began."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._pools: dict[Path, _Pool] = {}
        self._lock = threading.Lock()

    def submit(self, call: HookCall) -> "Future[object]":
        """Ask; the future has the answer, or `HookFailed`."""
        return self._executor.submit(partial(self.run, call))

    def run(self, call: HookCall) -> object:
        """Ask and wait. Raises `HookFailed`."""
        if call.hook.url is not None:
            return _post(call)
        with self._lock:
            pool = self._pools.setdefault(call.hook.folder, _Pool(call.hook.folder))
        return pool.run(call)

    def close(self) -> None:
        """End the processes."""
        for pool in self._pools.values():
            pool.close()


class _Pool:
    """The processes of one campaign's `actions.py`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._idle: list[_Worker] = []
        self._free = threading.BoundedSemaphore(MAX_WORKERS)

    def run(self, call: HookCall) -> object:
        deadline = time.monotonic() + call.hook.timeout_ms / 1000
        if not self._free.acquire(timeout=call.hook.timeout_ms / 1000):
            raise HookFailed(f"{call.hook.name}: all {MAX_WORKERS} processes are busy")
        try:
            worker = self._idle.pop() if self._idle else _Worker(self._folder)
            try:
                answer = worker.ask(call, deadline)
            except HookFailed:
                worker.end()
                raise
            self._idle.append(worker)
        finally:
            self._free.release()
        if "error" in answer:
            raise HookFailed(f"{call.hook.name}: {answer['error']}")
        return answer.get("answer")

    def close(self) -> None:
        while self._idle:
            self._idle.pop().end()


class _Worker:
    """One process; it is asked one thing at a time, a line of JSON each way."""

    def __init__(self, folder: Path) -> None:
        self._process: subprocess.Popen[bytes] = subprocess.Popen(
            [sys.executable, "-m", "voicebot.runtime.hook_worker", str(folder / ACTIONS_FILE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._fresh = True
        # Also when nobody closes the runner, and at the end of the program: a function that hangs
        # would not notice that its standard input is closed.
        self._end = weakref.finalize(self, _kill, self._process)

    def ask(self, call: HookCall, deadline: float) -> Mapping[str, Any]:
        """Return the answer or the error. Raises `HookFailed` when there is neither in time."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        if self._fresh:
            # Starting is ours, not the function's: the session's own deadline holds all the same.
            self._line(stdout, time.monotonic() + START_S, call)
            self._fresh = False
            deadline = max(deadline, time.monotonic() + call.hook.timeout_ms / 1000)
        request = {"function": call.hook.function, "arguments": dict(call.arguments)}
        try:
            stdin.write(json.dumps(request, ensure_ascii=False).encode() + b"\n")
            stdin.flush()
        except OSError as error:
            raise HookFailed(f"{call.hook.name}: the process is gone ({error})") from error
        line = self._line(stdout, deadline, call)
        try:
            answer = json.loads(line)
        except ValueError as error:
            raise HookFailed(f"{call.hook.name}: answered what is no JSON") from error
        if not isinstance(answer, dict):
            raise HookFailed(f"{call.hook.name}: answered nonsense")
        return answer

    def end(self) -> None:
        """End the process by its id."""
        self._end()

    @staticmethod
    def _line(stdout: IO[bytes], deadline: float, call: HookCall) -> bytes:
        found = b""
        while not found.endswith(b"\n"):
            left = deadline - time.monotonic()
            ready, _, _ = select.select([stdout], [], [], max(0.0, left))
            if not ready:
                raise HookFailed(f"{call.hook.name}: did not answer in time and was ended")
            piece = os.read(stdout.fileno(), 65536)
            if not piece:
                raise HookFailed(f"{call.hook.name}: the process ended; see its error above")
            found += piece
            if len(found) > MAX_ANSWER:
                raise HookFailed(f"{call.hook.name}: answered more than {MAX_ANSWER} bytes")
        return found


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def _post(call: HookCall) -> object:
    hook = call.hook
    headers = {}
    if hook.token_from is not None:
        token = os.environ.get(hook.token_from)
        if not token:
            raise HookFailed(f"{hook.name}: the environment has no {hook.token_from}")
        headers["Authorization"] = f"Bearer {token}"
    deadline = time.monotonic() + hook.timeout_ms / 1000
    body = b""
    try:
        # No redirects and no proxies: customers' data goes to the address in the script alone.
        with (
            httpx.Client(timeout=hook.timeout_ms / 1000, trust_env=False) as client,
            client.stream(
                "POST", str(hook.url), json=dict(call.arguments), headers=headers
            ) as response,
        ):
            if not response.is_success:
                raise HookFailed(f"{hook.name}: {hook.url} answered {response.status_code}")
            for piece in response.iter_bytes():
                body += piece
                if len(body) > MAX_ANSWER:
                    raise HookFailed(f"{hook.name}: answered more than {MAX_ANSWER} bytes")
                if time.monotonic() > deadline:
                    raise HookFailed(f"{hook.name}: did not answer in time")
        answer: object = json.loads(body)
    except httpx.HTTPError as error:
        raise HookFailed(f"{hook.name}: {hook.url}: {type(error).__name__}") from error
    except ValueError as error:
        raise HookFailed(f"{hook.name}: answered what is no JSON") from error
    return answer
