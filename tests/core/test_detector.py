from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import HIGH, LOW, drawn, frames, loud, tone
from tests.core.test_held import sung
from voicebot.audio.frame import AudioFrame
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

THREE_FRAMES = DetectorSettings(sung_start_ms=60)
"""Tones have a clear pitch, with which two frames would start speech."""


def heard(pcm: bytes, rate: int = 8000, detector: SpeechDetector | None = None) -> list[str]:
    """What a detector says about a signal, in milliseconds of it."""
    detector = detector or SpeechDetector(loud, THREE_FRAMES)
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


@pytest.mark.parametrize(
    ("signal", "expected"),
    [
        (".#........", []),
        ("..##......", ["start@40"]),
        ("..##.##.##.##", ["start@40"]),
        ("..#.#.#.......", []),
    ],
)
def test_with_a_clear_pitch_two_frames_are_enough(signal: str, expected: list[str]) -> None:
    assert heard(drawn(signal), detector=SpeechDetector(loud)) == expected


@pytest.mark.parametrize("rate", [8000, 16000])
def test_positions_count_samples_of_the_line(rate: int) -> None:
    assert heard(drawn("..###........", rate=rate), rate) == ["start@40", "end@100"]


def test_the_detector_tells_at_once_when_it_is_sure() -> None:
    detector = SpeechDetector(loud, THREE_FRAMES)
    told = [detector.process(frame) for frame in frames(drawn("..###........"))]

    moments = [(number, event) for number, event in enumerate(told) if event]

    assert moments == [
        (4, SpeechStarted(2 * 160)),
        (5, SpeechWavered(5 * 160)),
        (12, SpeechPaused(5 * 160)),
    ]
    assert not detector.speaking


def test_a_gap_within_a_word_wavers_and_goes_on() -> None:
    detector = SpeechDetector(loud, THREE_FRAMES)
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
    settings = replace(DetectorSettings(), sung_margin_db=0)
    noise, quiet_voice, voice = (tone(2000, peak=peak) for peak in (300, 600, 1500))

    def told(signal: bytes) -> list[str]:
        detector = SpeechDetector(lambda frame: True, settings)
        heard(noise * 5, detector=detector)
        return heard(signal, detector=detector)

    assert told(quiet_voice) == []
    assert [each.split("@")[0] for each in told(voice)] == ["start"]


def test_the_floor_follows_a_voice_slowly_and_a_quieter_line_quickly() -> None:
    detector = SpeechDetector(lambda frame: True)
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


def test_the_floor_follows_noise_without_a_voice_faster() -> None:
    detector = SpeechDetector(loud)
    heard(tone(5000, peak=20), detector=detector)
    low = detector.floor_dbfs

    heard(tone(1000, peak=400), detector=detector)

    assert detector.floor_dbfs - low == pytest.approx(12, abs=0.5)


def test_what_has_a_clear_pitch_needs_to_stand_out_less() -> None:
    quiet = tone(500, peak=round(110 * 10 ** (7 / 20)))

    def told(sung_margin_db: float) -> list[str]:
        settings = replace(DetectorSettings(), sung_margin_db=sung_margin_db)
        detector = SpeechDetector(lambda frame: True, settings)
        heard(tone(30_000, peak=110), detector=detector)
        return [each.split("@")[0] for each in heard(quiet, detector=detector)]

    assert told(0) == []
    assert told(3) == ["start"]


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


# The caller's own loudness


def after_a_caller(wait_ms: int, then: bytes) -> list[str]:
    """What is told of a sound, some time after a caller of -15 dBFS fell silent."""
    detector = SpeechDetector(loud_enough)
    heard(tone(2000, peak=LOW) + tone(500) + tone(wait_ms, peak=LOW), detector=detector)
    return [each.split("@")[0] for each in heard(then, detector=detector)]


def loud_enough(frame: AudioFrame) -> bool:
    """Call everything a voice that is louder than a quiet line."""
    return level_dbfs(frame.pcm) > -60


@pytest.mark.parametrize(("under_db", "told"), [(18, ["start"]), (26, [])])
def test_what_is_much_quieter_than_the_caller_is_somebody_else(
    under_db: int, told: list[str]
) -> None:
    other = tone(500, peak=round(HIGH * 10 ** (-under_db / 20)))

    assert after_a_caller(1000, other) == told


def test_a_quiet_voice_is_heard_as_long_as_nobody_was_louder() -> None:
    detector = SpeechDetector(loud_enough)
    heard(tone(2000, peak=LOW), detector=detector)

    told = heard(tone(500, peak=round(HIGH * 10 ** (-26 / 20))), detector=detector)

    assert [each.split("@")[0] for each in told] == ["start"]


def test_after_some_seconds_a_second_person_may_speak_more_quietly() -> None:
    other = tone(500, peak=round(HIGH * 10 ** (-26 / 20)))

    assert after_a_caller(3000, other) == []
    assert after_a_caller(7000, other) == ["start"]


def test_a_door_that_is_louder_than_anybody_says_nothing_about_the_caller() -> None:
    detector = SpeechDetector(loud_enough)
    door = tone(40, peak=30_000)
    heard(tone(2000, peak=LOW) + door + tone(1000, peak=LOW), detector=detector)

    told = heard(tone(500, peak=round(30_000 * 10 ** (-26 / 20))), detector=detector)

    assert [each.split("@")[0] for each in told] == ["start"]


# How far over the noise


def told_over(noise_peak: int, over_db: float) -> list[str]:
    """What is told of a voice that is so much louder than a noise of half a minute."""
    settings = replace(DetectorSettings(), sung_margin_db=0)
    detector = SpeechDetector(lambda frame: True, settings)
    heard(tone(30_000, peak=noise_peak), detector=detector)
    voice = tone(500, peak=round(noise_peak * 10 ** (over_db / 20)))
    noise = tone(500, peak=noise_peak)
    return [each.split("@")[0] for each in heard(voice + noise, detector=detector)]


@pytest.mark.parametrize(
    ("noise_peak", "over_db", "told"),
    [
        pytest.param(110, 8, [], id="a quiet line, 8 dB"),
        pytest.param(110, 10, ["start", "end"], id="a quiet line, 10 dB"),
        pytest.param(1450, 4, [], id="a loud line, 4 dB"),
        pytest.param(1450, 6, ["start", "end"], id="a loud line, 6 dB"),
        pytest.param(1850, 6, ["start", "end"], id="a line louder than the loudest floor"),
    ],
)
def test_over_loud_noise_a_voice_need_not_stand_out_as_much(
    noise_peak: int, over_db: float, told: list[str]
) -> None:
    assert told_over(noise_peak, over_db) == told


def test_the_end_of_a_word_may_be_quieter_than_its_beginning() -> None:
    detector = SpeechDetector(lambda frame: True)
    heard(tone(30_000, peak=110), detector=detector)
    beginning, end = tone(200, peak=350), tone(200, peak=280)

    told = heard(beginning + end + tone(400, peak=110), detector=detector)

    assert [each.split("@")[0] for each in told] == ["start", "end"]
    assert told[1] == "end@400"


# Figures


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


# Vowels


def hiss(ms: int, peak: int = HIGH) -> bytes:
    """Return noise as loud as a drawn voice, without anything in it that repeats itself."""
    samples = np.random.default_rng(7).uniform(-1, 1, 8 * ms) * peak
    return samples.astype("<i2").tobytes()


def test_sound_without_a_vowel_is_nobody() -> None:
    line = tone(2000, peak=LOW)

    told = heard(line + hiss(3000) + line, detector=SpeechDetector(loud_enough))

    assert told == []


def test_a_consonant_before_the_vowel_belongs_to_the_word() -> None:
    word = hiss(120) + tone(200)

    told = heard(tone(2000, peak=LOW) + word, detector=SpeechDetector(loud_enough))

    assert told == ["start@2000"]


def test_of_noise_before_a_voice_only_the_last_part_is_speech() -> None:
    longest = DetectorSettings().vowel_ms

    told = heard(
        tone(2000, peak=LOW) + hiss(3000) + tone(200), detector=SpeechDetector(loud_enough)
    )

    assert [each.split("@")[0] for each in told] == ["start"]
    assert 5000 - longest <= int(told[0].split("@")[1]) <= 5000


def test_where_noise_goes_on_speech_ends_with_its_last_vowel() -> None:
    told = heard(
        tone(2000, peak=LOW) + tone(500) + hiss(3000), detector=SpeechDetector(loud_enough)
    )

    assert [each.split("@")[0] for each in told] == ["start", "end"]
    assert abs(int(told[1].split("@")[1]) - 2500) <= 20


@pytest.mark.parametrize(
    ("said", "held"),
    [
        pytest.param(sung(ms=400), True, id="hummed"),
        pytest.param(sung(ms=700), True, id="hummed twice"),
        pytest.param(sung(hz=180.0, moving=2000.0, ms=200) + sung(ms=400), False, id="word"),
        pytest.param(sung(ms=2000), False, id="tone"),
    ],
)
def test_a_pause_tells_whether_all_of_what_was_said_was_held(said: bytes, *, held: bool) -> None:
    line = tone(2000, peak=LOW)
    detector = SpeechDetector(loud_enough)

    told = [detector.process(frame) for frame in frames(line + said + line)]

    assert [each.held for each in told if isinstance(each, SpeechPaused)] == [held]


def test_a_consonant_stirs_before_its_vowel_starts_speech() -> None:
    detector = SpeechDetector(loud_enough)
    for frame in frames(tone(2000, peak=LOW)):
        detector.process(frame)
    quiet = detector.stirring

    for frame in frames(hiss(60)):
        detector.process(frame)

    assert (quiet, detector.stirring, detector.speaking) == (False, True, False)


# Others who go on talking


def test_a_caller_may_speak_on_without_a_breath() -> None:
    line = tone(2000, peak=LOW)

    told = heard(line + tone(15_000) + line, detector=SpeechDetector(loud_enough))

    assert told == ["start@2000", "end@17000"]
