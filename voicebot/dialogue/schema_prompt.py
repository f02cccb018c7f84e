"""How prompts, conditions, choices and numbers stand in a script's YAML."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from voicebot.audio import wav
from voicebot.dialogue import condition as language
from voicebot.dialogue.condition import Condition
from voicebot.dialogue.document import Value, suggest
from voicebot.dialogue.script import BargeIn, Prompt, Wording
from voicebot.errors import BadAudio

Choice = TypeVar("Choice", bound=StrEnum)

NO_PROMPT = Prompt((Wording(""),))

PROMPT_KEYS = ("text", "wordings", "recording", "barge_in")
WORDING_KEYS = ("text", "recording", "when")


def prompt(value: Value, folder: Path) -> Prompt:
    """Read a text, a list of wordings, or a mapping with `text` or `wordings`."""
    barge_in = BargeIn.ANY
    if value.is_text or value.is_list:
        wordings = [_wording(item, folder) for item in value.items()]
    else:
        fields = value.fields(optional=PROMPT_KEYS)
        if "barge_in" in fields:
            barge_in = choice(fields["barge_in"], BargeIn, BargeIn.ANY)
        recording = _recording(fields["recording"], folder) if "recording" in fields else None
        if "wordings" in fields and fields.keys() & {"text", "recording"}:
            value.report("has wordings and a text or recording", "put all under `wordings:`")
        if "wordings" in fields:
            wordings = [_wording(item, folder) for item in fields["wordings"].items()]
        elif "text" in fields:
            wordings = [Wording(_said(fields["text"]), recording)]
        else:
            value.report("has no text", "add `text: …`; a recording needs its text too")
            return NO_PROMPT
    if not wordings:
        value.report("has no wording", "write what the robot says")
    return Prompt(tuple(wordings), barge_in) if wordings else NO_PROMPT


def condition(value: Value) -> Condition | None:
    """Read a condition such as `found == yes`; None when it cannot be read."""
    text = value.text()
    try:
        return language.parse(text) if text or value.is_empty else None
    except ValueError as error:
        value.report(f'the condition "{text}" {error}', "write when: found = yes and tries < 3")
        return None


def assignments(value: Value) -> dict[str, str]:
    """Read `{field: value}`."""
    return {field: each.text() for field, each in value.entries().items()}


def whole(fields: Mapping[str, Value], key: str, allowed: range, example: str) -> int | None:
    """Read a whole number that may be missing."""
    if key not in fields:
        return None
    text = fields[key].text()
    if text.isdecimal() and int(text) in allowed:
        return int(text)
    unit = "number of milliseconds" if key.endswith("_ms") else "number"
    what = f'"{text}" is no {unit} from {allowed.start} to {allowed.stop - 1}'
    fields[key].report(what, f"write {example}")
    return None


def yes_or_no(value: Value) -> bool:
    """Read a switch."""
    text = value.text()
    if text not in ("yes", "no"):
        value.report(f'"{text}" is neither yes nor no', "write yes or no")
    return text == "yes"


def choice(value: Value, kind: type[Choice], otherwise: Choice) -> Choice:
    """Read one of the words of `kind`."""
    text = value.text()
    known = [each.value for each in kind]
    if text in known:
        return kind(text)
    value.report(f'"{text}" is not one of {", ".join(known)}', suggest(text, known))
    return otherwise


def _wording(value: Value, folder: Path) -> Wording:
    if value.is_text:
        return Wording(_said(value))
    fields = value.fields(required=("text",), optional=WORDING_KEYS[1:])
    return Wording(
        _said(fields["text"]) if "text" in fields else "",
        _recording(fields["recording"], folder) if "recording" in fields else None,
        condition(fields["when"]) if "when" in fields else None,
    )


def _said(value: Value) -> str:
    if value.is_empty:
        value.report("is empty", "write what the robot says")
    return value.text()


def _recording(value: Value, folder: Path) -> Path | None:
    path = folder / "prompts" / f"{value.text().removesuffix('.wav')}.wav"
    try:
        wav.read_mono(path, 8000)
    except BadAudio as error:
        for problem in error.problems:
            value.report(f"the recording {problem.file} {problem.what}", problem.hint)
        return None
    return path
