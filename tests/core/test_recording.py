from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from voicebot.audio.levels import active_dbfs
from voicebot.audio.recording import LONGEST_S, load_recording
from voicebot.errors import BadAudio


def tone(rate: int, seconds: float = 1.0, amplitude: float = 0.3) -> NDArray[np.float64]:
    time: NDArray[np.float64] = np.arange(int(rate * seconds)) / rate
    return amplitude * np.sin(2 * np.pi * 440 * time)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "ALAW"])
@pytest.mark.parametrize("line_rate", [8000, 16000])
def test_any_wav_becomes_mono_at_the_rate_of_the_line(
    tmp_path: Path, rate: int, subtype: str, line_rate: int
) -> None:
    path = tmp_path / "greeting.wav"
    soundfile.write(str(path), np.stack([tone(rate)] * 2, axis=1), rate, subtype=subtype)

    pcm = load_recording(path, line_rate)

    assert len(pcm) // 2 == pytest.approx(line_rate, abs=2)
    assert active_dbfs(pcm, line_rate) == pytest.approx(20 * np.log10(0.3) - 3.01, abs=0.3)


def test_what_only_the_right_channel_has_is_heard(tmp_path: Path) -> None:
    path = tmp_path / "right.wav"
    soundfile.write(str(path), np.stack([np.zeros(8000), tone(8000)], axis=1), 8000)

    pcm = load_recording(path, 8000)

    assert active_dbfs(pcm, 8000) == pytest.approx(20 * np.log10(0.15) - 3.01, abs=0.3)


@pytest.mark.parametrize(
    ("samples", "what"),
    [
        (np.zeros(8000), "all but silent"),
        (tone(8000, amplitude=0.001), "all but silent"),
        (tone(8000, seconds=0.05), "lasts 50 ms only"),
        (tone(8000, seconds=LONGEST_S + 1), f"lasts {LONGEST_S + 1} s"),
        (np.clip(tone(8000, amplitude=3.0), -1, 1), "is clipped"),
    ],
)
def test_a_recording_nobody_should_hear_is_refused_by_name(
    tmp_path: Path, samples: NDArray[np.float64], what: str
) -> None:
    path = tmp_path / "greeting.wav"
    soundfile.write(str(path), samples, 8000)

    with pytest.raises(BadAudio, match=what) as refusal:
        load_recording(path, 8000)

    assert refusal.value.problems[0].file == str(path)


def test_one_loud_moment_is_not_clipping(tmp_path: Path) -> None:
    path = tmp_path / "loud.wav"
    samples = tone(8000)
    samples[4000:4003] = 1.0
    soundfile.write(str(path), samples, 8000)

    assert load_recording(path, 8000)


def test_an_empty_file_and_a_text_file_are_refused(tmp_path: Path) -> None:
    empty, text = tmp_path / "empty.wav", tmp_path / "text.wav"
    empty.touch()
    text.write_text("您好", encoding="utf-8")

    with pytest.raises(BadAudio, match=r"empty\.wav"):
        load_recording(empty, 8000)
    with pytest.raises(BadAudio, match=r"text\.wav"):
        load_recording(text, 8000)
