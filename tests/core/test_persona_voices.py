from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from voicebot.simulation.line import NOMINAL_DBFS
from voicebot.simulation.utterance import Pause, Utterance, parse
from voicebot.simulation.voices import VOICES, CallerSpeech, choose

RATE = 8000


class Hum:
    """Speaks every text as silence, half a second of a tone, and silence again."""

    sample_rate = 16000
    identity = "hum"

    def __init__(self, hz: float = 500, amplitude: float = 900) -> None:
        time_s = np.arange(8000) / self.sample_rate
        self._tone = (amplitude * np.sin(2 * np.pi * hz * time_s)).astype("<i2").tobytes()

    def synthesise(self, text: str) -> Iterator[bytes]:
        yield bytes(2 * 4000)
        yield self._tone
        yield bytes(2 * 6000)


def samples(pcm: bytes) -> NDArray[np.float64]:
    return np.frombuffer(pcm, "<i2").astype(np.float64)


def test_an_utterance_begins_and_ends_with_audible_samples() -> None:
    spoken = CallerSpeech(Hum(), RATE)(parse("你好"))

    assert len(spoken.pcm) / 2 / RATE == pytest.approx(0.5, abs=0.011)


def test_every_utterance_has_the_nominal_level_however_loud_the_synthesiser_is() -> None:
    for amplitude in (300, 20_000):
        spoken = CallerSpeech(Hum(amplitude=amplitude), RATE)(parse("你好"))

        middle = samples(spoken.pcm)[800:-800]
        level = 20 * np.log10(np.sqrt(np.mean(middle**2)) / 32768)
        assert level == pytest.approx(NOMINAL_DBFS, abs=0.5)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("单号S F一零二三", "单号艾丝 艾福 一零二三"),
        ("是D D横杠五五八", "是地 地 横杠五五八"),
        ("X开头，J5566", "艾克丝 开头，杰 5566"),
        ("我是VIP会员", "我是VIP会员"),
    ],
)
def test_letters_of_an_order_number_are_said_as_in_china(written: str, said: str) -> None:
    spoken: list[str] = []

    class Listened(Hum):
        identity = written

        def synthesise(self, text: str) -> Iterator[bytes]:
            spoken.append(text)
            return super().synthesise(text)

    CallerSpeech(Listened(), RATE)(Utterance((written,)))

    assert spoken == [said]


def test_a_pause_is_silence_of_the_asked_length_where_the_utterance_says_it_is() -> None:
    spoken = CallerSpeech(Hum(), RATE)(parse("嗯<700>好"))

    ((first, end),) = spoken.pauses
    heard = samples(spoken.pcm)
    assert end - first == RATE * 700 // 1000
    assert not heard[first:end].any()
    assert heard[first - 80 : first].any()
    assert heard[end : end + 80].any()


def test_a_shorter_vocal_tract_raises_every_frequency() -> None:
    spoken = CallerSpeech(Hum(hz=500), RATE, tract=1.1)(parse("你好"))

    heard = samples(spoken.pcm)
    loudest_hz = np.argmax(np.abs(np.fft.rfft(heard))) * RATE / len(heard)
    assert loudest_hz == pytest.approx(550, abs=5)


def test_a_seed_chooses_one_voice_and_seeds_choose_them_all() -> None:
    chosen = {choose(np.random.default_rng(seed)) for seed in range(200)}

    assert choose(np.random.default_rng(3)) == choose(np.random.default_rng(3))
    assert chosen == set(VOICES)


def test_pauses_are_read_between_words() -> None:
    assert parse("嗯<900>好<100>的") == Utterance(("嗯", Pause(900), "好", Pause(100), "的"))
    assert parse("嗯<900>好").text == "嗯好"


@pytest.mark.parametrize(
    "written", ["", "<300>好", "好<300>", "好<300><200>的", "好<x>的", "好<9000>的"]
)
def test_a_pause_that_is_none_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="pause"):
        parse(written)
