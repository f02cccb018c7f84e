import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import drawn, frames, loud, tone
from voicebot.speech.detector import (
    SILENT_DBFS,
    DetectorSettings,
    SpeechDetector,
    SpeechPaused,
    SpeechStarted,
    SpeechWavered,
    SpeechWentOn,
    level_dbfs,
)


def heard(pcm: bytes, rate: int = 8000, detector: SpeechDetector | None = None) -> list[str]:
    """What a detector says about a signal, in milliseconds of it."""
    detector = detector or SpeechDetector(loud)
    told = []
    for frame in frames(pcm, rate):
        match detector.process(frame):
            case SpeechStarted(position):
                told.append(f"start@{position * 1000 // rate}")
            case SpeechPaused(position):
                told.append(f"end@{position * 1000 // rate}")
    return told


@pytest.mark.parametrize(
    ("signal", "expected"),
    [
        ("..........", []),
        ("..##......", []),
        ("..###.....", ["start@40"]),
        ("..###........", ["start@40", "end@100"]),
        ("..###.......#####", ["start@40"]),
        ("..##.##.##.##", []),
        ("..##.###......", ["start@100"]),
        ("..#####........#####........", ["start@40", "end@140", "start@300", "end@400"]),
        ("#####........", ["start@0", "end@100"]),
        ("", []),
    ],
)
def test_speech_starts_after_three_frames_in_a_row_and_ends_after_eight(
    signal: str, expected: list[str]
) -> None:
    assert heard(drawn(signal)) == expected


@pytest.mark.parametrize("rate", [8000, 16000])
def test_positions_count_samples_of_the_line(rate: int) -> None:
    assert heard(drawn("..###........", rate=rate), rate) == ["start@40", "end@100"]


def test_the_detector_tells_at_once_when_it_is_sure() -> None:
    detector = SpeechDetector(loud)
    told = [detector.process(frame) for frame in frames(drawn("..###........"))]

    moments = [(number, event) for number, event in enumerate(told) if event]

    assert moments == [
        (4, SpeechStarted(2 * 160)),
        (5, SpeechWavered(5 * 160)),
        (12, SpeechPaused(5 * 160)),
    ]
    assert not detector.speaking


def test_a_gap_within_a_word_wavers_and_goes_on() -> None:
    detector = SpeechDetector(loud)
    told = [detector.process(frame) for frame in frames(drawn("####...####"))]

    moments = [(number, event) for number, event in enumerate(told) if event]

    assert moments == [
        (2, SpeechStarted(0)),
        (4, SpeechWavered(4 * 160)),
        (7, SpeechWentOn()),
    ]


def test_a_loud_noise_that_is_no_voice_is_no_speech() -> None:
    detector = SpeechDetector(lambda frame: False)

    assert heard(drawn("..#########........"), detector=detector) == []


def test_a_voice_too_quiet_for_the_line_is_no_speech() -> None:
    detector = SpeechDetector(lambda frame: True)
    whisper = tone(1000, peak=60)

    assert heard(tone(500, peak=20) + whisper, detector=detector) == []


def test_a_voice_must_stand_out_of_the_lines_noise() -> None:
    settings = DetectorSettings()
    noise, quiet_voice, voice = (tone(2000, peak=peak) for peak in (300, 600, 1500))

    def told(signal: bytes) -> list[str]:
        detector = SpeechDetector(lambda frame: True, settings)
        heard(noise * 5, detector=detector)
        return heard(signal, detector=detector)

    assert told(quiet_voice) == []
    assert [each.split("@")[0] for each in told(voice)] == ["start"]


def test_the_floor_follows_a_louder_line_slowly_and_a_quieter_one_quickly() -> None:
    detector = SpeechDetector(loud)
    heard(tone(5000, peak=20), detector=detector)
    low = detector.floor_dbfs
    heard(tone(2000, peak=400), detector=detector)
    after_two_seconds = detector.floor_dbfs
    heard(tone(20_000, peak=400), detector=detector)
    high = detector.floor_dbfs
    heard(tone(600, peak=20), detector=detector)

    assert low == pytest.approx(-65, abs=1)
    assert after_two_seconds - low == pytest.approx(8, abs=0.5)
    assert high == pytest.approx(level_dbfs(tone(20, peak=400)), abs=1.5)
    assert detector.floor_dbfs == pytest.approx(max(high - 30, -65), abs=1)


def test_no_noise_makes_the_detector_deaf_to_a_normal_voice() -> None:
    detector = SpeechDetector(lambda frame: True)
    heard(tone(60_000, peak=6000), detector=detector)
    still_speaking = detector.speaking

    heard(tone(2000, peak=20), detector=detector)

    assert detector.floor_dbfs <= DetectorSettings().loudest_floor_dbfs
    assert still_speaking
    assert heard(tone(200, peak=3000), detector=detector) != []


def test_a_line_that_becomes_noisy_is_not_one_endless_speech() -> None:
    """A noise of -37 dBFS, called a voice in every frame, is let go of within half a minute."""
    detector = SpeechDetector(lambda frame: True)
    heard(tone(1000, peak=20), detector=detector)

    told = heard(tone(30_000, peak=460), detector=detector)

    assert [each.split("@")[0] for each in told] == ["start", "end"]


def test_a_call_that_begins_in_the_middle_of_a_word_is_heard() -> None:
    assert heard(tone(500))[0] == "start@0"


def test_a_lost_packet_does_not_raise_the_margin_of_what_follows() -> None:
    detector = SpeechDetector(lambda frame: True)
    line = tone(3000, peak=300)
    heard(line, detector=detector)

    told = heard(bytes(320) + line, detector=detector)

    assert told == []


def test_levels_are_decibels_under_full_scale() -> None:
    square = np.tile(np.array([32767, -32767], "<i2"), 80).tobytes()

    assert level_dbfs(square) == pytest.approx(0, abs=0.01)
    assert level_dbfs(tone(20, peak=32767)) == pytest.approx(-3, abs=0.1)
    assert level_dbfs(bytes(320)) == SILENT_DBFS
    assert level_dbfs(b"") == SILENT_DBFS


@given(st.text("#.", max_size=120))
def test_starts_and_ends_alternate_and_never_run_backwards(signal: str) -> None:
    told = heard(drawn(signal))

    kinds = [each.split("@")[0] for each in told]
    times = [int(each.split("@")[1]) for each in told]
    assert kinds == ["start", "end"] * (len(kinds) // 2) + ["start"] * (len(kinds) % 2)
    assert times == sorted(times)
    assert all(time % 20 == 0 and time < len(signal) * 20 for time in times)
