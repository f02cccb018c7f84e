"""The unit in which audio travels: 20 ms of mono samples with its place in the stream."""

from dataclasses import dataclass

FRAME_MS = 20
SAMPLE_RATES = (8000, 16000)
"""Hz: 8000 on the telephone, 16000 where the line is wide."""
SAMPLE_BYTES = 2


def frame_samples(sample_rate: int) -> int:
    """Samples in one frame at `sample_rate` Hz."""
    return sample_rate * FRAME_MS // 1000


def frame_bytes(sample_rate: int) -> int:
    """Bytes in one frame at `sample_rate` Hz."""
    return frame_samples(sample_rate) * SAMPLE_BYTES


def silence(sample_rate: int) -> bytes:
    """Return one frame of digital silence."""
    return bytes(frame_bytes(sample_rate))


@dataclass(frozen=True, slots=True)
class AudioFrame:
    """20 ms of one mono stream."""

    pcm: bytes
    """Signed 16-bit little-endian samples."""
    sample_rate: int
    """Hz."""
    position: int
    """Number of this frame's first sample since the stream began: the media clock."""

    def __post_init__(self) -> None:
        if self.sample_rate not in SAMPLE_RATES:
            raise ValueError(f"sample rate {self.sample_rate} Hz is none of {SAMPLE_RATES}")
        expected = frame_bytes(self.sample_rate)
        if len(self.pcm) != expected:
            raise ValueError(
                f"a frame at {self.sample_rate} Hz has {expected} bytes ({FRAME_MS} ms), "
                f"not {len(self.pcm)}"
            )
        if self.position < 0:
            raise ValueError(f"position {self.position} is before the stream began")

    @property
    def start_ms(self) -> int:
        """Milliseconds of the media clock at the first sample."""
        return self.position * 1000 // self.sample_rate
