"""Stage `calibrate`: what a confidence means, and above which one may act on it.

Every grammar answer of the evaluation that was not a rejection is a pair of a confidence (of
its weakest word) and whether it was right; sentences outside the grammar count as wrong when
accepted. Logistic regression on the log odds turns the confidence into a probability of being
right; the threshold is the lowest confidence above which 99 % of the answers are right.
Every second answer fits, the others are counted.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recipes.acoustic_model.config import Config
from recipes.acoustic_model.evaluation import report_path

WANTED_PRECISION = 0.99
_EDGE = 1e-4
_ITERATIONS, _RIDGE = 50, 1e-3


@dataclass(frozen=True, slots=True)
class Calibration:
    """p(right) = 1 / (1 + exp(-(slope * log odds(confidence) + offset)))."""

    slope: float
    offset: float
    threshold: float | None  # none when no confidence is safe enough
    precision_above: float  # of the answers not used to choose it
    accepted_above: float  # share of the right answers that pass
    answers: int

    def probability(self, confidence: float) -> float:
        """That an answer with this confidence is right."""
        return 1 / (1 + math.exp(-(self.slope * log_odds(confidence) + self.offset)))


def run(config: Config) -> None:
    """Fit on the evaluation of the finished model; write numbers and the curve."""
    judgements = json.loads(report_path(config).read_text("utf-8"))["judgements"]
    confidences = [float(c) for c, _, _ in judgements]
    right = [bool(r) for _, r, _ in judgements]
    calibration = fit(confidences, right)
    text = json.dumps(asdict(calibration), indent=1) + "\n"
    (config.work / "calibration.json").write_text(text, "utf-8")
    (config.model / "conf" / "confidence.json").write_text(text, "utf-8")
    draw(confidences, right, calibration, config.work / "calibration.svg")


def log_odds(confidence: float) -> float:
    """Of a confidence kept away from 0 and 1."""
    kept = min(max(confidence, _EDGE), 1 - _EDGE)
    return math.log(kept / (1 - kept))


def fit(confidences: Sequence[float], right: Sequence[bool]) -> Calibration:
    """Even answers choose slope, offset and threshold; odd ones tell how well they hold."""
    if len(confidences) < 20:
        raise ValueError(f"{len(confidences)} answers are too few to calibrate on")
    c, r = np.asarray(confidences), np.asarray(right)
    slope, offset = _logistic(np.array([log_odds(x) for x in c[::2]]), r[::2])
    threshold = _threshold(c[::2], r[::2])
    above = c[1::2] >= threshold if threshold is not None else np.zeros(len(c[1::2]), bool)
    accepted_right = r[1::2][above].sum()
    return Calibration(
        slope,
        offset,
        threshold,
        float(accepted_right / max(1, above.sum())),
        float(accepted_right / max(1, r[1::2].sum())),
        len(c),
    )


def _logistic(x: NDArray[np.float64], y: NDArray[np.bool_]) -> tuple[float, float]:
    design = np.stack((x, np.ones_like(x)), axis=1)
    weights = np.zeros(2)
    for _ in range(_ITERATIONS):  # Newton's method
        p = 1 / (1 + np.exp(-design @ weights))
        curvature = design.T @ (design * (p * (1 - p))[:, None]) + _RIDGE * np.eye(2)
        weights += np.linalg.solve(curvature, design.T @ (y - p) - _RIDGE * weights)
    return float(weights[0]), float(weights[1])


def _threshold(c: NDArray[np.float64], r: NDArray[np.bool_]) -> float | None:
    """The lowest confidence at and above which the wanted share is right."""
    for candidate in np.unique(c):
        if r[c >= candidate].mean() >= WANTED_PRECISION:
            return float(candidate)
    return None


def draw(
    confidences: Sequence[float], right: Sequence[bool], calibration: Calibration, path: Path
) -> None:
    """The curve as SVG: measured shares in ten bins, the fitted probability, the threshold."""
    size, margin = 320, 40

    def x(value: float) -> float:
        return margin + value * size

    def y(value: float) -> float:
        return margin + (1 - value) * size

    marks = []
    c, r = np.asarray(confidences), np.asarray(right)
    for low in np.arange(0, 1, 0.1):
        inside = (c >= low) & (c < low + 0.1 if low < 0.89 else c <= 1.0)
        if inside.any():
            radius = 2 + 2 * math.log10(inside.sum() + 1)
            across, up = x(float(c[inside].mean())), y(float(r[inside].mean()))
            title = f"<title>{int(inside.sum())} answers</title>"
            place = f'cx="{across:.1f}" cy="{up:.1f}" r="{radius:.1f}"'
            marks.append(f'<circle {place} fill="#1f6feb">{title}</circle>')
    curve = " ".join(
        f"{x(v):.1f},{y(calibration.probability(float(v))):.1f}" for v in np.linspace(0, 1, 101)
    )
    line = ""
    if calibration.threshold is not None:
        at = x(calibration.threshold)
        line = (
            f'<line x1="{at:.1f}" y1="{y(0):.1f}" x2="{at:.1f}" y2="{y(1):.1f}" stroke="#d1242f"'
            ' stroke-dasharray="5 4"/>'
            f'<text x="{at - 4:.1f}" y="{y(0.5):.1f}" text-anchor="end" fill="#d1242f">'
            f"{calibration.threshold:.3f}</text>"
        )
    ticks = "".join(
        f'<text x="{x(v):.1f}" y="{y(0) + 16:.1f}" text-anchor="middle">{v:.1f}</text>'
        f'<text x="{x(0) - 6:.1f}" y="{y(v) + 4:.1f}" text-anchor="end">{v:.1f}</text>'
        for v in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    )
    side = size + 2 * margin
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side + 20}" '
        f'font-family="sans-serif" font-size="11">'
        f'<rect width="{side}" height="{side + 20}" fill="white"/>'
        f'<rect x="{x(0)}" y="{y(1)}" width="{size}" height="{size}" fill="none" stroke="#888"/>'
        f"{ticks}"
        f'<polyline points="{curve}" fill="none" stroke="#555" stroke-width="1.5"/>'
        f"{line}{''.join(marks)}"
        f'<text x="{x(0.5)}" y="{side + 8}" text-anchor="middle">'
        "confidence of the weakest word</text>"
        f'<text x="{x(0)}" y="{margin - 12}">share of grammar answers that are right</text>'
        "</svg>\n",
        "utf-8",
    )
