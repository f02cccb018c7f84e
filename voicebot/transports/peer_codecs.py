"""What travels in an RTP packet, to samples at 8 kHz and back."""

from collections.abc import Callable
from fractions import Fraction
from typing import Protocol

import av

from voicebot.audio import g711
from voicebot.audio.block_resample import BlockResampler
from voicebot.audio.frame import SAMPLE_BYTES

LINE_RATE = 8000
"""Hz, of the samples on our side whatever the packets hold."""
OPUS_BLOCK_MS = 10
"""Every frame of 10 ms and more is made of these."""
SAMPLE_TIME = Fraction(1, LINE_RATE)


class PacketCodec(Protocol):
    """One direction each; one instance a stream, since both ends keep state."""

    clock_rate: int
    """Hz, of RTP's timestamps."""

    def encode(self, pcm: bytes) -> bytes:
        """Return the payload for 20 ms of samples."""
        ...

    def decode(self, payload: bytes) -> bytes:
        """Return the samples of a payload; none when it is damaged."""
        ...


class G711Codec:
    """A sample a byte."""

    clock_rate = 8000

    def __init__(self, law: g711.Codec) -> None:
        self._law = law

    def encode(self, pcm: bytes) -> bytes:
        """See `PacketCodec`."""
        return g711.encode(pcm, self._law)

    def decode(self, payload: bytes) -> bytes:
        """See `PacketCodec`."""
        return g711.decode(payload, self._law)


class OpusCodec:
    """libopus through FFmpeg: what browsers speak."""

    clock_rate = 48000

    def __init__(self) -> None:
        encoder = av.AudioCodecContext.create("libopus", "w")
        encoder.sample_rate = LINE_RATE
        encoder.layout = "mono"
        encoder.format = "s16"
        encoder.bit_rate = 24_000
        encoder.options = {
            "application": "voip",
            "frame_duration": "20",
            # Of 10; it takes half of the time, and speech from 8 kHz has no use for more.
            "compression_level": "3",
        }
        self._encoder = encoder
        self._decoder = av.AudioCodecContext.create("libopus", "r")
        # Else FFmpeg keeps a thread for each processor until the garbage is collected.
        self._encoder.thread_count = self._decoder.thread_count = 1
        self._decoder.layout = "mono"
        self._decoder.format = "s16"
        # FFmpeg's resampler is a graph of filters with threads of its own, which outlive the call.
        self._resampler = BlockResampler(self.clock_rate, LINE_RATE, OPUS_BLOCK_MS)
        self._pts = 0

    def encode(self, pcm: bytes) -> bytes:
        """See `PacketCodec`."""
        frame = av.AudioFrame("s16", "mono", len(pcm) // SAMPLE_BYTES)
        frame.planes[0].update(pcm)
        frame.sample_rate = LINE_RATE
        frame.pts = self._pts
        frame.time_base = SAMPLE_TIME
        self._pts += frame.samples
        return b"".join(map(bytes, self._encoder.encode(frame)))

    def decode(self, payload: bytes) -> bytes:
        """See `PacketCodec`."""
        if not payload:
            # FFmpeg takes an empty packet for the end of the stream.
            return b""
        try:
            frames = self._decoder.decode(av.Packet(payload))
            return b"".join(self._resampler.push(_samples(frame)) for frame in frames)
        except (av.error.FFmpegError, ValueError):
            # Damaged, or in frames of less than 10 ms, which nobody uses for speech.
            return b""


def _samples(frame: av.AudioFrame) -> bytes:
    # A plane is as long as its alignment asks for.
    return bytes(frame.planes[0])[: frame.samples * SAMPLE_BYTES]


CODECS: dict[str, Callable[[], PacketCodec]] = {
    "PCMA": lambda: G711Codec(g711.Codec.ALAW),
    "PCMU": lambda: G711Codec(g711.Codec.ULAW),
    "opus": OpusCodec,
}
"""By the name in a session description."""
