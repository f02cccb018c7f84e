"""How states, transitions and re-prompts stand in a script's YAML."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from voicebot.dialogue.document import Value, suggest
from voicebot.dialogue.schema_prompt import (
    NO_PROMPT,
    assignments,
    choice,
    condition,
    prompt,
    whole,
    yes_or_no,
)
from voicebot.dialogue.script import (
    RETURN,
    SAME_STATE,
    SCRIPT_END_REASONS,
    Counts,
    EndReason,
    Hearing,
    Listen,
    Prompt,
    Reprompt,
    State,
    Transition,
)

NOWHERE = Transition(go="")

ENDPOINT_MS = range(200, 3001)
"""Shorter cuts callers off between two words, longer feels like a dead line."""

DIGITS = range(1, 31)
"""Of one number: from a rating to the longest order number."""

TRANSITION_KEYS = ("go", "say", "set", "counts", "count", "forget", "call", "when")
SILENT_KINDS = ("do", "form", "next")
"""Kinds of states that may have nothing to say of their own."""

REPROMPT_KEYS = ("prompts", "then")
HEARING_KEYS = ("listen", "endpoint_ms", "complete_ms", "incomplete_ms", "digits", "private")
LISTENING_KEYS = ("again", "on", "no_input", "no_match", "save", *HEARING_KEYS)
"""Keys of a state that listens."""
STATE_KEYS = (
    *("prompt", "next", "end", "set", "count", "forget"),
    *("form", "do", "waiting", "failed"),
    *LISTENING_KEYS,
)


def transition(value: Value, folder: Path) -> Transition:
    """Read a state's name, `{go, say, set, …}`, or a list of them with conditions."""
    if not value.is_list:
        read = _transition(value, folder)
        if read.when is not None:
            value.report("has a condition, but nothing else to do", f"write {_CHAIN}")
        return read
    items = value.items()
    if not items:
        value.report("leads nowhere", f"write {_CHAIN}")
        return NOWHERE
    found = [_transition(item, folder) for item in items]
    for item, each in zip(items[:-1], found[:-1], strict=True):
        if each.when is None and not _has_condition(item):
            item.report("has no condition, so what follows is never done", "add `when:`")
    if found[-1].when is not None:
        items[-1].report("has a condition, and nothing is left when it fails", f"write {_CHAIN}")
    chain = found[-1]
    for each in reversed(found[:-1]):
        chain = replace(each, otherwise=chain)
    return chain


_CHAIN = "[{when: tries >= 3, go: to_human}, {go: same}]"


def _has_condition(value: Value) -> bool:
    return not value.is_text and f"{value.path}.when" in value.document.lines


def _transition(value: Value, folder: Path) -> Transition:
    if value.is_text:
        return Transition(value.text())
    fields = value.fields(required=("go",), optional=TRANSITION_KEYS[1:])
    return Transition(
        fields["go"].text() if "go" in fields else "",
        prompt(fields["say"], folder) if "say" in fields else None,
        assignments(fields["set"]) if "set" in fields else {},
        choice(fields["counts"], Counts, Counts.NOTHING) if "counts" in fields else None,
        fields["count"].texts() if "count" in fields else (),
        fields["forget"].texts() if "forget" in fields else (),
        fields["call"].text() if "call" in fields else None,
        condition(fields["when"]) if "when" in fields else None,
    )


def transitions(value: Value, folder: Path) -> dict[str, Transition]:
    """Read what stands under `on:` or `anywhere:`."""
    return {intent: transition(each, folder) for intent, each in value.entries().items()}


def reprompt(value: Value, folder: Path) -> Reprompt:
    """Read `{prompts: […], then: …}`."""
    fields = value.fields(required=REPROMPT_KEYS)
    prompts = fields["prompts"].items() if "prompts" in fields else []
    then = transition(fields["then"], folder) if "then" in fields else NOWHERE
    if any(each.go == SAME_STATE for each in then.chain()):
        what = "never leaves: when the prompts are used up, silence would be asked for ever"
        fields["then"].report(what, "go to a state that ends the call or asks something else")
    return Reprompt(tuple(prompt(each, folder) for each in prompts), then)


def state(value: Value, folder: Path, name: Callable[[Value, str, str], None]) -> State:
    """Read one state; `name` judges what it is called."""
    name(value, "state", SAME_STATE)
    name(value, "state", RETURN)
    fields = value.fields(optional=STATE_KEYS)
    kind = _kind(value, fields)
    if "prompt" not in fields and kind not in SILENT_KINDS:
        value.report('the key "prompt" is missing', "add `prompt:` here")
    silent = Prompt(()) if kind in SILENT_KINDS else NO_PROMPT
    end = _end(fields["end"]) if "end" in fields else None
    if kind == "":
        end = EndReason.FINISHED

    def read(key: str) -> Transition | None:
        return transition(fields[key], folder) if key in fields else None

    def said(key: str) -> Prompt | None:
        return prompt(fields[key], folder) if key in fields else None

    hears = hearing(fields)
    return State(
        name=value.path.rpartition(".")[2],
        prompt=said("prompt") or silent,
        again=said("again"),
        on=transitions(fields["on"], folder) if "on" in fields else {},
        no_input=reprompt(fields["no_input"], folder) if "no_input" in fields else None,
        no_match=reprompt(fields["no_match"], folder) if "no_match" in fields else None,
        listen=hears.listen,
        save=fields["save"].text() if "save" in fields else None,
        set=assignments(fields["set"]) if "set" in fields else {},
        endpoint_ms=hears.endpoint_ms,
        complete_ms=hears.complete_ms,
        incomplete_ms=hears.incomplete_ms,
        digits=hears.digits,
        private=hears.private,
        count=fields["count"].texts() if "count" in fields else (),
        forget=fields["forget"].texts() if "forget" in fields else (),
        form=fields["form"].texts() if "form" in fields else (),
        do=fields["do"].text() if "do" in fields else None,
        waiting=said("waiting"),
        failed=read("failed"),
        next=read("next"),
        end=end,
    )


def hearing(fields: Mapping[str, Value]) -> Hearing:
    """Read how an answer is heard, from the entries of a state or a slot."""
    return Hearing(
        choice(fields["listen"], Listen, Listen.GRAMMAR) if "listen" in fields else Listen.GRAMMAR,
        whole(fields, "endpoint_ms", ENDPOINT_MS, "endpoint_ms: 800"),
        whole(fields, "complete_ms", ENDPOINT_MS, "complete_ms: 400"),
        whole(fields, "incomplete_ms", ENDPOINT_MS, "incomplete_ms: 2000"),
        whole(fields, "digits", DIGITS, "digits: 11"),
        "private" in fields and yes_or_no(fields["private"]),
    )


def _kind(value: Value, fields: Mapping[str, Value]) -> str:
    """Return which key makes the state what it is, and note the keys that do not go with it."""
    if "next" in fields and "end" in fields:
        value.report("has both next and end", "a state either goes on or ends the call")
    kind = next((each for each in ("do", "form", "next", "end", "on") if each in fields), "")
    for key in LISTENING_KEYS if kind in ("do", "next", "end") else ():
        if key in fields:
            what = f"is for states that listen, but this one has {kind}"
            fields[key].report(what, f"remove it or {kind}")
    for key in ("save", *HEARING_KEYS) if kind == "form" else ():
        if key in fields:
            fields[key].report("is the slots' own in a state with a form", "write it under slots")
    for key, others in (("do", ("form", "end")), ("form", ("end",))):
        for other in others:
            if key == kind and other in fields:
                fields[other].report(f"does not go with {key}", f"remove it or {key}")
    if kind in ("do", "form") and "next" not in fields:
        value.report("does not say where to go then", "add `next: STATE`")
    if kind == "do" and "failed" not in fields:
        what = "does not say what to do when the action fails"
        value.report(what, "add `failed: STATE`; programs do hang")
    for key, kinds in (("waiting", ("do",)), ("failed", ("do", "form"))):
        if key in fields and kind not in kinds:
            fields[key].report(f"is for states with {' or '.join(kinds)}", "remove it")
    if kind == "":
        value.report("has none of on, form, do, next and end", "say what follows the prompt")
    return kind


def _end(value: Value) -> EndReason:
    text = value.text()
    if text in SCRIPT_END_REASONS:
        return EndReason(text)
    known = sorted(SCRIPT_END_REASONS)
    value.report(f'"{text}" is no reason to end that a script may give', suggest(text, known))
    return EndReason.FINISHED
