"""Packets in, frames out: what comes late, twice, never or too fast."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from voicebot.audio.frame import frame_bytes
from voicebot.audio.jitter import LONGEST_WAIT_MS, STALL_MS, JitterBuffer

RATE = 8000
SAMPLES = 160


def packet(number: int, *, samples: int = SAMPLES, loud: int = 5000) -> bytes:
    """A tone of 200 Hz, so that every packet follows the one before without a step."""
    at = np.arange(number * samples, (number + 1) * samples)
    return (loud * np.sin(2 * np.pi * 200 * at / RATE)).astype(np.int16).tobytes()


def run(
    arrivals: list[tuple[int, int]], until: int
) -> tuple[JitterBuffer, list[tuple[int, bytes]]]:
    """Deliver packet numbers at times in ms, with a tick every 20 ms; return frames with times."""
    buffer = JitterBuffer(RATE)
    frames: list[tuple[int, bytes]] = []
    for now in range(0, until + 1):
        due = [number for at, number in arrivals if at == now]
        for number in due:
            buffer.put(1000 + number * SAMPLES, packet(number), now)
        if due or now % 20 == 0:
            frames += [(now, frame) for frame in buffer.take(now)]
    return buffer, frames


def test_a_steady_line_costs_no_delay() -> None:
    buffer, frames = run([(20 * n, n) for n in range(50)], 980)

    assert [at for at, _ in frames] == [20 * n for n in range(50)]
    assert [frame for _, frame in frames] == [packet(n) for n in range(50)]
    assert buffer.statistics.loss == 0


def test_two_packets_that_changed_places_are_put_in_order() -> None:
    _, frames = run([(0, 0), (20, 2), (25, 1), (40, 3)], 60)

    assert [frame for _, frame in frames] == [packet(n) for n in range(4)]


def test_a_lost_packet_is_replaced_by_the_period_before_it() -> None:
    buffer, frames = run([(20 * n, n) for n in range(10) if n != 5], 300)

    lost = np.frombuffer(frames[5][1], np.int16).astype(float)
    true = np.frombuffer(packet(5), np.int16).astype(float)
    assert np.corrcoef(lost, true)[0, 1] > 0.9
    assert frames[6][1] == packet(6)
    assert buffer.statistics.concealed_ms == 20


def test_a_long_gap_fades_to_silence() -> None:
    _, frames = run([(20 * n, n) for n in range(20) if not 5 <= n < 12], 500)

    assert not any(frames[9][1])
    assert frames[12][1] == packet(12)


def test_what_comes_after_its_place_was_given_up_is_counted_and_dropped() -> None:
    buffer, frames = run([(0, 0), (20, 1), (40, 3), (60, 4), (80, 5), (300, 2)], 100)
    buffer.put(1000 + 2 * SAMPLES, packet(2), 300)

    assert buffer.statistics.late == 1
    assert frames[3][1] == packet(3)


def test_time_goes_on_while_nothing_comes_and_what_was_held_up_is_not_lost() -> None:
    arrivals = [(20 * n, n) for n in range(10)]
    held_up = [(600, n) for n in range(10, 30)]

    buffer, frames = run([*arrivals, *held_up], 600)

    before = [frame for at, frame in frames if at < 600]
    assert len(before) * 20 >= 600 - STALL_MS - 40
    assert [frame for at, frame in frames if at == 600] == [packet(n) for n in range(10, 30)]
    assert buffer.statistics.stalled_ms > 0
    assert buffer.statistics.concealed_ms == 0


def test_a_sender_whose_clock_is_fast_is_kept_in_time_by_leaving_out_silence() -> None:
    buffer = JitterBuffer(RATE)
    emitted = 0

    for number in range(3000):
        now = number * 20 * 99 // 100
        buffer.put(number * SAMPLES, bytes(frame_bytes(RATE)), now)
        emitted += len(buffer.take(now))

    assert abs(emitted * 20 - 3000 * 20 * 99 // 100) <= 60


def test_a_sender_whose_clock_is_slow_is_filled_up() -> None:
    buffer = JitterBuffer(RATE)
    emitted = 0
    sent = 0

    for now in range(0, 60_000, 5):
        if now >= sent * 21:
            buffer.put(sent * SAMPLES, packet(sent), now)
            sent += 1
        emitted += len(buffer.take(now))

    assert sent <= emitted <= 60_000 // 20


def test_a_new_stream_begins_at_once() -> None:
    buffer = JitterBuffer(RATE)
    buffer.put(1000, packet(0), 0)
    buffer.take(0)

    buffer.put(900_000, packet(7), 20)

    assert buffer.take(20) == [packet(7)]
    assert buffer.statistics.restarts == 1


def test_timestamps_run_over_their_32_bits() -> None:
    buffer = JitterBuffer(RATE)
    frames = []

    for number in range(4):
        buffer.put((0xFFFFFFFF - 200 + number * SAMPLES) & 0xFFFFFFFF, packet(number), 20 * number)
        frames += buffer.take(20 * number)

    assert frames == [packet(n) for n in range(4)]


def test_packets_of_30_ms_become_frames_of_20() -> None:
    buffer = JitterBuffer(RATE)
    frames = []

    for number in range(4):
        buffer.put(number * 240, packet(number, samples=240), 30 * number)
        frames += buffer.take(30 * number)

    assert b"".join(frames) == b"".join(packet(n, samples=240) for n in range(4))


@given(
    st.lists(st.integers(0, 400), min_size=1, max_size=60),
    st.sets(st.integers(0, 59)),
)
def test_frames_never_run_far_ahead_of_what_was_sent(delays: list[int], lost: set[int]) -> None:
    arrivals = [(20 * n + d, n) for n, d in enumerate(delays) if n not in lost]

    buffer, frames = run(arrivals, 20 * len(delays) + 600)

    assert all(len(frame) == frame_bytes(RATE) for _, frame in frames)
    stats = buffer.statistics
    taken = (stats.received - stats.late) * 20 + stats.concealed_ms + stats.stalled_ms
    assert len(frames) * 20 + stats.left_out_ms == taken
    assert buffer.wait_ms <= LONGEST_WAIT_MS
