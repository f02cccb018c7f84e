import time
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.builders import tone
from voicebot.audio.wav import read_mono, write
from voicebot.errors import BadAudio

RATE = 8000


def samples(pcm: bytes) -> NDArray[np.float64]:
    return np.frombuffer(pcm, "<i2").astype(float)


def complaint(path: Path) -> str:
    """What is said about a file that cannot be read; it always names the file."""
    with pytest.raises(BadAudio) as caught:
        read_mono(path, RATE)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    return text.removeprefix(f"{path}: ")


def header(data_bytes: int, rate: int = RATE) -> bytes:
    """The 44 bytes that begin a plain mono 16-bit WAV."""
    fmt = (1).to_bytes(2, "little") + (1).to_bytes(2, "little") + rate.to_bytes(4, "little")
    fmt += (rate * 2).to_bytes(4, "little") + (2).to_bytes(2, "little") + (16).to_bytes(2, "little")
    size = min(data_bytes + 36, 0xFFFFFFFF)
    return (
        b"RIFF" + size.to_bytes(4, "little") + b"WAVE"
        + b"fmt " + (16).to_bytes(4, "little") + fmt
        + b"data" + data_bytes.to_bytes(4, "little")
    )  # fmt: skip


# What can be read


def test_what_was_written_is_read_back_bit_by_bit(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"

    write(path, RATE, tone(500))

    assert read_mono(path, RATE) == tone(500)


@pytest.mark.parametrize(
    ("subtype", "tolerance"),
    [("PCM_16", 0), ("PCM_24", 1), ("PCM_32", 1), ("FLOAT", 1), ("DOUBLE", 1), ("PCM_U8", 256),
     ("ALAW", 260), ("ULAW", 260)],
)  # fmt: skip
def test_every_sample_format_is_read(tmp_path: Path, subtype: str, tolerance: int) -> None:
    path = tmp_path / "call.wav"
    soundfile.write(path, samples(tone(500)) / 32768, RATE, subtype=subtype)

    read = read_mono(path, RATE)

    assert abs(samples(read) - samples(tone(500))).max() <= tolerance


def test_of_a_stereo_recording_at_44100_hz_the_left_side_is_read(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    left, right = tone(1000, rate=44100, hz=400), tone(1000, rate=44100, hz=1000)
    write(path, 44100, left, right)

    read = samples(read_mono(path, RATE))

    assert len(read) == RATE
    spectrum = np.abs(np.fft.rfft(read * np.hanning(len(read))))
    assert spectrum.argmax() == 400
    assert spectrum[1000] < spectrum[400] / 1000


def test_a_recording_louder_than_full_scale_is_cut_there(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    soundfile.write(path, np.array([2.0, -2.0, 0.5]), RATE, subtype="FLOAT")

    read = samples(read_mono(path, RATE))

    assert read.tolist() == [32767, -32768, 16384]


def test_what_is_no_number_in_a_recording_is_silence(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    broken = np.array([0.5, np.nan, np.inf, -np.inf, 0.5])
    soundfile.write(path, broken, RATE, subtype="FLOAT")

    read = samples(read_mono(path, RATE))

    assert read.tolist() == [16384, 0, 32767, -32768, 16384]


def test_silence_is_audio_too(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    write(path, RATE, bytes(16_000))

    assert read_mono(path, RATE) == bytes(16_000)


@pytest.mark.parametrize("promised", [0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000])
def test_a_file_whose_writer_streamed_and_promised_nothing_is_read(
    tmp_path: Path, promised: int
) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(header(promised) + tone(500))

    read = read_mono(path, RATE)

    assert abs(len(read) - len(tone(500))) <= 2


def test_a_file_with_other_chunks_before_its_audio_is_read(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    plain = header(len(tone(500)))
    note = b"LIST" + (5).to_bytes(4, "little") + b"note.\0"
    path.write_bytes(plain[:36] + note + plain[36:] + tone(500))

    assert read_mono(path, RATE) == tone(500)


# What cannot


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert complaint(tmp_path / "no.wav") == "does not exist; check the path"


def test_a_folder_is_no_recording(tmp_path: Path) -> None:
    assert complaint(tmp_path) == "is a folder; name one WAV file"


def test_an_empty_file_is_no_recording(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(b"")

    assert complaint(path) == "is empty (0 bytes); record it again"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("这是一段文字。".encode(), id="text"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(100), id="picture"),
        pytest.param(b"RIFF", id="four bytes"),
        pytest.param(header(1000)[:20], id="half a header"),
        pytest.param(b"RIFF\x00\x00\x00\x00AVI " + bytes(100), id="film"),
        pytest.param(b"RIFF" + b"\xff" * 4 + b"WAVEfmt " + b"\xff" * 4 + bytes(50), id="huge fmt"),
        pytest.param(b"RIFF" + bytes(4) + b"WAVEdata" + bytes(4) + bytes(50), id="no fmt"),
    ],
)
def test_what_is_no_wav_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(data)

    assert complaint(path).startswith("is not a readable WAV file; the reader says: ")


def test_a_header_without_samples_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(header(0))

    assert complaint(path) == "has a header but no samples; record it again"


def test_a_file_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(header(16_000) + tone(500))

    assert complaint(path) == (
        "is cut short: its header promises 8000 samples, it has 4000; copy or record it again"
    )


def test_two_hours_are_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    two_hours = 2 * 3600 * RATE * 2
    with path.open("wb") as file:
        file.write(header(two_hours))
        file.truncate(44 + two_hours)
    begin = time.perf_counter()

    said = complaint(path)

    assert said == "is 120 minutes long; 60 are the most; cut it into single calls"
    assert time.perf_counter() - begin < 0.1


def test_a_link_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    path = tmp_path / "loop.wav"
    path.symlink_to(path)

    with pytest.raises(BadAudio, match=str(path)):
        read_mono(path, RATE)


# Writing


def test_channels_are_written_side_by_side_and_the_shorter_filled_with_silence(
    tmp_path: Path,
) -> None:
    path = tmp_path / "call.wav"

    write(path, RATE, tone(100), tone(40, hz=800))

    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, RATE, 800)
        both = np.frombuffer(file.readframes(800), "<i2").reshape(-1, 2)
    assert both[:, 0].tobytes() == tone(100)
    assert both[:, 1].tobytes() == tone(40, hz=800) + bytes(960)


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    write(path, RATE, tone(100))

    write(path, RATE, tone(40))

    assert read_mono(path, RATE) == tone(40)
    assert [each.name for each in tmp_path.iterdir()] == ["call.wav"]


def test_writing_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    write(path, RATE, tone(100))

    with pytest.raises(wave.Error, match="channels"):
        write(path, RATE)

    assert read_mono(path, RATE) == tone(100)
    assert [each.name for each in tmp_path.iterdir()] == ["call.wav"]
