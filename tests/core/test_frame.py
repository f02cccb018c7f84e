import pytest

from voicebot.audio.frame import AudioFrame, frame_bytes, frame_samples, silence


@pytest.mark.parametrize(("rate", "samples", "size"), [(8000, 160, 320), (16000, 320, 640)])
def test_a_frame_is_twenty_milliseconds(rate: int, samples: int, size: int) -> None:
    assert frame_samples(rate) == samples
    assert frame_bytes(rate) == size
    assert silence(rate) == bytes(size)


@pytest.mark.parametrize("rate", [8000, 16000])
def test_a_position_is_a_time_of_the_media_clock(rate: int) -> None:
    frame = AudioFrame(silence(rate), rate, 50 * frame_samples(rate))

    assert frame.start_ms == 1000


@pytest.mark.parametrize("size", [0, 319, 321, 640])
def test_a_frame_of_a_wrong_length_is_refused_and_says_how_long_it_must_be(size: int) -> None:
    with pytest.raises(ValueError, match=f"a frame at 8000 Hz has 320 bytes .20 ms., not {size}"):
        AudioFrame(bytes(size), 8000, 0)


def test_a_frame_at_another_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="44100 Hz is none of"):
        AudioFrame(bytes(1764), 44100, 0)


def test_a_frame_before_the_stream_is_refused() -> None:
    with pytest.raises(ValueError, match="position -160 is before the stream began"):
        AudioFrame(silence(8000), 8000, -160)
