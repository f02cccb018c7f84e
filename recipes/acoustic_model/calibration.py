"""Stage `calibrate`: what a confidence means, and from which on one may act on it.

For utterances and words, heard with a grammar and freely, logistic regression on the log odds of
the share among the readings and on the fit of the whole gives the probability of being right. The
threshold is for utterances heard with a grammar: the lowest number from which on so many answers
are right that 99 % lies below the lower end of their 99 % interval (of one side); a threshold that
only just reaches 99 % on the answers that choose it would miss it on others. Half of the recordings
and texts, by a fixed hash, fit and choose; the others tell how well it holds.
"""

import json
import math
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recipes.acoustic_model.answers import Decision
from recipes.acoustic_model.config import Config
from recipes.acoustic_model.evaluation import report_path
from voicebot.engines.vosk_confidence import FILE, KINDS, Curve, log_odds

WANTED_PRECISION = 0.99
THRESHOLD_FOR = "grammar utterance"
FEWEST = 20
_ONE_SIDED_Z = 2.326348
_ITERATIONS, _RIDGE = 50, 1e-3


@dataclass(frozen=True, slots=True)
class Threshold:
    """From which probability on answers are right."""

    sure_from: float | None  # a probability; none when no confidence is safe enough
    right_above: tuple[int, int]  # right ones and all from it on, of the other half
    passed: tuple[int, int]  # right ones from it on and all right ones, of the other half


def run(config: Config) -> None:
    """Fit on the evaluation of the finished model; write numbers and the picture."""
    report = json.loads(report_path(config).read_text("utf-8"))
    table: dict[str, Any] = {"silence_score": report["figures"]["silence_score"]}
    decisions = {kind: [Decision(*row) for row in report["decisions"][kind]] for kind in KINDS}
    curves = {kind: fit(found) for kind, found in decisions.items()}
    for kind, found in decisions.items():
        table[kind] = {**asdict(curves[kind]), "decisions": len(found)}
    threshold = choose(decisions[THRESHOLD_FOR], curves[THRESHOLD_FOR])
    table["sure_from"] = threshold.sure_from
    table["right_above"], table["passed"] = threshold.right_above, threshold.passed
    text = json.dumps(table, indent=1) + "\n"
    (config.work / "calibration.json").write_text(text, "utf-8")
    (config.model / FILE).write_text(text, "utf-8")
    picture = draw(decisions[THRESHOLD_FOR], curves[THRESHOLD_FOR], threshold.sure_from)
    (config.work / "calibration.svg").write_text(picture, "utf-8")


def halves(found: Sequence[Decision]) -> tuple[list[Decision], list[Decision]]:
    """Those that fit and those that judge; one recording or text is never in both."""
    parts: tuple[list[Decision], list[Decision]] = ([], [])
    for decision in found:
        parts[zlib.crc32(decision.source.encode()) % 2].append(decision)
    return parts


def fit(found: Sequence[Decision]) -> Curve:
    """The curve of the half that fits.

    Raises:
        ValueError: there are too few decisions.
    """
    chosen, _ = halves(found)
    if len(chosen) < FEWEST:
        raise ValueError(f"{len(chosen)} answers are too few to calibrate on")
    x = np.array([(log_odds(d.share), d.fit, 1.0) for d in chosen])
    return Curve(*_logistic(x, np.array([d.right for d in chosen])))


def probability(curve: Curve, decision: Decision) -> float:
    """What the curve gives this decision."""
    return curve.probability(decision.share, decision.fit)


def choose(found: Sequence[Decision], curve: Curve) -> Threshold:
    """The threshold of the half that fits, judged on the other."""
    chosen, others = halves(found)
    sure_from = None
    # From the surest downwards: a lucky run further down must not lower it.
    for candidate in sorted({probability(curve, d) for d in chosen}, reverse=True):
        above = [d.right for d in chosen if probability(curve, d) >= candidate]
        if lower_bound(sum(above), len(above)) >= WANTED_PRECISION:
            # Rounded down, or those at the threshold itself would fall below it.
            sure_from = math.floor(candidate * 1e4) / 1e4
        elif sure_from is not None:
            break
    passing = [
        d.right for d in others if sure_from is not None and probability(curve, d) >= sure_from
    ]
    return Threshold(
        sure_from,
        (sum(passing), len(passing)),
        (sum(passing), sum(d.right for d in others)),
    )


def lower_bound(right: int, total: int) -> float:
    """Wilson's lower end for a share, of one side at 99 %."""
    if total == 0:
        return 0.0
    z = _ONE_SIDED_Z
    share = right / total
    half = z * math.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    return (share + z**2 / (2 * total) - half) / (1 + z**2 / total)


def _logistic(x: NDArray[np.float64], y: NDArray[np.bool_]) -> list[float]:
    """Weights of the columns, by Newton's method; scaled first, so that the ridge is fair."""
    scale = np.maximum(np.abs(x).mean(axis=0), 1e-9)
    design = x / scale
    weights = np.zeros(x.shape[1])
    for _ in range(_ITERATIONS):
        p = 1 / (1 + np.exp(-np.clip(design @ weights, -50, 50)))
        curvature = design.T @ (design * (p * (1 - p))[:, None]) + _RIDGE * np.eye(len(weights))
        weights += np.linalg.solve(curvature, design.T @ (y - p) - _RIDGE * weights)
    return [round(float(w), 4) for w in weights / scale]


SIZE, MARGIN = 320, 46
# Ends of the bins, finer where most answers are.
BINS = (0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 1.0001)


def _across(value: float) -> float:
    return MARGIN + value * SIZE


def _up(value: float) -> float:
    return MARGIN + (1 - value) * SIZE


def draw(found: Sequence[Decision], curve: Curve, sure_from: float | None) -> str:
    """SVG: how many were right, of the half that judges, by the probability they were given."""
    _, others = halves(found)
    p = np.array([probability(curve, d) for d in others])
    right = np.array([d.right for d in others])
    marks = []
    for low, high in pairwise(BINS):
        inside = (p >= low) & (p < high)
        total, good = int(inside.sum()), int(right[inside].sum())
        if not total:
            continue
        x, y = _across(float(p[inside].mean())), _up(good / total)
        marks.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2 + 2 * math.log10(total + 1):.1f}" '
            f'fill="#1f6feb" fill-opacity="0.7"><title>{good} of {total}</title></circle>'
        )
    ticks = "".join(
        f'<text x="{_across(v):.1f}" y="{_up(0) + 16:.1f}" text-anchor="middle">{v:.1f}</text>'
        f'<text x="{_across(0) - 6:.1f}" y="{_up(v) + 4:.1f}" text-anchor="end">{v:.1f}</text>'
        for v in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    )
    side = SIZE + 2 * MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" '
        f'font-family="sans-serif" font-size="11">'
        f'<rect width="{side}" height="{side}" fill="white"/>'
        f'<rect x="{_across(0)}" y="{_up(1)}" width="{SIZE}" height="{SIZE}" fill="none" '
        f'stroke="#888"/>{ticks}'
        f'<line x1="{_across(0)}" y1="{_up(0)}" x2="{_across(1)}" y2="{_up(1)}" stroke="#999" '
        f'stroke-dasharray="2 3"/>'
        f"{_threshold_line(sure_from)}{''.join(marks)}"
        f'<text x="{_across(0.5)}" y="{_up(0) + 34:.1f}" text-anchor="middle">'
        "confidence of an answer to a grammar</text>"
        f'<text x="{_across(0)}" y="{MARGIN - 24}">share of {len(others)} answers that '
        "are right; larger dots are more</text>"
        "</svg>\n"
    )


def _threshold_line(sure_from: float | None) -> str:
    if sure_from is None:
        return ""
    at = _across(sure_from)
    return (
        f'<line x1="{at:.1f}" y1="{_up(0):.1f}" x2="{at:.1f}" y2="{_up(1):.1f}" stroke="#d1242f" '
        'stroke-dasharray="5 4"/>'
        f'<text x="{at - 4:.1f}" y="{_up(0.1):.1f}" text-anchor="end" fill="#d1242f">'
        f"sure from {sure_from:.4f}</text>"
    )
