"""How each part of a script's YAML becomes a part of the model.

Every function takes a value of the file and returns a part, however much is wrong: what is
missing is filled with something harmless and noted in the document, so that the checks of the
whole script can still run. Only a script without faults is ever handed out.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from voicebot.dialogue import grammar
from voicebot.dialogue.document import Value, suggest
from voicebot.dialogue.patterns import compiled
from voicebot.dialogue.script import ANY_ANSWER, Intent, OutcomeField, Variable
from voicebot.dialogue.wording import plain
from voicebot.errors import BadScript, Problem

CanSay = Callable[[str], tuple[str, ...]]
"""Takes a phrase, returns the pieces of it that the recogniser could never hear."""

INTENT_KEYS = ("grammar", "examples", "hot_words", "patterns", "shared")
VARIABLE_KEYS = ("example", "default")
OUTCOME_KEYS = ("values", "default")

FEW_EXAMPLES = 3
"""With fewer, and no grammar, an intent is understood in these very words and hardly beyond."""

_NAME = re.compile(r"\w+\Z")


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
    fields = value.fields(optional=VARIABLE_KEYS)
    default = fields["default"].text() if "default" in fields else None
    example = fields["example"].text() if "example" in fields else default
    if not example:
        value.report("has neither an example nor a default", "add `example: 王女士`")
    return Variable(own, example or "", default)


def outcome_field(value: Value) -> OutcomeField:
    """Read `interest: {values: [yes, no]}` or `reason:`."""
    name(value, "outcome field")
    fields = value.fields(optional=OUTCOME_KEYS)
    values = fields["values"].texts() if "values" in fields else ()
    default = fields["default"].text() if "default" in fields else ""
    if values and default and default not in values:
        fields["default"].report(f'"{default}" is not one of the values', suggest(default, values))
    return OutcomeField(value.path.rpartition(".")[2], values, default)


def intent(
    value: Value,
    folder: Path,
    sources: set[Path],
    can_say: CanSay | None = None,
    shared: Mapping[str, Intent] | None = None,
) -> Intent:
    """Read an intent; the grammar files that it needs are added to `sources`.

    With `shared: yes` it has, besides its own, all that the shared intent of its name has.
    """
    name(value, "intent", reserved=ANY_ANSWER)
    own = value.path.rpartition(".")[2]
    fields = value.fields(optional=INTENT_KEYS)
    phrases: list[str] = []
    if "grammar" in fields:
        for item in fields["grammar"].items():
            found = _grammar(item, folder, sources)
            _sayable(item, found, can_say)
            phrases += found
    examples = sentences(fields["examples"], can_say) if "examples" in fields else ()
    hot_words = sentences(fields["hot_words"], can_say) if "hot_words" in fields else ()
    for word in hot_words:
        if len(word) < 2:
            what = f'the hot word "{word}" is one character long'
            fields["hot_words"].report(what, "it would be heard in half of all utterances")
    patterns = fields["patterns"].items() if "patterns" in fields else ()
    for item in patterns:
        try:
            compiled(item.text())
        except ValueError as error:
            item.report(f"the pattern {error}", "write it like `(别|不要) * (打|来电)`")
    common = _shared(fields["shared"], own, shared or {}) if "shared" in fields else None
    if not fields.keys() & {"grammar", "examples", "shared"}:
        value.report("has neither a grammar nor examples", "add `examples: [好的, 可以]`")
    elif common is None and "grammar" not in fields and not examples:
        value.report("has no examples", "add `examples: [好的, 可以]`")
    elif common is None and len({*phrases, *examples}) < FEW_EXAMPLES:
        what = f"has only {len({*phrases, *examples})} examples"
        hint = "callers say it in many ways: give ten"
        value.document.warn(value.path, what, hint)
    read = Intent(
        own,
        tuple(dict.fromkeys(phrases)),
        examples,
        hot_words,
        tuple(item.text() for item in patterns),
    )
    return read if common is None else _joined(read, common)


def _shared(value: Value, own: str, shared: Mapping[str, Intent]) -> Intent | None:
    if value.text() != "yes":
        value.report(f'"{value.text()}" is not yes', "write shared: yes, or remove it")
        return None
    if own not in shared:
        value.report(f'there is no shared intent "{own}"', suggest(own, sorted(shared)))
    return shared.get(own)


def _joined(own: Intent, shared: Intent) -> Intent:
    """Return the shared intent with what the script adds to it."""
    return replace(
        shared,
        phrases=tuple(dict.fromkeys((*own.phrases, *shared.phrases))),
        examples=tuple(dict.fromkeys((*own.examples, *shared.examples))),
        hot_words=tuple(dict.fromkeys((*own.hot_words, *shared.hot_words))),
        patterns=tuple(dict.fromkeys((*own.patterns, *shared.patterns))),
    )


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


def sentences(value: Value, can_say: CanSay | None) -> tuple[str, ...]:
    """Read what callers say, without punctuation."""
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
