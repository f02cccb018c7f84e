"""From packets that come early, late, twice or never to frames in their order.

The frames are for a recogniser and a recording, not for an ear: what comes in order leaves at once,
so a steady line costs no delay. Only a gap is waited for, as long as this line's own jitter makes
sensible, and then concealed. When nothing at all comes, silence keeps the stream's time, and what
was held up is still taken when it arrives late: it is worth more to a recogniser than punctuality.
The stream is brought back to the time of the clock by leaving out frames of silence, which corrects
a sender whose clock is fast as well; one that is slow is filled up with silence.

No clock is read here: every call takes the time.
"""

from dataclasses import dataclass

import numpy as np

from voicebot.audio.concealment import HISTORY_MS, conceal
from voicebot.audio.frame import FRAME_MS, SAMPLE_BYTES, frame_bytes

SHORTEST_WAIT_MS = 20
LONGEST_WAIT_MS = 120
"""The longest that a gap is waited for; reordering by more is as good as loss."""
JITTERS_WAITED = 4
"""A gap is waited for this many times the mean deviation: nearly all late packets come by then."""
STALL_MS = 60
"""Without any packet, silence is filled in after this, so that time goes on for the call."""
RESTART_MS = 2000
"""A timestamp that far from what is expected begins a new stream (a transfer, music on hold)."""
LONGEST_QUEUE = 100
"""Packets that wait for a missing one; more come only from a sender that is broken."""
QUIET = 130
"""Mean absolute sample below which a frame may be left out: about -48 dBFS."""


@dataclass(slots=True)
class LineStatistics:
    """What happened on the way to us, counted in packets unless a unit is named."""

    received: int = 0
    late: int = 0
    """Came after their place was given up, or twice."""
    concealed_ms: int = 0
    stalled_ms: int = 0
    """Silence filled in while nothing came."""
    left_out_ms: int = 0
    restarts: int = 0
    jitter_ms: float = 0.0
    """Mean deviation of the interarrival times, as RFC 3550 has it."""

    @property
    def loss(self) -> float:
        """The share of the audio that was concealed."""
        audio_ms = self.received * FRAME_MS + self.concealed_ms
        return self.concealed_ms / audio_ms if audio_ms else 0.0


class JitterBuffer:
    """One incoming stream of samples, packet by packet."""

    def __init__(self, sample_rate: int, *, clock_rate: int | None = None) -> None:
        """`sample_rate` is that of the samples, `clock_rate` that of the timestamps, if another
        (48000 for Opus, whatever it is decoded to)."""
        self.statistics = LineStatistics()
        self._rate = sample_rate
        self._clock_rate = clock_rate or sample_rate
        self._size = frame_bytes(sample_rate)
        self._waiting: dict[int, bytes] = {}
        """By extended timestamp."""
        self._next: int | None = None
        """The extended timestamp that is due."""
        self._ready = bytearray()
        self._history = b""
        self._missing_ms = 0
        """Concealed in a row."""
        self._stalled_ms = 0
        """Filled in since the last packet: if that was a gap after all, it is filled already."""
        self._gap_since: int | None = None
        self._began_ms = 0
        self._arrived_ms = 0
        self._emitted_ms = 0
        self._transit: float | None = None

    def put(self, timestamp: int, pcm: bytes, now: int) -> None:
        """Take a packet's samples (signed 16-bit); `timestamp` is RTP's, of 32 bits."""
        if not pcm:
            return
        if self._next is None:
            self._began_ms = now
            self._next = timestamp
        at = self._extended(timestamp)
        if abs(at - self._next) > RESTART_MS * self._clock_rate // 1000:
            self._restart(at)
        self._note_arrival(at, now)
        if at < self._next or at in self._waiting:
            self.statistics.late += 1
            return
        if len(self._waiting) >= LONGEST_QUEUE:
            self._skip_to(min(self._waiting))
        self._waiting[at] = pcm

    def take(self, now: int) -> list[bytes]:
        """Return the frames of 20 ms that are due; call it after every `put` and every 20 ms."""
        if self._next is None:
            return []
        self._advance(now)
        self._keep_time(now)
        frames = []
        while len(self._ready) >= self._size:
            frame = bytes(self._ready[: self._size])
            del self._ready[: self._size]
            if self._too_many(frame, now):
                self.statistics.left_out_ms += FRAME_MS
                continue
            self._emitted_ms += FRAME_MS
            frames.append(frame)
        return frames

    @property
    def wait_ms(self) -> int:
        """How long a gap is waited for now."""
        wanted = round(JITTERS_WAITED * self.statistics.jitter_ms)
        return min(max(wanted, SHORTEST_WAIT_MS), LONGEST_WAIT_MS)

    def _advance(self, now: int) -> None:
        assert self._next is not None
        while self._waiting:
            if self._next in self._waiting:
                self._append(self._waiting.pop(self._next))
                continue
            if self._gap_since is None:
                self._gap_since = now
            if now - self._gap_since < self.wait_ms:
                return
            self._conceal_to(min(self._waiting))

    def _append(self, pcm: bytes) -> None:
        assert self._next is not None
        self._next += len(pcm) // SAMPLE_BYTES * self._clock_rate // self._rate
        self._ready += pcm
        self._remember(pcm)
        self._missing_ms = self._stalled_ms = 0
        self._gap_since = None

    def _conceal_to(self, at: int) -> None:
        """Fill the gap up to `at`, which has come."""
        assert self._next is not None
        missing = (at - self._next) * self._rate // self._clock_rate * SAMPLE_BYTES
        filled_ms = min(self._stalled_ms, missing * FRAME_MS // self._size)
        missing -= filled_ms * self._size // FRAME_MS
        self.statistics.stalled_ms -= filled_ms
        self.statistics.concealed_ms += filled_ms
        self.statistics.concealed_ms += missing * FRAME_MS // self._size
        while missing > 0:
            frame = conceal(self._history, self._rate, self._missing_ms)[:missing]
            self._ready += frame
            self._remember(frame)
            self._missing_ms += FRAME_MS
            missing -= len(frame)
        self._next = at
        self._gap_since = None

    def _skip_to(self, at: int) -> None:
        self._next = at
        self._gap_since = None

    def _restart(self, at: int) -> None:
        self.statistics.restarts += 1
        self._waiting.clear()
        self._transit = None
        self._skip_to(at)

    def _keep_time(self, now: int) -> None:
        """Fill in silence where the stream has fallen behind the clock because nothing came."""
        if now - self._arrived_ms < STALL_MS:
            return
        behind = now - self._began_ms - self._emitted_ms - STALL_MS
        for _ in range(behind // FRAME_MS):
            self._ready += conceal(self._history, self._rate, self._missing_ms)
            self._missing_ms += FRAME_MS
            self._stalled_ms += FRAME_MS
            self.statistics.stalled_ms += FRAME_MS

    def _too_many(self, frame: bytes, now: int) -> bool:
        """Whether the stream is ahead of the clock and nothing is lost with this frame."""
        ahead = self._emitted_ms - (now - self._began_ms)
        if ahead < 2 * FRAME_MS:
            return False
        return float(np.abs(np.frombuffer(frame, np.int16).astype(np.int32)).mean()) < QUIET

    def _note_arrival(self, at: int, now: int) -> None:
        self.statistics.received += 1
        self._arrived_ms = now
        transit = now - at * 1000 / self._clock_rate
        if self._transit is not None:
            deviation = abs(transit - self._transit)
            self.statistics.jitter_ms += (deviation - self.statistics.jitter_ms) / 16
        self._transit = transit

    def _remember(self, pcm: bytes) -> None:
        kept = self._rate * HISTORY_MS // 1000 * SAMPLE_BYTES
        self._history = (self._history + pcm)[-kept:]

    def _extended(self, timestamp: int) -> int:
        """Return the timestamp of 32 bits as the number next to what is expected."""
        assert self._next is not None
        distance = (timestamp - self._next) & 0xFFFFFFFF
        return self._next + (distance - (1 << 32) if distance >= 1 << 31 else distance)
