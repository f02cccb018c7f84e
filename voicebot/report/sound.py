"""The sound of calls as a report carries it: waveforms to see, and what can be played.

The sound is kept as mu-law, the telephone's own 8 bits a sample, and gzip takes out the silences:
an 8 kHz call needs about 6 kB a second for both sides. The page expands it to a plain PCM WAV,
which every browser plays and seeks by the sample; MP3 would be smaller, but is delayed by its
encoder, and the cursor would not stand where the sound is.
"""

import base64
import gzip
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from voicebot.audio.frame import SAMPLE_BYTES
from voicebot.audio.g711 import Codec, encode
from voicebot.call.events import Ms

MAX_EMBEDDED_BYTES = 24 * 1024 * 1024
"""Of packed sound in one report, about an hour of talk; later calls are played from their WAV
beside the report. A page of more than some 40 MB no longer opens on a telephone."""

COLUMN_MS = 40
"""One step of a drawn waveform."""

MAX_COLUMNS = 3000
"""Of one waveform: two minutes at `COLUMN_MS`, longer calls are drawn coarser."""

HALF_HEIGHT = 50
"""Of a drawn waveform, in its own units; 0 is the middle."""

QUIET = 0.02
"""Of full scale (-34 dBFS): a channel that never gets louder is drawn as quiet as it is."""


Sides = tuple[bytes, bytes, int]
"""The caller's and the robot's signed 16-bit samples, and their rate in Hz."""


@dataclass(frozen=True, slots=True)
class CallSound:
    """One call's sound in the report."""

    caller_path: str
    """The waveform as an SVG path, `columns` wide."""
    robot_path: str
    columns: int
    duration_ms: Ms
    sample_rate: int
    packed: str | None
    """Base64 of gzip of mu-law: all of the caller, then all of the robot. None: not embedded."""


class CallSounds:
    """What a report keeps of a run's sound, so that the run need not keep the sound itself."""

    def __init__(self, max_embedded_bytes: int = MAX_EMBEDDED_BYTES) -> None:
        self._room = max_embedded_bytes
        self._calls: dict[int, CallSound] = {}

    @classmethod
    def of(cls, audio: Mapping[int, Sides]) -> "CallSounds":
        """Take the sound of a whole run, by the attempts' numbers."""
        sounds = cls()
        for number in sorted(audio):
            sounds.add(number, *audio[number])
        return sounds

    def add(
        self,
        number: int,
        caller_pcm: bytes | bytearray,
        robot_pcm: bytes | bytearray,
        sample_rate: int,
    ) -> None:
        """Keep the sound of the attempt `number`: signed 16-bit mono, from the answer on."""
        length = max(len(caller_pcm), len(robot_pcm))
        sides = [bytes(each).ljust(length, b"\0") for each in (caller_pcm, robot_pcm)]
        samples = length // SAMPLE_BYTES
        columns = max(1, min(MAX_COLUMNS, samples * 1000 // sample_rate // COLUMN_MS))
        packed = self._pack(sides)
        self._calls[number] = CallSound(
            _waveform(sides[0], columns),
            _waveform(sides[1], columns),
            columns,
            samples * 1000 // sample_rate,
            sample_rate,
            packed,
        )

    def _pack(self, sides: list[bytes]) -> str | None:
        """Pack one call while there is room: the first that does not fit is the last tried."""
        if self._room <= 0:
            return None
        coded = b"".join(encode(side, Codec.ULAW) for side in sides)
        # Level 9 takes twice as long, and saves 0.2 % of a real call.
        packed = base64.b64encode(gzip.compress(coded, 6, mtime=0)).decode()
        self._room -= len(packed)
        return packed if self._room >= 0 else None

    def get(self, number: int) -> CallSound | None:
        """Return what is known of an attempt's sound; None when nobody answered."""
        return self._calls.get(number)


def _waveform(pcm: bytes, columns: int) -> str:
    """Draw the outline of one channel, scaled to its own loudest sample."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float64) / 32768
    if len(samples) < columns:
        return f"M0 0H{columns}"
    edges = np.linspace(0, len(samples), columns, endpoint=False, dtype=np.int64)
    highest = np.maximum.reduceat(samples, edges)
    lowest = np.minimum.reduceat(samples, edges)
    scale = HALF_HEIGHT / max(QUIET, float(np.abs(samples).max()))
    top = np.rint(-highest * scale).astype(int)
    bottom = np.rint(-lowest * scale).astype(int)
    # Forth along the top, back along the bottom.
    points = [f"{column} {y}" for column, y in enumerate(top)]
    points += [f"{column} {bottom[column]}" for column in reversed(range(columns))]
    return f"M{' '.join(points)}Z"
