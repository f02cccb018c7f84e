"""`voicebot serve`: answer the telephone and browsers."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from voicebot import bootstrap, bootstrap_lines, config
from voicebot.campaign.call_back import Wish
from voicebot.campaign.contacts import Contact
from voicebot.campaign.outcome import Attempt, Disposition
from voicebot.campaign.routes import ANY_NUMBER, Route, load_routes
from voicebot.cli.browser_options import BrowserLine, browser_line, browser_options
from voicebot.cli.line_options import janus_option, sip_account, sip_options
from voicebot.cli.options import (
    engine_option,
    given_variables,
    model_option,
    store_option,
    variable_option,
)
from voicebot.cli.sip_service import SipService
from voicebot.dialogue.loader import load_script
from voicebot.report.files import last_number, sound_name, write_attempt
from voicebot.runtime.answering import CALL_BACK, Answer, Answering, InboundCall, OwnNumbers
from voicebot.runtime.load import LoadMeter
from voicebot.runtime.recorder import FileRecording
from voicebot.store.engine import open_store
from voicebot.transports.janus_sip import JanusGateway, SipAccount
from voicebot.web.app import talk_app
from voicebot.web.server import listen, serving


@click.command()
@click.argument("campaign", type=click.Path(path_type=Path), required=False)
@click.option(
    "--routes",
    "routes_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Which campaign answers which number; instead of CAMPAIGN, which answers all.",
)
@variable_option
@sip_options
@janus_option
@browser_options
@click.option(
    "--calls",
    type=click.IntRange(1, 500),
    default=20,
    show_default=True,
    help="The most calls at once; fewer are taken when the machine is too slow.",
)
@click.option("--transfer-to", metavar="URI", help="Where CAMPAIGN hands callers over to.")
@click.option(
    "--queue",
    type=click.IntRange(0, 100),
    default=10,
    show_default=True,
    help="How many callers may wait with music when there is no room; 0 refuses them.",
)
@click.option(
    "--wait",
    type=click.FloatRange(10),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="The longest that a caller waits.",
)
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
@store_option
@model_option
@engine_option
def serve(
    campaign: Path | None,
    routes_file: Path | None,
    variables: tuple[str, ...],
    sip_uri: str | None,
    sip_secret: str | None,
    proxy: str | None,
    janus_url: str,
    http: str | None,
    calls: int,
    transfer_to: str | None,
    queue: int,
    wait: float,
    drain: float,
    out: Path,
    store_address: str | None,
    model: Path | None,
    engine: str,
    **browser: Any,
) -> None:
    """Answer calls: from browsers, and with --sip over SIP, through a Janus gateway.

    Without --sip, open the address that is printed and talk to the robot: to CAMPAIGN, or to the
    sample campaign, as the customer of its script's examples (--var changes them).
    On TERM no new call is taken, and the running ones end first; Ctrl-C twice ends at once.

    \b
    Examples:
      voicebot serve
      voicebot serve campaigns/repurchase --var name=李先生
      voicebot serve --http 0.0.0.0:8443 --tls-cert shop.pem --tls-key shop.key
      voicebot janus-config janus && janus -F janus -o &
      voicebot serve campaigns/support --sip sip:robot@192.0.2.10
      voicebot serve --routes lines.yaml --sip sip:robot@pbx.example --sip-secret ...
    """
    if campaign is not None and routes_file is not None:
        raise click.UsageError("name either a CAMPAIGN or --routes FILE")
    if sip_uri is not None and campaign is None and routes_file is None:
        raise click.UsageError("name what answers the telephone: a CAMPAIGN or --routes FILE")
    account = None if sip_uri is None else sip_account(sip_uri, sip_secret, proxy, calls)
    page = browser_line(http, **browser) if http is not None or account is None else None
    if routes_file is not None:
        routes = load_routes(routes_file)
    else:
        folder = campaign or config.DEMO_CAMPAIGN
        given = given_variables(load_script(folder), variables)
        if account is not None:
            # Somebody who calls is not the customer of the examples.
            named = {pair.partition("=")[0] for pair in variables}
            given = {name: value for name, value in given.items() if name in named}
        routes = (Route(ANY_NUMBER, folder, transfer_to, given),)
    ear = bootstrap.load_model(model)
    voice = bootstrap.prompt_voice(engine)
    answers = bootstrap_lines.answers(routes, ear, voice)
    parts = bootstrap.parts(ear, voice, realtime=True)

    address = store_address or os.environ.get(config.STORE_VARIABLE)
    store = open_store(address) if address else None
    call_back = bootstrap_lines.call_backs(store, routes)
    disk = ThreadPoolExecutor(1, "recordings")

    def record(number: int) -> FileRecording:
        return FileRecording(out / "calls" / sound_name(number), config.LINE_RATE, disk)

    async def finished(call: InboundCall) -> None:
        await asyncio.to_thread(_keep, out, call)
        if call.call_back is not None:
            told = call.record.outcome
            wish = Wish(call.call_back, call.caller, told[CALL_BACK], {**told})
            await asyncio.to_thread(call_back, wish)

    async def run() -> None:
        load = LoadMeter()
        answering = Answering(
            parts,
            load,
            max_calls=calls,
            blocking=ThreadPoolExecutor(4, "records"),
            record=record,
            finished=finished,
            known=bootstrap_lines.known_callers(store),
            numbers=OwnNumbers(last_number(out) + 1),
        )
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        measuring = asyncio.create_task(load.run())
        stopped = asyncio.create_task(stop.wait())
        async with AsyncExitStack() as lines:
            lines.callback(measuring.cancel)
            lines.callback(stopped.cancel)
            running = [stopped]
            if account is not None:
                sounds = bootstrap_lines.waiting_sounds(voice, queue)
                service = SipService(
                    answering, answers, sounds, longest_s=wait, call_back=call_back
                )
                running.append(await _answer_sip(lines, janus_url, account, queue, service))
            if page is not None and not running[-1].done():
                await _answer_browsers(lines, page, answering, answers)
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for name in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(name)
            if stopped.done():
                click.echo(f"no new calls; {answering.calls} still run")
                await answering.drain(drain)

    asyncio.run(run())


async def _answer_sip(
    lines: AsyncExitStack,
    janus_url: str,
    account: SipAccount,
    queue: int,
    service: SipService,
) -> asyncio.Task[Any]:
    """Register, until `lines` is closed; the task ends only by a fault."""
    # Who waits has a line too, and so has the person to whom a caller is connected.
    wide = replace(account, lines=2 * account.lines + queue)
    gateway = service.gateway = JanusGateway(janus_url, wide, service.ring)
    serving = asyncio.create_task(gateway.run())
    ready = asyncio.create_task(gateway.ready.wait())

    async def end() -> None:
        serving.cancel()
        ready.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving

    lines.push_async_callback(end)
    await asyncio.wait((serving, ready), return_when=asyncio.FIRST_COMPLETED)
    if not serving.done():
        click.echo(f"{account.uri} answers, {account.lines} calls at once; stop with Ctrl-C")
    return serving


async def _answer_browsers(
    lines: AsyncExitStack, page: BrowserLine, answering: Answering, answers: Mapping[str, Answer]
) -> None:
    """Serve the page, until `lines` is closed."""
    browsers = bootstrap_lines.browser_calls(answering, answers, page.ice_servers)
    app = talk_app(browsers, page.token, origins=page.origins, ice_servers=page.ice_servers)
    listening = listen(page.host, page.port)
    await lines.enter_async_context(serving(app, listening, page.certificate))
    lines.push_async_callback(browsers.close)
    click.echo(f"talk to the robot: {page.link(listening.getsockname()[1])}")
    if page.mute:
        click.echo(
            "without https, browsers on other machines refuse the microphone: "
            "give --tls-cert and --tls-key"
        )


def _keep(folder: Path, call: InboundCall) -> None:
    contact = Contact(call.caller, "", dict(call.record.variables), 0)
    attempt = Attempt(call.number, contact, Disposition.ANSWERED_HUMAN, 0, call.record)
    write_attempt(folder, attempt, recorded=True)
