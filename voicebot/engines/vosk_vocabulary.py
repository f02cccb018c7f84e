"""How many words a Vosk model knows.

The words stand in `graph/words.txt`, or, as in the official small models, which have no such
file, in a symbol table within the graph (OpenFst: header, then input and output symbols).
"""

import struct
from pathlib import Path
from typing import BinaryIO

from voicebot.errors import BadModel, Problem

WORDS = "graph/words.txt"
_NO_WORDS = frozenset({"<eps>", "<s>", "</s>"})
_HAS_INPUT_SYMBOLS, _HAS_OUTPUT_SYMBOLS = 1, 2
_SYMBOLS_MAGIC = 2125658996
_GRAPHS = ("graph/HCLG.fst", "graph/Gr.fst")
"""Where Vosk looks for symbols, in its order."""
_LONGEST = 1 << 16
"""Bytes of a name in a graph; more is damage."""


def vocabulary_size(folder: Path) -> int:
    """Return the number of words, without epsilon and disambiguation symbols.

    Raises `BadModel` when the model has no vocabulary.
    """
    words = words_in_graph(folder)
    if words is None:
        listed = folder / WORDS
        if not listed.is_file():
            raise _bad(folder, f"has no vocabulary: neither {WORDS} nor symbols in its graph")
        text = listed.read_text(encoding="utf-8", errors="replace")
        words = [line.split()[0] for line in text.splitlines() if line.strip()]
    return sum(word not in _NO_WORDS and not word.startswith("#") for word in words)


def words_in_graph(folder: Path) -> list[str] | None:
    """Return the symbols within the graph, or None when it has none. Raises `BadModel`."""
    for name in _GRAPHS:
        if (folder / name).is_file():
            with (folder / name).open("rb") as file:
                try:
                    words = _output_symbols(file)
                except (struct.error, ValueError) as error:
                    raise _bad(folder, f"{name} is damaged ({error})") from error
            if words is not None:
                return words
    return None


def _bad(folder: Path, what: str) -> BadModel:
    return BadModel(Problem(str(folder), what, hint="install it again"))


def _output_symbols(file: BinaryIO) -> list[str] | None:
    """Read a graph's header; None when it has no output symbols."""
    _number(file, "<i")  # the magic number, checked by `vosk_folder`
    _name(file)  # the graph's type
    _name(file)  # its arcs' type
    _number(file, "<i")  # version
    flags = _number(file, "<i")
    for _ in range(4):  # properties, start, numbers of states and arcs
        _number(file, "<q")
    if flags & _HAS_INPUT_SYMBOLS:
        _symbols(file)
    return _symbols(file) if flags & _HAS_OUTPUT_SYMBOLS else None


def _symbols(file: BinaryIO) -> list[str]:
    if _number(file, "<i") != _SYMBOLS_MAGIC:
        raise ValueError("a symbol table is missing")
    _name(file)
    _number(file, "<q")  # the next free number
    words = []
    for _ in range(_number(file, "<q")):
        words.append(_name(file))
        _number(file, "<q")
    return words


def _name(file: BinaryIO) -> str:
    length = _number(file, "<i")
    if not 0 <= length <= _LONGEST:
        raise ValueError("a name is too long")
    return file.read(length).decode("utf-8")


def _number(file: BinaryIO, form: str) -> int:
    return int(struct.unpack(form, file.read(struct.calcsize(form)))[0])
