"""The figures of a benchmark as a page and as JSON."""

import json
import re
from pathlib import Path

import pytest

from voicebot.bench.curve import HEIGHT, WIDTH, curve
from voicebot.bench.figures import turn_figures
from voicebot.bench.overlaps import MeasuredOverlap, Overlap
from voicebot.bench.page import write_json, write_page
from voicebot.bench.rig import fixed, own
from voicebot.bench.run import Results
from voicebot.bench.turn_set import Condition, turn_set
from voicebot.bench.turns import MeasuredTurn
from voicebot.errors import StorageFailed

TURNS = turn_set(1)[:40]
CONDITIONS = {"model": "cn, 8000 Hz", "seed": "1"}


def turns(name: str, latency_ms: float, cut_off: int) -> list[MeasuredTurn]:
    return [
        MeasuredTurn(turn, name, None, cut_off=True, text="<b>")
        if number < cut_off
        else MeasuredTurn(turn, name, latency_ms, answered=True, text="好")
        for number, turn in enumerate(TURNS)
    ]


def results() -> Results:
    found = Results()
    for endpointing, latency_ms, cut_off in ((own(), 320.0, 1), (fixed(700), 720.0, 8)):
        found.endpointings[endpointing.name] = endpointing
        for turn in turns(endpointing.name, latency_ms, cut_off):
            found.add(turn)
    found.add(MeasuredOverlap("music", None, "", 60_000, lost=True, pauses=3, resumes=(500, 700)))
    found.add(
        MeasuredOverlap(Overlap.BARGE_IN, Condition.CLEAN, "转人工", 0, True, 1, (), stop_ms=240.0)
    )
    return found


def test_the_page_shows_both_curves_and_loads_nothing(tmp_path: Path) -> None:
    page = tmp_path / "turns.html"

    write_page(page, [results()], CONDITIONS)

    text = page.read_text(encoding="utf-8")
    assert text.count("<circle") == 2
    assert "cut off 20.0%" in text
    assert "&lt;b&gt;" in text
    assert not re.search(r"(src|href)=", text)


def test_the_json_has_every_figure_and_every_turn(tmp_path: Path) -> None:
    file = tmp_path / "turns.json"

    write_json(file, [results()], CONDITIONS)

    run = json.loads(file.read_text(encoding="utf-8"))["runs"][0]
    assert run["clock"] == "virtual"
    assert run["endpointings"]["ours"]["latency_ms"]["p95"] == 320.0
    assert run["endpointings"]["fixed 700 ms"]["cut_off"]["count"] == 8
    assert run["noise"]["music"]["lost_per_minute"] == 1.0
    assert run["barge_in"]["stop_ms"]["p50"] == 240.0
    assert len(run["turns"]) == 2 * len(TURNS)


def test_a_page_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StorageFailed, match="file"):
        write_page(tmp_path / "file" / "turns.html", [results()], CONDITIONS)


def test_better_is_further_left_and_lower_down() -> None:
    found = results()
    figures = {name: turn_figures(each) for name, each in found.turns.items()}

    drawing = curve(found.endpointings.values(), figures)

    ours, other = drawing.ours[0], drawing.fixed[0]
    assert 0 < ours.x < other.x <= WIDTH
    assert 0 <= other.y < ours.y <= HEIGHT
    assert ours.top < ours.y < ours.bottom
