"""The headers of RTP (RFC 3550), as far as a call needs them."""

import struct
from dataclasses import dataclass

VERSION = 2
_HEADER = struct.Struct("!BBHII")
_EXTENSION = struct.Struct("!HH")
_PADDING, _EXTENDED, _SOURCES = 0x20, 0x10, 0x0F
_MARKER, _TYPE = 0x80, 0x7F


@dataclass(frozen=True, slots=True)
class Packet:
    """What is taken from a packet."""

    payload_type: int
    timestamp: int
    """Of 32 bits, at the codec's clock rate."""
    payload: bytes


def parse(data: bytes) -> Packet | None:
    """Return a packet's parts; None when it is damaged. Header extensions are skipped."""
    if len(data) < _HEADER.size:
        return None
    first, second, _, timestamp, _ = _HEADER.unpack_from(data)
    if first >> 6 != VERSION:
        return None
    begin = _HEADER.size + 4 * (first & _SOURCES)
    if first & _EXTENDED:
        if len(data) < begin + _EXTENSION.size:
            return None
        begin += _EXTENSION.size + 4 * _EXTENSION.unpack_from(data, begin)[1]
    end = len(data) - (data[-1] if first & _PADDING else 0)
    if begin > end or (first & _PADDING and data[-1] == 0):
        return None
    return Packet(second & _TYPE, timestamp, data[begin:end])


class Packets:
    """Outgoing packets of one stream, numbered."""

    def __init__(self, ssrc: int, payload_type: int, number: int, timestamp: int) -> None:
        """`number` and `timestamp` are where the stream begins, by chance."""
        self.timestamp = timestamp
        """Of the packet that was made last, or whose place an event's took."""
        self._ssrc = ssrc
        self._type = payload_type
        self._number = number
        self._begun = False
        self._event_began = timestamp

    def make(self, payload: bytes, ticks: int) -> bytes:
        """Return the packet for `payload`, which lasts for so many ticks of the codec's clock."""
        marker = 0 if self._begun else _MARKER
        self._go_on(ticks)
        return self._header(marker | self._type, self.timestamp) + payload

    def make_event(self, payload: bytes, ticks: int, payload_type: int, *, first: bool) -> bytes:
        """Return a packet in the place of one of `ticks`, that belongs to an event (RFC 4733).

        All packets of an event carry the timestamp of its first one."""
        self._go_on(ticks)
        if first:
            self._event_began = self.timestamp
        marker = _MARKER if first else 0
        return self._header(marker | payload_type, self._event_began) + payload

    def _go_on(self, ticks: int) -> None:
        if self._begun:
            self.timestamp = (self.timestamp + ticks) & 0xFFFFFFFF
        self._begun = True

    def _header(self, type_and_marker: int, timestamp: int) -> bytes:
        self._number = (self._number + 1) & 0xFFFF
        return _HEADER.pack(VERSION << 6, type_and_marker, self._number, timestamp, self._ssrc)
