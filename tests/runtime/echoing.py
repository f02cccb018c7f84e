"""A caller at a loudspeaker telephone: what the robot says comes back."""

import asyncio
from collections.abc import AsyncIterator, Callable

import numpy as np

from voicebot.audio.frame import FRAME_MS, AudioFrame, frame_samples
from voicebot.call.leg import AudioSource
from voicebot.simulation.line import Line


class EchoingLeg:
    """Sends a recording together with the robot's own sound; see `voicebot.call.leg.CallLeg`."""

    sample_rate = 8000
    dropped_frames = 0

    def __init__(
        self, caller: bytes, line: Line, *, delay_ms: int, echo_db: float, length_ms: int
    ) -> None:
        """The echo comes `delay_ms` late, a frame or more, and `echo_db` louder than was sent."""
        self.playout: AudioSource | None = None
        self.on_key: Callable[[str], None] | None = None
        self._line = line
        self._delay = delay_ms * self.sample_rate // 1000
        self._gain = 10 ** (echo_db / 20)
        whole_frames = length_ms // FRAME_MS * frame_samples(self.sample_rate)
        self._caller = np.zeros(whole_frames)
        samples = np.frombuffer(caller, "<i2")
        self._caller[: len(samples)] = samples
        self._closed = False

    async def incoming(self) -> AsyncIterator[AudioFrame]:
        """Yield the caller's side until `length_ms` is over."""
        loop = asyncio.get_running_loop()
        size = frame_samples(self.sample_rate)
        echo = np.zeros(len(self._caller) + self._delay + size)
        for number, at in enumerate(range(0, len(self._caller), size), 1):
            await asyncio.sleep(max(0.0, number * FRAME_MS / 1000 - loop.time()))
            if self._closed:
                return
            if self.playout is not None and (sent := self.playout.pull()) is not None:
                later = at + self._delay
                echo[later : later + size] = np.frombuffer(sent, "<i2") * self._gain
            mixed = self._caller[at : at + size] + echo[at : at + size]
            pcm = np.clip(np.rint(mixed), -32768, 32767).astype("<i2").tobytes()
            yield AudioFrame(self._line(pcm), self.sample_rate, at)

    async def hang_up(self) -> None:
        """Stop sending."""
        self._closed = True
