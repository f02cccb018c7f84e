from io import BytesIO

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from voicebot.audio.g711 import Codec, decode, encode

EVERY_SAMPLE = np.arange(-32768, 32768, dtype="<i2")
EVERY_CODE = bytes(range(256))
SUBTYPES = {Codec.ALAW: "ALAW", Codec.ULAW: "ULAW"}


def samples(data: bytes) -> NDArray[np.int16]:
    return np.frombuffer(data, "<i2")


def by_libsndfile(pcm: bytes, codec: Codec) -> bytes:
    """Encode with another implementation."""
    file = BytesIO()
    soundfile.write(file, samples(pcm), 8000, format="RAW", subtype=SUBTYPES[codec], endian="FILE")
    return file.getvalue()


def from_libsndfile(data: bytes, codec: Codec) -> NDArray[np.int16]:
    decoded, _ = soundfile.read(
        BytesIO(data),
        dtype="int16",
        format="RAW",
        subtype=SUBTYPES[codec],
        samplerate=8000,
        channels=1,
    )
    return np.asarray(decoded, dtype=np.int16)


@pytest.mark.parametrize(
    ("codec", "code", "sample"),
    [
        # G.711 tables 1 and 2, as G.191's reference code writes them out in 16 bits.
        (Codec.ALAW, 0xD5, 8),
        (Codec.ALAW, 0x55, -8),
        (Codec.ALAW, 0xAA, 32256),
        (Codec.ALAW, 0x2A, -32256),
        (Codec.ALAW, 0x80, 5504),
        (Codec.ULAW, 0xFF, 0),
        (Codec.ULAW, 0x7F, 0),
        (Codec.ULAW, 0x80, 32124),
        (Codec.ULAW, 0x00, -32124),
        (Codec.ULAW, 0xEF, 132),
    ],
)
def test_known_codes_have_the_values_of_the_recommendation(
    codec: Codec, code: int, sample: int
) -> None:
    assert samples(decode(bytes([code]), codec)).tolist() == [sample]


@pytest.mark.parametrize("codec", list(Codec))
def test_every_code_decodes_as_libsndfile_does(codec: Codec) -> None:
    ours = samples(decode(EVERY_CODE, codec))

    assert ours.tolist() == from_libsndfile(EVERY_CODE, codec).tolist()


@pytest.mark.parametrize("codec", list(Codec))
def test_every_code_survives_decoding_and_encoding(codec: Codec) -> None:
    again = encode(decode(EVERY_CODE, codec), codec)

    # mu-law has two zeros; the negative one comes back as the positive.
    expected = EVERY_CODE.replace(b"\x7f", b"\xff") if codec is Codec.ULAW else EVERY_CODE
    assert again == expected


@pytest.mark.parametrize("codec", list(Codec))
def test_every_sample_becomes_the_code_of_its_interval(codec: Codec) -> None:
    """G.711 decides by intervals: the code's value is no further than half the widest step."""
    decoded = samples(decode(encode(EVERY_SAMPLE.tobytes(), codec), codec)).astype(int)
    original = EVERY_SAMPLE.astype(int)

    error = np.abs(decoded - original)
    assert (np.diff(decoded) >= 0).all()
    clipped = np.abs(original) > np.abs(decoded).max()
    step = np.maximum(np.abs(original) / 16, 16)
    assert (error[~clipped] <= step[~clipped]).all()


@pytest.mark.parametrize("codec", list(Codec))
def test_encoding_differs_from_libsndfile_by_no_more_than_one_interval(codec: Codec) -> None:
    pcm = EVERY_SAMPLE.tobytes()

    ours = samples(decode(encode(pcm, codec), codec)).astype(int)
    theirs = from_libsndfile(by_libsndfile(pcm, codec), codec).astype(int)

    # libsndfile truncates towards zero before it looks its table up; we follow G.191.
    step = np.maximum(np.abs(EVERY_SAMPLE.astype(int)) / 8, 16)
    assert (np.abs(ours - theirs) <= step).all()
    assert (ours == theirs).mean() > 0.9


@given(st.binary(max_size=640), st.sampled_from(list(Codec)))
def test_what_went_through_the_line_once_is_not_changed_by_it_again(
    data: bytes, codec: Codec
) -> None:
    once = decode(data, codec)

    twice = decode(encode(once, codec), codec)

    assert twice == once
