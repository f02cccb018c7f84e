"""From a folder with a script.yaml to a `Script`, or to everything that is wrong with it."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from voicebot.dialogue import document, schema
from voicebot.dialogue.check import check
from voicebot.dialogue.document import Value
from voicebot.dialogue.schema import NO_PROMPT, NOWHERE, CanSay
from voicebot.dialogue.script import Reprompt, Script
from voicebot.errors import BadScript, Problem

SCRIPT_FILE = "script.yaml"

VERSION_DIGITS = 8
"""Of the content's SHA-256: enough to tell a shop's versions apart."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What reading a script came to."""

    script: Script | None
    """None when there are faults."""
    faults: tuple[Problem, ...]
    """In the order of files and lines."""
    warnings: tuple[Problem, ...]


def load_script(
    folder: Path, *, columns: Collection[str] | None = None, can_say: CanSay | None = None
) -> Script:
    """Return the script in `folder` (or the script file that is named itself).

    `columns` are those of the contacts file, `can_say` returns what of a phrase the recogniser's
    vocabulary lacks; what is not given is not checked. Raises `BadScript` with every fault.
    """
    checked = check_script(folder, columns=columns, can_say=can_say)
    if checked.script is None:
        raise BadScript(*checked.faults)
    return checked.script


def warnings(script: Script) -> tuple[Problem, ...]:
    """Return what works in a loaded script, but not well; reads its folder again for the lines."""
    return check_script(script.folder).warnings


def check_script(
    folder: Path, *, columns: Collection[str] | None = None, can_say: CanSay | None = None
) -> Checked:
    """Read a script as `load_script` does, and return faults and warnings."""
    path = folder if folder.is_file() else folder / SCRIPT_FILE
    try:
        data = path.read_bytes()
        root = document.parse(data, str(path))
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        hint = f"name a campaign's folder with a {SCRIPT_FILE}"
        return Checked(None, (Problem(str(path), what, hint=hint),), ())
    except BadScript as error:
        return Checked(None, error.problems, ())
    sources: set[Path] = set()
    script = _script(root, path.parent, data, sources, can_say)
    if script is not None:
        check(script, root.document, columns)
    faults = _sorted(root.document.problems)
    return Checked(None if faults else script, faults, _sorted(root.document.warnings))


def _script(
    root: Value, folder: Path, data: bytes, sources: set[Path], can_say: CanSay | None
) -> Script | None:
    """Read the whole file; None when it is not even a mapping."""
    fields = root.fields(
        required=("script", "version", "start", "apology", "no_input", "no_match", "states"),
        optional=("title", "variables", "outcome", "intents", "anywhere"),
    )
    if not fields:
        return None

    def text(key: str) -> str:
        return fields[key].text() if key in fields else ""

    def entries(key: str) -> dict[str, Value]:
        return fields[key].entries() if key in fields else {}

    def reprompt(key: str) -> Reprompt:
        return schema.reprompt(fields[key], folder) if key in fields else Reprompt((), NOWHERE)

    states = {name: schema.state(each, folder) for name, each in entries("states").items()}
    if "states" in fields and not states:
        fields["states"].report("has no state", "a script needs at least one")
    intents = {
        name: schema.intent(each, folder, sources, can_say)
        for name, each in entries("intents").items()
    }
    apology = schema.prompt(fields["apology"], folder) if "apology" in fields else NO_PROMPT
    return Script(
        name=text("script"),
        version=f"{text('version')}+{_digest(data, sources, folder)}",
        title=text("title") or text("script"),
        start=text("start"),
        states=states,
        intents=intents,
        anywhere=schema.transitions(fields["anywhere"], folder) if "anywhere" in fields else {},
        no_input=reprompt("no_input"),
        no_match=reprompt("no_match"),
        apology=apology,
        variables={name: schema.variable(each) for name, each in entries("variables").items()},
        outcome={name: schema.outcome_field(each) for name, each in entries("outcome").items()},
        folder=folder,
    )


def _sorted(problems: list[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda each: (each.file, each.line or 0, each.path)))


def _digest(data: bytes, sources: set[Path], folder: Path) -> str:
    """Return the hash of all that the script says and hears: file, grammars, recordings."""
    digest = hashlib.sha256(data)
    for path in (*sorted(sources), *sorted(folder.glob("prompts/*.wav"))):
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()[:VERSION_DIGITS]
