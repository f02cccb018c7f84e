"""A worker as a process of its own, and the channel to it."""

import asyncio
import pickle
import signal
import socket
import sys
from typing import Any

from voicebot.service.channel import Answer, Channel, Take, open_channel

MODULE = "voicebot.cli.serve_worker"
LAST_WORDS_S = 1.0
"""To read what a process said before its end."""
READY = "ready"
"""A worker's first news."""


class WorkerProcess:
    """See `voicebot.service.supervisor.Worker`. Use `start_worker`."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.heard_s: float | None = None
        self.channel: Channel
        self._process = process
        self._reading: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """Its number at the operating system."""
        return self._process.pid

    def attach(self, channel: Channel) -> None:
        """Take what comes from it."""
        self.channel = channel
        self._reading = asyncio.create_task(channel.run())

    def hear(self, what: str) -> None:
        """Note that it said something."""
        if what == READY or self.heard_s is not None:
            self.heard_s = asyncio.get_running_loop().time()

    async def wait(self) -> str:
        """See `Worker`."""
        code = await self._process.wait()
        if self._reading is not None:
            await asyncio.wait((self._reading,), timeout=LAST_WORDS_S)
        self.channel.close()
        if code < 0:
            return f"signal {signal.Signals(-code).name}"
        return f"exit code {code}"

    def end(self) -> None:
        """See `Worker`: a worker ends when nobody is in front of it."""
        self.channel.finish()

    def kill(self) -> None:
        """See `Worker`."""
        if self._process.returncode is None:
            self._process.kill()


async def start_worker(name: str, settings: Any, *, answer: Answer, take: Take) -> WorkerProcess:
    """Start a process; `settings` are what it gets on its standard input. Raises `OSError`."""
    ours, theirs = socket.socketpair()
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", MODULE, str(theirs.fileno())),
            stdin=asyncio.subprocess.PIPE,
            pass_fds=(theirs.fileno(),),
        )
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    worker = WorkerProcess(name, process)

    def heard(what: str, data: dict[str, Any]) -> None:
        worker.hear(what)
        take(what, data)

    worker.attach(await open_channel(ours, answer=answer, take=heard))
    assert process.stdin is not None
    process.stdin.write(pickle.dumps(settings))
    process.stdin.close()
    return worker
