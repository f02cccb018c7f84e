"""`voicebot call`: one call to one number."""

import asyncio
import contextlib
from pathlib import Path

import click

from voicebot import bootstrap, bootstrap_lines, config
from voicebot.call.session import CallSession
from voicebot.campaign.contacts import Contact, mask
from voicebot.campaign.outcome import Attempt, Disposition, intention
from voicebot.campaign.progress import RING_MS, SHORTEST_RING_MS
from voicebot.cli.line_options import janus_option, sip_account, sip_options
from voicebot.cli.options import engine_option, given_variables, model_option, variable_option
from voicebot.errors import LineFailed
from voicebot.report.files import write_attempt
from voicebot.runtime.campaign_runner import run_campaign
from voicebot.runtime.driver import Recording
from voicebot.runtime.sip_trunk import DialPlan
from voicebot.transports.janus_sip import JanusGateway


@click.command()
@click.argument("number")
@click.option(
    "--campaign",
    type=click.Path(path_type=Path),
    required=True,
    help="The campaign whose script is run.",
)
@variable_option
@sip_options
@click.option(
    "--dial",
    "template",
    metavar="ADDRESS",
    envvar="VOICEBOT_DIAL",
    show_envvar=True,
    help="How a number is dialled, such as sip:{number}@192.0.2.20; NUMBER may be an address.",
)
@janus_option
@click.option(
    "--ring",
    type=click.IntRange(SHORTEST_RING_MS // 1000, 120),
    default=RING_MS // 1000,
    show_default=True,
    metavar="SECONDS",
    help="How long it may ring.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out/call"),
    show_default=True,
    help="Where the record and the recording go.",
)
@model_option
@engine_option
def call(
    number: str,
    campaign: Path,
    variables: tuple[str, ...],
    sip_uri: str | None,
    sip_secret: str | None,
    proxy: str | None,
    template: str | None,
    janus_url: str,
    ring: int,
    out: Path,
    model: Path | None,
    engine: str,
) -> None:
    """Call NUMBER, a telephone number or a SIP address, and run a campaign's script.

    This rings a real telephone. No list of who may not be called is asked: call yourself, or
    somebody who expects it. Exit code 1: nobody answered.

    \b
    Examples:
      voicebot call sip:1000@192.0.2.20 --campaign campaigns/repurchase --sip sip:robot@192.0.2.10
      voicebot call 10086 --dial 'sip:{number}@192.0.2.20' --campaign campaigns/followup ...
    """
    if sip_uri is None:
        raise click.UsageError("name our own address with --sip")
    account = sip_account(sip_uri, sip_secret, proxy, lines=1)
    if number.startswith("sip"):
        plan = DialPlan("sip:{number}", "")
        phone = number.partition(":")[2]
    elif template is None:
        raise click.UsageError("say how a number is dialled with --dial")
    else:
        plan, phone = DialPlan(template), number
    ear = bootstrap.load_model(model)
    script = bootstrap.load_script(campaign, ear)
    values = given_variables(script, variables)
    voice = bootstrap.prompt_voice(engine)
    bootstrap.prepare(voice, script, values)
    attempts: list[Attempt] = []

    async def finished(attempt: Attempt, recording: Recording | None) -> None:
        attempts.append(attempt)
        caller, robot = (recording.caller, recording.robot) if recording else (b"", b"")
        await asyncio.to_thread(write_attempt, out, attempt, caller, robot, config.LINE_RATE)

    def progress(_: int, contact: Contact, session: CallSession | None) -> None:
        if session is None:
            click.echo(f"calling {mask(contact.phone)}")

    async def run() -> None:
        gateway = JanusGateway(janus_url, account)
        serving = asyncio.create_task(gateway.run())
        ready = asyncio.create_task(gateway.ready.wait())
        await asyncio.wait((serving, ready), return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            ready.cancel()
            serving.result()
        trunk = bootstrap_lines.sip_trunk(gateway, plan, ear, ring_ms=ring * 1000)
        contact = Contact(phone, "", values, 0)
        parts = bootstrap.parts(ear, voice, realtime=True)
        await run_campaign([contact], script, trunk, parts, finished=finished, progress=progress)
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError, LineFailed):
            await serving

    asyncio.run(run())
    attempt = attempts[0]
    grade, rule = intention(attempt)
    click.echo(f"{attempt.end_reason or attempt.disposition}, intention {grade} ({rule})")
    click.echo(f"  {out / 'calls'}")
    if attempt.disposition is not Disposition.ANSWERED_HUMAN:
        raise click.exceptions.Exit(1)
