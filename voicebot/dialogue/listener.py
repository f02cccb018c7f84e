"""What can be heard at one place of a script, and what an answer to it means.

Nothing here changes anything: the same words may be asked about again and again while the caller is
still speaking.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from voicebot.dialogue import slot_phrases
from voicebot.dialogue.completeness import HESITATIONS, completeness
from voicebot.dialogue.evidence import GUARDED
from voicebot.dialogue.form import FINISHED_AT_ONCE, NUMBERS, Filled, Form, ReadBack
from voicebot.dialogue.intents import Understanding, understand
from voicebot.dialogue.knowledge.index import Hit, index
from voicebot.dialogue.script import (
    AFFIRM,
    ANY_ANSWER,
    DENY,
    Counts,
    Hearing,
    Intent,
    Listen,
    Script,
    Slot,
    State,
    Transition,
)
from voicebot.dialogue.wording import plain, without_fillers
from voicebot.speech.recogniser import UNKNOWN, Transcript

STAMMER = re.compile(r"(\w{1,2}?)\1+(?=\w)")
"""不不方便: a beginning that was said twice."""

LIKE_DIGITS = frozenset("啊吧把呀")
"""What 八 is easily taken for."""

SPOKEN_DIGITS = NUMBERS | {"number", "rating"}
"""Kinds that may be answered by a digit alone."""

CORRECTIONS = 150
"""Of the phrases for a value, of which the simplest come first, heard where it is read back."""

SHORT_ANSWERS = 40
"""Of the sentences for yes, and of those for no, that are heard where a value is read back."""

WORD_FOR_WORD = 0.9
"""Score of a question that is surely one of the knowledge base, whatever else it resembles."""

NEARLY = 0.8
"""Score of a question that is nearly one of the knowledge base: the shop's own answer is more exact
than what follows from an intent that was guessed, and that this state does not ask for."""


@dataclass(frozen=True, slots=True)
class Told:
    """A question that the knowledge base answers."""

    hit: Hit
    counts: Counts = Counts.QUESTION


HEARD_BY_GRAMMAR = frozenset({"phone", "order_number", "quantity"})
"""Kinds of value that are understood best in the words of the grammar."""

Reaction = Transition | Filled | ReadBack | Told
"""What an answer leads to."""


class Listener:
    """One conversation's ear: it knows the state and the form that the conversation stands in."""

    def __init__(self, script: Script, form: Form) -> None:
        self.script = script
        self.form = form
        self.state: State = script.states[script.start]
        self._searched: tuple[str, Hit | None] = ("", None)
        self._sentences: dict[str, dict[str, tuple[str, str]]] = {}
        self._heard_at: dict[str, tuple[str, ...] | None] = {}

    @property
    def place(self) -> str:
        """Where the conversation is: the state, in a form with the slot, `STATE.SLOT.confirm`."""
        slot = self.form.slot
        if slot is None:
            return self.state.name
        return f"{self.state.name}.{slot.name}{'.confirm' if self.form.confirming else ''}"

    @property
    def hearing(self) -> Hearing:
        """How the present answer is heard, and when it is over."""
        slot = self.form.slot
        if slot is None:
            return self.state.hearing
        # A yes or a no has no digits, and little else is to be heard.
        if self.form.confirming:
            return Hearing(private=slot.hearing.private)
        return slot.hearing

    def understand(self, transcript: Transcript) -> Understanding:
        """Find what the caller meant, as far as this state asks. Changes nothing.

        Whole sentences that the author wrote for this state go before everything: 不用打了 is no
        wish never to be called again where the question was when to call back.
        """
        if self.form.slot is not None and UNKNOWN not in transcript.text:
            # Values are heard best by what they are said with.
            transcript = replace(transcript, freely="")
        written = self._written().get(without_fillers(plain(transcript.text)))
        if written is not None:
            intent, phrase = written
            reason = (
                f"{transcript.text} is exactly {phrase} of {intent}, which this state asks for."
            )
            return Understanding(intent, 1.0, phrase=phrase, whole=True, reason=reason)
        found = self._understood(transcript)
        fluent = STAMMER.sub(r"\1", transcript.text)
        if found.intent is None and fluent != transcript.text:
            found = self._understood(replace(transcript, text=fluent))
        return found

    def _written(self) -> dict[str, tuple[str, str]]:
        """Return the sentences of the state's own intents that the script itself has."""
        state = self.state.name
        if state not in self._sentences:
            own = [
                self.script.intents[name]
                for name in self.state.on
                if name in self.script.intents and name not in self.script.borrowed
            ]
            self._sentences[state] = {
                without_fillers(plain(sentence)): (intent.name, sentence)
                for intent in reversed(own)
                for sentence in intent.sentences
            }
        return self._sentences[state]

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
        words = spoken_words(transcript)
        found = None
        if understanding.intent is not None:
            found = self.script.transitions(self.state).get(understanding.intent)
        if self.form.slot is not None:
            filled = self._form_reaction(self._value_words(transcript), found, understanding)
            if filled is not None:
                return filled
        sure = found is not None and understanding.whole
        hit = None if sure and understanding.confidence >= WORD_FOR_WORD else self._search(words)
        takes_any = self.form.slot is None and ANY_ANSWER in self.state.on and bool(words)
        if hit is not None and (
            hit.score >= max(WORD_FOR_WORD, understanding.confidence)
            or (not takes_any and hit.score >= NEARLY and self._guessed_besides(understanding))
        ):
            return Told(hit)
        if takes_any and (found is None or not understanding.whole):
            return self.state.on[ANY_ANSWER]
        if found is None and hit is not None:
            return Told(hit)
        return found

    def completeness(
        self, transcript: Transcript, understanding: Understanding, *, held: bool = False
    ) -> float:
        """Judge how likely it is that nothing comes after these words.

        `held`: all that sounded last was one held sound, as people make who think.
        """
        reaction = self.reaction(transcript, understanding)
        answer = None
        match reaction:
            case Transition() if understanding.whole:
                answer = understanding.phrase
            case Filled() if self.form.slot is not None:
                if self.form.slot.kind in FINISHED_AT_ONCE or self.form.confirming:
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
        place = self.place
        if place not in self._heard_at:
            self._heard_at[place] = self._phrases()
        return self._heard_at[place]

    def _phrases(self) -> tuple[str, ...] | None:
        if self.hearing.listen is Listen.FREE:
            return None
        if self.form.confirming and self.form.slot is not None:
            return self._yes_or_no(self.form.slot)
        slot = self.form.slot
        if slot is not None and slot.kind in NUMBERS:
            return self._digits(slot)
        found = [
            phrase for each in self._intents() for phrase in (*each.sentences, *each.hot_words)
        ]
        if self.script.knowledge is not None:
            found += [plain(q) for each in self.script.knowledge.entries for q in each.questions]
        if slot is None:
            return tuple(dict.fromkeys((*found, *HESITATIONS)))
        besides = _besides(slot, (*found, *HESITATIONS))
        return tuple(dict.fromkeys((*slot_phrases.phrases(slot), *besides)))

    def _digits(self, slot: Slot) -> tuple[str, ...]:
        """Return what answers the question for a number, and no thousands of other sentences.

        Beside these digits are taken for syllables of them; what is said instead of a number is
        `[unk]` here, and heard again freely.
        """
        own = [sentence for _, sentence in self._written().values()]
        hot = [word for intent in self.hot_intents() for word in intent.hot_words]
        besides = _besides(slot, (*own, *hot, *HESITATIONS))
        return tuple(dict.fromkeys((*slot_phrases.phrases(slot), *besides)))

    def _yes_or_no(self, slot: Slot) -> tuple[str, ...]:
        """Return what answers 对吗？: beside thousands of phrases a short 对 is easily a 喂."""
        answers = (
            sorted(_besides(slot, self.script.intents[name].sentences), key=len)
            for name in (AFFIRM, DENY)
        )
        hot = [word for intent in self.hot_intents() for word in intent.hot_words]
        short = [sentence for each in answers for sentence in each[:SHORT_ANSWERS]]
        values = slot_phrases.phrases(slot)[:CORRECTIONS]
        return tuple(dict.fromkeys((*short, *values, *hot, *HESITATIONS)))

    def _intents(self) -> list[Intent]:
        names = [name for name in self.script.transitions(self.state) if name != ANY_ANSWER]
        if self.form.confirming:
            names += [name for name in (AFFIRM, DENY) if name not in names]
        return [self.script.intents[name] for name in names if name in self.script.intents]

    def _value_words(self, transcript: Transcript) -> str:
        """Return the first reading that has a value for the form; the likeliest if none has.

        What corrects a value that is read back is not looked for in other readings.
        """
        slot = self.form.slot
        if slot is None or self.form.confirming or not transcript.freely:
            return spoken_words(transcript)
        readings = value_readings(transcript, slot.kind)
        with_value = (each for each in readings if self.form.heard(each, self.state))
        return next(with_value, readings[0])

    def _form_reaction(
        self, words: str, found: Transition | None, understanding: Understanding
    ) -> Filled | ReadBack | None:
        """Return what an answer does to the form; None when it is about something else."""
        intent = understanding.intent
        hot = intent is not None and self.has_hot_word(words) and understanding.whole
        if hot and found is not None:
            return None
        values = self.form.heard(words, self.state)
        if self.form.confirming:
            if values:
                return Filled(values)
            if intent in (AFFIRM, DENY):
                return ReadBack(right=intent == AFFIRM)
            if self.form.repeats(words):
                return ReadBack(right=True)
            right = self.form.judged(words) if found is None else None
            return None if right is None else ReadBack(right)
        slot = self.form.slot
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
            taken = self.form.words(words)
            return Filled(taken) if taken else None
        return None

    def _guessed_besides(self, understanding: Understanding) -> bool:
        """Tell whether an intent was guessed that can come anywhere and is no harm to miss."""
        intent = understanding.intent
        return intent not in self.state.on and intent not in GUARDED and not understanding.whole

    def _search(self, words: str) -> Hit | None:
        """Ask the knowledge base, once for the same words."""
        if self.script.knowledge is None or not words:
            return None
        if self._searched[0] != words:
            self._searched = words, index(self.script.knowledge.entries).answer(words)
        return self._searched[1]


def _besides(slot: Slot, phrases: Iterable[str]) -> list[str]:
    """Return the phrases that may be heard beside a value: beside digits none that 八 resembles."""
    unlike = LIKE_DIGITS if slot.kind in SPOKEN_DIGITS else frozenset()
    return [each for each in phrases if not unlike & {*each}]


def spoken_words(transcript: Transcript) -> str:
    """Return what was recognised; freely, where the grammar has no word for some of it."""
    if UNKNOWN in transcript.text and transcript.freely:
        return transcript.freely
    return transcript.text.replace(UNKNOWN, "").strip()


def value_readings(transcript: Transcript, kind: str) -> tuple[str, ...]:
    """Return the words in which a value of `kind` may have been said, the likeliest first.

    Where the recogniser was not sure the words between values are heard best freely, rows of digits
    and counted things by the grammar. docs/understanding.md has the figures.
    """
    by_grammar = transcript.text.replace(UNKNOWN, "").strip()
    if not transcript.freely:
        return (by_grammar,)
    if kind in HEARD_BY_GRAMMAR and UNKNOWN not in transcript.text:
        return (by_grammar, transcript.freely)
    return (transcript.freely, by_grammar)
