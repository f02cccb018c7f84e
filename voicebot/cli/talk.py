"""`voicebot talk`: talk to the robot over this computer's microphone and loudspeaker."""

import asyncio
import signal
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from voicebot import bootstrap, config
from voicebot.call.live import LiveTranscript, News
from voicebot.call.record import CallRecord
from voicebot.call.session import CallSession
from voicebot.cli.options import engine_option, given_variables, model_option, variable_option
from voicebot.errors import MissingPart
from voicebot.runtime.call_runner import run_call
from voicebot.transports.local import Device, EchoCanceller, LocalLeg, devices


@click.command()
@click.argument("campaign", type=click.Path(path_type=Path), required=False)
@click.option("--list", "only_list", is_flag=True, help="Show the audio devices and end.")
@click.option("--input", "microphone", metavar="NUMBER|NAME", help="The microphone.")
@click.option("--output", "loudspeaker", metavar="NUMBER|NAME", help="The loudspeaker.")
@click.option(
    "--half-duplex",
    is_flag=True,
    help="Do not listen while the robot speaks; without echo cancellation nothing else works.",
)
@variable_option
@model_option
@engine_option
def talk(
    campaign: Path | None,
    only_list: bool,
    microphone: str | None,
    loudspeaker: str | None,
    half_duplex: bool,
    variables: tuple[str, ...],
    model: Path | None,
    engine: str,
) -> None:
    """Talk to the robot of CAMPAIGN, or of the sample campaign, on this computer.

    The robot's own voice is taken out of what the microphone hears, so it can be interrupted as on
    the telephone. Needs `pip install "voicebot[local]"` and PortAudio. Ctrl-C hangs up.

    \b
    Examples:
      voicebot talk
      voicebot talk --list
      voicebot talk campaigns/repurchase --input USB --var name=李先生
    """
    found = devices()
    if only_list:
        for each in found:
            click.echo(_described(each))
        if not found:
            click.echo("no audio devices")
        return
    chosen = (
        _chosen(found, microphone, "--input", [each for each in found if each.inputs]),
        _chosen(found, loudspeaker, "--output", [each for each in found if each.outputs]),
    )
    canceller: EchoCanceller | None = None
    if not half_duplex:
        try:
            canceller = bootstrap.echo_canceller()
        except MissingPart as error:
            half_duplex = True
            click.echo(f"echo cancellation: {error}; the robot cannot be interrupted", err=True)
    script = bootstrap.load_script(campaign or config.DEMO_CAMPAIGN)
    values = given_variables(script, variables)
    ear = bootstrap.load_model(model)
    voice = bootstrap.prompt_voice(engine)
    bootstrap.prepare(voice, script, values)
    parts = bootstrap.parts(ear, voice, realtime=True)
    session = CallSession(script, values, now=datetime.now().astimezone())
    transcript = LiveTranscript()

    def watch(session: CallSession) -> None:
        for each in transcript.news(session):
            _show(each)

    async def call() -> CallRecord:
        leg = LocalLeg(canceller)
        leg.open(*chosen)
        loop = asyncio.get_running_loop()
        leaving: set[asyncio.Task[None]] = set()
        loop.add_signal_handler(
            signal.SIGINT, lambda: leaving.add(asyncio.create_task(leg.hang_up()))
        )
        try:
            record, _ = await run_call(session, leg, parts, watch, half_duplex=half_duplex)
        finally:
            loop.remove_signal_handler(signal.SIGINT)
            await asyncio.gather(*leaving)
        return record

    asyncio.run(call())


def _described(device: Device) -> str:
    ways = [
        f"{count} {name}{' (default)' if default else ''}"
        for count, name, default in (
            (device.inputs, "in", device.default_input),
            (device.outputs, "out", device.default_output),
        )
        if count
    ]
    return f"{device.number:3}  {device.name}: {', '.join(ways)}"


def _chosen(
    found: Sequence[Device], wanted: str | None, option: str, usable: Sequence[Device]
) -> int | None:
    """Return the number of the one device that is meant; None is the default one."""
    if not usable:
        what = "microphone" if option == "--input" else "loudspeaker"
        raise MissingPart(f"this computer has no {what}; `voicebot talk --list` shows the devices")
    if wanted is None:
        return None
    matching = [
        each
        for each in usable
        if wanted == str(each.number) or wanted.casefold() in each.name.casefold()
    ]
    exact = [each for each in matching if wanted == str(each.number)]
    if len(exact or matching) != 1:
        known = "; ".join(_described(each).strip() for each in usable)
        how_many = "no device" if not matching else "more than one device"
        raise click.BadParameter(f'"{wanted}" names {how_many} of: {known}', param_hint=option)
    return (exact or matching)[0].number


def _show(news: News) -> None:
    match news["type"]:
        case "robot":
            click.echo(f"机器人  {news['text']}")
        case "caller":
            meaning = news["intent"] or "not understood"
            click.echo(f"您      {news['text']}   [{meaning} {news['confidence']:.0%}]")
        case "no_input":
            click.echo("您      …")
        case "ended":
            click.echo(f"end: {news['reason']}")
            for name, value in news["outcome"].items():
                click.echo(f"  {name}: {value}")
        case _:
            pass
