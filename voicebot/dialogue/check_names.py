"""What names in a script may mean: one thing each, and the same wherever they stand."""

from collections.abc import Collection, Iterator
from itertools import product

from voicebot.dialogue.condition import (
    ORDERS,
    Compare,
    Condition,
    Holds,
    comparisons,
    holds,
    number,
)
from voicebot.dialogue.document import Document, suggest
from voicebot.dialogue.script import AFFIRM, DENY, EMOTION, INTENT, PLACE, Prompt, Script

MOODS = ("negative", "neutral", "positive")

TRIED = 256
"""Combinations of experiments' variants that wordings are checked against."""


def check_names(script: Script, document: Document) -> None:
    """Report names that mean two things, or nothing."""
    _twice(script, document)
    for path, condition in conditions(script):
        _condition(script, document, path, condition)
    for path, prompt in script.all_prompts():
        _wordings(script, document, path, prompt)
    _used(script, document)
    _actions(script, document)
    _knowledge(script, document)


def spoken_names(script: Script) -> list[str]:
    """Return what prompts may speak of."""
    results = [name for hook in script.actions.values() for name in hook.gives]
    return [*script.variables, *script.outcome, *script.slots, *results, *script.counters]


def asked(script: Script) -> Iterator[Compare | Holds]:
    """Yield every comparison of every condition."""
    for _, condition in conditions(script):
        yield from comparisons(condition)


def conditions(script: Script) -> Iterator[tuple[str, Condition]]:
    """Yield every condition with its path."""
    for path, transition in script.all_transitions():
        if transition.when is not None:
            yield f"{path}.when", transition.when
    for name, slot in script.slots.items():
        if slot.when is not None:
            yield f"slots.{name}.when", slot.when
    for path, prompt in script.all_prompts():
        for count, wording in enumerate(prompt.wordings, 1):
            if wording.when is not None:
                yield f"{path}[{count}].when", wording.when


def values_of(script: Script, name: str) -> tuple[str, ...]:
    """Return what a name may be; anything when empty."""
    if name == EMOTION:
        return MOODS
    if name == INTENT:
        return tuple(script.intents)
    if name in script.experiments:
        return tuple(script.experiments[name])
    if name in script.outcome:
        return script.outcome[name].values
    for hook in script.actions.values():
        if name in hook.gives:
            return hook.gives[name]
    return ()


def _kinds(script: Script) -> list[tuple[str, Collection[str], str]]:
    """Return the kinds of names: what they are called, the names, and where they stand."""
    kinds: list[tuple[str, Collection[str], str]] = [
        ("a variable", script.variables, "variables"),
        ("an outcome field", script.outcome, "outcome"),
        ("a slot", script.slots, "slots"),
        ("a counter", script.counters, "counters"),
        ("an experiment", script.experiments, "experiments"),
    ]
    for action, hook in script.actions.items():
        kinds.append((f"a result of {action}", hook.gives, f"actions.{action}.gives"))
    return kinds


def _twice(script: Script, document: Document) -> None:
    seen: dict[str, str] = {EMOTION: "what the robot notices", INTENT: "what the robot understood"}
    for kind, names, path in _kinds(script):
        for name in names:
            where = path if path == "counters" else f"{path}.{name}"
            first = seen.setdefault(name, kind)
            if first == kind or (first.startswith("a result") and kind.startswith("a result")):
                continue
            what = f'"{name}" is {first} and {kind}'
            document.report(where, what, "prompts could mean either: rename one")


def _condition(script: Script, document: Document, path: str, condition: Condition) -> None:
    known = [EMOTION, INTENT, *(name for _, names, _ in _kinds(script) for name in names)]
    for part in comparisons(condition):
        if part.name not in known:
            document.report(
                path, f'"{part.name}" is no name of this script', suggest(part.name, known)
            )
            continue
        if isinstance(part, Holds):
            continue
        allowed = values_of(script, part.name)
        value = part.value
        if part.operator in ORDERS and number(value) is None:
            what = f'"{value}" is no number, and {part.operator} compares numbers'
            document.report(path, what, f"write {part.name} {part.operator} 3")
        elif part.operator in ("=", "!=") and allowed and value not in allowed:
            what = f'{part.name} is never "{value}"'
            document.report(path, what, suggest(value, allowed, everything=True))


def _wordings(script: Script, document: Document, path: str, prompt: Prompt) -> None:
    """Report a prompt that could have nothing to say."""
    if not prompt.wordings or any(each.when is None for each in prompt.wordings):
        return
    conditions = [each.when for each in prompt.wordings if each.when is not None]
    names = {part.name for each in conditions for part in comparisons(each)}
    if names <= script.experiments.keys():
        choices = [[(name, value) for value in script.experiments[name]] for name in names]
        every = list(product(*choices))[:TRIED]
        if all(any(holds(each, dict(chosen)) for each in conditions) for chosen in every):
            return
    hint = "add one without `when:`, for when no condition holds"
    document.report(path, "has conditions on every wording, and may have nothing to say", hint)


def _used(script: Script, document: Document) -> None:
    """Report counters, slots and actions that are named but not declared, or never named."""
    results = {name for hook in script.actions.values() for name in hook.gives}
    can_be_forgotten = {*script.slots, *results}
    counted: set[str] = set()
    places = [(path, each.count, each.forget) for path, each in script.all_transitions()]
    places += [(f"states.{name}", each.count, each.forget) for name, each in script.states.items()]
    for path, count, forget in places:
        counted.update(count)
        for name in count:
            if name not in script.counters:
                what = f'unknown counter "{name}"'
                document.report(f"{path}.count", what, suggest(name, script.counters))
        for name in forget:
            if name not in can_be_forgotten:
                what = f'unknown slot "{name}"'
                document.report(f"{path}.forget", what, suggest(name, can_be_forgotten))
    in_forms: set[str] = set()
    done: set[str] = set()
    for name, state in script.states.items():
        in_forms.update(state.form)
        for slot in state.form:
            if slot not in script.slots:
                what = f'unknown slot "{slot}"'
                document.report(f"states.{name}.form", what, suggest(slot, script.slots))
        if state.do is not None:
            done.add(state.do)
            if state.do not in script.actions:
                what = f'unknown action "{state.do}"'
                document.report(f"states.{name}.do", what, suggest(state.do, script.actions))
    for name in script.slots:
        if name not in in_forms:
            document.warn(f"slots.{name}", "is never asked for", "put it into a form")
        if script.slots[name].confirm is not None and not {AFFIRM, DENY} <= script.intents.keys():
            what = f"is read back, but the script has no intents {AFFIRM} and {DENY}"
            document.report(f"slots.{name}.confirm", what, "add them")
    for name in script.actions:
        if name not in done:
            document.warn(f"actions.{name}", "is never done", "do it in a state")
    for name in script.counters:
        if name not in counted:
            document.warn("counters", f'"{name}" is never counted', "add `count: " + name + "`")
    named = {part.name for part in asked(script)}
    for name in script.experiments:
        if name not in named:
            what = "is never asked about"
            document.warn(f"experiments.{name}", what, "give wordings `when: NAME == VARIANT`")


def _actions(script: Script, document: Document) -> None:
    known = [*spoken_names(script), *script.experiments, EMOTION, INTENT]
    for name, hook in script.actions.items():
        for key, value in hook.send.items():
            for place in PLACE.findall(value):
                if place not in known:
                    what = f'"{place}" is no name of this script'
                    document.report(f"actions.{name}.send.{key}", what, suggest(place, known))


def _knowledge(script: Script, document: Document) -> None:
    if script.knowledge is None:
        return
    known = spoken_names(script)
    for entry in script.knowledge.entries:
        for place in PLACE.findall(entry.answer):
            if place not in known:
                what = f'the answer to "{entry.question}" names "{place}", which the script lacks'
                document.report(
                    "knowledge", f"{entry.file}:{entry.line}: {what}", suggest(place, known)
                )
