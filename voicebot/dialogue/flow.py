"""A script as a graph: which state leads where, and by what."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from voicebot.dialogue.script import SAME_STATE, Reprompt, Script, State, Transition


@dataclass(frozen=True, slots=True)
class Exit:
    """One way out of a state, `SAME_STATE` resolved to the state itself."""

    label: str
    """The intent, or `next`, `no_input`, `no_match`."""
    target: str
    path: str
    """Where the target stands in the file."""


def exits(script: Script, state: State, *, shared: bool = True) -> Iterator[Exit]:
    """Yield the ways out of `state`; without `shared` only those that it defines itself."""
    own = f"states.{state.name}"
    if state.next is not None:
        yield Exit("next", state.next, f"{own}.next")
    if not state.listens:
        return
    yield from _transitions(state.on, state.name, f"{own}.on")
    if shared:
        rest = {name: each for name, each in script.anywhere.items() if name not in state.on}
        yield from _transitions(rest, state.name, "anywhere")
    yield from _reprompt("no_input", state.no_input, script.no_input, own, shared)
    yield from _reprompt("no_match", state.no_match, script.no_match, own, shared)


def reached(script: Script, begin: str, aliases: Mapping[str, str]) -> set[str]:
    """Return every state that a call can come to from `begin`.

    `aliases` names what an unknown target probably means, so that one slip of the pen does not
    make half a script unreachable.
    """
    found: set[str] = set()
    waiting = [begin]
    while waiting:
        name = waiting.pop()
        name = aliases.get(name, name)
        if name in found or name not in script.states:
            continue
        found.add(name)
        waiting += [each.target for each in exits(script, script.states[name])]
    return found


def _transitions(found: Mapping[str, Transition], state: str, path: str) -> Iterator[Exit]:
    for intent, transition in found.items():
        target = state if transition.go == SAME_STATE else transition.go
        yield Exit(intent, target, f"{path}.{intent}.go")


def _reprompt(
    kind: str, own: Reprompt | None, default: Reprompt, path: str, shared: bool
) -> Iterator[Exit]:
    if own is not None:
        yield Exit(kind, own.then.go, f"{path}.{kind}.then.go")
    elif shared:
        yield Exit(kind, default.then.go, f"{kind}.then.go")
