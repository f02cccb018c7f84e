"""A leg whose caller answers a prompt, or speaks over it, and listens for the robot's sound.

The caller speaks in samples, the robot is heard in 20 ms frames as they leave for the wire, both
on the event loop's clock: virtual or real, the same figures come out.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import numpy as np

from voicebot.audio.frame import FRAME_MS, SAMPLE_BYTES, AudioFrame, frame_bytes
from voicebot.call.leg import AudioSource
from voicebot.call.session import CallSession
from voicebot.simulation.line import DELAY_MS, Line

AUDIBLE_PEAK = 104
"""Of a 16-bit sample: -50 dBFS. What the robot sends below that is not heard as sound."""

FRAME_S = FRAME_MS / 1000


@dataclass(frozen=True, slots=True)
class Speaking:
    """What the caller does."""

    pcm: bytes
    """Begins with the first audible sample and ends after the last one."""
    after_prompt_ms: int | None = None
    """Begin so long after the first prompt's last sample; None: over the prompt."""
    into_prompt_ms: int = 0
    """Begin so long after the prompt's first sample."""
    offset_samples: int = 0
    """Within the 20 ms frame: callers do not wait for our frames."""


@dataclass(frozen=True, slots=True)
class Echo:
    """The robot's own sound comes back."""

    delay_ms: int
    level_db: float
    """Under what was sent; negative."""


class CallerLeg:
    """One call's far end; see `voicebot.call.leg.CallLeg`. All times are the loop's seconds."""

    def __init__(
        self,
        sample_rate: int,
        line: Line,
        speaking: Speaking,
        over: Callable[["CallerLeg", float], bool],
        *,
        echo: Echo | None = None,
    ) -> None:
        """`over(leg, now)` is asked every frame whether the caller puts the phone down."""
        self.sample_rate = sample_rate
        self.playout: AudioSource | None = None
        self.on_key: Callable[[str], None] | None = None
        self.dropped_frames = 0
        self._line = line
        self._speaking = speaking
        self._over = over
        self._echo = echo
        self._size = frame_bytes(sample_rate)
        self._voice: deque[bytes] = deque()
        self._sent: deque[bytes] = deque(maxlen=0 if echo is None else echo.delay_ms // FRAME_MS)
        self._closed = False
        self.answered_s = 0.0
        """The call began: what the call's record counts from."""
        self.latest_s = 0.0
        """The most that a frame came late, where the clock is real."""
        self.prompt_ended_s: float | None = None
        """The first turn's last prompt was over, whole or not."""
        self.begin_s: float | None = None
        """The caller's first sample arrived."""
        self.end_s: float | None = None
        """The first moment after their last one."""
        self.heard: list[float] = []
        """When each audible frame of the robot left for the wire."""

    def watch(self, session: CallSession) -> None:
        """Follow the call: note when its first prompt is over."""
        turns = session.record.turns
        ended = bool(turns) and turns[0].prompts[-1].ended_ms is not None
        if ended and self.prompt_ended_s is None:
            self.prompt_ended_s = asyncio.get_running_loop().time()

    async def incoming(self) -> AsyncIterator[AudioFrame]:
        """Yield the caller's side, a frame every 20 ms, until `over`."""
        loop = asyncio.get_running_loop()
        self.answered_s = begin = loop.time()
        number = 0
        while not self._closed:
            due = begin + (number + 1) * FRAME_S
            await asyncio.sleep(max(0.0, due - loop.time()))
            self.latest_s = max(self.latest_s, loop.time() - due)
            # The loop may be late; what is sent then leaves late. The clock is read before the
            # pull, which ends the prompt whose last frame it returns.
            leaves = loop.time()
            sent = None if self.playout is None else self.playout.pull()
            self._hear(sent, leaves)
            pcm = self._line(self._mixed(self._next(due - FRAME_S), sent))
            if self._over(self, loop.time()):
                return
            yield AudioFrame(pcm, self.sample_rate, number * self._size // SAMPLE_BYTES)
            number += 1

    async def hang_up(self) -> None:
        """End the call from the robot's side."""
        self._closed = True

    def _hear(self, sent: bytes | None, now: float) -> None:
        if sent is not None and np.abs(np.frombuffer(sent, "<i2")).max() >= AUDIBLE_PEAK:
            self.heard.append(now)

    def _next(self, frame_s: float) -> bytes:
        """Return what comes out of the caller's mouth in the frame that began at `frame_s`."""
        if self.begin_s is None and self._is_time(frame_s):
            offset = self._speaking.offset_samples
            pcm = bytes(offset * SAMPLE_BYTES) + self._speaking.pcm
            samples = len(self._speaking.pcm) // SAMPLE_BYTES
            self.begin_s = frame_s + offset / self.sample_rate + DELAY_MS / 1000
            self.end_s = self.begin_s + samples / self.sample_rate
            pcm += bytes(-len(pcm) % self._size)
            self._voice.extend(pcm[at : at + self._size] for at in range(0, len(pcm), self._size))
        return self._voice.popleft() if self._voice else bytes(self._size)

    def _is_time(self, frame_s: float) -> bool:
        after_ms = self._speaking.after_prompt_ms
        if after_ms is not None:
            ended = self.prompt_ended_s
            return ended is not None and frame_s >= ended + after_ms / 1000
        return bool(self.heard) and frame_s >= self.heard[0] + self._speaking.into_prompt_ms / 1000

    def _mixed(self, pcm: bytes, sent: bytes | None) -> bytes:
        if self._echo is None:
            return pcm
        back = self._sent[0] if len(self._sent) == self._sent.maxlen else bytes(self._size)
        self._sent.append(sent or bytes(self._size))
        gain = 10 ** (self._echo.level_db / 20)
        mixed = np.frombuffer(pcm, "<i2") + np.frombuffer(back, "<i2") * gain
        return np.clip(np.rint(mixed), -32768, 32767).astype("<i2").tobytes()
