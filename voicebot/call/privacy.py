"""What of one call must not be kept: card numbers, codes, and whatever else a script calls private.

Where the script asks for something private, the caller's words and keys become `MASK` before they
come to the record, so that whoever looks on while the call runs does not see them either. What was
understood of them is private wherever it comes up again: by its name in slots and outcome fields,
by its text everywhere else.
"""

from dataclasses import replace
from typing import Any

from voicebot.call.record import CallRecord, Moment
from voicebot.dialogue.conversation import Conversation
from voicebot.dialogue.intents import Understanding
from voicebot.dialogue.memory import MASK
from voicebot.dialogue.step import Spoken
from voicebot.speech.recogniser import Transcript

SHORTEST_SECRET = 3
"""Characters, the security code of a card. Shorter ones stand in many words that are harmless."""

PART = 4
"""Characters in a row of a secret that tell something of it."""
WORDS_OF_CALLERS = frozenset({"partial", "recognised", "understood"})
"""Moments of the timeline."""


class Privacy:
    """One call's secrets, and how its record is kept free of them."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._secrets: set[str] = set()

    @property
    def here(self) -> bool:
        """Whether something private is being asked for or read back."""
        return self._conversation.hearing.private

    def words(self, text: str) -> str:
        """Return what the caller said, or pressed, as it may be kept."""
        return MASK if text and self.here else text

    def prompt(self, spoken: Spoken) -> str:
        """Return what the robot says as it may be kept."""
        return spoken.text if spoken.shown is None else spoken.shown

    def answer(
        self, transcript: Transcript, understanding: Understanding
    ) -> tuple[Transcript, Understanding]:
        """Return an answer and what was understood of it as they may be kept."""
        if not self.here:
            return transcript, understanding
        text = self.words(transcript.text)
        return (
            Transcript(text, transcript.confidence),
            replace(understanding, phrase="", reason=""),
        )

    def learn(self) -> None:
        """Note what the conversation knows now, before it is forgotten or corrected."""
        found = self._conversation.memory.secrets()
        self._secrets |= {each for each in found if len(each) >= SHORTEST_SECRET}

    def clean(self, text: str) -> str:
        """Return a text without the secrets that are known."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, MASK)
        return text

    def _heard(self, text: str) -> str:
        """Return words of the caller, or about them, without any part of a secret: they were
        noted while the number was still being said, and as it may have been misheard."""
        text = self.clean(text)
        parts = (
            secret[at : at + PART]
            for secret in self._secrets
            for at in range(len(secret) - PART + 1)
        )
        return MASK if any(part in text for part in parts) else text

    def seal(self, record: CallRecord) -> None:
        """Take out of a whole record what was private before anybody could tell: a card number
        that a caller gave unasked."""
        memory = self._conversation.memory
        record.slots = memory.masked(record.slots)
        record.outcome = memory.masked(record.outcome)
        self.learn()
        if not self._secrets:
            return
        for turn in record.turns:
            turn.text = None if turn.text is None else self._heard(turn.text)
            turn.alternatives = tuple(map(self._heard, turn.alternatives))
            turn.reason = self._heard(turn.reason)
            turn.slots = memory.masked(turn.slots)
            for prompt in turn.prompts:
                prompt.text = self.clean(prompt.text)
                prompt.heard_text = self.clean(prompt.heard_text)
        record.timeline[:] = [
            Moment(each.at_ms, each.what, self._sealed(each)) for each in record.timeline
        ]
        record.outcome = {name: self.clean(text) for name, text in record.outcome.items()}
        record.slots = {name: self.clean(text) for name, text in record.slots.items()}
        record.end_detail = self.clean(record.end_detail)

    def _sealed(self, moment: Moment) -> dict[str, Any]:
        take = self._heard if moment.what in WORDS_OF_CALLERS else self.clean
        return {
            key: take(value) if isinstance(value, str) else value
            for key, value in moment.detail.items()
        }
