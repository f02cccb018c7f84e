"""A worker of `voicebot serve --workers N`; the process in front starts it, and talks to it.

python -m voicebot.cli.serve_worker FD < SETTINGS
"""

import asyncio
import pickle
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import click

from voicebot import bootstrap_lines
from voicebot.cli.call_service import CallService, ServiceSettings
from voicebot.cli.logs import log_to_stderr
from voicebot.errors import LineFailed, VoicebotError
from voicebot.runtime.load import LoadMeter
from voicebot.service.channel import open_channel
from voicebot.service.process import READY
from voicebot.service.seat import SharedBrowsers, SharedLines, SharedNumbers, SharedQueues
from voicebot.transports.peer import IceServer
from voicebot.web.call_news import USUAL_LIMITS

TELL_S = 0.5
"""How often the front is told how late we are."""
ENDING_S = 5.0
"""For the calls that still run when the front ends us, to be kept."""


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What a worker is told by the front."""

    name: str
    log_level: int
    service: ServiceSettings
    ice_servers: Sequence[IceServer] | None
    """Of the browsers' line; None without one."""


def main() -> int:
    """Carry calls until the front ends us; return the exit code."""
    end = socket.socket(fileno=int(sys.argv[1]))
    settings: WorkerSettings = pickle.load(sys.stdin.buffer)
    # A terminal and a service manager tell every process; the front knows when it is time.
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    log_to_stderr(settings.log_level, settings.name)
    try:
        asyncio.run(_work(CallService(settings.service), settings, end))
    except click.ClickException as error:
        error.show()
        return 2
    except VoicebotError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


async def _work(service: CallService, settings: WorkerSettings, end: socket.socket) -> None:
    async def answer(what: str, data: dict[str, Any]) -> Any:
        match what:
            case "offer":
                return await browsers.offer(**data)
            case "hang_up":
                return await browsers.hang_up(data["call"])
            case _:
                raise LineFailed(f"a worker is not asked {what}")

    def take(what: str, data: dict[str, Any]) -> None:
        match what:
            case "event" if lines is not None:
                lines.take(**data)
            case "follow":
                browsers.follow(data["call"])

    channel = await open_channel(end, answer=answer, take=take)
    load = LoadMeter()
    answering = service.answering(load, SharedNumbers(channel))
    lines = None
    if settings.service.telephone:
        telephone = service.telephone(answering, SharedQueues(channel))
        lines = telephone.gateway = SharedLines(channel, telephone.ring)
    calls = bootstrap_lines.browser_calls(answering, service.answers, settings.ice_servers or ())
    # The front counts who has no media yet, for all workers together.
    most = settings.service.calls
    calls.limits = replace(USUAL_LIMITS, waiting=most, waiting_per_address=most)
    browsers = SharedBrowsers(channel, calls)

    async def tell_load() -> None:
        while True:
            channel.tell("late", late_ms=load.late_ms)
            await asyncio.sleep(TELL_S)

    channel.tell(READY, titles=calls.titles)
    tasks = [asyncio.create_task(load.run()), asyncio.create_task(tell_load())]
    try:
        await channel.run()
    finally:
        if lines is not None:
            lines.lose()
        await calls.close()
        await answering.drain(ENDING_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        channel.close()


if __name__ == "__main__":
    sys.exit(main())
