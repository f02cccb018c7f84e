"""`voicebot replay`: a recorded caller through the whole loop."""

import json
from pathlib import Path

import click

from voicebot import bootstrap
from voicebot.call.record import CallRecord, Moment
from voicebot.cli.options import engine_option, given_variables, model_option, variable_option


@click.command()
@click.argument("audio", type=click.Path(path_type=Path))
@click.option(
    "--script",
    "folder",
    type=click.Path(path_type=Path),
    required=True,
    help="The campaign's folder.",
)
@variable_option
@click.option("--json", "as_json", is_flag=True, help="Print the call's record as JSON.")
@model_option
@engine_option
def replay(
    audio: Path,
    folder: Path,
    variables: tuple[str, ...],
    as_json: bool,
    model: Path | None,
    engine: str,
) -> None:
    """Feed AUDIO, a recording of the caller's side, through a whole call.

    The recording is the clock: it runs as fast as the machine goes and two runs print the same.
    It begins when the call is answered; of a stereo recording the left channel is taken, which is
    the caller's in our own recordings. Two seconds after its end the caller hangs up.

    \b
    Examples:
      voicebot replay audio_fixtures/willing.wav --script campaigns/repurchase
      voicebot replay call.wav --script campaigns/repurchase --var name=李先生 --json
    """
    ear = bootstrap.load_model(model)
    script = bootstrap.load_script(folder, ear)
    voice = bootstrap.prompt_voice(engine)
    record, _ = bootstrap.replay(audio, script, given_variables(script, variables), ear, voice)
    if as_json:
        click.echo(json.dumps(record.as_dict(), ensure_ascii=False, indent=2))
        return
    for moment in record.timeline:
        click.echo(_line(moment))
    _summary(record)


def _line(moment: Moment) -> str:
    detail = "  ".join(f"{name}={value}" for name, value in moment.detail.items())
    return f"{moment.at_ms / 1000:8.2f} s  {moment.what:<15} {detail}".rstrip()


def _summary(record: CallRecord) -> None:
    click.echo(f"end: {record.end_reason} in state {record.end_state}")
    latencies = [turn.latency_ms for turn in record.turns if turn.latency_ms is not None]
    if latencies:
        click.echo(f"response latency: {', '.join(str(each) for each in latencies)} ms")
    for name, value in record.outcome.items():
        click.echo(f"  {name}: {value}")
