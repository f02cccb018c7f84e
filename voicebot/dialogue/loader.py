"""From a folder with a script.yaml to a `Script`, or to everything that is wrong with it."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from voicebot.dialogue import document, schema, schema_declared
from voicebot.dialogue.check import check
from voicebot.dialogue.document import Value
from voicebot.dialogue.schema import CanSay
from voicebot.dialogue.schema_declared import ACTIONS_FILE
from voicebot.dialogue.schema_prompt import NO_PROMPT, prompt
from voicebot.dialogue.schema_state import NOWHERE, reprompt, state, transitions
from voicebot.dialogue.script import (
    AFFIRM,
    ANY_ANSWER,
    DENY,
    Intent,
    Knowledge,
    Reprompt,
    Script,
    Slot,
    State,
)
from voicebot.dialogue.shared_intents import shared_intents
from voicebot.dialogue.wording import plain
from voicebot.errors import BadScript, Problem

SCRIPT_FILE = "script.yaml"

SCRIPT_KEYS = (
    *("script", "version", "start", "apology", "no_input", "no_match", "states"),
    *("title", "variables", "outcome", "intents", "anywhere"),
    *("slots", "counters", "experiments", "actions", "knowledge", "emotion"),
)
REQUIRED_KEYS = 7
"""The first ones."""

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
    sources: tuple[Path, ...] = ()
    """The files that the script is made of, recordings aside."""


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
    return Checked(
        None if faults else script,
        faults,
        _sorted(root.document.warnings),
        (path, *sorted(each for each in sources if each.is_file())),
    )


def _script(
    root: Value, folder: Path, data: bytes, sources: set[Path], can_say: CanSay | None
) -> Script | None:
    """Read the whole file; None when it is not even a mapping."""
    fields = root.fields(required=SCRIPT_KEYS[:REQUIRED_KEYS], optional=SCRIPT_KEYS[REQUIRED_KEYS:])
    if not fields:
        return None

    def text(key: str) -> str:
        return fields[key].text() if key in fields else ""

    def entries(key: str) -> dict[str, Value]:
        return fields[key].entries() if key in fields else {}

    def reprompted(key: str) -> Reprompt:
        return reprompt(fields[key], folder) if key in fields else Reprompt((), NOWHERE)

    states = {name: state(each, folder, schema.name) for name, each in entries("states").items()}
    if "states" in fields and not states:
        fields["states"].report("has no state", "a script needs at least one")
    shared = shared_intents()
    own = {
        name: schema.intent(each, folder, sources, can_say, shared)
        for name, each in entries("intents").items()
    }
    anywhere = transitions(fields["anywhere"], folder) if "anywhere" in fields else {}
    slots = {
        name: schema_declared.slot(each, folder, can_say) for name, each in entries("slots").items()
    }
    known = (
        schema_declared.knowledge(fields["knowledge"], folder, sources)
        if "knowledge" in fields
        else None
    )
    borrowed = _borrowed(shared, own, anywhere, states, slots, known)
    script = Script(
        name=text("script"),
        version="",
        title=text("title") or text("script"),
        start=text("start"),
        states=states,
        intents={**own, **borrowed},
        borrowed=frozenset(borrowed),
        anywhere=anywhere,
        no_input=reprompted("no_input"),
        no_match=reprompted("no_match"),
        apology=prompt(fields["apology"], folder) if "apology" in fields else NO_PROMPT,
        variables={name: schema.variable(each) for name, each in entries("variables").items()},
        outcome={name: schema.outcome_field(each) for name, each in entries("outcome").items()},
        slots=slots,
        counters=_counters(fields["counters"]) if "counters" in fields else (),
        experiments={
            name: schema_declared.experiment(each) for name, each in entries("experiments").items()
        },
        actions={
            name: schema_declared.action(each, folder) for name, each in entries("actions").items()
        },
        knowledge=known,
        emotion=schema_declared.emotion(fields["emotion"], folder) if "emotion" in fields else None,
        folder=folder,
    )
    if script.actions:
        sources.add(folder / ACTIONS_FILE)
    return replace(script, version=f"{text('version')}+{_digest(data, sources, folder)}")


def _counters(value: Value) -> tuple[str, ...]:
    for item in value.items():
        if item.is_text and not item.text().isidentifier():
            item.report(f'"{item.text()}" is no name', "use letters, digits and _")
    return value.texts()


def _borrowed(
    shared: Mapping[str, Intent],
    own: Mapping[str, Intent],
    anywhere: Mapping[str, object],
    states: Mapping[str, State],
    slots: Mapping[str, Slot],
    known: Knowledge | None,
) -> dict[str, Intent]:
    """Return the shared intents that the script uses without defining them.

    A phrase that the script gives to an intent or an entry of its own is not shared any more:
    nobody can edit what is shared, and the author knows better.
    """
    used = set(anywhere).union(*(each.on for each in states.values())) - {ANY_ANSWER}
    if any(each.confirm is not None for each in slots.values()):
        used |= {AFFIRM, DENY}
    taken = {sentence for each in own.values() for sentence in each.sentences}
    entries = () if known is None else known.entries
    taken |= {plain(question) for each in entries for question in each.questions}
    # Only what is used is read: a grammar takes hundredths of a second.
    return {
        name: replace(
            shared[name],
            phrases=tuple(each for each in shared[name].phrases if each not in taken),
            examples=tuple(each for each in shared[name].examples if each not in taken),
        )
        for name in shared
        if name in used and name not in own
    }


def _sorted(problems: list[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda each: (each.file, each.line or 0, each.path)))


def _digest(data: bytes, sources: set[Path], folder: Path) -> str:
    """Return the hash of all that the script says and hears: file, grammars, recordings."""
    digest = hashlib.sha256(data)
    for path in (*sorted(sources), *sorted(folder.glob("prompts/*.wav"))):
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()[:VERSION_DIGITS]
