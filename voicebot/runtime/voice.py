"""Prompts to audio, phrase by phrase: what a paused prompt goes back to the beginning of."""

from collections.abc import Iterable, Iterator

from voicebot.audio.frame import SAMPLE_BYTES
from voicebot.call.events import Ms
from voicebot.dialogue.step import Spoken
from voicebot.runtime.prompt_cache import PromptCache
from voicebot.speech.phrases import phrases

FULL_STOP_MS = 320
COMMA_MS = 160
"""Silence after a phrase, by the mark it ends with; rendered phrases have none of their own."""
FULL_STOPS = "。！？!?…；;"


class PromptVoice:
    """The voice of one campaign on lines of one rate; shared by its calls."""

    def __init__(self, cache: PromptCache) -> None:
        self._cache = cache
        self._bytes_per_ms = cache.sample_rate * SAMPLE_BYTES // 1000

    def prepare(self, prompts: Iterable[Spoken]) -> None:
        """Render prompts before they are needed; blocks."""
        for spoken in prompts:
            for _ in self.pieces(spoken):
                pass

    def duration_ms(self, spoken: Spoken) -> Ms | None:
        """Return a prompt's length when its audio is in memory."""
        if spoken.recording is not None:
            return len(self._cache.render_recording(spoken.recording)) // self._bytes_per_ms
        total = 0
        for phrase, last in _phrases(spoken.text):
            pcm = self._cache.remembered(phrase)
            if pcm is None:
                return None
            total += len(pcm) + (0 if last else len(self._gap(phrase)))
        return total // self._bytes_per_ms

    def pieces(self, spoken: Spoken) -> Iterator[tuple[str, bytes]]:
        """Yield audio with the phrase it begins; blocks while something must be synthesised."""
        if spoken.recording is not None:
            yield spoken.text, self._cache.render_recording(spoken.recording)
            return
        for phrase, last in _phrases(spoken.text):
            begins = phrase
            for pcm in self._cache.stream(phrase, keep=spoken.shown is None):
                yield begins, pcm
                begins = ""
            if not last:
                yield "", self._gap(phrase)

    def _gap(self, phrase: str) -> bytes:
        length_ms = FULL_STOP_MS if phrase[-1] in FULL_STOPS else COMMA_MS
        return bytes(self._bytes_per_ms * length_ms)


def _phrases(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each phrase and whether it is the last one."""
    found = phrases(text)
    for number, phrase in enumerate(found, 1):
        yield phrase, number == len(found)
