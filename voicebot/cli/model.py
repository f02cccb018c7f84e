"""`voicebot model`: which recognition models there are, and which one is used."""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from voicebot import config
from voicebot.cli.model_eval import eval_command
from voicebot.cli.model_install import install_command
from voicebot.cli.options import wide_console
from voicebot.engines import vosk_folder
from voicebot.engines.vosk_confidence import Calibration
from voicebot.engines.vosk_trial import Trial, try_model
from voicebot.errors import BadModel, Problem, StorageFailed
from voicebot.runtime.model_store import installed_models, read_record
from voicebot.runtime.official_models import OFFICIAL

TEXT_LINES = 15
"""Of a README that `info` shows; the rest is in the file."""
_TEXTS = ("MODEL_CARD*", "*card*.md", "README*", "LICENSE*", "LICENCE*", "COPYING*", "NOTICE*")
_UNSAID = "not said"


@click.group()
def model() -> None:
    """List, install, choose, look at and judge recognition models.

    The model that a command hears with is, in this order: --model, $VOICEBOT_MODEL, what
    `voicebot model use` chose, the bundled one.

    \b
    Examples:
      voicebot model list
      voicebot model install vosk-model-small-cn-0.22
      voicebot model use vosk-model-small-cn-0.22
      voicebot model info
      voicebot model eval recordings --condition clean,telephone,10dB
    """


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    where: str
    rate: str
    size_mb: float
    licence: str
    folder: Path | None = None


@model.command("list")
def list_command() -> None:
    """List the models: bundled, installed, and official ones that can be installed.

    Sizes are those on disk; of a model that is not installed, that of its download.

    \b
    Example:
      voicebot model list
    """
    choice, gone = None, None
    try:
        choice = config.chosen_model(None)
    except BadModel as error:
        gone = error
    table = Table(box=None, pad_edge=False)
    for column in ("used", "name", "where", "rate", "size", "licence"):
        table.add_column(column, no_wrap=column != "licence")
    used = None if choice is None else choice.folder.resolve()
    rows = list(_rows())
    if used is not None and all(row.folder is None or row.folder.resolve() != used for row in rows):
        rows.append(_row(used.name, "elsewhere", used))
    for row in rows:
        mark = "*" if row.folder is not None and row.folder.resolve() == used else ""
        size = f"{row.size_mb:,.1f} MB" if row.size_mb < 10 else f"{row.size_mb:,.0f} MB"
        cells = (mark, row.name, row.where, row.rate, size, row.licence)
        table.add_row(*(Text(cell) for cell in cells))
    wide_console().print(table)
    if gone is not None:
        raise gone
    if choice is not None:
        click.echo(f"* {choice.folder} ({choice.because})")


def _rows() -> Iterator[_Row]:
    yield _row(config.BUNDLED, "bundled", config.BUNDLED_MODEL)
    folders = installed_models(config.models_folder())
    for folder in folders:
        yield _row(folder.name, "installed", folder)
    for each in OFFICIAL.values():
        if all(folder.name != each.name for folder in folders):
            rate = f"{each.sample_rate} Hz"
            yield _Row(each.name, "to install", rate, each.packed_mb, each.licence)


def _row(name: str, where: str, folder: Path) -> _Row:
    try:
        rate = f"{vosk_folder.check(folder)} Hz"
    except (BadModel, OSError):
        # Why, `info` tells.
        rate = "damaged"
    return _Row(name, where, rate, _size_mb(folder), _licence(name), folder)


def _licence(name: str) -> str:
    if name == config.BUNDLED:
        return "see README"
    return OFFICIAL[name].licence if name in OFFICIAL else _UNSAID


def _size_mb(folder: Path) -> float:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file()) / 1e6


@model.command()
@click.argument("named", metavar="NAME|PATH")
def use(named: str) -> None:
    """Hear with this model from now on: an installed one by NAME, any by PATH, or `bundled`.

    \b
    Examples:
      voicebot model use vosk-model-small-cn-0.22
      voicebot model use models/my-model
      voicebot model use bundled
    """
    choice = config.choice_file()
    folder = config.find_model(named)
    if named != config.BUNDLED:
        if config.is_model_name(named) and not folder.is_dir():
            known = ", ".join(each.name for each in installed_models(config.models_folder()))
            hint = f"installed: {known or 'none'}; see voicebot model list"
            raise BadModel(Problem(named, "is not installed, and no folder", hint=hint))
        try_model(folder)
    try:
        if named == config.BUNDLED:
            choice.unlink(missing_ok=True)
        else:
            # A path is kept whole: the next command may be run elsewhere.
            by_name = folder.parent == config.models_folder()
            _write(choice, named if by_name else str(folder.resolve()))
    except OSError as error:
        what = f"cannot be written ({error.strerror}); nothing was changed"
        raise StorageFailed(str(Problem(str(choice), what))) from error
    click.echo(f"using {folder}")
    if os.environ.get(config.MODEL_VARIABLE):
        click.echo(f"but ${config.MODEL_VARIABLE} is set and comes first", err=True)


def _write(file: Path, text: str) -> None:
    """Write a file whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=file.parent, delete=False
    ) as unfinished:
        unfinished.write(text + "\n")
    Path(unfinished.name).replace(file)


@model.command()
@click.argument("named", metavar="[NAME|PATH]", required=False)
def info(named: str | None) -> None:
    """Load a model, the one in use by default, and tell what it is and takes.

    \b
    Examples:
      voicebot model info
      voicebot model info bundled
    """
    folder = config.model_folder(None) if named is None else config.find_model(named)
    trial = try_model(folder)
    for what, detail in _facts(folder, trial):
        click.echo(f"{what:<12} {detail}")
    texts = sorted(
        {each for pattern in _TEXTS for each in folder.glob(pattern) if each.is_file()},
        key=lambda each: (not each.match("*[Cc][Aa][Rr][Dd]*"), each.name),
    )
    for text in texts:
        click.echo(f"{'text':<12} {text}")
    if texts:
        click.echo()
        for line in (
            texts[0].read_text(encoding="utf-8", errors="replace").splitlines()[:TEXT_LINES]
        ):
            # A stranger's text must not steer the terminal.
            click.echo("  " + "".join(each if each.isprintable() else " " for each in line))


def _facts(folder: Path, trial: Trial) -> Iterator[tuple[str, str]]:
    yield "folder", str(folder)
    yield "rate", f"{trial.sample_rate} Hz"
    yield "vocabulary", f"{trial.words:,} words"
    takes = "takes a grammar at run time" if trial.takes_grammar else "static: takes no grammar"
    yield "graph", takes
    yield "load time", f"{trial.load_s:.2f} s"
    if trial.memory_mb is not None:
        yield "memory", f"{trial.memory_mb:.0f} MB more after loading"
    yield "size", f"{_size_mb(folder):,.1f} MB on disk"
    yield "confidence", _confidence(Calibration.read(folder))
    record = read_record(folder)
    bundled = folder.resolve() == config.BUNDLED_MODEL.resolve()
    yield "licence", _licence(config.BUNDLED if bundled else folder.name)
    if record is not None:
        yield "source", record.source
        yield "sha256", record.sha256
        yield "installed", record.installed


def _confidence(calibration: Calibration | None) -> str:
    if calibration is None:
        return "never measured: numbers of the engine, not probabilities"
    if calibration.sure_from is None:
        return "measured: probabilities of being right"
    least = f"{calibration.sure_from:.2%}".replace("%", " %")
    return f"measured: probabilities; 99 % of a grammar's answers of {least} and above are right"


model.add_command(install_command)
model.add_command(eval_command)
