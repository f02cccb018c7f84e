"""Does a call say at its beginning that a machine is speaking?"""

from collections.abc import Iterator

from voicebot.campaign.policy import Policy
from voicebot.dialogue.script import Prompt, Script


def discloses(script: Script, policy: Policy) -> bool:
    """Tell whether the callee hears it before they are first asked anything, however it is worded.

    One state on the way there must say one of the policy's words in every wording of its prompt.
    """
    words = [word.lower() for word in policy.disclosure]
    if not words:
        return True
    return any(
        prompt.wordings
        and all(any(word in each.text.lower() for word in words) for each in prompt.wordings)
        for prompt in _before_the_first_answer(script)
    )


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
