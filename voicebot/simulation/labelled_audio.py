"""A folder of recordings with what is said in them.

Either one list, `labels.tsv` or `labels.csv`:

    morning/a.wav<TAB>您好我要退货<TAB>quiet        file, text, and a condition if there are several
    morning/b.wav<TAB>-                           nothing is said

with or without a first line that names its columns (file, text, condition; others are passed
over); or beside each recording its text, NAME.txt, or its label as in `audio_fixtures`, NAME.yaml.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from voicebot.errors import BadInput, Problem
from voicebot.simulation.labels import read_label

LISTS = ("labels.tsv", "labels.csv")
AUDIO = frozenset({".wav", ".flac", ".mp3", ".ogg"})
NOTHING = "-"
"""Written where nothing is said: an empty text is a text that somebody forgot."""
MARGIN_MS = 300
"""Left on both sides of an utterance that is cut out of a call: what the robot's ear has, too."""

_PINYIN = re.compile(r"[a-zü:]+[1-5]([ a-zü:1-5]*)", re.IGNORECASE)
_PROSE = frozenset({"readme", "license", "licence", "notice", "copying"})
_COLUMNS = ("file", "text", "condition")


@dataclass(frozen=True, slots=True)
class Labelled:
    """One utterance of one recording."""

    audio: Path
    name: str
    """The recording's path within the folder."""
    text: str
    """Empty when nothing is said."""
    condition: str = ""
    span_ms: tuple[int, int] | None = None
    """Where it lies in the recording, with its margins; all of it when None."""


def read_labels(folder: Path) -> list[Labelled]:
    """Return every utterance of a folder. Raises `BadInput` with every fault."""
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise BadInput(Problem(str(folder), what, hint="give the folder of labelled recordings"))
    problems: list[Problem] = []
    lists = [folder / name for name in LISTS if (folder / name).is_file()]
    found = list(_listed(folder, lists[0], problems) if lists else _beside_each(folder, problems))
    if not found and not problems:
        hint = f"it needs {' or '.join(LISTS)}, or NAME.txt beside each NAME.wav"
        problems.append(Problem(str(folder), "holds no labelled recordings", hint=hint))
    if problems:
        raise BadInput(*problems)
    return found


def _listed(folder: Path, file: Path, problems: list[Problem]) -> Iterator[Labelled]:
    content = _text(file, problems)
    if content is None:
        return
    lines = content.splitlines()
    columns: tuple[str, ...] = _COLUMNS
    first, rows = True, 0
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        row = line.split("	") if file.suffix == ".tsv" else next(csv.reader([line]), [])
        if first and {"file", "text"} <= {cell.strip().lower() for cell in row}:
            columns = tuple(cell.strip().lower() for cell in row)
            first = False
            continue
        first, rows = False, rows + 1
        values = dict(zip(columns, (cell.strip() for cell in row), strict=False))
        problem = _row_problem(folder, values)
        if problem is None:
            text = "" if values["text"] == NOTHING else values["text"]
            name = values["file"]
            yield Labelled(folder / name, name, text, values.get("condition", ""))
        else:
            problems.append(Problem(str(file), problem[0], number, hint=problem[1]))
    if not rows:
        hint = "write a line for each recording: file, tab, what is said"
        problems.append(Problem(str(file), "is empty", hint=hint))


def _row_problem(folder: Path, values: dict[str, str]) -> tuple[str, str] | None:
    """Return what is wrong with a row, and what to do."""
    if not values.get("file") or not values.get("text"):
        hint = f"write file, tab, what is said ({NOTHING} when nothing is)"
        return "has no file or no text", hint
    if not (folder / values["file"]).is_file():
        return f"there is no recording {values['file']}", "check the name, or take the line out"
    return _text_problem(values["text"])


def _text_problem(text: str) -> tuple[str, str] | None:
    if text == NOTHING:
        return None
    if _PINYIN.fullmatch(text):
        return f'"{text}" is pinyin', "write what is said in Chinese characters"
    if not any(character.isalnum() for character in text):
        hint = f"write what is said in Chinese characters, or {NOTHING} when nothing is"
        return f'"{text}" says nothing', hint
    return None


def _beside_each(folder: Path, problems: list[Problem]) -> Iterator[Labelled]:
    recordings = sorted(each for each in folder.rglob("*") if each.suffix.lower() in AUDIO)
    for audio in recordings:
        name = audio.relative_to(folder).as_posix()
        text, label = audio.with_suffix(".txt"), audio.with_suffix(".yaml")
        if text.is_file():
            yield from _from_text(audio, name, text, problems)
        elif label.is_file():
            yield from _from_label(audio, name, label, problems)
        else:
            hint = f"write what is said into {text.name}, or list it in labels.tsv"
            problems.append(Problem(str(audio), "has no label", hint=hint))
    stems = {audio.with_suffix("") for audio in recordings}
    for text in sorted(folder.rglob("*.txt")):
        if text.with_suffix("") not in stems and text.stem.lower() not in _PROSE:
            problems.append(Problem(str(text), "is a label without a recording", hint="remove it"))


def _from_text(audio: Path, name: str, file: Path, problems: list[Problem]) -> Iterator[Labelled]:
    content = _text(file, problems)
    if content is None:
        return
    said = " ".join(content.split())
    problem = _text_problem(said)
    if problem is not None:
        problems.append(Problem(str(file), problem[0], hint=problem[1]))
        return
    yield Labelled(audio, name, "" if said == NOTHING else said)


def _from_label(audio: Path, name: str, file: Path, problems: list[Problem]) -> Iterator[Labelled]:
    try:
        label = read_label(file)
    except BadInput as error:
        problems.extend(error.problems)
        return
    for said in label.said:
        span = (max(0, said.start_ms - MARGIN_MS), said.end_ms + MARGIN_MS)
        yield Labelled(audio, name, said.text, label.line, span)
    if not label.said:
        yield Labelled(audio, name, "", label.line)


def _text(file: Path, problems: list[Problem]) -> str | None:
    """Return a label file's text, or note why there is none."""
    try:
        content = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        problems.append(Problem(str(file), f"cannot be read ({error.strerror})"))
        return None
    except UnicodeDecodeError:
        problems.append(Problem(str(file), "is not UTF-8", hint="save it as UTF-8"))
        return None
    if not content.strip():
        hint = f"write what is said, or {NOTHING} when nothing is"
        problems.append(Problem(str(file), "is empty", hint=hint))
        return None
    return content
