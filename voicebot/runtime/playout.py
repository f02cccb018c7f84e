"""The robot's side of the line: a prompt's phrases, pulled 20 ms at a time.

The transport pulls; a writer fills and waits while more than `HIGH_MS` is queued, so a barge-in
never has more than that to throw away and a long text need not be synthesised whole. A phrase is
kept until the next one begins: a paused prompt goes on from the beginning of its phrase.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from voicebot.audio.frame import FRAME_MS, frame_bytes
from voicebot.call.events import Event, Ms, PromptEnded, PromptResumed, PromptStarted

HIGH_MS = 400


@dataclass(slots=True)
class _Phrase:
    text: str
    pcm: bytearray = field(default_factory=bytearray)


class Playout:
    """What is being said on one leg."""

    def __init__(self, sample_rate: int, post: Callable[[Event], None]) -> None:
        self._rate = sample_rate
        self._frame_bytes = frame_bytes(sample_rate)
        self._post = post
        self._room = asyncio.Event()
        self._prompt: int | None = None
        self._reset()

    def _reset(self) -> None:
        self._phrases: list[_Phrase] = []
        self._at = 0
        """The phrase that is being sent."""
        self._offset = 0
        """Bytes of it that were sent."""
        self._paused = self._complete = self._started = False
        self._duration_ms: Ms | None = None
        self._room.set()

    def begin(self, prompt: int, duration_ms: Ms | None = None) -> None:
        """Start a prompt; one that still plays is stopped."""
        self.stop()
        self._reset()
        self._prompt = prompt
        self._duration_ms = duration_ms

    async def write(self, prompt: int, text: str, pcm: bytes, *, new_phrase: bool) -> bool:
        """Append audio; wait for room first. False: the prompt is not wanted any more."""
        await self._room.wait()
        if prompt != self._prompt:
            return False
        if new_phrase:
            self._phrases.append(_Phrase(text))
        self._phrases[-1].pcm += pcm
        self._note_room()
        return True

    def complete(self, prompt: int) -> None:
        """Note that everything was written."""
        if prompt == self._prompt:
            self._complete = True

    def pause(self) -> None:
        """Send nothing until `resume`."""
        self._paused = True

    def resume(self) -> None:
        """Go on from the beginning of the phrase that was being sent."""
        if self._prompt is None or not self._paused:
            return
        self._paused = False
        self._offset = 0
        left = None if self._duration_ms is None else self._duration_ms - self._ms(self._sent())
        self._post(PromptResumed(self._prompt, left))

    def stop(self) -> None:
        """Throw away what was not sent and report what was."""
        self._end(complete=False)

    def pull(self) -> bytes | None:
        """Return the next frame; None when nothing is to be sent."""
        if self._prompt is None or self._paused:
            return None
        frame = bytearray()
        while len(frame) < self._frame_bytes and self._at < len(self._phrases):
            phrase = self._phrases[self._at]
            piece = phrase.pcm[self._offset : self._offset + self._frame_bytes - len(frame)]
            frame += piece
            self._offset += len(piece)
            if self._offset < len(phrase.pcm) or self._at + 1 == len(self._phrases):
                break
            self._at += 1
            self._offset = 0
        if frame:
            self._begun()
        self._note_room()
        if self._complete and self._queued() == 0:
            self._end(complete=True)
        if not frame:
            return None
        return bytes(frame.ljust(self._frame_bytes, b"\0"))

    def _begun(self) -> None:
        if not self._started and self._prompt is not None:
            self._started = True
            self._post(PromptStarted(self._prompt, self._duration_ms))

    def _end(self, *, complete: bool) -> None:
        prompt, self._prompt = self._prompt, None
        self._room.set()
        if prompt is not None:
            self._post(PromptEnded(prompt, self._ms(self._sent()), self._heard(), complete))

    def _queued(self) -> int:
        rest = sum(len(phrase.pcm) for phrase in self._phrases[self._at :])
        return rest - self._offset

    def _sent(self) -> int:
        return sum(len(phrase.pcm) for phrase in self._phrases[: self._at]) + self._offset

    def _heard(self) -> str:
        """Return the text that was sent; of a phrase cut short, the part that fits its time."""
        whole = "".join(phrase.text for phrase in self._phrases[: self._at])
        if self._at >= len(self._phrases):
            return whole
        phrase = self._phrases[self._at]
        # The phrase may be incomplete, which makes the part look larger: by 400 ms at the most.
        share = self._offset / max(len(phrase.pcm), 1)
        return whole + phrase.text[: round(share * len(phrase.text))]

    def _note_room(self) -> None:
        if self._ms(self._queued()) > HIGH_MS:
            self._room.clear()
        else:
            self._room.set()

    def _ms(self, size: int) -> Ms:
        return size // self._frame_bytes * FRAME_MS + (
            size % self._frame_bytes * FRAME_MS // self._frame_bytes
        )
