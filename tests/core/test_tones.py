import numpy as np
import pytest

from tests.core.line_sound import RATE, frames, quiet, telephone
from voicebot.audio.frame import AudioFrame, frame_bytes
from voicebot.simulation import network, sounds
from voicebot.speech.tones import Signal, ToneDetector, pure_tone


def heard(pcm: bytes) -> list[tuple[Signal, int]]:
    """Return every cadence and when its first tone began, rounded to 100 ms."""
    detector = ToneDetector()
    found = [detector.process(frame) for frame in frames(pcm)]
    return [(each.signal, round(each.start_ms, -2)) for each in found if each is not None]


@pytest.mark.parametrize("snr_db", [None, 10.0])
@pytest.mark.parametrize(
    ("signal", "times"),
    [
        (Signal.RINGBACK, [500, 5500]),
        (Signal.BUSY, [500, 1200, 1900]),
        (Signal.CONGESTION, [500, 1900, 3300]),
        (Signal.VACANT, [500, 1900, 3300]),
        (Signal.SPECIAL, [500]),
    ],
)
def test_every_cadence_is_known_on_a_clean_and_on_a_noisy_line(
    signal: Signal, times: list[int], snr_db: float | None
) -> None:
    line = telephone(quiet(500) + network.tone(signal, RATE, 8000), snr_db)

    found = heard(line)

    assert {each for each, _ in found} == {signal}
    assert [at for _, at in found][: len(times)] == times


def test_a_ring_is_told_while_it_is_still_silent_before_the_next() -> None:
    detector = ToneDetector()
    line = network.tone(Signal.RINGBACK, RATE, 5000)

    told = [frame.start_ms for frame in frames(line) if detector.process(frame)]

    assert told == [2200]


def test_a_busy_tone_is_known_after_two_seconds() -> None:
    detector = ToneDetector()
    line = network.tone(Signal.BUSY, RATE, 5000)

    told = [frame.start_ms for frame in frames(line) if detector.process(frame)]

    assert told[0] < 2000


@pytest.mark.parametrize("seed", range(5))
def test_music_and_other_telephones_are_no_tone_of_the_exchange(seed: int) -> None:
    rng = np.random.default_rng(seed)
    line = sounds.music(RATE, 15_000, rng) + sounds.phone_ring(RATE, 6000, rng)

    assert heard(telephone(line)) == []


def test_a_steady_tone_a_key_and_noise_are_no_cadence() -> None:
    steady = network.beep(RATE, 4000, 450)
    keys = b"".join(sounds.dtmf(RATE, key) + quiet(100) for key in "4504500#")
    hiss = sounds.breathing(RATE, 3000, np.random.default_rng(1))

    assert heard(telephone(steady + quiet(1000) + keys + quiet(1500) + hiss)) == []


@pytest.mark.parametrize("hz", [425, 450, 475, 950, 1400, 1800, 2100])
def test_the_frequency_of_a_tone_is_right_within_ten_hertz(hz: int) -> None:
    frame = AudioFrame(network.beep(RATE, 20, hz), RATE, 0)

    found = pure_tone(frame)

    assert found is not None
    assert abs(found[0] - hz) < 10


@pytest.mark.parametrize("pcm", [bytes(frame_bytes(RATE)), b"\x01\x00" * 160, b"\xff\x7f" * 160])
def test_silence_and_a_broken_line_are_no_tone(pcm: bytes) -> None:
    assert pure_tone(AudioFrame(pcm, RATE, 0)) is None
