"""How slots, experiments, actions, knowledge and emotion stand in a script's YAML."""

import ast
import os
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from voicebot.dialogue.document import Value, suggest
from voicebot.dialogue.hook import DEFAULT_TIMEOUT_MS, TIMEOUT_MS, Hook
from voicebot.dialogue.knowledge import files
from voicebot.dialogue.schema import CanSay, name, sentences
from voicebot.dialogue.schema_prompt import NO_PROMPT, assignments, condition, prompt, whole
from voicebot.dialogue.schema_state import HEARING_KEYS, hearing, transition
from voicebot.dialogue.script import ANY_WORDS, Calming, Knowledge, Listen, Slot
from voicebot.dialogue.slots import KINDS
from voicebot.errors import BadInput

ACTIONS_FILE = "actions.py"
"""In a campaign's folder: the shop's own functions."""

SLOT_KEYS = ("kind", "ask", "again", "confirm", "options", "hear", "when", *HEARING_KEYS)
ACTION_KEYS = ("function", "url", "token_from", "send", "gives", "timeout_ms")
KNOWLEDGE_KEYS = ("files", "back", "unknown")
EMOTION_KEYS = ("say", "after", "then")

OPTION_KINDS = frozenset({"product"})
"""Kinds that are one of the slot's `options`."""

FREE_KINDS = frozenset({ANY_WORDS, "address"})
"""Kinds that are heard freely unless the slot says otherwise."""

WEIGHTS = range(0, 101)
ANNOYED = range(1, 10)

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*\Z")


def slot(value: Value, folder: Path, can_say: CanSay | None = None) -> Slot:
    """Read one slot."""
    name(value, "slot")
    fields = value.fields(required=("kind", "ask"), optional=SLOT_KEYS[2:])
    kind = fields["kind"].text() if "kind" in fields else ANY_WORDS
    kinds = (*KINDS, ANY_WORDS)
    if kind not in kinds:
        fields["kind"].report(
            f'there is no kind of slot "{kind}"', suggest(kind, kinds, everything=True)
        )
    options = fields["options"].texts() if "options" in fields else ()
    if "options" in fields and kind not in OPTION_KINDS:
        fields["options"].report(f"are for {', '.join(OPTION_KINDS)}", "remove them")
    elif kind in OPTION_KINDS and not options:
        value.report("does not say what it may be", "add `options: [云南小粒, 耶加雪菲]`")
    hears = hearing(fields)
    if "listen" not in fields and kind in FREE_KINDS:
        hears = replace(hears, listen=Listen.FREE)
    return Slot(
        name=value.path.rpartition(".")[2],
        kind=kind,
        ask=prompt(fields["ask"], folder) if "ask" in fields else NO_PROMPT,
        again=prompt(fields["again"], folder) if "again" in fields else None,
        confirm=prompt(fields["confirm"], folder) if "confirm" in fields else None,
        options=options,
        hear=sentences(fields["hear"], can_say) if "hear" in fields else (),
        when=condition(fields["when"]) if "when" in fields else None,
        hearing=hears,
    )


def experiment(value: Value) -> dict[str, int]:
    """Read `offer_wording: {short: 50, warm: 50}`, or a list of variants with equal weights."""
    name(value, "experiment")
    if value.is_list:
        variants = dict.fromkeys(value.texts(), 1)
    else:
        entries = value.entries()
        variants = {each: whole(entries, each, WEIGHTS, f"{each}: 50") or 0 for each in entries}
    if len(variants) < 2 or not any(variants.values()):
        value.report("has nothing to choose from", "write {short: 50, warm: 50}")
        return {**variants, "": 1}
    return variants


def action(value: Value, folder: Path) -> Hook:
    """Read one action; a function is looked for in `actions.py`, which is not run."""
    name(value, "action")
    fields = value.fields(optional=ACTION_KEYS)
    if ("function" in fields) == ("url" in fields):
        value.report("needs a function or a url, and not both", "add `function: find_order`")
    if "function" in fields:
        _function(fields["function"], folder)
    if "url" in fields:
        _url(fields["url"])
    if "token_from" in fields:
        if "url" not in fields:
            fields["token_from"].report("is for a url", "remove it")
        elif not _VARIABLE.match(fields["token_from"].text()):
            what = f'"{fields["token_from"].text()}" is no environment variable'
            fields["token_from"].report(what, "write its name, such as SHOP_TOKEN; never the token")
    gives = fields["gives"].entries() if "gives" in fields else {}
    for each in gives.values():
        name(each, "result")
    return Hook(
        name=value.path.rpartition(".")[2],
        function=fields["function"].text() if "function" in fields else None,
        url=fields["url"].text() if "url" in fields else None,
        token_from=fields["token_from"].text() if "token_from" in fields else None,
        send=assignments(fields["send"]) if "send" in fields else {},
        gives={each: () if of.is_empty else of.texts() for each, of in gives.items()},
        timeout_ms=whole(fields, "timeout_ms", TIMEOUT_MS, "timeout_ms: 3000")
        or DEFAULT_TIMEOUT_MS,
        folder=folder,
    )


def knowledge(value: Value, folder: Path, sources: set[Path]) -> Knowledge:
    """Read `knowledge: faq.md`, a list of files, or a mapping with `files`."""
    if value.is_text or value.is_list:
        listed, fields = value.items(), {}
    else:
        fields = value.fields(required=("files",), optional=KNOWLEDGE_KEYS[1:])
        listed = fields["files"].items() if "files" in fields else []
    entries = []
    for item in listed:
        path = Path(os.path.normpath(folder / item.text()))
        sources.add(path)
        try:
            entries += files.read(path)
        except BadInput as error:
            for problem in error.problems:
                if problem.line is None:
                    item.report(f"{problem.file} {problem.what}", problem.hint)
                else:
                    item.document.problems.append(problem)
    for problem in files.duplicates(entries):
        value.document.problems.append(problem)
    value.document.warnings.extend(files.long_answers(entries))
    return Knowledge(
        tuple(entries),
        prompt(fields["back"], folder) if "back" in fields else None,
        prompt(fields["unknown"], folder) if "unknown" in fields else None,
    )


def emotion(value: Value, folder: Path) -> Calming:
    """Read what is done about a caller who is annoyed."""
    fields = value.fields(optional=EMOTION_KEYS)
    if not fields.keys() & {"say", "then"}:
        value.report("says nothing and leads nowhere", "add `say: 非常抱歉。` or `then: to_human`")
    if "after" in fields and "then" not in fields:
        fields["after"].report("leads nowhere", "add `then: to_human`")
    return Calming(
        prompt(fields["say"], folder) if "say" in fields else None,
        whole(fields, "after", ANNOYED, "after: 2") or Calming().after,
        transition(fields["then"], folder) if "then" in fields else None,
    )


def _function(value: Value, folder: Path) -> None:
    """Note a function that `actions.py` does not have; the file is parsed and not run."""
    path = folder / ACTIONS_FILE
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except OSError as error:
        value.report(f"{path} cannot be read ({error.strerror})", f"write the function in {path}")
        return
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        value.report(f"{path}:{line}: is no Python here ({error})", "mend it first")
        return
    known = [each.name for each in tree.body if isinstance(each, ast.FunctionDef)]
    public = [each for each in known if not each.startswith("_")]
    if value.text() not in public:
        what = f'{path} has no function "{value.text()}"'
        value.report(what, suggest(value.text(), public, everything=True))


def _url(value: Value) -> None:
    text = value.text()
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or "{" in text:
        value.report(f'"{text}" is no http address', "write https://shop.example/orders")
    elif parts.username or parts.password:
        value.report("holds a password", "put a token into the environment: `token_from: NAME`")
    elif parts.scheme == "http" and parts.hostname not in _LOCAL:
        what = "sends customers' data unencrypted to another machine"
        value.document.warn(value.path, what, "use https")
