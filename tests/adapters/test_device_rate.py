"""A sound device at its own rate: both ways the same sound, block by block."""

import numpy as np
import pytest

from tests.builders import tone
from voicebot.audio.block_resample import HALF_WIDTH_S, BlockResampler
from voicebot.audio.frame import frame_bytes
from voicebot.audio.levels import rms_dbfs
from voicebot.transports.device_rate import DeviceRate

LINE = 8000


def loudest_hz(pcm: bytes, rate: int) -> float:
    samples = np.frombuffer(pcm, np.int16).astype(float)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.fft.rfftfreq(len(samples), 1 / rate)[spectrum.argmax()])


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
@pytest.mark.parametrize("hz", [300, 1000, 3000])
def test_sound_keeps_its_pitch_its_level_and_its_time_both_ways(rate: int, hz: int) -> None:
    device = DeviceRate(rate, LINE)
    pcm = tone(2000, hz=hz)
    frames = [pcm[at : at + frame_bytes(LINE)] for at in range(0, len(pcm), frame_bytes(LINE))]

    said = [device.to_say(frame) for frame in frames]
    heard = [device.heard(block) for block in said]

    assert {len(block) for block in said} == {2 * device.block}
    assert {len(frame) for frame in heard} == {frame_bytes(LINE)}
    for sound, at in ((b"".join(said[1:]), rate), (b"".join(heard[1:]), LINE)):
        assert loudest_hz(sound, at) == pytest.approx(hz, abs=2)
        assert rms_dbfs(sound) == pytest.approx(rms_dbfs(pcm), abs=0.5)
    delay = 0 if rate == LINE else round(2 * HALF_WIDTH_S * LINE)
    there = np.frombuffer(pcm, np.int16).astype(float)
    back = np.frombuffer(b"".join(heard), np.int16).astype(float)
    assert np.abs(back[800 + delay :] - there[800 : len(there) - delay]).max() < 0.06 * there.max()


def test_what_a_telephone_cannot_carry_does_not_come_back_as_something_else() -> None:
    down = BlockResampler(48000, LINE)
    time_s = np.arange(48000) / 48000
    whistle = (8000 * np.sin(2 * np.pi * 6000 * time_s)).astype(np.int16).tobytes()

    heard = b"".join(down.push(whistle[at : at + 1920]) for at in range(0, len(whistle), 1920))

    assert rms_dbfs(heard[640:]) < rms_dbfs(whistle) - 50
