"""The figures of a benchmark as one page, and as JSON for machines."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from voicebot.bench.curve import Curve, curve
from voicebot.bench.figures import (
    OverlapFigures,
    Rate,
    Times,
    TurnFigures,
    groups,
    overlap_figures,
    turn_figures,
)
from voicebot.bench.run import Results
from voicebot.bench.tables import OURS, clock, ms, percent
from voicebot.bench.turns import MeasuredTurn
from voicebot.report.storage import write_whole

FORMAT = 1
"""Of the JSON; grows when a reader of the old one would misread the new one."""

_HERE = Path(__file__).parent
_STYLE = _HERE.parent / "report" / "report.css"


@dataclass(frozen=True, slots=True)
class RunView:
    """One run, ready to be shown."""

    clock: str
    ours: TurnFigures
    groups: Mapping[str, TurnFigures]
    endpointings: Mapping[str, TurnFigures]
    overlaps: OverlapFigures
    curve: Curve | None
    """None when turns were ended in one way only."""
    wrong: Sequence[MeasuredTurn]
    """Our turns that were cut off or missed, or noise that was taken for an answer."""
    slow: Sequence[MeasuredTurn]
    """The slowest replies of ours."""


def write_page(path: Path, runs: Sequence[Results], conditions: Mapping[str, str]) -> None:
    """Write everything as one HTML file that loads nothing. Raises `StorageFailed`."""
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(ms=ms, percent=percent)
    page = environment.get_template("turns.html.j2").render(
        runs=[_view(results) for results in runs],
        conditions=conditions,
        css=Markup(_STYLE.read_text(encoding="utf-8")),
    )
    write_whole(path, [page.encode()])


def write_json(path: Path, runs: Sequence[Results], conditions: Mapping[str, str]) -> None:
    """Write the figures and every measured call. Raises `StorageFailed`."""
    data = {
        "format": FORMAT,
        "conditions": dict(conditions),
        "runs": [_run_data(results) for results in runs],
    }
    write_whole(path, [json.dumps(data, ensure_ascii=False, indent=1).encode(), b"\n"])


def _view(results: Results) -> RunView:
    ours = results.turns.get(OURS, [])
    figures = {name: turn_figures(turns) for name, turns in results.turns.items()}
    replied = [each for each in ours if each.full_latency_ms is not None]
    return RunView(
        clock(results),
        turn_figures(ours),
        groups(ours),
        figures,
        overlap_figures(results.overlaps),
        curve(results.endpointings.values(), figures) if len(figures) > 1 else None,
        [each for each in ours if each.cut_off or each.missed or each.false_answer],
        sorted(replied, key=lambda each: -(each.full_latency_ms or 0))[:20],
    )


def _run_data(results: Results) -> dict[str, Any]:
    ours = results.turns.get(OURS, [])
    overlaps = overlap_figures(results.overlaps)
    return {
        "clock": "virtual" if results.further_calls is None else "real",
        "further_calls": results.further_calls,
        "latest_frame_ms": round(results.latest_ms, 1),
        "endpointings": {
            name: {
                "silences_ms": {
                    "complete": each.settings.complete_ms,
                    "unclear": each.settings.endpoint_ms,
                    "incomplete": each.settings.incomplete_ms,
                },
                **_turn_data(turn_figures(results.turns.get(name, []))),
            }
            for name, each in results.endpointings.items()
        },
        "groups": {name: _turn_data(figures) for name, figures in groups(ours).items()},
        "barge_in": {
            "stop_ms": _times_data(overlaps.stop),
            "missed": _rate_data(overlaps.missed_barge_in),
        },
        "backchannel_lost": _rate_data(overlaps.lost_to_backchannel),
        "resumed": _rate_data(overlaps.resumed),
        "resume_ms": _times_data(overlaps.resume),
        "noise": {
            name: {
                "minutes": round(noise.minutes, 2),
                "lost": noise.lost,
                "lost_per_minute": round(noise.lost_per_minute, 4),
                "paused": noise.pauses,
                "paused_per_minute": round(noise.paused_per_minute, 4),
                "resumed": _rate_data(noise.resumed),
            }
            for name, noise in (*overlaps.noises.items(), ("all", overlaps.all_noise))
        },
        "turns": [_measured_data(each) for turns in results.turns.values() for each in turns],
        "overlaps": [asdict(each) for each in results.overlaps],
    }


def _turn_data(figures: TurnFigures) -> dict[str, Any]:
    return {
        "latency_ms": _times_data(figures.latency),
        "recognition_ms": _times_data(figures.recognition),
        "cut_off": _rate_data(figures.cut_off),
        "harmful": _rate_data(figures.harmful),
        "missed": _rate_data(figures.missed),
        "noise_taken_for_an_answer": _rate_data(figures.false_answer),
        "answered": _rate_data(figures.answered),
    }


def _measured_data(measured: MeasuredTurn) -> dict[str, Any]:
    turn = measured.turn
    return {
        "number": turn.number,
        "endpointing": measured.endpointing,
        "kind": str(turn.kind),
        "condition": str(turn.condition),
        "noise": None if turn.line.noise is None else str(turn.line.noise),
        "voice": turn.voice,
        "said": turn.written,
        "heard": measured.text,
        "latency_ms": _rounded(measured.full_latency_ms),
        "silence_ms": measured.silence_ms,
        "recognition_ms": _rounded(measured.recognition_ms),
        "cut_off": measured.cut_off,
        "harmful": measured.harmful,
        "missed": measured.missed,
        "noise_taken_for_an_answer": measured.false_answer,
        "answered": measured.answered,
    }


def _times_data(times: Times) -> dict[str, Any]:
    found = {f"p{each}": _rounded(times.percentile(each)) for each in (50, 90, 95, 99)}
    return {"n": len(times.values), **found}


def _rate_data(rate: Rate) -> dict[str, Any]:
    low, high = rate.interval
    return {
        "count": rate.count,
        "of": rate.of,
        "share": round(rate.share, 4),
        "interval_95": [round(low, 4), round(high, 4)],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
