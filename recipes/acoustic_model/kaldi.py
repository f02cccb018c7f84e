"""Kaldi's binary items, written and read back.

Little-endian. A token is its text and one space; an integer or float is 0x04 and four bytes,
a double 0x08 and eight. Vectors and matrices carry their own marks: `FV`, `FM`, and `CM2` /
`CM3` for matrices whose entries are 16- or 8-bit steps between a least and a greatest value.
"""

import struct
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int32]

BINARY_MARK = b"\0B"


class KaldiFormatError(ValueError):
    """The bytes are not what this place of the file must hold."""


@dataclass(slots=True)
class Writer:
    """Appends items to a buffer."""

    data: bytearray = field(default_factory=bytearray)

    def raw(self, data: bytes) -> None:
        """Bytes as they are."""
        self.data += data

    def token(self, text: str) -> None:
        """A word of the format, such as `<Nnet3>`."""
        self.data += text.encode() + b" "

    def int32(self, value: int) -> None:
        """A marked integer."""
        self.data += struct.pack("<bi", 4, value)

    def float32(self, value: float) -> None:
        """A marked single-precision number."""
        self.data += struct.pack("<bf", 4, value)

    def float64(self, value: float) -> None:
        """A marked double-precision number."""
        self.data += struct.pack("<bd", 8, value)

    def int_vector(self, values: IntArray | list[int]) -> None:
        """Element size, count, elements."""
        array = np.asarray(values, "<i4")
        self.data += struct.pack("<bi", 4, len(array)) + array.tobytes()

    def vector(self, values: FloatArray) -> None:
        """A float vector."""
        self.token("FV")
        self.int32(len(values))
        self.data += np.asarray(values, "<f4").tobytes()

    def matrix(self, values: FloatArray, bits: int = 32) -> None:
        """A float matrix, exact (32) or in 16 or 8 bits an entry."""
        rows, columns = values.shape
        if bits == 32:
            self.token("FM")
            self.int32(rows)
            self.int32(columns)
            self.data += np.ascontiguousarray(values, "<f4").tobytes()
            return
        low, high = float(values.min()), float(values.max())
        span = (high - low) or 1e-5
        steps = (1 << bits) - 1
        self.token({16: "CM2", 8: "CM3"}[bits])
        self.data += struct.pack("<ffii", low, span, rows, columns)
        levels = np.rint((values - low) / span * steps).clip(0, steps)
        self.data += np.ascontiguousarray(levels, {16: "<u2", 8: "u1"}[bits]).tobytes()


@dataclass(slots=True)
class Reader:
    """Takes items from a stream, in the order they were written."""

    stream: BinaryIO

    def raw(self, count: int) -> bytes:
        """Exactly this many bytes."""
        data = self.stream.read(count)
        if len(data) != count:
            raise KaldiFormatError(f"file ends {count - len(data)} bytes early")
        return data

    def token(self, expected: str | None = None) -> str:
        """A token; when one is expected, no other will do."""
        text = bytearray()
        while (byte := self.raw(1)) not in b" \n":
            text += byte
        found = text.decode()
        if expected is not None and found != expected:
            raise KaldiFormatError(f"{expected} expected, {found[:30]!r} found")
        return found

    def line(self) -> str:
        """Text up to the end of the line."""
        text = bytearray()
        while (byte := self.raw(1)) != b"\n":
            text += byte
        return text.decode()

    def _marked(self, mark: int, code: str) -> float:
        found = self.raw(1)[0]
        if found != mark:
            raise KaldiFormatError(f"item of {mark} bytes expected, mark {found} found")
        value: float = struct.unpack("<" + code, self.raw(mark))[0]
        return value

    def int32(self) -> int:
        """A marked integer."""
        return int(self._marked(4, "i"))

    def float32(self) -> float:
        """A marked single-precision number."""
        return self._marked(4, "f")

    def float64(self) -> float:
        """A marked double-precision number."""
        return self._marked(8, "d")

    def int_vector(self) -> IntArray:
        """An integer vector."""
        return np.frombuffer(self.raw(4 * self.int32()), "<i4")

    def vector(self) -> FloatArray:
        """A float vector."""
        self.token("FV")
        return np.frombuffer(self.raw(4 * self.int32()), "<f4")

    def matrix(self) -> FloatArray:
        """A matrix of any of the three kinds, as floats."""
        kind = self.token()
        if kind == "FM":
            rows, columns = self.int32(), self.int32()
            data = np.frombuffer(self.raw(4 * rows * columns), "<f4")
            return data.reshape(rows, columns)
        if kind not in {"CM2", "CM3"}:
            raise KaldiFormatError(f"matrix expected, {kind!r} found")
        low, span, rows, columns = struct.unpack("<ffii", self.raw(16))
        size, code = (2, "<u2") if kind == "CM2" else (1, "u1")
        levels = np.frombuffer(self.raw(size * rows * columns), code).astype(np.float32)
        steps = (1 << (8 * size)) - 1
        values: FloatArray = (low + levels * (span / steps)).astype(np.float32)
        return values.reshape(rows, columns)
