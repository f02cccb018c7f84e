"""The lines of `voicebot serve`: a SIP account and a page, open while a context lasts."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import click

from voicebot.cli.browser_options import BrowserLine
from voicebot.transports.janus_sip import SipAccount
from voicebot.web.app import talk_app
from voicebot.web.call_news import Calls
from voicebot.web.server import listen, serving

STOPPING = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class TelephoneLine:
    """An account, and how many calls it answers."""

    janus_url: str
    account: SipAccount
    calls: int
    queue: int

    @property
    def wide(self) -> SipAccount:
        """The account with all its lines: who waits has one too, and so has the person to whom a
        caller is connected."""
        return replace(self.account, lines=2 * self.calls + self.queue)


class Registered(Protocol):
    """What is kept registered."""

    @property
    def ready(self) -> asyncio.Event:
        """Set while it is."""
        ...

    def run(self) -> Coroutine[Any, Any, None]:
        """Keep it so until cancelled. Raises `LineFailed` for the first connection's fault."""
        ...


@asynccontextmanager
async def until_stopped() -> AsyncIterator[asyncio.Task[Any]]:
    """Yield a task that is done at the first TERM or INT; the next one is a `KeyboardInterrupt`."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def first() -> None:
        stop.set()
        for name in STOPPING:
            loop.remove_signal_handler(name)

    for name in STOPPING:
        loop.add_signal_handler(name, first)
    stopped: asyncio.Task[Any] = asyncio.create_task(stop.wait())
    try:
        yield stopped
    finally:
        stopped.cancel()
        for name in STOPPING:
            loop.remove_signal_handler(name)


async def answer_telephone(
    lines: AsyncExitStack, registered: Registered, line: TelephoneLine
) -> asyncio.Task[None]:
    """Register, until `lines` is closed; the task ends only by a fault."""
    running = asyncio.create_task(registered.run())
    ready = asyncio.create_task(registered.ready.wait())

    async def end() -> None:
        running.cancel()
        ready.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running

    lines.push_async_callback(end)
    await asyncio.wait((running, ready), return_when=asyncio.FIRST_COMPLETED)
    if not running.done():
        click.echo(f"{line.account.uri} answers, {line.calls} calls at once; stop with Ctrl-C")
    return running


async def answer_browsers(lines: AsyncExitStack, page: BrowserLine, calls: Calls) -> None:
    """Serve the page, until `lines` is closed."""
    app = talk_app(calls, page.token, origins=page.origins, ice_servers=page.ice_servers)
    listening = listen(page.host, page.port)
    await lines.enter_async_context(serving(app, listening, page.certificate))
    lines.push_async_callback(calls.close)
    click.echo(f"talk to the robot: {page.link(listening.getsockname()[1])}")
    if page.mute:
        click.echo(
            "without https, browsers on other machines refuse the microphone: "
            "give --tls-cert and --tls-key"
        )
