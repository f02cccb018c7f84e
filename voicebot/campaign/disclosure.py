"""What a callee must be told at the beginning: a machine is speaking, the call is recorded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from voicebot.campaign.policy import Policy
from voicebot.dialogue.script import Prompt, Script


@dataclass(frozen=True, slots=True)
class Untold:
    """Something that the policy wants said and that is not."""

    path: str
    """Where it should be, in the script or in campaign.yaml."""
    what: str
    hint: str


def untold(script: Script, policy: Policy, message: str = "") -> list[Untold]:
    """Return what the policy wants said and a call of this script does not say.

    The callee hears it before they are first asked anything, however it is worded: one state on
    the way there must say one of the policy's words in every wording of its prompt. `message` is
    what is left to an answering machine, which is no less spoken by a machine.
    """
    demands = (
        (policy.disclosure, "that a machine is speaking"),
        (policy.recording_notice, "that the call is recorded"),
    )
    path = f"states.{script.start}.prompt"
    found = [
        Untold(path, f"the callee is not told {what} before being asked", _hint(policy, words))
        for words, what in demands
        if not _says(script, words)
    ]
    if message and not _holds(message, policy.disclosure):
        what = "the message does not say that a machine is speaking"
        found.append(Untold("machine.message", what, _hint(policy, policy.disclosure)))
    return found


def _hint(policy: Policy, words: Sequence[str]) -> str:
    return f"the policy {policy.name} wants one of: {', '.join(words)}"


def _says(script: Script, words: Sequence[str]) -> bool:
    return not words or any(
        prompt.wordings and all(_holds(each.text, words) for each in prompt.wordings)
        for prompt in _before_the_first_answer(script)
    )


def _holds(text: str, words: Sequence[str]) -> bool:
    return not words or any(word.lower() in text.lower() for word in words)


def _before_the_first_answer(script: Script) -> Iterator[Prompt]:
    seen: set[str] = set()
    name = script.start
    while name in script.states and name not in seen:
        seen.add(name)
        state = script.states[name]
        yield state.prompt
        if state.next is None or state.form:
            return
        name = state.next.go
