"""What can be wrong with a script as a whole: names, ways, phrases, fields.

Everything is reported into the document that the script was read from, which knows the lines.
"""

import re
from collections.abc import Collection, Iterator, Mapping

from voicebot.dialogue.ambiguity import report_ambiguity
from voicebot.dialogue.check_names import asked, check_names, spoken_names
from voicebot.dialogue.conversation import MAX_SILENT_STATES
from voicebot.dialogue.document import Document, suggest
from voicebot.dialogue.flow import exits, reached, returns
from voicebot.dialogue.script import (
    AFFIRM,
    ANY_ANSWER,
    DENY,
    PLACE,
    RETURN,
    SAME_STATE,
    BargeIn,
    Listen,
    Prompt,
    Script,
    State,
)
from voicebot.dialogue.wording import plain

CHARACTERS_A_SECOND = 4.5
"""How fast the bundled voice speaks, pauses included."""

OPENING_S = 6.0
"""Who cannot interrupt hangs up: an opening is short, or it may be interrupted."""

_HAN = re.compile(r"[\u3400-\u9fff]")


def check(script: Script, document: Document, columns: Collection[str] | None = None) -> None:
    """Report every fault and warning; `columns` are those of the contacts file."""
    _intents(script, document)
    check_names(script, document)
    _targets(script, document)
    _ways(script, document)
    for path, prompt in script.all_prompts():
        _prompt(script, document, path, prompt)
    for path, assigned in _assignments(script):
        _assigned(script, document, path, assigned)
    for state in script.states.values():
        if state.listens:
            _listening(script, document, state)
    report_ambiguity(script, document)
    _variables(script, document, columns)
    _unused(script, document)
    _opening(script, document)


def _assignments(script: Script) -> Iterator[tuple[str, Mapping[str, str]]]:
    for path, transition in script.all_transitions():
        yield f"{path}.set", transition.set
    for state in script.states.values():
        yield f"states.{state.name}.set", state.set


def _intents(script: Script, document: Document) -> None:
    for path, mapping in (
        ("anywhere", script.anywhere),
        *((f"states.{state.name}.on", state.on) for state in script.states.values()),
    ):
        for intent in mapping:
            if intent == ANY_ANSWER and path == "anywhere":
                what = "any is not for anywhere: every word would be an answer to everything"
                document.report(f"{path}.{intent}", what, "put it under one state's on")
            elif intent != ANY_ANSWER and intent not in script.intents:
                hint = suggest(intent, [*script.intents, ANY_ANSWER])
                document.report(f"{path}.{intent}", f'unknown intent "{intent}"', hint)


def _targets(script: Script, document: Document) -> None:
    targets = [("start", script.start)]
    for path, transition in script.all_transitions():
        targets.append((f"{path}.go", transition.go))
        if transition.call is not None:
            targets.append((f"{path}.call", transition.call))
    for path, target in targets:
        if path != "start" and not path.endswith(".call") and target in (SAME_STATE, RETURN):
            continue
        if target and target not in script.states:
            hint = suggest(target, script.states)
            where = path if path in document.lines else path.removesuffix(".go")
            document.report(where, f'unknown state "{target}"', hint)
    for state in script.states.values():
        for key, head in (("next", state.next), ("failed", state.failed)):
            if head is not None and any(each.go == SAME_STATE for each in head.chain()):
                what = "same is for answers; here it would go round for ever"
                document.report(f"states.{state.name}.{key}", what, "name a state")


def _ways(script: Script, document: Document) -> None:
    """Report states that no call comes to, or that no call leaves."""
    if script.start not in script.states:
        return
    aliases = _aliases(script)
    found = reached(script, script.start, aliases)
    outside = reached(script, script.start, aliases, inside=False)
    for name, state in script.states.items():
        path = f"states.{name}"
        if name not in found:
            hint = "lead to it from another state, or remove it"
            document.report(path, "no call ever comes here", hint)
            continue
        if name in outside and returns(script, state):
            what = "returns, but no sub-flow was called"
            document.report(path, what, "lead here with `call:` only")
        within = reached(script, name, aliases)
        unknown = any(
            each.target not in script.states and each.target not in (*aliases, RETURN)
            for other in within
            for each in exits(script, script.states[other])
        )
        leaves = any(
            script.states[other].end is not None or returns(script, script.states[other])
            for other in within
        )
        if not unknown and not leaves:
            document.report(path, "no way leads from here to an end", "add a state with end:")
        elif _silent_states(script, state) > MAX_SILENT_STATES:
            what = f"more than {MAX_SILENT_STATES} states in a row speak without listening"
            document.report(path, what, "join their prompts")


def _aliases(script: Script) -> dict[str, str]:
    """Return the likely meaning of each unknown target."""
    targets = (
        {each.target for state in script.states.values() for each in exits(script, state)}
        - script.states.keys()
        - {RETURN}
    )
    hints = {target: suggest(target, script.states) for target in targets}
    pattern = re.compile('did you mean "(.*)"')
    return {target: match[1] for target, hint in hints.items() if (match := pattern.match(hint))}


def _silent_states(script: Script, state: State) -> int:
    count = 0
    following: State | None = state
    while following is not None and not following.listens and count <= MAX_SILENT_STATES:
        if following.next is None or following.do is not None:
            break
        count += 1
        following = script.states.get(following.next.go)
    return count


def _prompt(script: Script, document: Document, path: str, prompt: Prompt) -> None:
    for number, wording in enumerate(prompt.wordings, 1):
        where = next(
            (
                each
                for each in (f"{path}[{number}]", f"{path}.wordings[{number}]")
                if each in document.lines
            ),
            path,
        )
        rest = PLACE.sub("", wording.text)
        places = PLACE.findall(wording.text)
        if wording.text and not _HAN.search(rest) and not places:
            what = f'"{wording.text}" has no Chinese, which is all the voice speaks'
            document.report(where, what, "write it as it is said")
        if "{" in rest or "}" in rest:
            what = "has a brace that belongs to no {variable}"
            document.report(where, what, "write {name}, without spaces")
        if places and path == "apology":
            what = "has variables, but is said when nothing can be relied on"
            document.report(where, what, "use fixed words only")
            continue
        if places and wording.recording is not None:
            document.report(where, "is recorded, but has variables", "a recording cannot vary")
        _places(script, document, where, places)


def _places(script: Script, document: Document, path: str, places: list[str]) -> None:
    known = spoken_names(script)
    for place in dict.fromkeys(places):
        if place not in known:
            what = f'"{place}" is neither a variable nor an outcome field'
            document.report(path, what, suggest(place, known))


def _assigned(script: Script, document: Document, path: str, assigned: Mapping[str, str]) -> None:
    for name, value in assigned.items():
        where = f"{path}.{name}"
        if name not in script.outcome:
            what = f'unknown outcome field "{name}"'
            document.report(where, what, suggest(name, script.outcome))
            continue
        _places(script, document, where, PLACE.findall(value))
        values = script.outcome[name].values
        if values and not PLACE.search(value) and value not in values:
            what = f'"{value}" is not one of the values of {name}'
            document.report(where, what, suggest(value, values, everything=True))


def _listening(script: Script, document: Document, state: State) -> None:
    path = f"states.{state.name}"
    if state.form:
        return
    if state.save is not None:
        if state.save not in script.outcome:
            what = f'unknown outcome field "{state.save}"'
            document.report(f"{path}.save", what, suggest(state.save, script.outcome))
        elif script.outcome[state.save].values:
            what = f"{state.save} has fixed values, but an answer may be any words"
            document.report(f"{path}.save", what, "save to a field without values")
        if ANY_ANSWER not in state.on:
            what = "saves an answer, but does not say where to go with it"
            document.report(f"{path}.save", what, "add `any: STATE` under on")
        if state.listen is Listen.GRAMMAR:
            what = "saves what was said, but hears only the phrases it expects"
            document.warn(f"{path}.save", what, "add `listen: free`")
    known = [script.intents.get(name) for name in script.transitions(state)]
    if state.listen is Listen.GRAMMAR and not any(each and each.sentences for each in known):
        known_intents = [name for name in script.transitions(state) if name != ANY_ANSWER]
        if not known_intents:
            what = "hears only the phrases it expects, but expects none"
            document.report(path, what, "add intents under on, or `listen: free`")


def _variables(script: Script, document: Document, columns: Collection[str] | None) -> None:
    for name, variable in script.variables.items():
        if columns is not None and variable.default is None and name not in columns:
            what = f'the contacts have no column "{name}", and there is no default'
            hint = suggest(name, columns, everything=True)
            document.report(f"variables.{name}", what, hint)


def _unused(script: Script, document: Document) -> None:
    used = set(script.anywhere).union(*(state.on for state in script.states.values()))
    if any(slot.confirm is not None for slot in script.slots.values()):
        used |= {AFFIRM, DENY}
    for name in script.intents:
        if name not in used:
            document.warn(f"intents.{name}", "is never used", "put it under on or anywhere")
    texts = " ".join(wording.text for _, each in script.all_prompts() for wording in each.wordings)
    texts += " ".join(value for each in script.actions.values() for value in each.send.values())
    if script.knowledge is not None:
        texts += " ".join(each.answer for each in script.knowledge.entries)
    texts += " ".join(value for _, each in _assignments(script) for value in each.values())
    places = set(PLACE.findall(texts)) | {each.name for each in asked(script)}
    for name in script.variables:
        if name not in places:
            document.warn(f"variables.{name}", "is never used", f"say {{{name}}} in a prompt")
    filled = {name for _, each in _assignments(script) for name in each}
    filled |= {state.save for state in script.states.values() if state.save}
    for name in script.outcome:
        if name not in filled:
            document.warn(f"outcome.{name}", "is never set", "set or save it in a state")


def _opening(script: Script, document: Document) -> None:
    state = script.states.get(script.start)
    if state is None or state.prompt.barge_in is BargeIn.ANY:
        return
    examples = {name: each.example for name, each in script.variables.items()}
    for wording in state.prompt.wordings:
        said = PLACE.sub(lambda place: examples.get(place[1], ""), wording.text)
        seconds = len(plain(said)) / CHARACTERS_A_SECOND
        if seconds > OPENING_S:
            what = f"takes about {seconds:.1f} s and cannot be interrupted"
            hint = f"stay under {OPENING_S:.0f} s, or `barge_in: any`"
            document.warn(f"states.{state.name}.prompt", what, hint)
