"""A recogniser that is asked only once for the same sound, and kept on a clock.

The same turn is run under many settings of turn taking, and until it is cut off it sounds the
same: what the recogniser said of the same phrases and chunks is remembered. What it said is the
real engine's word for word; only the second run costs nothing.
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from voicebot.speech.recogniser import Recogniser, Transcript


@dataclass(slots=True)
class Memory:
    """What one model said on lines of one rate; shared by all runs of a benchmark."""

    partials: dict[bytes, str] = field(default_factory=dict)
    finals: dict[bytes, tuple[Transcript, float]] = field(default_factory=dict)
    """With the seconds that the last chunk and the closing took, by the wall clock."""


class RememberingRecogniser:
    """One call's recogniser; see `voicebot.speech.recogniser.Recogniser`."""

    def __init__(self, recogniser: Recogniser, memory: Memory) -> None:
        self._recogniser = recogniser
        self._memory = memory
        self._phrases: Sequence[str] | None = None
        self._key = b""
        """Of the phrases and every chunk since `listen`."""
        self._chunks: list[bytes] = []
        self._known: int | None = None
        """Chunks that the engine itself has taken; None: not even the phrases."""
        self._text = ""
        self._last_chunk_s = 0.0
        self.close_s = 0.0
        """What the last closing took: the recognition that the end of a turn waits for."""

    def listen(self, phrases: Sequence[str] | None) -> None:
        """Begin an utterance."""
        self._phrases = phrases
        self._key = _digest(b"", "\0".join(phrases).encode() if phrases is not None else b"*")
        self._chunks = []
        self._known = None

    def accept(self, pcm: bytes) -> str:
        """Take audio; return the text so far."""
        self._key = _digest(self._key, pcm)
        self._chunks.append(pcm)
        if self._key not in self._memory.partials:
            self._catch_up()
            self._memory.partials[self._key] = self._text
        return self._memory.partials[self._key]

    def finish(self) -> Transcript:
        """Close the utterance."""
        if self._key not in self._memory.finals:
            self._catch_up()
            begin = time.perf_counter()
            transcript = self._recogniser.finish()
            took_s = time.perf_counter() - begin
            self._memory.finals[self._key] = transcript, took_s + self._last_chunk_s
        transcript, self.close_s = self._memory.finals[self._key]
        return transcript

    def _catch_up(self) -> None:
        """Give the engine what was answered from memory so far."""
        if self._known is None:
            self._recogniser.listen(self._phrases)
            self._known = 0
            self._last_chunk_s = 0.0
        for chunk in self._chunks[self._known :]:
            begin = time.perf_counter()
            self._text = self._recogniser.accept(chunk)
            self._last_chunk_s = time.perf_counter() - begin
        self._known = len(self._chunks)


def _digest(before: bytes, data: bytes) -> bytes:
    return hashlib.blake2b(data, key=before, digest_size=16).digest()
