"""`voicebot model install`: a model from the network or from a ZIP file, whole and tried."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from voicebot import config
from voicebot.engines.vosk_trial import try_model
from voicebot.errors import BadInput, BadModel, Problem
from voicebot.runtime.download import check_address, discard, download
from voicebot.runtime.model_store import (
    Record,
    install,
    installed_models,
    installing,
    read_record,
    sha256_of,
)
from voicebot.runtime.official_models import OFFICIAL

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class _Source:
    """What is to be installed: a file that is here, or an address."""

    shown: str
    file: Path | None = None
    url: str = ""
    name: str = ""
    """Of the model, when it is known before the file is here."""


@click.command("install")
@click.argument("source", metavar="NAME|URL|ZIP")
@click.option("--sha256", metavar="HEX", help="What the ZIP file's checksum must be.")
def install_command(source: str, sha256: str | None) -> None:
    """Install a model: an official one by NAME, any other by the URL or the path of its ZIP file.

    A download that breaks off is continued by the same command. The model is loaded once before it
    counts as installed, and its files go to the user's data folder ($VOICEBOT_DATA). The makers of
    Vosk publish no checksums: the one that came is printed and kept beside the model, so that it
    can be compared and given to --sha256 on the next machine.

    \b
    Examples:
      voicebot model install vosk-model-small-cn-0.22
      voicebot model install vosk-model-small-cn-0.22.zip      brought from another computer
      voicebot model install https://models.example/cn.zip --sha256 9f86d0…
    """
    wanted = _checked(sha256)
    found = _found(source)
    models = config.models_folder()
    with installing(models) as downloads:
        before = installed_models(models)
        if found.name and (models / found.name).is_dir():
            _already(models / found.name, wanted)
            return
        archive = found.file or _fetched(found, downloads)
        try:
            got = _compared(archive, wanted)
            record = Record(found.shown, got, datetime.now(UTC).isoformat(timespec="seconds"))
            with _bar("unpacking") as advance:
                folder = install(models, archive, record, try_model, advance)
        except BadModel:
            # Only what we fetched: continuing it would give the same again.
            if found.file is None:
                discard(archive)
            raise
        if found.file is None:
            discard(archive)
    click.echo(f"{folder.name} is installed {'already, ' if folder in before else ''}in {folder}")
    click.echo(f"sha256 {got}")
    click.echo(f"To hear with it: voicebot model use {folder.name}")


def _checked(sha256: str | None) -> str | None:
    if sha256 is None:
        return None
    plain = sha256.strip().lower()
    if not _SHA256.fullmatch(plain):
        raise click.BadParameter("is no SHA-256: 64 digits 0-9 and a-f", param_hint="--sha256")
    return plain


def _found(source: str) -> _Source:
    if source in OFFICIAL:
        return _Source(OFFICIAL[source].url, url=OFFICIAL[source].url, name=source)
    if "://" in source:
        return _Source(source, url=check_address(source))
    path = Path(source)
    if path.is_file():
        return _Source(str(path.absolute()), file=path)
    if path.is_dir():
        hint = f"a folder needs no installing: voicebot model use {source}"
        raise BadModel(Problem(source, "is a folder, not a ZIP file", hint=hint))
    if path.suffix.lower() == ".zip":
        raise BadModel(Problem(source, "does not exist", hint="check the path"))
    near = get_close_matches(source, OFFICIAL, n=1)
    meant = f'did you mean "{near[0]}"?' if near else f"known: {', '.join(OFFICIAL)}"
    what = "is no known model, no address and no file"
    raise BadInput(Problem(source, what, hint=f"{meant}; see voicebot model list"))


def _already(folder: Path, wanted: str | None) -> None:
    known = read_record(folder)
    if wanted is not None and (known is None or known.sha256 != wanted):
        what = f"is installed from a file with sha256 {known.sha256 if known else 'unknown'}"
        raise BadModel(Problem(str(folder), what, hint="remove the folder and install again"))
    click.echo(f"{folder.name} is installed already, in {folder}")


def _fetched(source: _Source, downloads: Path) -> Path:
    name = unquote(urlsplit(source.url).path).rsplit("/", 1)[-1].removesuffix(".zip")
    if not config.is_model_name(name):
        name = "model"
    archive = downloads / f"{name}.zip"
    with _bar(f"downloading {name}") as advance:
        download(source.url, archive, advance)
    return archive


def _compared(archive: Path, wanted: str | None) -> str:
    got = sha256_of(archive)
    if wanted is not None and got != wanted:
        what = f"has sha256 {got}, not {wanted}"
        hint = "it is another version, or was changed on its way; nothing was installed"
        raise BadModel(Problem(str(archive), what, hint=hint))
    return got


@contextmanager
def _bar(what: str) -> Iterator["_Advance"]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        yield _Advance(bar, what)


class _Advance:
    """Moves a bar; what it is told first is where an earlier try left off."""

    def __init__(self, bar: Progress, what: str) -> None:
        self._bar = bar
        self._task = bar.add_task(what, total=None)

    def __call__(self, done: int, total: int | None) -> None:
        self._bar.update(self._task, completed=done, total=total)
