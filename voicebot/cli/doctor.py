"""`voicebot doctor`: what is here, what is missing, and how to get it."""

import platform
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from voicebot import __version__, bootstrap, config
from voicebot.cli.options import model_option
from voicebot.dialogue.pinyin import syllables
from voicebot.dialogue.script import BargeIn
from voicebot.dialogue.step import Spoken
from voicebot.engines import espeak
from voicebot.engines.vosk import VoskModel
from voicebot.errors import VoicebotError
from voicebot.transports.local import microphones

PACKAGES = ("vosk", "webrtcvad-wheels", "espeakng-loader", "numpy", "soxr", "soundfile")
SENTENCE = "您好，不需要，谢谢。"
"""Said by the robot and heard again: proves voice, resampling and recogniser together."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    what: str
    detail: str
    good: bool = True
    needed: bool = True
    """Whether calls are impossible without it."""


@click.command()
@model_option
@click.pass_context
def doctor(context: click.Context, model: Path | None) -> None:
    """Look at the installation: model, voices, sample rates, microphone, versions.

    Exits with 1 when something is missing that every call needs; what only some commands need is
    shown and does not count.

    \b
    Examples:
      voicebot doctor
      voicebot doctor --model models/vosk-model-small-cn-0.22
    """
    table = Table(box=None, pad_edge=False)
    for column in ("", "what", "finding"):
        table.add_column(column, overflow="fold")
    healthy = True
    for finding in _findings(model):
        missing = "[red]!![/]" if finding.needed else "[yellow]--[/]"
        table.add_row(
            "[green]ok[/]" if finding.good else missing, finding.what, escape(finding.detail)
        )
        healthy = healthy and (finding.good or not finding.needed)
    Console().print(table)
    if not healthy:
        context.exit(1)


def _findings(model: Path | None) -> Iterator[Finding]:
    yield Finding("voicebot", f"{__version__}, Python {platform.python_version()}")
    for package in PACKAGES:
        try:
            yield Finding(package, version(package))
        except PackageNotFoundError:
            yield Finding(package, f"not installed: pip install {package}", good=False)
    ear: VoskModel | None = None
    try:
        ear = bootstrap.load_model(model)
    except VoicebotError as error:
        yield Finding("model", str(error), good=False)
    else:
        yield Finding("model", f"{ear.folder}, {ear.sample_rate} Hz")
    yield _tried("espeak voices", lambda: f"{len(espeak.voices())} voices")
    if ear is not None:
        for engine in bootstrap.SYNTHESISERS:
            heard = partial(_heard, engine, ear)
            yield _tried(f"{engine} heard by the model", heard, needed=engine == "espeak")
    yield _tried("microphone", lambda: ", ".join(microphones()) or "none found", needed=False)
    yield _tried("prompt cache", _writable)


def _tried(what: str, look: Callable[[], str], *, needed: bool = True) -> Finding:
    try:
        return Finding(what, look(), needed=needed)
    except (VoicebotError, OSError) as error:
        return Finding(what, str(error), good=False, needed=needed)


def _heard(engine: str, ear: VoskModel) -> str:
    voice = bootstrap.prompt_voice(engine)
    recogniser = ear.recogniser(config.LINE_RATE)
    recogniser.listen(None)
    for _, pcm in voice.pieces(Spoken(SENTENCE, None, BargeIn.ANY)):
        recogniser.accept(pcm)
    text = recogniser.finish().text
    wanted, got = syllables(SENTENCE), syllables(text)
    missing = sum(syllable not in got for syllable in wanted)
    return f"said {SENTENCE} heard {text or 'nothing'} ({len(wanted) - missing}/{len(wanted)})"


def _writable() -> str:
    folder = config.cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        return str(folder)
