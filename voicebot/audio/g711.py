"""G.711 A-law and mu-law by table, bit-exact with ITU-T G.191.

Tables instead of the standard library's `audioop`, which Python 3.13 no longer has.
"""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Codec(StrEnum):
    """How a telephone line carries a sample in 8 bits."""

    ALAW = "alaw"
    """PCMA: what trunks in China and Europe speak."""
    ULAW = "ulaw"
    """PCMU."""


def _alaw_decoder() -> NDArray[np.int16]:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    exponent = (code >> 4) & 7
    mantissa = code & 15
    magnitude = np.where(
        exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << np.maximum(exponent - 1, 0)
    )
    return np.asarray(np.where(code & 0x80, magnitude, -magnitude), np.int16)


def _ulaw_decoder() -> NDArray[np.int16]:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = ((((code & 15) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
    return np.asarray(np.where(code & 0x80, -magnitude, magnitude), np.int16)


def _alaw_encoder() -> NDArray[np.uint8]:
    sample = np.arange(-32768, 32768, dtype=np.int32)
    # One's complement below zero, as the recommendation's reference code has it.
    magnitude = np.where(sample < 0, ~sample, sample) >> 4
    exponent = np.zeros_like(magnitude)
    for bit in range(5, 12):
        exponent = np.where(magnitude >= 1 << (bit - 1), bit - 4, exponent)
    mantissa = np.where(exponent <= 1, magnitude & 15, (magnitude >> (exponent - 1)) & 15)
    code = (exponent << 4) | mantissa
    return np.asarray((code | np.where(sample < 0, 0, 0x80)) ^ 0x55, np.uint8)


def _ulaw_encoder() -> NDArray[np.uint8]:
    sample = np.arange(-32768, 32768, dtype=np.int32)
    magnitude = np.minimum((np.where(sample < 0, ~sample, sample) >> 2) + 33, 0x1FFF)
    exponent = np.zeros_like(magnitude)
    for bit in range(1, 8):
        exponent = np.where(magnitude >= 1 << (bit + 5), bit, exponent)
    code = (exponent << 4) | ((magnitude >> (exponent + 1)) & 15)
    return np.asarray(~(code | np.where(sample < 0, 0x80, 0)) & 0xFF, np.uint8)


# Encoders are indexed by the sample's bits read as unsigned.
_ENCODERS = {
    Codec.ALAW: np.roll(_alaw_encoder(), 32768),
    Codec.ULAW: np.roll(_ulaw_encoder(), 32768),
}
_DECODERS = {Codec.ALAW: _alaw_decoder(), Codec.ULAW: _ulaw_decoder()}


def encode(pcm: bytes, codec: Codec) -> bytes:
    """Compress signed 16-bit little-endian samples to one byte each."""
    return bytes(_ENCODERS[codec][np.frombuffer(pcm, "<u2")])


def decode(data: bytes, codec: Codec) -> bytes:
    """Expand one byte a sample to signed 16-bit little-endian samples."""
    return _DECODERS[codec][np.frombuffer(data, np.uint8)].astype("<i2").tobytes()
