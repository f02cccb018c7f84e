"""`voicebot serve`: answer the telephone and browsers."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import click

from voicebot import bootstrap_lines
from voicebot.cli.browser_options import BrowserLine, browser_line, browser_options
from voicebot.cli.call_service import CallService, ServiceSettings
from voicebot.cli.line_options import janus_option, sip_account, sip_options
from voicebot.cli.options import engine_option, model_option, store_option, variable_option
from voicebot.cli.serve_lines import (
    TelephoneLine,
    answer_browsers,
    answer_telephone,
    until_stopped,
)
from voicebot.cli.serve_many import check_workers, serve_many
from voicebot.report.files import last_number
from voicebot.runtime.answering import OwnNumbers
from voicebot.runtime.load import LoadMeter
from voicebot.transports.janus_sip import JanusGateway

CALLS = 20
"""The most at once of one process, when nothing else is said."""
MOST_CALLS = 500
"""Of one account on one Janus."""


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
    type=click.IntRange(1, MOST_CALLS),
    help="The most calls at once of all workers together; fewer are taken when the machine is too "
    f"slow.  [default: {CALLS} for each worker]",
)
@click.option(
    "--workers",
    type=int,
    default=1,
    show_default=True,
    metavar="N",
    help="Processes that carry calls, each on about one core; Linux and macOS only when several.",
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
    calls: int | None,
    workers: int,
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
      voicebot serve campaigns/support --sip sip:robot@192.0.2.10 --workers 4
      voicebot serve --routes lines.yaml --sip sip:robot@pbx.example --sip-secret ...
    """
    if campaign is not None and routes_file is not None:
        raise click.UsageError("name either a CAMPAIGN or --routes FILE")
    if sip_uri is not None and campaign is None and routes_file is None:
        raise click.UsageError("name what answers the telephone: a CAMPAIGN or --routes FILE")
    check_workers(workers, calls)
    calls = calls or min(CALLS * workers, MOST_CALLS)
    line = None
    if sip_uri is not None:
        account = sip_account(sip_uri, sip_secret, proxy, calls)
        line = TelephoneLine(janus_url, account, calls, queue)
    page = browser_line(http, **browser) if http is not None or line is None else None
    settings = ServiceSettings(
        campaign=campaign,
        routes_file=routes_file,
        variables=variables,
        transfer_to=transfer_to,
        telephone=line is not None,
        calls=calls,
        queue=queue,
        wait_s=wait,
        out=out,
        store_address=store_address,
        model=model,
        engine=engine,
    )
    if workers > 1:
        asyncio.run(serve_many(settings, workers, line, page, drain))
    else:
        asyncio.run(_serve(CallService(settings), out, line, page, drain))


async def _serve(
    service: CallService,
    out: Path,
    line: TelephoneLine | None,
    page: BrowserLine | None,
    drain_s: float,
) -> None:
    """Answer calls in this process, until told to stop."""
    load = LoadMeter()
    answering = service.answering(load, OwnNumbers(last_number(out) + 1))
    async with until_stopped() as stopped, AsyncExitStack() as lines:
        measuring = asyncio.create_task(load.run())
        lines.callback(measuring.cancel)
        running: list[asyncio.Task[Any]] = [stopped]
        if line is not None:
            telephone = service.telephone(answering)
            gateway = JanusGateway(line.janus_url, line.wide, telephone.ring)
            telephone.gateway = gateway
            running.append(await answer_telephone(lines, gateway, line))
        if page is not None and not running[-1].done():
            browsers = bootstrap_lines.browser_calls(answering, service.answers, page.ice_servers)
            await answer_browsers(lines, page, browsers)
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        if stopped.done():
            click.echo(f"no new calls; {answering.calls} still run")
            await answering.drain(drain_s)
