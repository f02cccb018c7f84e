"""`voicebot say`: hear what the robot sounds like."""

from pathlib import Path

import click

from voicebot.audio import wav
from voicebot.bootstrap import prompt_voice
from voicebot.cli.options import engine_option
from voicebot.config import LINE_RATE
from voicebot.dialogue.script import BargeIn
from voicebot.dialogue.step import Spoken

SECONDS_FORMAT = "{:.2f}"


@click.command()
@click.argument("text")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("say.wav"),
    show_default=True,
    help="The WAV file to write.",
)
@click.option(
    "--rate",
    type=click.Choice(["8000", "16000"]),
    default=str(LINE_RATE),
    show_default=True,
    help="Samples a second: 8000 is what a telephone carries.",
)
@engine_option
def say(text: str, out: Path, rate: str, engine: str) -> None:
    """Speak TEXT into a WAV file, as a caller would hear it.

    \b
    Examples:
      voicebot say 您好，我是智能语音助手。
      voicebot say "您的订单已经发货。" -o shipped.wav --engine pyttsx3
    """
    if not text.strip():
        raise click.BadParameter("there is nothing to say", param_hint="TEXT")
    line_rate = int(rate)
    voice = prompt_voice(engine, line_rate)
    pcm = b"".join(audio for _, audio in voice.pieces(Spoken(text, None, BargeIn.ANY)))
    wav.write(out, line_rate, pcm)
    click.echo(f"{out}: {SECONDS_FORMAT.format(len(pcm) / 2 / line_rate)} s at {line_rate} Hz")
