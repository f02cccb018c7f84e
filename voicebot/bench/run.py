"""Running a benchmark: the whole set in virtual time, and again in real time under load."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from voicebot.bench.overlaps import (
    NOISES,
    MeasuredOverlap,
    measure_backchannel,
    measure_barge_in,
    measure_echo,
    measure_noise,
)
from voicebot.bench.rig import Endpointing, Rig, fixed, own
from voicebot.bench.turn_set import LabelledTurn
from voicebot.bench.turns import MeasuredTurn, measure_turn
from voicebot.runtime.virtual_time import run_virtual

FIXED_MS = (300, 500, 700, 900, 1100, 1300, 1500)
"""Silences that end every turn, for the curve."""
SHARES = (0.8, 1.25, 1.5, 2.0)
"""Of our own silences, for the curve."""
NOISE_CALL_S = 22.7
"""Noise over a prompt in one call."""
AT_ONCE = 8
"""Measured calls at once in real time; they are load too, and come on top of what is asked for."""

SPREAD_S = 10.0
"""Calls begin over this time, as calls do, and measuring begins when all of them run."""

Measured = MeasuredTurn | MeasuredOverlap
Job = Callable[[Rig], Awaitable[Measured]]
Progress = Callable[[str, int, int], None]
"""Told what is being measured, how much of it is done and how much there is."""


@dataclass(slots=True)
class Results:
    """What was measured on one clock."""

    turns: dict[str, list[MeasuredTurn]] = field(default_factory=dict)
    """By the name of the endpointing."""
    endpointings: dict[str, Endpointing] = field(default_factory=dict)
    overlaps: list[MeasuredOverlap] = field(default_factory=list)
    further_calls: int | None = None
    """Calls that ran beside the measured ones, in real time; None: the clock was virtual."""
    latest_ms: float = 0.0
    """The most that a measured frame came late."""

    def add(self, measured: Measured) -> None:
        """Keep one result."""
        match measured:
            case MeasuredTurn():
                self.turns.setdefault(measured.endpointing, []).append(measured)
            case MeasuredOverlap():
                self.overlaps.append(measured)
        self.latest_ms = max(self.latest_ms, measured.late_ms)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    turns: Sequence[LabelledTurn]
    seed: int
    barge_ins: int
    backchannels: int
    noise_minutes: float
    """Of each kind of noise."""

    def overlaps(self, endpointing: Endpointing) -> Iterator[Job]:
        """Yield the calls in which something sounds over a prompt."""
        first = self.seed * 100_000
        for seed in range(first, first + self.barge_ins):
            yield partial(measure_barge_in, endpointing=endpointing, seed=seed)
        for seed in range(first, first + self.backchannels):
            yield partial(measure_backchannel, endpointing=endpointing, seed=seed)
        calls = round(self.noise_minutes * 60 / NOISE_CALL_S)
        for seed in range(first, first + calls):
            for name in NOISES:
                yield partial(measure_noise, endpointing=endpointing, name=name, seed=seed)
            yield partial(measure_echo, endpointing=endpointing, seed=seed)

    def answers(self, endpointing: Endpointing) -> Iterator[Job]:
        """Yield the calls in which a question is answered."""
        for turn in self.turns:
            yield partial(measure_turn, turn=turn, endpointing=endpointing)


def run_in_virtual_time(rig: Rig, plan: Plan, progress: Progress, *, curve: bool) -> Results:
    """Measure everything; with `curve` the same turns under other endpointings too."""
    results = Results()
    others = [*map(fixed, FIXED_MS), *map(own, SHARES)] if curve else []
    for endpointing in (own(), *others):
        results.endpointings[endpointing.name] = endpointing
        jobs = list(plan.answers(endpointing))
        _run_each(rig, jobs, results, f"turns, {endpointing.name}", progress)
    _run_each(rig, list(plan.overlaps(own())), results, "sound over prompts", progress)
    return results


def _run_each(
    rig: Rig, jobs: Sequence[Job], results: Results, title: str, progress: Progress
) -> None:
    for done, job in enumerate(jobs):
        progress(title, done, len(jobs))
        results.add(run_virtual(_awaited(job(rig))))
    progress(title, len(jobs), len(jobs))


async def _awaited(work: Awaitable[Measured]) -> Measured:
    return await work


async def run_in_real_time(
    rig: Rig, plan: Plan, progress: Progress, *, further_calls: int
) -> Results:
    """Measure our own endpointing while `further_calls` more calls run in this process.

    Those calls are turns of the same set, one after the other, and are not measured.
    """
    endpointing = own()
    results = Results(further_calls=further_calls)
    results.endpointings[endpointing.name] = endpointing
    jobs = [*plan.answers(endpointing), *plan.overlaps(endpointing)]
    title = f"real time, {further_calls} further calls"
    waiting = iter(jobs)
    done = 0

    async def measuring(number: int) -> None:
        nonlocal done
        await asyncio.sleep(SPREAD_S * (1 + number / AT_ONCE))
        for job in waiting:
            results.add(await job(rig))
            done += 1
            progress(title, done, len(jobs))

    async def loading(number: int) -> None:
        await asyncio.sleep(SPREAD_S * number / further_calls)
        for turn in count(number * step):
            await measure_turn(rig, plan.turns[turn % len(plan.turns)], endpointing)

    progress(title, 0, len(jobs))
    step = max(1, len(plan.turns) // max(further_calls, 1))
    load = [asyncio.create_task(loading(number)) for number in range(further_calls)]
    try:
        await asyncio.gather(*map(measuring, range(AT_ONCE)))
    finally:
        for task in load:
            task.cancel()
        ended = await asyncio.gather(*load, return_exceptions=True)
    for fault in ended:
        if isinstance(fault, Exception):
            raise fault
    return results
