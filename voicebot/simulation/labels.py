"""The label beside a recording of a caller's side: what is said in it, and what must come of it.

What is said, and when, was written down by the simulated caller who said it. What must come of it
is the author's: a recogniser that hears something else does not change it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from voicebot.dialogue.document import Value, parse
from voicebot.dialogue.script import EndReason
from voicebot.errors import BadInput, BadScript, Problem


@dataclass(frozen=True, slots=True)
class LabelledUtterance:
    """One utterance; times count from the recording's first sample."""

    text: str
    start_ms: int
    end_ms: int
    pauses: tuple[tuple[int, int], ...] = ()
    """Silences within it."""
    barge_in: bool = False
    """Whether the robot was speaking when it began."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a call with this caller must come to."""

    end_reason: EndReason
    intents: tuple[str, ...] = ()
    """Of the turns that have one, in order."""
    outcome: Mapping[str, str] = field(default_factory=dict)
    """The outcome fields that matter."""


@dataclass(frozen=True, slots=True)
class Label:
    """Everything that is known of one recording."""

    about: str
    voice: str
    line: str
    """Its codec and noise, in words."""
    script: str
    variables: Mapping[str, str]
    said: tuple[LabelledUtterance, ...]
    expected: Expected


def write_label(path: Path, label: Label) -> None:
    """Write a label; the same one gives the same bytes."""
    text = StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.dump(_plain(label), text)
    path.write_text(text.getvalue(), encoding="utf-8")


def _plain(label: Label) -> dict[str, Any]:
    said = []
    for each in label.said:
        plain: dict[str, Any] = {
            "text": each.text,
            "start_ms": each.start_ms,
            "end_ms": each.end_ms,
        }
        if each.pauses:
            plain["pauses"] = [list(pause) for pause in each.pauses]
        if each.barge_in:
            plain["barge_in"] = "yes"
        said.append(plain)
    return {
        "about": label.about,
        "voice": label.voice,
        "line": label.line,
        "script": label.script,
        "variables": dict(label.variables),
        "said": said,
        "expected": {
            "end_reason": str(label.expected.end_reason),
            "intents": list(label.expected.intents),
            "outcome": dict(label.expected.outcome),
        },
    }


def read_label(path: Path) -> Label:
    """Read a label. Raises `BadInput` with every fault."""
    root = _open(path)
    keys = ("about", "voice", "line", "script", "variables", "said", "expected")
    fields = root.fields(required=keys)
    said = [_spoken(each) for each in fields["said"].items()] if "said" in fields else []
    about, voice, line, script = (fields[key].text() if key in fields else "" for key in keys[:4])
    label = Label(
        about=about,
        voice=voice,
        line=line,
        script=script,
        variables=_texts(fields["variables"]) if "variables" in fields else {},
        said=tuple(said),
        expected=_expected(fields["expected"]) if "expected" in fields else _NOTHING,
    )
    _check(root)
    return label


def read_expectations(
    path: Path, names: Iterable[str]
) -> dict[str, tuple[Mapping[str, str], Expected]]:
    """Read what must come of each recording before it is made: variables and expectation.

    There must be one entry for each of `names`. Raises `BadInput` with every fault.
    """
    root = _open(path)
    found: dict[str, tuple[Mapping[str, str], Expected]] = {}
    for name, value in root.fields(required=tuple(names)).items():
        fields = value.fields(required=("variables", "expected"))
        if len(fields) == 2:
            found[name] = _texts(fields["variables"]), _expected(fields["expected"])
    _check(root)
    return found


_NOTHING = Expected(EndReason.FINISHED)


def _open(path: Path) -> Value:
    try:
        return parse(path.read_bytes(), str(path))
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        raise BadInput(Problem(str(path), what, hint="check the path")) from error
    except BadScript as error:
        raise BadInput(*error.problems) from error


def _check(root: Value) -> None:
    if root.document.problems:
        raise BadInput(*root.document.problems)


def _spoken(value: Value) -> LabelledUtterance:
    fields = value.fields(required=("text", "start_ms", "end_ms"), optional=("pauses", "barge_in"))
    pauses = fields["pauses"].items() if "pauses" in fields else []
    return LabelledUtterance(
        fields["text"].text() if "text" in fields else "",
        _ms(fields["start_ms"]) if "start_ms" in fields else 0,
        _ms(fields["end_ms"]) if "end_ms" in fields else 0,
        tuple(_pause(pause) for pause in pauses),
        "barge_in" in fields,
    )


def _pause(value: Value) -> tuple[int, int]:
    ends = [_ms(item) for item in value.items()]
    if len(ends) == 2:
        return ends[0], ends[1]
    value.report("is no pause", "write [start_ms, end_ms]")
    return 0, 0


def _ms(value: Value) -> int:
    if value.text().isdecimal():
        return int(value.text())
    value.report(f'"{value.text()}" is no number of milliseconds')
    return 0


def _expected(value: Value) -> Expected:
    fields = value.fields(required=("end_reason",), optional=("intents", "outcome"))
    reason = EndReason.FINISHED
    if "end_reason" in fields:
        text = fields["end_reason"].text()
        if text in set(EndReason):
            reason = EndReason(text)
        else:
            fields["end_reason"].report(f'there is no end reason "{text}"')
    intents = fields["intents"].items() if "intents" in fields else []
    return Expected(
        reason,
        tuple(intent.text() for intent in intents),
        _texts(fields["outcome"]) if "outcome" in fields else {},
    )


def _texts(value: Value) -> dict[str, str]:
    return {name: each.text() for name, each in value.entries().items()}
