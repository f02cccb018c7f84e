"""Phrases from a file: one a line, or a rule of a JSGF grammar (`FILE.jsgf#rule`)."""

from collections.abc import Callable, Sequence
from pathlib import Path

from voicebot.dialogue.grammar import MAX_PHRASES, read
from voicebot.errors import BadInput, Problem


def read_phrases(named: str, missing: Callable[[str], Sequence[str]]) -> tuple[str, ...]:
    """Return the phrases of a file, each once.

    `missing` names the pieces of a phrase that the model cannot recognise. Raises `BadInput` with
    every phrase that has such a piece, and for a file that cannot be used.
    """
    file, _, rule = named.partition("#")
    path = Path(file)
    if rule or path.suffix.lower() == ".jsgf":
        placed = dict.fromkeys(_of_rule(path, rule))
    else:
        placed = _of_lines(path)
    problems = [
        Problem(
            str(path),
            f'the model does not know {", ".join(pieces)} in "{phrase}"',
            line,
            f"<{rule}>" if rule else "",
            "write it with other characters, or leave it out",
        )
        for phrase, line in placed.items()
        if (pieces := missing(phrase))
    ]
    if problems:
        raise BadInput(*problems)
    return tuple(placed)


def _of_rule(path: Path, rule: str) -> tuple[str, ...]:
    grammar = read(path)
    if not rule:
        rules = ", ".join(grammar.rules) or "none"
        hint = f"name one: {path}#NAME; its rules: {rules}"
        raise BadInput(Problem(str(path), "which rule is meant is not said", hint=hint))
    return grammar.expand(rule)


def _of_lines(path: Path) -> dict[str, int | None]:
    """Return each phrase and its first line."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise BadInput(Problem(str(path), what, hint="check the path")) from error
    except UnicodeDecodeError as error:
        raise BadInput(Problem(str(path), "is not UTF-8", hint="save it as UTF-8")) from error
    placed: dict[str, int | None] = {}
    for number, line in enumerate(text.splitlines(), 1):
        phrase = "".join(line.split())
        if phrase and not phrase.startswith("#"):
            placed.setdefault(phrase, number)
    if not placed:
        raise BadInput(Problem(str(path), "has no phrases", hint="write one a line"))
    if len(placed) > MAX_PHRASES:
        what = f"has {len(placed)} phrases; {MAX_PHRASES} are the most"
        raise BadInput(Problem(str(path), what, hint="split it"))
    return placed
