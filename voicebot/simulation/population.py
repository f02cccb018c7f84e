"""A made-up population at scale: who answers at which hour, and what the network says otherwise.

The shares are round figures of our own, in the range that call centres in China report; they make a
rehearsal lively, and prove nothing about real people. A contact keeps its nature over all attempts:
a number that does not exist does not exist the next time either.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from voicebot.campaign.progress import Evidence

ANSWERED_BY_HOUR: Mapping[int, float] = {
    **dict.fromkeys(range(24), 0.05),
    8: 0.20,
    9: 0.34,
    10: 0.38,
    11: 0.36,
    12: 0.30,
    13: 0.28,
    14: 0.32,
    15: 0.36,
    16: 0.38,
    17: 0.40,
    18: 0.46,
    19: 0.50,
    20: 0.44,
    21: 0.25,
}
"""The share of reachable people who pick up, by the hour where they are."""


@dataclass(frozen=True, slots=True)
class Says:
    """What the network answers instead of a person."""

    text: str
    """The announcement; empty when there is none."""
    sip_code: int
    ring_ms: tuple[int, int]


EMPTY = Says("您好，您拨打的号码是空号，请核对后再拨", 404, (900, 2500))
SUSPENDED = Says("您好，您拨打的用户已停机", 480, (900, 2500))
POWER_OFF = Says("您好，您拨打的电话已关机", 480, (1500, 4000))
BUSY = Says("您好，您拨打的用户正忙，请稍后再拨", 486, (800, 2500))
REJECTED = Says("", 603, (5000, 15000))
UNREACHABLE = Says("您好，您拨打的电话暂时无法接通", 480, (3000, 9000))
REMINDER = Says("您拨打的用户暂时无法接听，我们将以短信提醒的方式通知对方", 480, (20000, 25000))
NO_ANSWER = Says("您好，您拨打的电话暂时无人接听", 487, (25000, 25000))
LINE_FAULT = Says("", 503, (200, 3000))

NATURE = ((EMPTY, 0.03), (SUSPENDED, 0.015))
"""Of a number, for good: the share of numbers."""

CIRCUMSTANCE = (
    (POWER_OFF, 0.05),
    (BUSY, 0.06),
    (UNREACHABLE, 0.03),
    (REJECTED, 0.05),
    (REMINDER, 0.03),
)
"""Of a moment: the share of attempts."""


@dataclass(frozen=True, slots=True)
class Mix:
    """How the population is made up."""

    machines: float = 0.08
    """Of the calls that are picked up: an assistant or a mailbox did."""
    line_faults: float = 0.01
    colour_rings: float = 0.45
    """Of the telephones that ring: music instead of a tone."""
    answered: Mapping[int, float] = field(default_factory=lambda: ANSWERED_BY_HOUR)


@dataclass(frozen=True, slots=True)
class Fate:
    """What happens to one attempt."""

    ring_ms: int
    evidence: Evidence
    answered: bool = False
    machine: bool = False
    colour_ring: bool = False


class Population:
    """Everybody's answers, the same for the same seed whatever the order of the calls."""

    def __init__(self, seed: int, mix: Mix | None = None) -> None:
        self._seed = seed
        self._mix = mix or Mix()

    def fate(self, phone: str, call_id: str, hour: int) -> Fate:
        """Return what comes of calling a number at an hour of its own day."""
        lasting = self._rng(phone)
        passing = self._rng(call_id)
        if passing.random() < self._mix.line_faults:
            return _fate(LINE_FAULT, passing)
        if (says := _one_of(NATURE, lasting)) is not None:
            return _fate(says, passing)
        if (says := _one_of(CIRCUMSTANCE, passing)) is not None:
            return _fate(says, passing)
        music = bool(lasting.random() < self._mix.colour_rings)
        if passing.random() >= self._mix.answered[hour]:
            return _fate(NO_ANSWER, passing, music)
        ring_ms = int(passing.integers(2500, 18000))
        machine = bool(passing.random() < self._mix.machines)
        evidence = Evidence("", 200, ring_ms)
        return Fate(ring_ms, evidence, answered=True, machine=machine, colour_ring=music)

    def rng(self, call_id: str) -> np.random.Generator:
        """Return what one call's talk is drawn from."""
        return self._rng(f"{call_id} talk")

    def _rng(self, key: str) -> np.random.Generator:
        return np.random.default_rng([self._seed, zlib.crc32(key.encode())])


def _one_of(shares: Sequence[tuple[Says, float]], rng: np.random.Generator) -> Says | None:
    point = rng.random()
    for says, share in shares:
        point -= share
        if point < 0:
            return says
    return None


def _fate(says: Says, rng: np.random.Generator, music: bool = False) -> Fate:
    ring_ms = int(rng.integers(says.ring_ms[0], says.ring_ms[1] + 1))
    return Fate(ring_ms, Evidence(says.text, says.sip_code, ring_ms), colour_ring=music)
