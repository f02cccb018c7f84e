"""One run through a script: from what was heard to what is said, without audio or time.

`voicebot chat` drives it from the keyboard, a call session from the recogniser.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import assert_never

from voicebot.dialogue import slot_phrases
from voicebot.dialogue.completeness import HESITATIONS, completeness
from voicebot.dialogue.condition import holds
from voicebot.dialogue.emotion import Emotion, Mood, VoiceChange, judge
from voicebot.dialogue.form import FINISHED_AT_ONCE, Filled, Form, ReadBack
from voicebot.dialogue.hook import HookCall
from voicebot.dialogue.intents import Understanding, understand
from voicebot.dialogue.knowledge.index import Hit, index
from voicebot.dialogue.memory import PLACE, Memory, defaults
from voicebot.dialogue.script import (
    AFFIRM,
    ANY_ANSWER,
    ANY_WORDS,
    DENY,
    RETURN,
    SAME_STATE,
    BargeIn,
    Calming,
    Counts,
    EndReason,
    Hearing,
    Intent,
    Listen,
    Prompt,
    Reprompt,
    Script,
    State,
    Transition,
)
from voicebot.dialogue.wording import plain
from voicebot.speech.recogniser import UNKNOWN, Transcript

STAMMER = re.compile(r"(\w{1,2}?)\1+(?=\w)")
"""不不方便: a beginning that was said twice."""

MAX_SILENT_STATES = 20
"""States in a row that only speak; more is a circle that the loader missed."""

MAX_SIDE_TRIPS = 6
"""Side questions in a row, without an answer to what was asked: then the call goes where it goes
when nothing is understood. Who asks seven times wants a person."""

MAX_DEPTH = 8
"""Sub-flows within sub-flows."""

WORD_FOR_WORD = 0.9
"""Score of a question that is surely one of the knowledge base, whatever else it resembles."""

QUESTION = re.compile(
    "吗|么|什么|怎么|怎样|多少|多久|多大|多长|几|哪|谁|为啥|为什么|能不能|有没有|可不可以|是不是|会不会|行不行|呢$"
)
APOLOGY = re.compile("抱歉|不好意思|对不起")


@dataclass(frozen=True, slots=True)
class Spoken:
    """One prompt with its variables filled in."""

    text: str
    recording: Path | None
    barge_in: BargeIn


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


@dataclass(frozen=True, slots=True)
class Told:
    """A question that the knowledge base answers."""

    hit: Hit
    counts: Counts = Counts.QUESTION


Reaction = Transition | Filled | ReadBack | Told
"""What an answer leads to."""


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
        self.state = script.states[script.start]
        self.memory = Memory(script, variables, contact or str(variant))
        self.emotion = Emotion(Mood.NEUTRAL)
        """Of the last answer."""
        self._form = Form(script, self.memory, now or datetime(2026, 1, 1, 9, 0, tzinfo=UTC))
        self._variant = variant
        self._visits: Counter[Prompt] = Counter()
        self._in_a_row: Counter[str] = Counter()
        """Silences and misunderstandings since the last answer that was understood."""
        self._side_trips = 0
        self._annoyed = 0
        self._handed_over = False
        self._calls: list[_Frame] = []
        self._searched: tuple[str, Hit | None] = ("", None)

    @property
    def outcome(self) -> dict[str, str]:
        """The outcome fields as they are now."""
        return self.memory.outcome

    @property
    def place(self) -> str:
        """Where the conversation is: the state, in a form with the slot, `STATE.SLOT.confirm`."""
        slot = self._form.slot
        if slot is None:
            return self.state.name
        return f"{self.state.name}.{slot.name}{'.confirm' if self._form.confirming else ''}"

    @property
    def hearing(self) -> Hearing:
        """How the present answer is heard, and when it is over."""
        slot = self._form.slot
        if slot is None:
            return self.state.hearing
        # A correction is heard as the value itself is; a yes or a no has no digits.
        return Hearing(slot.hearing.listen) if self._form.confirming else slot.hearing

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

    # Understanding

    def understand(self, transcript: Transcript) -> Understanding:
        """Find what the caller meant, as far as this state asks. Changes nothing."""
        found = self._understood(transcript)
        fluent = STAMMER.sub(r"\1", transcript.text)
        if found.intent is None and fluent != transcript.text:
            found = self._understood(replace(transcript, text=fluent))
        return found

    def _understood(self, transcript: Transcript) -> Understanding:
        return understand(
            transcript,
            self._intents(),
            self.hot_intents(),
            classifier=self.script.classifier,
            expected=self.state.on,
        )

    def reaction(self, transcript: Transcript, understanding: Understanding) -> Reaction | None:
        """Return what an answer leads to; None when it was not understood. Changes nothing.

        Where any words are an answer, an intent counts only when it is all that was said: a
        complaint that mentions the price asks no price.
        """
        words = _words(transcript)
        found = None
        if understanding.intent is not None:
            found = self.script.transitions(self.state).get(understanding.intent)
        if self._form.slot is not None:
            filled = self._form_reaction(words, found, understanding)
            if filled is not None:
                return filled
        sure = found is not None and understanding.whole
        hit = None if sure and understanding.confidence >= WORD_FOR_WORD else self._search(words)
        if hit is not None and hit.score >= max(WORD_FOR_WORD, understanding.confidence):
            return Told(hit)
        takes_any = self._form.slot is None and ANY_ANSWER in self.state.on and bool(words)
        if takes_any and (found is None or not understanding.whole):
            return self.state.on[ANY_ANSWER]
        if found is None and hit is not None:
            return Told(hit)
        return found

    def completeness(
        self, transcript: Transcript, understanding: Understanding, *, held: bool = False
    ) -> float:
        """Judge how likely it is that nothing comes after these words.

        `held`: the last sound of them was, as people do who think.
        """
        reaction = self.reaction(transcript, understanding)
        answer = None
        match reaction:
            case Transition() if understanding.whole:
                answer = understanding.phrase
            case Filled() if self._form.slot is not None:
                if self._form.slot.kind in FINISHED_AT_ONCE or self._form.confirming:
                    answer = plain(transcript.text)
            case ReadBack():
                answer = understanding.phrase or plain(transcript.text)
            case Told(hit) if hit.score >= WORD_FOR_WORD:
                answer = plain(hit.question)
            case _:
                pass
        return completeness(
            transcript.text,
            answer=answer,
            reacts=reaction is not None,
            phrases=self.phrases(),
            digits=self.hearing.digits,
            held=held,
        )

    def hot_intents(self) -> list[Intent]:
        """Return the intents whose hot words count here."""
        return [intent for intent in self._intents() if intent.hot_words]

    def has_hot_word(self, text: str) -> bool:
        """Tell whether a hot word stands in `text`."""
        return any(word in text for intent in self.hot_intents() for word in intent.hot_words)

    def phrases(self) -> tuple[str, ...] | None:
        """Return everything the recogniser should be able to hear here; None for anything."""
        if self.hearing.listen is Listen.FREE:
            return None
        found = [
            phrase for each in self._intents() for phrase in (*each.sentences, *each.hot_words)
        ]
        if self._form.slot is not None:
            found += slot_phrases.phrases(self._form.slot)
        if self.script.knowledge is not None:
            found += [plain(q) for each in self.script.knowledge.entries for q in each.questions]
        return tuple(dict.fromkeys((*found, *HESITATIONS)))

    def _intents(self) -> list[Intent]:
        names = [name for name in self.script.transitions(self.state) if name != ANY_ANSWER]
        if self._form.confirming:
            names += [name for name in (AFFIRM, DENY) if name not in names]
        return [self.script.intents[name] for name in names if name in self.script.intents]

    def _form_reaction(
        self, words: str, found: Transition | None, understanding: Understanding
    ) -> Filled | ReadBack | None:
        """Return what an answer does to the form; None when it is about something else."""
        intent = understanding.intent
        hot = intent is not None and self.has_hot_word(words) and understanding.whole
        if hot and found is not None:
            return None
        values = self._form.heard(words, self.state)
        if self._form.confirming:
            if values:
                return Filled(values)
            if intent in (AFFIRM, DENY):
                return ReadBack(right=intent == AFFIRM)
            if self._form.repeats(words):
                return ReadBack(right=True)
            right = self._form.judged(words) if found is None else None
            return None if right is None else ReadBack(right)
        slot = self._form.slot
        asked = values.get(slot.name) if slot is not None else None
        if asked is not None and (found is None or asked.confidence >= understanding.confidence):
            return Filled(values)
        if found is not None and understanding.whole:
            return None
        if values:
            return Filled(values)
        if words and (found is None or not understanding.whole):
            hit = self._search(words)
            if hit is not None and hit.score >= WORD_FOR_WORD:
                return None
            taken = self._form.words(words)
            return Filled(taken) if taken else None
        return None

    def _search(self, words: str) -> Hit | None:
        """Ask the knowledge base, once for the same words."""
        if self.script.knowledge is None or not words:
            return None
        if self._searched[0] != words:
            self._searched = words, index(self.script.knowledge.entries).answer(words)
        return self._searched[1]

    # Reacting

    def _react(self, transcript: Transcript, reaction: Reaction | None) -> Step:
        if reaction is not None:
            self._in_a_row.clear()
        self._save(transcript, reaction)
        match reaction:
            case None:
                return self._not_understood(_words(transcript))
            case Transition():
                return self._follow(reaction, entering_with=_words(transcript))
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
            self.outcome[self.state.save] = _words(transcript)

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
                self.state, target = frame.state, frame.go
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
        state = self.state = self.script.states[name]
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
        return Spoken(self.memory.spoken(wording.text), wording.recording, prompt.barge_in)


def _words(transcript: Transcript) -> str:
    return transcript.freely or transcript.text.replace(UNKNOWN, "").strip()


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


__all__ = [
    "ANY_WORDS",
    "MAX_SILENT_STATES",
    "PLACE",
    "Conversation",
    "Reaction",
    "Spoken",
    "Step",
    "Told",
    "spoken_prompts",
]
