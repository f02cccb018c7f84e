"""What a conversation wants said and done next."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from voicebot.dialogue.hook import HookCall
from voicebot.dialogue.memory import defaults
from voicebot.dialogue.script import PLACE, BargeIn, EndReason, Script


@dataclass(frozen=True, slots=True)
class Spoken:
    """One prompt with its variables filled in."""

    text: str
    recording: Path | None
    barge_in: BargeIn
    shown: str | None = None
    """What is kept of a text in which something private is said; None: the text itself."""


@dataclass(frozen=True, slots=True)
class Step:
    """What follows: say these in order, then listen in `state`, run the hook and wait for what it
    answers, or hang up when `end` is set."""

    say: tuple[Spoken, ...]
    state: str
    end: EndReason | None = None
    hook: HookCall | None = None
    waiting: Spoken | None = None
    """Said when the hook takes longer than that."""


def spoken_prompts(script: Script, variables: Mapping[str, str]) -> tuple[Spoken, ...]:
    """Return every wording that a call with `variables` may say and whose places are known.

    What depends on the conversation itself is only known in the call.
    """
    known = {**defaults(script), **variables}
    return tuple(
        Spoken(
            PLACE.sub(lambda place: known[place[1]], wording.text),
            wording.recording,
            prompt.barge_in,
        )
        for prompt in script.prompts()
        for wording in prompt.wordings
        if set(PLACE.findall(wording.text)) <= known.keys()
    )


def spoken_text(text: str, script: Script, variables: Mapping[str, str]) -> Spoken:
    """Return a text that stands outside the script, with its places filled in as prompts' are."""
    known = {**defaults(script), **variables}
    return Spoken(PLACE.sub(lambda place: known[place[1]], text), None, BargeIn.NEVER)
