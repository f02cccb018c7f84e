"""The figures of a benchmark: percentiles of times, and rates with their intervals."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, sqrt

from voicebot.bench.overlaps import MeasuredOverlap, Overlap
from voicebot.bench.turns import MeasuredTurn

Z_95 = 1.96
"""Standard deviations to either side of the middle that hold 95 %."""
PERCENTILES = (50, 90, 95, 99)


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many, with Wilson's 95 % interval: right for few cases and near 0 too."""

    count: int
    of: int

    @property
    def share(self) -> float:
        """Return the share; 0 of nothing is 0."""
        return self.count / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Return the lowest and highest share that the count speaks for; all when `of` is 0."""
        if not self.of:
            return 0.0, 1.0
        square = Z_95**2 / self.of
        middle = (self.share + square / 2) / (1 + square)
        spread = sqrt(self.share * (1 - self.share) * square + square**2 / 4) / (1 + square)
        return max(0.0, middle - spread), min(1.0, middle + spread)


@dataclass(frozen=True, slots=True)
class Times:
    """Durations in ms, sorted."""

    values: tuple[float, ...]

    def percentile(self, percent: int) -> float | None:
        """Return the nearest-rank percentile, a value that occurred; None without any."""
        if not self.values:
            return None
        return self.values[max(0, ceil(percent / 100 * len(self.values)) - 1)]


@dataclass(frozen=True, slots=True)
class TurnFigures:
    """Some turns, ended in one way."""

    latency: Times
    """Response latency of the turns that were neither cut off nor missed."""
    cut_off: Rate
    """Of all turns that the caller began."""
    harmful: Rate
    """Cut off, and the answer lost or changed by it; of the same turns."""
    missed: Rate
    false_answer: Rate
    answered: Rate
    """Of the turns with a reply: what was heard was an answer to the question."""
    recognition: Times
    """What closing the recogniser took; much of it is hidden inside the silence."""


@dataclass(frozen=True, slots=True)
class NoiseFigures:
    """What one kind of noise did to prompts."""

    minutes: float
    lost: int
    """Prompts that noise took the floor from."""
    pauses: int
    """Prompts that were held up for a moment."""
    resumed: Rate
    """Of the pauses."""

    @property
    def lost_per_minute(self) -> float:
        """Return false barge-ins for each minute of noise over a prompt."""
        return self.lost / self.minutes if self.minutes else 0.0

    @property
    def paused_per_minute(self) -> float:
        """Return pauses for each minute of noise over a prompt."""
        return self.pauses / self.minutes if self.minutes else 0.0


@dataclass(frozen=True, slots=True)
class OverlapFigures:
    """Barge-ins, backchannels and noise."""

    stop: Times
    """Last audible sample of an interrupted prompt after the first one of the caller's."""
    missed_barge_in: Rate
    lost_to_backchannel: Rate
    disturbed: Rate
    """Of the calls with a barge-in or a backchannel: the line's own noise took the prompt before
    the caller spoke."""
    noises: dict[str, NoiseFigures]
    all_noise: NoiseFigures
    resumed: Rate
    """Of all pauses that were for no barge-in."""
    resume: Times
    """From the pause to the resumption."""


def times(values: Iterable[float | None]) -> Times:
    """Sort what was measured."""
    return Times(tuple(sorted(value for value in values if value is not None)))


def turn_figures(turns: Sequence[MeasuredTurn]) -> TurnFigures:
    """Sum up turns."""
    begun = [each for each in turns if not each.false_answer]
    replied = [each for each in begun if each.latency_ms is not None]
    return TurnFigures(
        latency=times(each.full_latency_ms for each in replied),
        cut_off=_rate(begun, lambda each: each.cut_off),
        harmful=_rate(begun, lambda each: each.harmful),
        missed=_rate(begun, lambda each: each.missed),
        false_answer=_rate(turns, lambda each: each.false_answer),
        answered=_rate(replied, lambda each: each.answered),
        recognition=times(each.recognition_ms for each in replied),
    )


def groups(turns: Sequence[MeasuredTurn]) -> dict[str, TurnFigures]:
    """Sum up turns by condition, by pauses and by kind of answer."""
    found: dict[str, list[MeasuredTurn]] = defaultdict(list)
    for title in (_condition, _pauses, _kind):
        for name in dict.fromkeys(sorted(title(each) for each in turns)):
            found[name] = [each for each in turns if title(each) == name]
    return {name: turn_figures(members) for name, members in found.items()}


def overlap_figures(overlaps: Sequence[MeasuredOverlap]) -> OverlapFigures:
    """Sum up sounds over prompts."""
    voices = [each for each in overlaps if each.name in (Overlap.BARGE_IN, Overlap.BACKCHANNEL)]
    heard = [each for each in voices if not each.disturbed]
    barge_ins = [each for each in heard if each.name == Overlap.BARGE_IN]
    backchannels = [each for each in heard if each.name == Overlap.BACKCHANNEL]
    noise = [each for each in overlaps if each not in voices]
    names = dict.fromkeys(each.name for each in noise)
    others = [*backchannels, *noise]
    return OverlapFigures(
        stop=times(each.stop_ms for each in barge_ins),
        missed_barge_in=_rate(barge_ins, lambda each: not each.lost),
        lost_to_backchannel=_rate(backchannels, lambda each: each.lost),
        disturbed=_rate(voices, lambda each: each.disturbed),
        noises={name: _noise([each for each in noise if each.name == name]) for name in names},
        all_noise=_noise(noise),
        resumed=_resumed(others),
        resume=times(each for overlap in others for each in overlap.resumes),
    )


def _noise(overlaps: Sequence[MeasuredOverlap]) -> NoiseFigures:
    return NoiseFigures(
        sum(each.sounded_ms for each in overlaps) / 60_000,
        sum(each.lost for each in overlaps),
        sum(each.pauses for each in overlaps),
        _resumed(overlaps),
    )


def _resumed(overlaps: Sequence[MeasuredOverlap]) -> Rate:
    return Rate(sum(len(each.resumes) for each in overlaps), sum(each.pauses for each in overlaps))


def _rate(
    turns: Sequence[MeasuredTurn] | Sequence[MeasuredOverlap], holds: Callable[..., bool]
) -> Rate:
    return Rate(sum(bool(holds(each)) for each in turns), len(turns))


def _condition(measured: MeasuredTurn) -> str:
    return f"line {measured.turn.condition}"


def _pauses(measured: MeasuredTurn) -> str:
    return "with inner pauses" if measured.turn.paused else "without pauses"


def _kind(measured: MeasuredTurn) -> str:
    return str(measured.turn.kind)
