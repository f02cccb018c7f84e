"""One run through a script: from what was heard to what is said, without audio or time.

`voicebot chat` drives it from the keyboard, a call session from the recogniser.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from voicebot.dialogue.completeness import HESITATIONS, Completeness, completeness
from voicebot.dialogue.intents import Understanding, understand
from voicebot.dialogue.script import (
    ANY_ANSWER,
    SAME_STATE,
    BargeIn,
    EndReason,
    Intent,
    Listen,
    Prompt,
    Reprompt,
    Script,
    State,
    Transition,
)
from voicebot.speech.recogniser import UNKNOWN, Transcript

PLACE = re.compile(r"\{(\w+)\}")
"""A `{variable}` in a prompt."""

STAMMER = re.compile(r"(\w{1,2}?)\1+(?=\w)")
"""不不方便: a beginning that was said twice."""

MAX_SILENT_STATES = 20
"""States in a row that only speak; more is a circle that the loader missed."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """One prompt with its variables filled in."""

    text: str
    recording: Path | None
    barge_in: BargeIn


@dataclass(frozen=True, slots=True)
class Step:
    """What follows: say these in order, then listen in `state`, or hang up when `end` is set."""

    say: tuple[Spoken, ...]
    state: str
    end: EndReason | None = None


class Conversation:
    """The state of one conversation and the outcome fields it has set so far."""

    def __init__(self, script: Script, variables: Mapping[str, str], *, variant: int = 0) -> None:
        self.script = script
        self.state = script.states[script.start]
        self.outcome = {name: field.default for name, field in script.outcome.items()}
        self._variables = {
            **{name: each.default for name, each in script.variables.items() if each.default},
            **variables,
        }
        self._variant = variant
        """Which wording of a prompt comes first; the next visit takes the next one."""
        self._visits: Counter[Prompt] = Counter()
        self._in_a_row: Counter[str] = Counter()
        """Silences and misunderstandings since the last answer that was understood."""

    def begin(self) -> Step:
        """Enter the script's first state."""
        return self._enter(self.script.start)

    def answer(self, transcript: Transcript, understanding: Understanding) -> Step:
        """React to what the caller said."""
        transition = self.reaction(transcript, understanding)
        if transition is None:
            return self.no_match()
        own = any(transition is each for each in self.state.on.values())
        if self.state.save is not None and own:
            self.outcome[self.state.save] = _words(transcript)
        self._in_a_row.clear()
        return self._follow(transition)

    def no_match(self) -> Step:
        """React to what cannot be understood."""
        return self._reprompt("no_match", self.state.no_match or self.script.no_match)

    def no_input(self) -> Step:
        """React to silence."""
        return self._reprompt("no_input", self.state.no_input or self.script.no_input)

    def apologise(self, end: EndReason) -> Step:
        """Say that something of ours is broken, and end."""
        return Step((self._speak(self.script.apology),), self.state.name, end)

    def understand(self, transcript: Transcript) -> Understanding:
        """Find what the caller meant, as far as this state asks. Changes nothing."""
        names = self.script.transitions(self.state)
        candidates = [self.script.intents[name] for name in names if name != ANY_ANSWER]
        found = understand(transcript, candidates, self.hot_intents())
        fluent = STAMMER.sub(r"\1", transcript.text)
        if found.intent is None and fluent != transcript.text:
            spoken = replace(transcript, text=fluent)
            found = understand(spoken, candidates, self.hot_intents())
        return found

    def reaction(self, transcript: Transcript, understanding: Understanding) -> Transition | None:
        """Return what an answer leads to; None when it was not understood. Changes nothing.

        Where any words are an answer, an intent counts only when it is all that was said: a
        complaint that mentions the price asks no price.
        """
        found = None
        if understanding.intent is not None:
            found = self.script.transitions(self.state).get(understanding.intent)
        takes_any = ANY_ANSWER in self.state.on and bool(_words(transcript))
        if takes_any and (found is None or not understanding.whole):
            return self.state.on[ANY_ANSWER]
        return found

    def completeness(self, transcript: Transcript, understanding: Understanding) -> Completeness:
        """Judge whether more is to come after these words."""
        reaction = self.reaction(transcript, understanding)
        answered = understanding.whole and reaction is not None
        return completeness(
            transcript.text,
            answer=understanding.phrase if answered else None,
            reacts=reaction is not None,
            phrases=self.phrases(),
            digits=self.state.digits,
        )

    def hot_intents(self) -> list[Intent]:
        """Return the intents whose hot words count here."""
        names = self.script.transitions(self.state)
        return [
            self.script.intents[name]
            for name in names
            if name != ANY_ANSWER and self.script.intents[name].hot_words
        ]

    def has_hot_word(self, text: str) -> bool:
        """Tell whether a hot word stands in `text`."""
        return any(word in text for intent in self.hot_intents() for word in intent.hot_words)

    def phrases(self) -> tuple[str, ...] | None:
        """Return everything the recogniser should be able to hear here; None for anything."""
        if self.state.listen is Listen.FREE:
            return None
        names = self.script.transitions(self.state)
        intents = [self.script.intents[name] for name in names if name != ANY_ANSWER]
        found = [phrase for each in intents for phrase in (*each.sentences, *each.hot_words)]
        return tuple(dict.fromkeys((*found, *HESITATIONS)))

    def _reprompt(self, kind: str, reprompt: Reprompt) -> Step:
        self._in_a_row[kind] += 1
        times = self._in_a_row[kind]
        if times <= len(reprompt.prompts):
            return Step((self._speak(reprompt.prompts[times - 1]),), self.state.name)
        return self._follow(reprompt.then)

    def _follow(self, transition: Transition) -> Step:
        self._record(transition.set)
        said = (self._speak(transition.say),) if transition.say else ()
        if transition.go == SAME_STATE:
            question = self._speak(self.state.again or self.state.prompt)
            return Step((*said, question), self.state.name, self.state.end)
        return self._enter(transition.go, said)

    def _enter(self, name: str, said: tuple[Spoken, ...] = ()) -> Step:
        for _ in range(MAX_SILENT_STATES):
            if name != self.state.name:
                self._in_a_row.clear()
            self.state = self._entered(name)
            said = (*said, self._speak(self.state.prompt))
            if self.state.next is None:
                return Step(said, name, self.state.end)
            name = self.state.next
        raise ValueError(f"script {self.script.name}: no state listens or ends after {name}")

    def _entered(self, name: str) -> State:
        state = self.script.states[name]
        self._record(state.set)
        return state

    def _record(self, fields: Mapping[str, str]) -> None:
        for name, value in fields.items():
            self.outcome[name] = self._fill(value)

    def _speak(self, prompt: Prompt) -> Spoken:
        visit = self._visits[prompt]
        self._visits[prompt] += 1
        wording = prompt.wordings[(self._variant + visit) % len(prompt.wordings)]
        return Spoken(self._fill(wording.text), wording.recording, prompt.barge_in)

    def _fill(self, text: str) -> str:
        known = {**self._variables, **self.outcome}
        return PLACE.sub(lambda place: known.get(place[1], ""), text)


def _words(transcript: Transcript) -> str:
    return transcript.text.replace(UNKNOWN, "").strip()


def spoken_prompts(script: Script, variables: Mapping[str, str]) -> tuple[Spoken, ...]:
    """Return every wording that a call with `variables` may say and whose places are known.

    What depends on the outcome fields is only known in the call.
    """
    known = {
        **{name: each.default for name, each in script.variables.items() if each.default},
        **variables,
    }
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
