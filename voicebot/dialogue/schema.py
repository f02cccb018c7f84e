"""How each part of a script's YAML becomes a part of the model.

Every function takes a value of the file and returns a part, however much is wrong: what is
missing is filled with something harmless and noted in the document, so that the checks of the
whole script can still run. Only a script without faults is ever handed out.
"""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from voicebot.audio import wav
from voicebot.dialogue import grammar
from voicebot.dialogue.document import Value, suggest
from voicebot.dialogue.script import (
    ANY_ANSWER,
    SAME_STATE,
    SCRIPT_END_REASONS,
    BargeIn,
    Counts,
    EndReason,
    Intent,
    Listen,
    OutcomeField,
    Prompt,
    Reprompt,
    State,
    Transition,
    Variable,
    Wording,
)
from voicebot.dialogue.wording import plain
from voicebot.errors import BadAudio, BadScript, Problem

Choice = TypeVar("Choice", BargeIn, Counts, Listen)

CanSay = Callable[[str], tuple[str, ...]]
"""Takes a phrase, returns the pieces of it that the recogniser could never hear."""

NO_PROMPT = Prompt((Wording(""),))
NOWHERE = Transition(go="")

ENDPOINT_MS = range(200, 3001)
"""Shorter cuts callers off between two words, longer feels like a dead line."""

_NAME = re.compile(r"\w+\Z")
DIGITS = range(1, 31)
"""Of one number: from a rating to the longest order number."""

_STATE_KEYS = (
    *("again", "on", "no_input", "no_match", "listen", "save"),
    *("endpoint_ms", "complete_ms", "incomplete_ms", "digits"),
)
"""Keys of a state that listens."""


def name(value: Value, kind: str, reserved: str = "") -> None:
    """Note a name that prompts, files and records could not hold, or that means something else."""
    own = value.path.rpartition(".")[2]
    if own == reserved:
        value.report(f'a {kind} cannot be called "{own}"', "the word has its own meaning")
    elif not _NAME.match(own):
        value.report(f'"{own}" is no name', "use letters, digits and _")


def variable(value: Value) -> Variable:
    """Read `name: {example: 王女士}` or, shorter, `name: 王女士`."""
    name(value, "variable")
    own = value.path.rpartition(".")[2]
    if value.is_text and not value.is_empty:
        return Variable(own, value.text())
    fields = value.fields(optional=("example", "default"))
    default = fields["default"].text() if "default" in fields else None
    example = fields["example"].text() if "example" in fields else default
    if not example:
        value.report("has neither an example nor a default", "add `example: 王女士`")
    return Variable(own, example or "", default)


def outcome_field(value: Value) -> OutcomeField:
    """Read `interest: {values: [yes, no]}` or `reason:`."""
    name(value, "outcome field")
    fields = value.fields(optional=("values", "default"))
    values = fields["values"].texts() if "values" in fields else ()
    default = fields["default"].text() if "default" in fields else ""
    if values and default and default not in values:
        fields["default"].report(f'"{default}" is not one of the values', suggest(default, values))
    return OutcomeField(value.path.rpartition(".")[2], values, default)


def intent(value: Value, folder: Path, sources: set[Path], can_say: CanSay | None = None) -> Intent:
    """Read an intent; the grammar files that it needs are added to `sources`."""
    name(value, "intent", reserved=ANY_ANSWER)
    fields = value.fields(optional=("grammar", "examples", "hot_words"))
    phrases: list[str] = []
    if "grammar" in fields:
        for item in fields["grammar"].items():
            found = _grammar(item, folder, sources)
            _sayable(item, found, can_say)
            phrases += found
    examples = _sentences(fields["examples"], can_say) if "examples" in fields else ()
    hot_words = _sentences(fields["hot_words"], can_say) if "hot_words" in fields else ()
    for word in hot_words:
        if len(word) < 2:
            what = f'the hot word "{word}" is one character long'
            fields["hot_words"].report(what, "it would be heard in half of all utterances")
    if not fields.keys() & {"grammar", "examples"}:
        value.report("has neither a grammar nor examples", "add `examples: [好的, 可以]`")
    elif "grammar" not in fields and not examples:
        value.report("has no examples", "add `examples: [好的, 可以]`")
    return Intent(value.path.rpartition(".")[2], tuple(dict.fromkeys(phrases)), examples, hot_words)


def prompt(value: Value, folder: Path) -> Prompt:
    """Read a text, a list of wordings, or a mapping with `text` or `wordings`."""
    barge_in = BargeIn.ANY
    if value.is_text or value.is_list:
        wordings = [_wording(item, folder) for item in value.items()]
    else:
        fields = value.fields(optional=("text", "wordings", "recording", "barge_in"))
        if "barge_in" in fields:
            barge_in = _choice(fields["barge_in"], BargeIn, BargeIn.ANY)
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


def transition(value: Value, folder: Path) -> Transition:
    """Read a state's name, or `{go, say, set, counts}`."""
    if value.is_text:
        return Transition(value.text())
    fields = value.fields(required=("go",), optional=("say", "set", "counts"))
    return Transition(
        fields["go"].text() if "go" in fields else "",
        prompt(fields["say"], folder) if "say" in fields else None,
        _assignments(fields["set"]) if "set" in fields else {},
        _choice(fields["counts"], Counts, Counts.NOTHING) if "counts" in fields else None,
    )


def transitions(value: Value, folder: Path) -> dict[str, Transition]:
    """Read what stands under `on:` or `anywhere:`."""
    return {intent: transition(each, folder) for intent, each in value.entries().items()}


def reprompt(value: Value, folder: Path) -> Reprompt:
    """Read `{prompts: […], then: …}`."""
    fields = value.fields(required=("prompts", "then"))
    prompts = fields["prompts"].items() if "prompts" in fields else []
    then = transition(fields["then"], folder) if "then" in fields else NOWHERE
    if then.go == SAME_STATE:
        what = "never leaves: when the prompts are used up, silence would be asked for ever"
        fields["then"].report(what, "go to a state that ends the call or asks something else")
    return Reprompt(tuple(prompt(each, folder) for each in prompts), then)


def state(value: Value, folder: Path) -> State:
    """Read one state."""
    name(value, "state", reserved=SAME_STATE)
    fields = value.fields(required=("prompt",), optional=("next", "end", "set", *_STATE_KEYS))
    silent = [key for key in ("next", "end") if key in fields]
    if len(silent) == 2:
        value.report("has both next and end", "a state either goes on or ends the call")
    for key in _STATE_KEYS if silent else ():
        if key in fields:
            what = f"is for states that listen, but this one has {silent[0]}"
            fields[key].report(what, f"remove it or {silent[0]}")
    listen = Listen.GRAMMAR
    if "listen" in fields:
        listen = _choice(fields["listen"], Listen, listen)
    end = _end(fields["end"]) if "end" in fields else None
    if not silent and "on" not in fields:
        value.report("has none of on, next and end", "say what follows the prompt")
        end = EndReason.FINISHED
    return State(
        name=value.path.rpartition(".")[2],
        prompt=prompt(fields["prompt"], folder) if "prompt" in fields else NO_PROMPT,
        again=prompt(fields["again"], folder) if "again" in fields else None,
        on=transitions(fields["on"], folder) if "on" in fields else {},
        no_input=reprompt(fields["no_input"], folder) if "no_input" in fields else None,
        no_match=reprompt(fields["no_match"], folder) if "no_match" in fields else None,
        listen=listen,
        save=fields["save"].text() if "save" in fields else None,
        set=_assignments(fields["set"]) if "set" in fields else {},
        endpoint_ms=_whole(fields, "endpoint_ms", ENDPOINT_MS, "endpoint_ms: 800"),
        complete_ms=_whole(fields, "complete_ms", ENDPOINT_MS, "complete_ms: 400"),
        incomplete_ms=_whole(fields, "incomplete_ms", ENDPOINT_MS, "incomplete_ms: 2000"),
        digits=_whole(fields, "digits", DIGITS, "digits: 11"),
        next=fields["next"].text() if "next" in fields else None,
        end=end,
    )


def _wording(value: Value, folder: Path) -> Wording:
    if value.is_text:
        return Wording(_said(value))
    fields = value.fields(required=("text",), optional=("recording",))
    text = _said(fields["text"]) if "text" in fields else ""
    return Wording(text, _recording(fields["recording"], folder) if "recording" in fields else None)


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


def _grammar(value: Value, folder: Path, sources: set[Path]) -> tuple[str, ...]:
    file, hash_sign, rule = value.text().partition("#")
    if not file or not rule:
        what = f'"{value.text()}" names no rule' if not hash_sign else "names no file or no rule"
        value.report(what, "write ../../grammars/yes_no.jsgf#yes")
        return ()
    path = Path(os.path.normpath(folder / file))
    sources.add(path)
    try:
        return tuple(filter(None, map(plain, grammar.read(path).expand(rule))))
    except BadScript as error:
        for problem in error.problems:
            if problem.line is None:
                value.report(f"{problem.file} {problem.what}", problem.hint)
            else:
                _add_once(value, problem)
        return ()


def _add_once(value: Value, problem: Problem) -> None:
    """Note a fault that stands in a grammar file, which several intents may use."""
    if problem not in value.document.problems:
        value.document.problems.append(problem)


def _sentences(value: Value, can_say: CanSay | None) -> tuple[str, ...]:
    found: list[str] = []
    for item in value.items():
        sentence = plain(item.text())
        if sentence:
            _sayable(item, (sentence,), can_say)
            found.append(sentence)
        elif item.is_text:
            item.report("has no words", "write what a caller says, or remove it")
    return tuple(dict.fromkeys(found))


def _sayable(value: Value, phrases: tuple[str, ...], can_say: CanSay | None) -> None:
    """Note what the recogniser's vocabulary lacks, each piece once."""
    if can_say is None:
        return
    lacking: dict[str, str] = {}
    for phrase in phrases:
        for piece in can_say(phrase):
            lacking.setdefault(piece, phrase)
    for piece, phrase in lacking.items():
        what = f'"{phrase}" holds "{piece}", which the recognition model does not know'
        value.report(what, "say it in other words, or use a model with more words")


def _assignments(value: Value) -> dict[str, str]:
    return {field: each.text() for field, each in value.entries().items()}


def _whole(fields: Mapping[str, Value], key: str, allowed: range, example: str) -> int | None:
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


def _end(value: Value) -> EndReason:
    text = value.text()
    if text in SCRIPT_END_REASONS:
        return EndReason(text)
    known = sorted(SCRIPT_END_REASONS)
    value.report(f'"{text}" is no reason to end that a script may give', suggest(text, known))
    return EndReason.FINISHED


def _choice(value: Value, kind: type[Choice], otherwise: Choice) -> Choice:
    text = value.text()
    known = [each.value for each in kind]
    if text in known:
        return kind(text)
    value.report(f'"{text}" is not one of {", ".join(known)}', suggest(text, known))
    return otherwise
