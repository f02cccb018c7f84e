"""A script as a graph: which state leads where, and by what."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from voicebot.dialogue.script import RETURN, SAME_STATE, Reprompt, Script, State, Transition


@dataclass(frozen=True, slots=True)
class Exit:
    """One way out of a state, `SAME_STATE` resolved to the state itself."""

    label: str
    """The intent, or `next`, `filled`, `failed`, `no_input`, `no_match`, `annoyed`."""
    target: str
    """A state, or `RETURN`."""
    path: str
    """Where the target stands in the file."""
    call: bool = False
    """The target begins a sub-flow, which comes back."""


def exits(script: Script, state: State, *, shared: bool = True) -> Iterator[Exit]:
    """Yield the ways out of `state`; without `shared` only those that it defines itself."""
    own = f"states.{state.name}"
    if state.next is not None:
        label = "filled" if state.form else "next"
        yield from transition_exits(label, state.next, state.name, f"{own}.next")
    if state.failed is not None:
        yield from transition_exits("failed", state.failed, state.name, f"{own}.failed")
    if not state.listens:
        return
    for intent, transition in state.on.items():
        yield from transition_exits(intent, transition, state.name, f"{own}.on.{intent}")
    if shared:
        for intent, transition in script.anywhere.items():
            if intent not in state.on:
                yield from transition_exits(intent, transition, state.name, f"anywhere.{intent}")
        if script.emotion is not None and script.emotion.then is not None:
            yield from transition_exits("annoyed", script.emotion.then, state.name, "emotion.then")
    yield from _reprompt("no_input", state.no_input, script.no_input, own, shared)
    yield from _reprompt("no_match", state.no_match, script.no_match, own, shared)


def transition_exits(label: str, head: Transition, state: str, path: str) -> Iterator[Exit]:
    """Yield the ways of one transition with all that may be followed instead."""
    chain = list(head.chain())
    for number, each in enumerate(chain, 1):
        where = path if len(chain) == 1 else f"{path}[{number}]"
        if each.call is not None:
            yield Exit(label, each.call, f"{where}.call", call=True)
        yield Exit(label, state if each.go == SAME_STATE else each.go, f"{where}.go")


def reached(
    script: Script, begin: str, aliases: Mapping[str, str], *, inside: bool = True
) -> set[str]:
    """Return every state that a call can come to from `begin`, sub-flows included.

    Without `inside` the sub-flows that are called on the way are passed over. `aliases` names what
    an unknown target probably means, so that one slip of the pen does not make half a script
    unreachable.
    """
    found: set[str] = set()
    waiting = [begin]
    while waiting:
        name = waiting.pop()
        name = aliases.get(name, name)
        if name in found or name not in script.states:
            continue
        found.add(name)
        ways = exits(script, script.states[name])
        waiting += [each.target for each in ways if inside or not each.call]
    return found


def returns(script: Script, state: State) -> bool:
    """Tell whether a way leads from `state` back to where a sub-flow was called."""
    return any(each.target == RETURN for each in exits(script, state))


def _reprompt(
    kind: str, own: Reprompt | None, default: Reprompt, path: str, shared: bool
) -> Iterator[Exit]:
    if own is not None:
        yield from transition_exits(kind, own.then, "", f"{path}.{kind}.then")
    elif shared:
        yield from transition_exits(kind, default.then, "", f"{kind}.then")
