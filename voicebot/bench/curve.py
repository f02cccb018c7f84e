"""Latency against false cut-offs as a drawing: what can be had for what."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from voicebot.bench.figures import TurnFigures
from voicebot.bench.rig import Endpointing

WIDTH, HEIGHT = 760, 380
"""Of the plot itself, in the drawing's units."""
TARGET = (350.0, 0.03)
"""Median latency in ms and share of false cut-offs that are asked for."""


@dataclass(frozen=True, slots=True)
class Point:
    """One endpointing in the drawing."""

    name: str
    x: float
    y: float
    top: float
    """Of the interval of its cut-offs; `bottom` is the other end."""
    bottom: float
    latency_ms: float
    """Median."""
    p95_ms: float
    cut_off: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the grid and its number."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Curve:
    """The drawing, ready for the template."""

    ours: Sequence[Point]
    fixed: Sequence[Point]
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    target_x: float
    target_y: float
    width: int = WIDTH
    height: int = HEIGHT


def curve(endpointings: Iterable[Endpointing], figures: Mapping[str, TurnFigures]) -> Curve:
    """Place every endpointing by its median latency (across) and its false cut-offs (up)."""
    measured = [
        (each, figures[each.name]) for each in endpointings if figures[each.name].latency.values
    ]
    slowest = max((each.latency.percentile(50) or 0.0 for _, each in measured), default=1.0)
    most = max((each.cut_off.interval[1] for _, each in measured), default=1.0)
    right = max(TARGET[0] * 1.5, slowest * 1.08)
    top = max(TARGET[1] * 2, most * 1.05)

    def point(endpointing: Endpointing, of: TurnFigures) -> Point:
        latency = of.latency.percentile(50) or 0.0
        low, high = of.cut_off.interval
        return Point(
            endpointing.name,
            latency / right * WIDTH,
            _up(of.cut_off.share, top),
            _up(high, top),
            _up(low, top),
            latency,
            of.latency.percentile(95) or 0.0,
            of.cut_off.share,
        )

    points = [(each, point(each, of)) for each, of in measured]
    step = 0.05 if top > 0.2 else 0.01
    return Curve(
        sorted((at for each, at in points if each.silence_ms is None), key=lambda at: at.x),
        sorted((at for each, at in points if each.silence_ms is not None), key=lambda at: at.x),
        [Tick(at / right * WIDTH, str(at)) for at in range(0, int(right), 200)],
        [Tick(_up(n * step, top), f"{n * step:.0%}") for n in range(int(top / step) + 1)],
        TARGET[0] / right * WIDTH,
        _up(TARGET[1], top),
    )


def _up(share: float, top: float) -> float:
    return HEIGHT - share / top * HEIGHT
