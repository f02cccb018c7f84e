"""`voicebot serve`: answer the telephone."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from voicebot import bootstrap, config
from voicebot.campaign.contacts import Contact
from voicebot.campaign.outcome import Attempt, Disposition
from voicebot.campaign.routes import ANY_NUMBER, Route, load_routes
from voicebot.cli.line_options import janus_option, sip_account, sip_options
from voicebot.cli.options import engine_option, model_option
from voicebot.report.files import last_number, sound_name, write_attempt
from voicebot.runtime.answering import Answer, Answering, InboundCall
from voicebot.runtime.load import LoadMeter
from voicebot.runtime.recorder import FileRecording
from voicebot.transports.janus_leg import IncomingCall
from voicebot.transports.janus_sip import JanusGateway

log = logging.getLogger(__name__)

UNAVAILABLE = 503
NOT_FOUND = 404


@click.command()
@click.argument("campaign", type=click.Path(path_type=Path), required=False)
@click.option(
    "--routes",
    "routes_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Which campaign answers which number; instead of CAMPAIGN, which answers all.",
)
@sip_options
@janus_option
@click.option(
    "--calls",
    type=click.IntRange(1, 500),
    default=20,
    show_default=True,
    help="The most calls at once; fewer are taken when the machine is too slow.",
)
@click.option("--transfer-to", metavar="URI", help="Where CAMPAIGN hands callers over to.")
@click.option(
    "--drain",
    type=float,
    default=120.0,
    show_default=True,
    metavar="SECONDS",
    help="After a TERM signal, the longest wait for calls to end.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out/calls"),
    show_default=True,
    help="Where records and recordings go.",
)
@model_option
@engine_option
def serve(
    campaign: Path | None,
    routes_file: Path | None,
    sip_uri: str | None,
    sip_secret: str | None,
    proxy: str | None,
    janus_url: str,
    calls: int,
    transfer_to: str | None,
    drain: float,
    out: Path,
    model: Path | None,
    engine: str,
) -> None:
    """Answer calls: over SIP, through a Janus gateway.

    On TERM no new call is taken, and the running ones end first; Ctrl-C twice ends at once.

    \b
    Examples:
      voicebot janus-config janus && janus -F janus -o &
      voicebot serve campaigns/support --sip sip:robot@192.0.2.10
      voicebot serve --routes lines.yaml --sip sip:robot@pbx.example --sip-secret ...
    """
    if (campaign is None) == (routes_file is None):
        raise click.UsageError("name either a CAMPAIGN or --routes FILE")
    if sip_uri is None:
        raise click.UsageError("name our own address with --sip")
    account = sip_account(sip_uri, sip_secret, proxy, calls)
    routes: tuple[Route, ...]
    if routes_file is not None:
        routes = load_routes(routes_file)
    else:
        assert campaign is not None
        routes = (Route(ANY_NUMBER, campaign, transfer_to),)
    ear = bootstrap.load_model(model)
    voice = bootstrap.prompt_voice(engine)
    answers = bootstrap.answers(routes, ear, voice)
    parts = bootstrap.parts(ear, voice, realtime=True)

    disk = ThreadPoolExecutor(1, "recordings")

    def record(number: int) -> FileRecording:
        return FileRecording(out / "calls" / sound_name(number), config.LINE_RATE, disk)

    async def finished(call: InboundCall) -> None:
        await asyncio.to_thread(_keep, out, call)

    async def run() -> None:
        load = LoadMeter()
        answering = Answering(
            parts,
            load,
            max_calls=calls,
            record=record,
            finished=finished,
            first=last_number(out) + 1,
        )
        service = _SipService(answering, answers)
        gateway = JanusGateway(janus_url, account, service.ring)
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        measuring = asyncio.create_task(load.run())
        serving = asyncio.create_task(gateway.run())
        ready = asyncio.create_task(gateway.ready.wait())
        await asyncio.wait((serving, ready), return_when=asyncio.FIRST_COMPLETED)
        if not serving.done():
            click.echo(f"{account.uri} answers, {calls} calls at once; stop with Ctrl-C")
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait((serving, stopped), return_when=asyncio.FIRST_COMPLETED)
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(name)
        if not serving.done():
            click.echo(f"no new calls; {answering.calls} still run")
            await answering.drain(drain)
            serving.cancel()
        for task in (measuring, ready, stopped):
            task.cancel()
        await asyncio.gather(measuring, ready, stopped, return_exceptions=True)
        with contextlib.suppress(asyncio.CancelledError):
            await serving

    asyncio.run(run())


class _SipService:
    """What happens when the telephone rings."""

    def __init__(self, answering: Answering, answers: Mapping[str, Answer]) -> None:
        self._answering = answering
        self._answers = answers

    async def ring(self, call: IncomingCall) -> None:
        """Answer, or refuse with the code that says why."""
        called = user_part(call.callee)
        answer = self._answers.get(called) or self._answers.get(ANY_NUMBER)
        if answer is None:
            log.warning("no route for %s", called)
            await call.reject(NOT_FOUND)
        elif not self._answering.admits():
            await call.reject(UNAVAILABLE if self._answering.draining else 486)
        else:
            leg = await call.accept()
            await self._answering.talk(leg, answer, caller=user_part(call.caller), called=called)


def user_part(address: str) -> str:
    """Return the number in a SIP address: `sip:4001@192.0.2.10;user=phone` -> `4001`."""
    return address.partition(":")[2].partition("@")[0].partition(";")[0]


def _keep(folder: Path, call: InboundCall) -> None:
    contact = Contact(call.caller, "", dict(call.record.variables), 0)
    attempt = Attempt(call.number, contact, Disposition.ANSWERED_HUMAN, 0, call.record)
    write_attempt(folder, attempt, recorded=True)
