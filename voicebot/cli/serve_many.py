"""`voicebot serve --workers N`: the process in front of several that carry the calls."""

import asyncio
import logging
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import click

from voicebot.call.record import CallRecord
from voicebot.cli.browser_options import BrowserLine
from voicebot.cli.call_service import ServiceSettings, keep
from voicebot.cli.serve_lines import (
    TelephoneLine,
    answer_browsers,
    answer_telephone,
    until_stopped,
)
from voicebot.cli.serve_worker import WorkerSettings
from voicebot.dialogue.script import EndReason
from voicebot.errors import StorageFailed
from voicebot.report.files import last_number, records_of
from voicebot.runtime.answering import InboundCall
from voicebot.service.browser_relay import BrowserRelay
from voicebot.service.channel import Channel
from voicebot.service.process import READY, WorkerProcess, start_worker
from voicebot.service.sip_relay import SipRelay
from voicebot.service.supervisor import Supervisor, Worker
from voicebot.service.switchboard import LostCall, Switchboard

log = logging.getLogger(__name__)

WORKERS_PER_CORE = 2
LOOK_S = 0.2
"""How often it is looked whether the last call has ended."""


def check_workers(workers: int, calls: int | None) -> None:
    """Raise a usage error when so many processes make no sense here."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    fault = None
    if workers < 1:
        fault = "a service has at least one worker"
    elif workers > WORKERS_PER_CORE * cores:
        fault = f"this machine has {cores} cores; a worker uses about one of them"
    elif calls is not None and workers > calls:
        fault = f"--calls {calls} leaves some of them without any call"
    elif workers > 1 and sys.platform == "win32":
        fault = "several workers need Linux or macOS"
    if fault is not None:
        raise click.BadParameter(f"{workers}: {fault}", param_hint="--workers")


async def serve_many(
    settings: ServiceSettings,
    workers: int,
    line: TelephoneLine | None,
    page: BrowserLine | None,
    drain_s: float,
) -> None:
    """Answer calls in `workers` processes, until told to stop."""
    front = _Front(settings, workers, line, page)
    async with until_stopped() as stopped, AsyncExitStack() as lines:
        lines.push_async_callback(front.supervisor.stop)
        starting = asyncio.create_task(front.supervisor.start())
        await asyncio.wait((starting, stopped), return_when=asyncio.FIRST_COMPLETED)
        if stopped.done():
            starting.cancel()
            return
        await starting
        running: list[asyncio.Task[Any]] = [stopped]
        if line is not None:
            assert front.telephone is not None
            running.append(await answer_telephone(lines, front.telephone.lines, line))
        if page is not None and not running[-1].done():
            await answer_browsers(lines, page, front.browsers)
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        if stopped.done():
            await front.drain(drain_s)
            click.echo(front.summary())


class _Front:
    """The books, the lines and the workers of one service, wired together."""

    def __init__(
        self,
        settings: ServiceSettings,
        workers: int,
        line: TelephoneLine | None,
        page: BrowserLine | None,
    ) -> None:
        self._settings = settings
        self._ice_servers = None if page is None else page.ice_servers
        self._running: dict[str, WorkerProcess] = {}
        first = last_number(settings.out) + 1
        self.board = Switchboard(calls=settings.calls, waiting=settings.queue, first=first)
        self.supervisor = Supervisor(workers, self._start, lost=self._lose)
        self.browsers = BrowserRelay(self.board, self._channel)
        self.telephone: SipRelay | None = None
        if line is not None:
            self.telephone = SipRelay(
                line.janus_url,
                line.wide,
                choose=self.board.least_busy,
                channel=self._channel,
                has_lines=self.board.note_lines,
            )

    async def drain(self, longest_s: float) -> None:
        """Take no new call and wait for the running ones."""
        self.board.draining = True
        click.echo(f"no new calls; {self.board.busy} still run")
        try:
            async with asyncio.timeout(longest_s):
                while self.board.busy:
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            log.warning("%d calls still run after %.0f s", self.board.busy, longest_s)

    def summary(self) -> str:
        """Return what all workers did, in a line."""
        counts = self.board.counts
        return (
            f"{counts['begun']} conversations, {counts['lost']} of them lost with their worker; "
            f"{self.supervisor.restarts} restarts"
        )

    def _channel(self, worker: str) -> Channel | None:
        process = self._running.get(worker)
        return None if process is None else process.channel

    async def _start(self, name: str) -> Worker:
        async def answer(what: str, data: dict[str, Any]) -> Any:
            return await self._answer(name, what, data)

        def take(what: str, data: dict[str, Any]) -> None:
            self._take(name, what, data)

        level = logging.getLogger().level
        told = WorkerSettings(name, level, self._settings, self._ice_servers)
        process = await start_worker(name, told, answer=answer, take=take)
        self._running[name] = process
        log.info("%s is process %d", name, process.pid)
        return process

    async def _lose(self, name: str, why: str) -> None:
        self._running.pop(name, None)
        lost = self.board.remove(name, asyncio.get_running_loop().time())
        self.browsers.lose(name)
        if self.telephone is not None:
            self.telephone.lose(name)
        for call in lost:
            try:
                await asyncio.to_thread(_keep_lost, self._settings.out, call, f"{name}: {why}")
            except StorageFailed as error:
                log.error("call %d: %s", call.number, error)

    async def _answer(self, worker: str, what: str, data: dict[str, Any]) -> Any:
        if what == "borrow" and self.telephone is not None:
            return await self.telephone.borrow(worker)
        if what == "janus" and self.telephone is not None:
            await self.telephone.forward(worker, data["message"])
            return None
        return self.board.answer(worker, what, data, asyncio.get_running_loop().time())

    def _take(self, worker: str, what: str, data: dict[str, Any]) -> None:
        if what == READY:
            self.browsers.titles = data["titles"]
            self.board.add(worker)
            log.info("%s is ready", worker)
        elif what in ("settled", "news", "over"):
            self.browsers.take(worker, what, data)
        elif what == "give_back" and self.telephone is not None:
            self.telephone.give_back(worker, data["handle"])
        else:
            self.board.take(worker, what, data, asyncio.get_running_loop().time())


def _keep_lost(folder: Path, lost: LostCall, why: str) -> None:
    """Write the record of a call whose worker is no more; what it had recorded stays."""
    if records_of(folder, lost.number):
        return
    record = CallRecord(lost.call.script, lost.call.version, {})
    record.end_reason = EndReason.ERROR
    record.end_detail = f"the process that carried the call ended: {why}"
    record.duration_ms = round(lost.lasted_s * 1000)
    keep(folder, InboundCall(lost.number, lost.call.caller, lost.call.called, record))
