"""What the caller's words mean for the floor, in the state that the conversation is in."""

from voicebot.call.events import Ms
from voicebot.call.turn_settings import TurnSettings
from voicebot.dialogue.completeness import silence_ms
from voicebot.dialogue.conversation import Conversation
from voicebot.dialogue.intents import Understanding
from voicebot.speech.recogniser import UNKNOWN, Transcript

BACKCHANNELS = frozenset("嗯啊哦呃噢喔哎唉欸呀喂对好是的行")
"""What people say while they listen. Text of these alone takes no turn from a prompt; right after
the question the same 对 or 好 is an answer, and is not asked here. Who says 喂 over a prompt hears
it go on, which is the answer."""

INTERRUPTING_CHARACTERS = 2


class Listening:
    """Judges words by the script; changes nothing of the conversation."""

    def __init__(self, conversation: Conversation, settings: TurnSettings) -> None:
        self._conversation = conversation
        self._settings = settings
        self._understood: tuple[Transcript, Understanding] | None = None
        """The last words that were matched: they are asked for again within one silence."""
        self.held = False
        """What the caller said last was one held sound, as people make who think."""

    def interrupts(self, text: str, only_hot_words: bool) -> bool:
        """Tell whether words so far take the turn from a prompt."""
        if self._conversation.has_hot_word(text):
            return True
        words = text.replace(UNKNOWN, "")
        if only_hot_words or all(character in BACKCHANNELS for character in words):
            return False
        return len(words) >= INTERRUPTING_CHARACTERS

    def understand(self, transcript: Transcript) -> Understanding:
        """Return what whole words mean."""
        if self._understood is None or self._understood[0] is not transcript:
            self._understood = transcript, self._conversation.understand(transcript)
        return self._understood[1]

    def silence_ms(self, transcript: Transcript | None) -> Ms:
        """Return the silence that ends an answer with these words in the present state."""
        settings, state = self._settings, self._conversation.hearing
        unknown = settings.endpoint_ms if state.endpoint_ms is None else state.endpoint_ms
        if transcript is None:
            return unknown
        understanding = self.understand(transcript)
        return silence_ms(
            self._conversation.completeness(transcript, understanding, held=self.held),
            settings.complete_ms if state.complete_ms is None else state.complete_ms,
            unknown,
            settings.incomplete_ms if state.incomplete_ms is None else state.incomplete_ms,
        )

    def answers(self, transcript: Transcript) -> bool:
        """Tell whether whole words are what was asked for."""
        understanding = self.understand(transcript)
        return self._conversation.reaction(transcript, understanding) is not None
