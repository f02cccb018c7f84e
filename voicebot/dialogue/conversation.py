"""One run through a script: from what was heard to what is said, without audio or time.

`voicebot chat` drives it from the keyboard, a call session from the recogniser.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import assert_never

from voicebot.dialogue.condition import holds
from voicebot.dialogue.emotion import Emotion, Mood, VoiceChange, judge
from voicebot.dialogue.form import Filled, Form, ReadBack
from voicebot.dialogue.hook import HookCall
from voicebot.dialogue.intents import Understanding
from voicebot.dialogue.listener import Listener, Reaction, Told, spoken_words
from voicebot.dialogue.memory import Memory
from voicebot.dialogue.script import (
    RETURN,
    SAME_STATE,
    BargeIn,
    Calming,
    EndReason,
    Hearing,
    Intent,
    Prompt,
    Reprompt,
    Script,
    State,
    Transition,
)
from voicebot.dialogue.step import Spoken, Step
from voicebot.speech.recogniser import Transcript

MAX_SILENT_STATES = 20
"""States in a row that only speak; more is a circle that the loader missed."""

MAX_SIDE_TRIPS = 6
"""Side questions in a row, without an answer to what was asked: then the call goes where it goes
when nothing is understood. Who asks seven times wants a person."""

MAX_DEPTH = 8
"""Sub-flows within sub-flows."""

QUESTION = re.compile(
    "吗|么|什么|怎么|怎样|多少|多久|多大|多长|几|哪|谁|为啥|为什么|能不能|有没有|可不可以|是不是|会不会|行不行|呢$"
)
APOLOGY = re.compile("抱歉|不好意思|对不起")


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where a sub-flow was called, and where its return leads."""

    flow: str
    state: State
    go: str


class Conversation:
    """The state of one conversation and what it has learnt so far."""

    def __init__(
        self,
        script: Script,
        variables: Mapping[str, str],
        *,
        variant: int = 0,
        contact: str = "",
        now: datetime | None = None,
    ) -> None:
        """`variant`: which wording of a prompt comes first; the next visit takes the next one.
        `contact`: who is called, for the script's experiments. `now`: when the call takes place,
        in the caller's zone; days are counted from it."""
        self.script = script
        self.memory = Memory(script, variables, contact or str(variant))
        self.emotion = Emotion(Mood.NEUTRAL)
        """Of the last answer."""
        self._form = Form(script, self.memory, now or datetime(2026, 1, 1, 9, 0, tzinfo=UTC))
        self._listener = Listener(script, self._form)
        self._variant = variant
        self._visits: Counter[Prompt] = Counter()
        self._in_a_row: Counter[str] = Counter()
        """Silences and misunderstandings since the last answer that was understood."""
        self._side_trips = 0
        self._annoyed = 0
        self._handed_over = False
        self._calls: list[_Frame] = []

    @property
    def state(self) -> State:
        """The state that the conversation is in."""
        return self._listener.state

    @property
    def outcome(self) -> dict[str, str]:
        """The outcome fields as they are now."""
        return self.memory.outcome

    @property
    def place(self) -> str:
        """See `Listener.place`, as for everything up to `phrases`."""
        return self._listener.place

    @property
    def hearing(self) -> Hearing:
        """How the present answer is heard."""
        return self._listener.hearing

    def understand(self, transcript: Transcript) -> Understanding:
        """Find what the caller meant."""
        return self._listener.understand(transcript)

    def reaction(self, transcript: Transcript, understanding: Understanding) -> Reaction | None:
        """Return what an answer leads to."""
        return self._listener.reaction(transcript, understanding)

    def completeness(
        self, transcript: Transcript, understanding: Understanding, *, held: bool = False
    ) -> float:
        """Judge how likely it is that nothing comes after these words."""
        return self._listener.completeness(transcript, understanding, held=held)

    def hot_intents(self) -> list[Intent]:
        """Return the intents whose hot words count here."""
        return self._listener.hot_intents()

    def has_hot_word(self, text: str) -> bool:
        """Tell whether a hot word stands in `text`."""
        return self._listener.has_hot_word(text)

    def phrases(self) -> tuple[str, ...] | None:
        """Return everything the recogniser should be able to hear here; None for anything."""
        return self._listener.phrases()

    def begin(self) -> Step:
        """Enter the script's first state."""
        return self._follow(Transition(self.script.start))

    def answer(
        self,
        transcript: Transcript,
        understanding: Understanding,
        voice: VoiceChange | None = None,
    ) -> Step:
        """React to what the caller said; `voice` is how it sounded against their own start."""
        reaction = self.reaction(transcript, understanding)
        self.emotion = judge(transcript.text, voice)
        self.memory.emotion = self.emotion.mood
        self.memory.intent = understanding.intent or ""
        annoyed = self.emotion.mood is Mood.NEGATIVE
        self._annoyed = self._annoyed + 1 if annoyed else 0
        if self._hands_over(reaction):
            self._handed_over = True
            self._save(transcript, reaction)
            return self._follow(self._calming().then or self.script.no_match.then)
        step = self._react(transcript, reaction)
        return self._calmed(step, understood=reaction is not None) if annoyed else step

    def no_match(self) -> Step:
        """React to what cannot be understood."""
        return self._reprompt("no_match", self.state.no_match or self.script.no_match)

    def no_input(self) -> Step:
        """React to silence."""
        return self._reprompt("no_input", self.state.no_input or self.script.no_input)

    def returned(self, results: Mapping[str, str]) -> Step:
        """Go on with what the hook of the last step answered."""
        self.memory.results.update(results)
        return self._follow(self.state.next or Transition(self.state.name))

    def broke(self) -> Step:
        """Go on without what the hook of the last step should have answered."""
        hook = self.script.actions[self.state.do or ""]
        self.memory.results.update(dict.fromkeys(hook.gives, ""))
        return self._follow(self.state.failed or self.script.no_match.then)

    def apologise(self, end: EndReason) -> Step:
        """Say that something of ours is broken, and end."""
        return Step((self._speak(self.script.apology),), self.state.name, end)

    # Reacting

    def _react(self, transcript: Transcript, reaction: Reaction | None) -> Step:
        if reaction is not None:
            self._in_a_row.clear()
        self._save(transcript, reaction)
        match reaction:
            case None:
                return self._not_understood(spoken_words(transcript))
            case Transition():
                return self._follow(reaction, entering_with=spoken_words(transcript))
            case Filled(values):
                self._form.fill(values)
                self._side_trips = 0
                return self._fill_on(())
            case ReadBack(right):
                self._form.settle(right=right)
                self._side_trips = 0
                if self._form.failed:
                    return self._follow(self.state.failed or self.script.no_match.then)
                return self._fill_on(())
            case Told(hit):
                said = [Spoken(self.memory.spoken(hit.entry.answer), None, BargeIn.ANY)]
                back = self.script.knowledge.back if self.script.knowledge else None
                return self._ask_again((*said, *((self._speak(back),) if back else ())))
            case _:
                assert_never(reaction)

    def _save(self, transcript: Transcript, reaction: Reaction | None) -> None:
        own = any(reaction is each for each in self.state.on.values())
        if self.state.save is not None and own:
            self.outcome[self.state.save] = spoken_words(transcript)

    def _not_understood(self, words: str) -> Step:
        knowledge = self.script.knowledge
        if knowledge is None or knowledge.unknown is None or not QUESTION.search(words):
            return self.no_match()
        reprompt = self.state.no_match or self.script.no_match
        self._in_a_row["no_match"] += 1
        if self._in_a_row["no_match"] > len(reprompt.prompts):
            return self._follow(reprompt.then)
        return self._ask_again((self._speak(knowledge.unknown),))

    def _calming(self) -> Calming:
        return self.script.emotion or Calming()

    def _hands_over(self, reaction: Reaction | None) -> bool:
        calming = self._calming()
        if calming.then is None or self._handed_over:
            return False
        if isinstance(reaction, Transition):
            chosen = reaction.chosen(self.memory.values())
            target = self.script.states.get(chosen.call or chosen.go)
            if target is not None and target.end is not None:
                return False
        return self._annoyed >= calming.after

    def _calmed(self, step: Step, *, understood: bool) -> Step:
        """Say sorry first, unless that was just done or the answer itself does."""
        calming = self._calming()
        if calming.say is None or self._annoyed != 1:
            return step
        if understood and any(APOLOGY.search(spoken.text) for spoken in step.say):
            return step
        if step.end in (EndReason.OPTED_OUT, EndReason.TRANSFERRED):
            return step
        return replace(step, say=(self._speak(calming.say), *step.say))

    def _reprompt(self, kind: str, reprompt: Reprompt) -> Step:
        self._in_a_row[kind] += 1
        times = self._in_a_row[kind]
        if times <= len(reprompt.prompts):
            return self._listen((self._speak(reprompt.prompts[times - 1]),))
        return self._follow(reprompt.then)

    # Going on

    def _follow(self, transition: Transition, entering_with: str = "") -> Step:
        """Go where a transition leads, on through states that do not listen.

        A form that is entered takes what it can from the words that led to it.
        """
        said: tuple[Spoken, ...] = ()
        for _ in range(MAX_SILENT_STATES):
            chosen = transition.chosen(self.memory.values())
            said = (*said, *self._done(chosen))
            target = chosen.go
            if chosen.call is not None:
                if self._nested(chosen.call):
                    return self._ask_again(said)
                self._calls.append(_Frame(chosen.call, self.state, chosen.go))
                target = chosen.call
            if target == RETURN and self._calls:
                frame = self._calls.pop()
                self._listener.state, target = frame.state, frame.go
                self._form.leave()
                if target == SAME_STATE:
                    return self._ask_again(said)
            if target == SAME_STATE:
                return self._ask_again(said)
            onward = self._enter(target, said, entering_with)
            if isinstance(onward, Step):
                return onward
            said, transition = onward
        raise ValueError(f"script {self.script.name}: no state listens or ends after {target}")

    def _enter(
        self, name: str, said: tuple[Spoken, ...], words: str
    ) -> Step | tuple[tuple[Spoken, ...], Transition]:
        if name != self.state.name:
            self._in_a_row.clear()
        self._side_trips = 0
        state = self._listener.state = self.script.states[name]
        self._form.leave()
        self.memory.record(state.set)
        self.memory.count(state.count)
        self._form.forget(state.forget)
        if state.prompt.wordings:
            said = (*said, self._speak(state.prompt))
        if state.form:
            self._form.fill(self._form.heard(words, state))
            if not self._form.advance(state):
                return said, state.next or Transition(name)
            return self._listen((*said, self._question(first=True)))
        if state.do is not None:
            waiting = self._speak(state.waiting) if state.waiting is not None else None
            return Step(said, name, hook=self._hook_call(state.do), waiting=waiting)
        if state.next is not None:
            return said, state.next
        return self._listen(said)

    def _fill_on(self, said: tuple[Spoken, ...]) -> Step:
        """Read back or ask what is next in the form, or go on where it is filled."""
        if self._form.advance(self.state):
            return self._listen((*said, self._question(first=True)))
        self._form.leave()
        return self._follow(self.state.next or Transition(self.state.name))

    def _ask_again(self, said: tuple[Spoken, ...]) -> Step:
        """Pull the caller back to the open question after a side trip."""
        self._side_trips += 1
        reprompt = self.state.no_match or self.script.no_match
        if self._side_trips > MAX_SIDE_TRIPS and self.state.end is None:
            self._side_trips = 0
            step = self._follow(reprompt.then)
            return replace(step, say=(*said, *step.say))
        if self.state.form and self._form.slot is None and not self._form.advance(self.state):
            step = self._follow(self.state.next or Transition(self.state.name))
            return replace(step, say=(*said, *step.say))
        return self._listen((*said, self._question(first=False)))

    def _question(self, *, first: bool) -> Spoken:
        slot = self._form.slot
        if slot is None:
            return self._speak(self.state.again or self.state.prompt)
        if self._form.confirming and slot.confirm is not None:
            return self._speak(slot.confirm)
        asked = self._visits[slot.ask] > 0
        return self._speak(slot.again if slot.again and (asked or not first) else slot.ask)

    def _listen(self, said: tuple[Spoken, ...]) -> Step:
        return Step(said, self.state.name, self.state.end)

    def _done(self, transition: Transition) -> tuple[Spoken, ...]:
        """Do what a transition does besides going; return what it says."""
        self.memory.record(transition.set)
        self.memory.count(transition.count)
        self._form.forget(transition.forget)
        return (self._speak(transition.say),) if transition.say else ()

    def _nested(self, flow: str) -> bool:
        return len(self._calls) >= MAX_DEPTH or any(each.flow == flow for each in self._calls)

    def _hook_call(self, name: str) -> HookCall:
        hook = self.script.actions[name]
        return HookCall(
            hook, {key: self.memory.canonical(value) for key, value in hook.send.items()}
        )

    def _speak(self, prompt: Prompt) -> Spoken:
        visit = self._visits[prompt]
        self._visits[prompt] += 1
        values = self.memory.values()
        wordings = (
            [each for each in prompt.wordings if each.when and holds(each.when, values)]
            or [each for each in prompt.wordings if each.when is None]
            or list(prompt.wordings[:1])
        )
        wording = wordings[(self._variant + visit) % len(wordings)]
        text = wording.text
        return Spoken(
            self.memory.spoken(text), wording.recording, prompt.barge_in, self.memory.shown(text)
        )
