"""WAV files in and out."""

import wave
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from voicebot.audio.resample import resample
from voicebot.errors import BadAudio, Problem

MAX_MINUTES = 60
"""The longest recording that is read whole: a call's limit is minutes, and an hour at 8 kHz is
58 MB. A longer file is refused before anything of it is read."""


def read_mono(path: Path, sample_rate: int) -> bytes:
    """Return a recording as signed 16-bit samples at `sample_rate` Hz.

    Any rate and sample format that libsndfile knows; of several channels the left one. Raises
    `BadAudio` when the file is missing, empty, cut short, too long or not audio.
    """
    pcm, rate = _read(path)
    return resample(pcm, rate, sample_rate)


def write(path: Path, sample_rate: int, *channels: bytes) -> None:
    """Write one channel or several (left first) of signed 16-bit samples.

    Shorter channels are filled up with silence. The file appears whole or not at all.
    """
    length = max((len(channel) for channel in channels), default=0) // 2
    interleaved = np.zeros((length, len(channels)), "<i2")
    for index, channel in enumerate(channels):
        samples = np.frombuffer(channel, "<i2")
        interleaved[: len(samples), index] = samples
    unfinished = path.with_name(f".{path.name}.part")
    try:
        with wave.open(str(unfinished), "wb") as file:
            file.setnchannels(len(channels))
            file.setsampwidth(2)
            file.setframerate(sample_rate)
            file.writeframes(interleaved.tobytes())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _read(path: Path) -> tuple[bytes, int]:
    try:
        with soundfile.SoundFile(str(path)) as file:
            declared = _declared_frames(path)
            rate = int(file.samplerate)
            if file.frames > MAX_MINUTES * 60 * rate:
                minutes = file.frames / rate / 60
                raise _bad(
                    path,
                    f"is {minutes:.0f} minutes long; {MAX_MINUTES} are the most",
                    "cut it into single calls",
                )
            if declared is not None and declared > file.frames:
                raise _bad(
                    path,
                    f"is cut short: its header promises {declared} samples, it has {file.frames}",
                    "copy or record it again",
                )
            # By the second: an hour of stereo at 48 kHz in floating point is 2.8 GB.
            blocks = file.blocks(blocksize=rate, dtype="float64", always_2d=True)
            pcm = b"".join(_left(block) for block in blocks)
    except FileNotFoundError as error:
        raise _bad(path, "does not exist", "check the path") from error
    except IsADirectoryError as error:
        raise _bad(path, "is a folder", "name one WAV file") from error
    except (soundfile.LibsndfileError, EOFError, OSError) as error:
        if not path.exists():
            raise _bad(path, "does not exist", "check the path") from error
        if path.is_dir():
            raise _bad(path, "is a folder", "name one WAV file") from error
        if path.stat().st_size == 0:
            raise _bad(path, "is empty (0 bytes)", "record it again") from error
        raise _bad(path, "is not a readable WAV file", f"the reader says: {error}") from error
    if not pcm:
        raise _bad(path, "has a header but no samples", "record it again")
    return pcm, rate


def _left(block: NDArray[np.float64]) -> bytes:
    samples = np.nan_to_num(block[:, 0], nan=0.0, posinf=1.0, neginf=-1.0)
    return np.clip(np.rint(samples * 32768), -32768, 32767).astype("<i2").tobytes()


def _declared_frames(path: Path) -> int | None:
    """Return how many samples a plain RIFF header promises; libsndfile mends it silently."""
    with path.open("rb") as file:
        head = file.read(12)
        if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return None
        block_align = 0
        while len(chunk := file.read(8)) == 8:
            name, size = chunk[:4], int.from_bytes(chunk[4:], "little")
            if name == b"fmt ":
                block_align = int.from_bytes(file.read(size)[12:14], "little")
            elif name == b"data":
                # Writers that stream leave 0 or about the largest number: they promise nothing.
                streamed = size == 0 or size >= 0x7FFFF000
                return None if streamed or not block_align else size // block_align
            else:
                file.seek(size + size % 2, 1)
    return None


def _bad(path: Path, what: str, hint: str) -> BadAudio:
    return BadAudio(Problem(str(path), what, hint=hint))
