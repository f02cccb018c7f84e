"""Every recording of `audio_fixtures`, through the real recogniser and the whole loop."""

import filecmp
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from voicebot import bootstrap, config
from voicebot.audio import wav
from voicebot.audio.frame import FRAME_MS
from voicebot.call.record import CallRecord
from voicebot.simulation.labels import LabelledUtterance, read_label

FOLDER = Path(__file__).parents[2] / "audio_fixtures"
NAMES = sorted(path.stem for path in FOLDER.glob("*.wav"))
LABELS = {name: read_label(FOLDER / f"{name}.yaml") for name in NAMES}

ALONE = [name for name in NAMES if "babble" not in LABELS[name].line]
"""People in the background are speech too, and not in the label."""
CLEAN_TOLERANCE_MS = 80
"""How far a detected beginning or end of speech may be from the label: three frames."""
NOISY_TOLERANCE_MS = 160
"""The same under noise, which covers the quiet beginnings and ends of words."""
LEARNING_MS = 4000
"""So long the detector may take to learn a noisy line: the floor rises by 4 dB a second."""


@pytest.fixture(scope="session")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, CallRecord]]:
    """Each recording, replayed once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(config.CACHE_VARIABLE, str(tmp_path_factory.mktemp("prompts")))
        ear = bootstrap.load_model(None)
        voice = bootstrap.prompt_voice("espeak")
        script = bootstrap.load_script(config.DEMO_CAMPAIGN, ear)
        yield {
            name: bootstrap.replay(
                FOLDER / f"{name}.wav", script, LABELS[name].variables, ear, voice
            )[0]
            for name in NAMES
        }


def segments(record: CallRecord) -> list[tuple[int, int]]:
    """What the detector took for speech: first millisecond, and the first one after it."""
    found = []
    start = None
    for moment in record.timeline:
        if moment.what == "speech_started":
            start = moment.detail["at_ms"]
        elif moment.what == "speech_paused" and start is not None:
            found.append((start, moment.detail["at_ms"]))
            start = None
    return found if start is None else [*found, (start, record.duration_ms)]


def within(segment: tuple[int, int], said: LabelledUtterance, tolerance_ms: int) -> bool:
    return segment[0] < said.end_ms + tolerance_ms and segment[1] > said.start_ms - tolerance_ms


def acted_on(record: CallRecord) -> tuple[str, ...]:
    """The intents that led somewhere: others are recognised for the record alone."""
    return tuple(
        turn.intent
        for turn in record.turns
        if turn.intent and "nothing follows from it here" not in turn.reason
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_robot_understands_the_caller_and_the_call_ends_as_it_must(
    name: str, replayed: dict[str, CallRecord]
) -> None:
    expected = LABELS[name].expected

    record = replayed[name]

    assert acted_on(record) == expected.intents
    assert record.end_reason is expected.end_reason
    assert {field: record.outcome[field] for field in expected.outcome} == expected.outcome


@pytest.mark.parametrize("name", NAMES)
def test_the_reply_leaves_within_a_frame_of_the_endpoint(
    name: str, replayed: dict[str, CallRecord]
) -> None:
    replies = [
        turn.reply_ms - turn.endpoint_ms
        for turn in replayed[name].turns
        if turn.reply_ms is not None and turn.endpoint_ms is not None
    ]

    assert bool(replies) == bool(LABELS[name].expected.intents)
    assert all(0 <= delay <= FRAME_MS for delay in replies)


@pytest.mark.parametrize("name", ALONE)
def test_speech_is_found_where_the_label_says_it_is(
    name: str, replayed: dict[str, CallRecord]
) -> None:
    label = LABELS[name]
    tolerance_ms = CLEAN_TOLERANCE_MS if "no noise" in label.line else NOISY_TOLERANCE_MS

    found = segments(replayed[name])

    for said in label.said:
        of_this = [segment for segment in found if within(segment, said, tolerance_ms)]
        assert of_this, said
        assert of_this[0][0] == pytest.approx(said.start_ms, abs=tolerance_ms), said
        assert of_this[-1][1] == pytest.approx(said.end_ms, abs=tolerance_ms), said


@pytest.mark.parametrize("name", ALONE)
def test_nothing_else_is_taken_for_speech(name: str, replayed: dict[str, CallRecord]) -> None:
    label = LABELS[name]
    learned_ms = 0 if "no noise" in label.line else LEARNING_MS

    found = segments(replayed[name])

    false = [
        segment
        for segment in found
        if segment[1] > learned_ms
        and not any(within(segment, said, NOISY_TOLERANCE_MS) for said in label.said)
    ]
    assert false == []


def test_a_barge_in_stops_the_prompt(replayed: dict[str, CallRecord]) -> None:
    interrupted = replayed["opt_out_barge_in"].turns[0]

    assert interrupted.barge_in
    assert not interrupted.prompts[-1].complete


def test_backchannels_stop_no_prompt(replayed: dict[str, CallRecord]) -> None:
    record, said = replayed["backchannel"], LABELS["backchannel"].said
    answer = next(each for each in said if not each.barge_in)

    taken = [moment.at_ms for moment in record.timeline if moment.what == "barge_in"]
    resumed = [moment.at_ms for moment in record.timeline if moment.what == "prompt_resumed"]
    assert all(at_ms > answer.start_ms for at_ms in taken)
    assert any(at_ms < answer.start_ms for at_ms in resumed)
    assert record.turns[0].prompts[0].complete


@pytest.mark.parametrize("name", NAMES)
def test_each_recording_is_telephone_audio_of_less_than_a_minute(name: str) -> None:
    with wave.open(str(FOLDER / f"{name}.wav")) as file:
        shape = (file.getframerate(), file.getsampwidth(), file.getnchannels())
        length_s = file.getnframes() / file.getframerate()

    assert shape == (8000, 2, 1)
    assert 5 < length_s < 60


def test_there_are_enough_recordings_and_they_are_small() -> None:
    sizes = [path.stat().st_size for path in FOLDER.glob("*.wav")]

    assert len(sizes) >= 12
    assert sum(sizes) < 8_000_000


def test_a_recording_and_its_label_can_be_made_again(tmp_path: Path) -> None:
    name = "opt_out_barge_in"

    made = subprocess.run(
        [sys.executable, str(FOLDER / "make.py"), name, "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={"VOICEBOT_CACHE": str(tmp_path / "prompts"), "PYTHONPATH": str(FOLDER.parent)},
    )

    assert made.returncode == 0, made.stderr
    assert filecmp.cmp(tmp_path / f"{name}.yaml", FOLDER / f"{name}.yaml", shallow=False)
    kept, again = (wav.read_mono(folder / f"{name}.wav", 8000) for folder in (FOLDER, tmp_path))
    # Another processor may round a sample the other way, and the codec then takes the next step.
    assert len(again) == len(kept)
    same = np.frombuffer(again, "<i2") == np.frombuffer(kept, "<i2")
    assert same.mean() > 0.999
