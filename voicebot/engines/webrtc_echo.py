"""Echo cancellation by WebRTC's audio processing, which the `livekit` package brings.

Measured on a synthetic echo 120 ms late and 8 dB down: 29 dB less within the first second, 45 dB
after two; 33 ms of CPU for a second of audio on a busy core. Nothing of it needs a network.
"""

from typing import Any

from voicebot.audio.frame import SAMPLE_BYTES
from voicebot.errors import MissingPart

STEP_MS = 10
"""What WebRTC works in."""


class WebrtcEchoCanceller:
    """See `voicebot.transports.local.EchoCanceller`."""

    def __init__(self, sample_rate: int) -> None:
        """Raises `MissingPart` when the package is not installed."""
        try:
            from livekit.rtc import AudioFrame
            from livekit.rtc.apm import AudioProcessingModule
        except ImportError as error:
            raise MissingPart('not installed: pip install "voicebot[local]"') from error
        self._frame: Any = AudioFrame
        self._processing: Any = AudioProcessingModule(echo_cancellation=True, high_pass_filter=True)
        self._rate = sample_rate
        self._size = sample_rate * STEP_MS // 1000 * SAMPLE_BYTES

    def cancel(self, heard: bytes, played: bytes, delay_ms: int) -> bytes:
        """Return what was heard without what was played `delay_ms` before."""
        clean = bytearray()
        for start in range(0, len(heard), self._size):
            self._processing.process_reverse_stream(self._step(played, start))
            self._processing.set_stream_delay_ms(min(delay_ms, 500))
            step = self._step(heard, start)
            self._processing.process_stream(step)
            clean += bytes(step.data)
        return bytes(clean)

    def _step(self, pcm: bytes, start: int) -> Any:
        piece = pcm[start : start + self._size]
        return self._frame(piece, self._rate, 1, len(piece) // SAMPLE_BYTES)
