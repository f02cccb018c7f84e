"""The table of docs/sizing.md is what its own figures come to."""

from math import ceil
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "sizing.md").read_text(encoding="utf-8")
HOURS, PEAK, ANSWERED, TALK_S, RING_S = 9, 1.5, 0.3, 45, 17
TALK_CPU, MEDIA_CPU, EARLY_CPU = 0.0047, 0.016, 0.024
LINES_EACH, CORES, BUSY, ATTEMPTS_S = 20, 16, 0.6, 50


def row(name: str) -> list[str]:
    line = next(each for each in PAGE.splitlines() if each.startswith(f"| {name} |"))
    return [cell.strip() for cell in line.split("|")[2:-1]]


def number(cell: str) -> float:
    return float(cell.split(" ")[0].replace(",", ""))


@pytest.mark.parametrize(("column", "calls"), [(0, 10_000), (1, 1_000_000), (2, 100_000_000)])
def test_the_sum_comes_out(column: int, calls: int) -> None:
    per_second = calls / (HOURS * 3600) * PEAK
    conversations = per_second * ANSWERED * TALK_S
    ringing = per_second * RING_S
    lines = conversations + ringing
    cores = conversations * TALK_CPU + lines * MEDIA_CPU + ringing * EARLY_CPU
    recordings_gb = calls * ANSWERED * TALK_S * 32e3 / 1e9

    assert number(row("calls per second in the busy hour")[column]) == pytest.approx(
        per_second, rel=0.1
    )
    assert number(row("lines in use then")[column]) == pytest.approx(lines, rel=0.02)
    assert number(row("of them conversations")[column]) == pytest.approx(conversations, rel=0.05)
    assert number(row("cores busy")[column]) == pytest.approx(cores, rel=0.1)
    workers = number(row("worker processes, 20 lines each")[column])
    assert workers == pytest.approx(ceil(lines / LINES_EACH), rel=0.01)
    machines = number(row("machines of 16 cores, 60 % busy")[column])
    assert machines == pytest.approx(ceil(cores / CORES / BUSY), rel=0.02)
    stores = number(row("stores")[column])
    assert stores == pytest.approx(ceil(per_second / ATTEMPTS_S), rel=0.02)
    kept = row("recordings a day")[column]
    unit = 1000 if kept.endswith("TB") else 1
    assert number(kept) * unit == pytest.approx(recordings_gb, rel=0.1)
