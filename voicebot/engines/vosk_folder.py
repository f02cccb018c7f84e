"""Is this folder a Vosk model? Asked before Vosk sees it, which ends the process over some faults.

A truncated graph, an empty list of disambiguation symbols or a cut-off option make Kaldi fail an
assertion or read past its memory, in the middle of a call; so what can be judged is judged here.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from voicebot.engines.vosk_vocabulary import WORDS, words_in_graph
from voicebot.errors import BadModel, Problem

NEEDED = (
    "am/final.mdl",
    "conf/mfcc.conf",
    "conf/model.conf",
    "graph/phones/word_boundary.int",
)
RUNTIME_GRAPH = ("graph/HCLr.fst", "graph/Gr.fst", "graph/disambig_tid.int")
"""A graph that takes a grammar at run time."""
STATIC_GRAPH = ("graph/HCLG.fst",)

DEFAULT_RATE = 16000
"""Hz: Kaldi's own, which the official 16 kHz models leave unsaid."""

_OPTION = re.compile(r"--([\w.-]+)=(\S+)")
_NO_WORD = re.compile(r"^(?!\S+[ \t]+\d+[ \t\r]*$).+$", re.MULTILINE)
"""A line of a vocabulary that is not a word and its number."""
_LAST_SYMBOL = re.compile(r"^#0[ \t]+\d+[ \t\r]*$", re.MULTILINE)
_FST_MAGIC = bytes.fromhex("d6fdb27e")


def check(folder: Path) -> int:
    """Return the model's sample rate in Hz. Raises `BadModel` naming the file at fault."""
    hint = "give the unpacked folder of a Vosk model: it holds am/, conf/ and graph/"
    if not folder.is_dir():
        raise bad(folder, "is not a folder" if folder.exists() else "does not exist", hint)
    graph = RUNTIME_GRAPH if has_runtime_graph(folder) else STATIC_GRAPH
    if not any((folder / name).is_file() for name in (*RUNTIME_GRAPH[:2], *STATIC_GRAPH)):
        wanted = f"neither {' and '.join(RUNTIME_GRAPH[:2])} nor {STATIC_GRAPH[0]}"
        raise bad(folder, f"is no Vosk model: it has {wanted}", hint)
    for name in (*NEEDED, *graph):
        if not (folder / name).is_file() or (folder / name).stat().st_size == 0:
            raise bad(folder, f"is no Vosk model: {name} is missing or empty", hint)
    _check_contents(folder, graph)
    _check_vocabulary(folder, hint)
    mfcc = _options(folder, "conf/mfcc.conf")
    if "endpoint.silence-phones" not in _options(folder, "conf/model.conf"):
        raise bad(folder, "conf/model.conf has no --endpoint.silence-phones", "install it again")
    return _rate(folder, mfcc.get("sample-frequency"))


def has_runtime_graph(folder: Path) -> bool:
    """Tell whether a grammar can be given for each utterance."""
    return any((folder / name).is_file() for name in RUNTIME_GRAPH[:2])


def bad(folder: Path, what: str, hint: str) -> BadModel:
    """Return the complaint about a model folder."""
    return BadModel(Problem(str(folder), what, hint=hint))


def _check_contents(folder: Path, graph: tuple[str, ...]) -> None:
    for name in graph:
        if name.endswith(".fst"):
            with (folder / name).open("rb") as file:
                if file.read(4) != _FST_MAGIC:
                    raise bad(folder, f"{name} is no OpenFst file", "install it again")
        else:
            _check_lines(folder, name, r"\d+")
    _check_lines(folder, "graph/phones/word_boundary.int", r"\d+ \w+")


def _check_vocabulary(folder: Path, hint: str) -> None:
    listed = folder / WORDS
    if not listed.is_file() or listed.stat().st_size == 0:
        # The official small models keep their words within the graph.
        if words_in_graph(folder) is None:
            raise bad(folder, f"is no Vosk model: {WORDS} is missing or empty", hint)
        return
    # Not by `_check_lines`: the vocabulary is long, and has words such as #0.
    vocabulary = listed.read_text(encoding="utf-8", errors="replace")
    if damaged := _NO_WORD.search(vocabulary):
        number = vocabulary.count("\n", 0, damaged.start()) + 1
        raise bad(folder, f"{WORDS}, line {number} is damaged", "install it again")
    # Kaldi puts it behind the words, so a list that was cut short lacks it.
    if not _LAST_SYMBOL.search(vocabulary):
        raise bad(folder, f"{WORDS} is cut short: it lacks #0", "install it again")


def _check_lines(folder: Path, name: str, pattern: str) -> None:
    for number, line in _lines(folder, name):
        if not re.fullmatch(pattern, line):
            raise bad(folder, f"{name}, line {number} is damaged", "install it again")


def _options(folder: Path, name: str) -> dict[str, str]:
    options = {}
    for number, line in _lines(folder, name):
        option = _OPTION.fullmatch(line)
        if option is None:
            what = f"{name}, line {number} is no option of Kaldi (--name=value)"
            raise bad(folder, what, "install it again")
        options[option[1]] = option[2]
    return options


def _lines(folder: Path, name: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that hold something, without comments, counted from 1."""
    text = (folder / name).read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        if stripped := line.partition("#")[0].strip():
            yield number, stripped


def _rate(folder: Path, written: str | None) -> int:
    if written is None:
        return DEFAULT_RATE
    try:
        rate = int(float(written))
    except ValueError:
        rate = 0
    if not 8000 <= rate <= 48000:
        what = f"conf/mfcc.conf asks for {written} Hz"
        raise bad(folder, what, "8000 and 16000 are usual")
    return rate
