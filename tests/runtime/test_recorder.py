"""What is on the disk while a call runs, and after it."""

import resource
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.builders import tone
from voicebot.errors import StorageFailed
from voicebot.runtime.recorder import FileRecording
from voicebot.runtime.virtual_time import InlineExecutor

RATE = 8000
SECOND = RATE * 2


def channels(path: Path) -> tuple[bytes, bytes]:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, RATE)
        stereo = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)
    return stereo[:, 0].tobytes(), stereo[:, 1].tobytes()


def test_both_sides_are_in_the_file_sample_by_sample(tmp_path: Path) -> None:
    caller, robot = tone(2500), tone(2500, hz=700)
    with ThreadPoolExecutor(1) as writer:
        recording = FileRecording(tmp_path / "calls" / "001.wav", RATE, writer)

        for at in range(0, len(caller), 320):
            recording.hear(caller[at : at + 320])
            recording.say(robot[at : at + 320])
        recording.close()

    assert channels(recording.path) == (caller, robot)


def test_a_call_that_crashes_leaves_a_readable_file(tmp_path: Path) -> None:
    recording = FileRecording(tmp_path / "001.wav", RATE, InlineExecutor())

    for _ in range(165):
        recording.hear(tone(20))
        recording.say(tone(20, hz=700))

    caller, robot = channels(recording.path)
    assert caller == tone(20) * 150
    assert robot == tone(20, hz=700) * 150
    recording.close()


def test_a_side_that_stopped_is_filled_with_silence(tmp_path: Path) -> None:
    recording = FileRecording(tmp_path / "001.wav", RATE, InlineExecutor())

    for _ in range(150):
        recording.say(tone(20))
    recording.hear(tone(20, hz=900))
    recording.close()

    caller, robot = channels(recording.path)
    assert len(caller) == len(robot) == 3 * SECOND
    assert not any(caller[: 2 * SECOND])
    assert any(caller[2 * SECOND :])


def test_a_full_disk_ends_the_recording_and_not_the_call(tmp_path: Path) -> None:
    recording = FileRecording(tmp_path / "001.wav", RATE, InlineExecutor())
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, before[1]))

    try:
        for _ in range(150):
            recording.hear(tone(20))
            recording.say(tone(20))
        recording.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert recording.failed == "001.wav: File too large"
    caller, _ = channels(recording.path)
    assert len(caller) == SECOND


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "calls").write_text("in the way")

    with pytest.raises(StorageFailed, match=r"001\.wav: cannot be recorded to"):
        FileRecording(tmp_path / "calls" / "001.wav", RATE, InlineExecutor())
