"""The report in a real browser: its code runs, and it asks for nothing from outside."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.needs import program
from tests.runtime.report_samples import bought, contact, sound, unanswered
from voicebot.campaign.outcome import Disposition
from voicebot.report.report import write_report

CHROMIUM = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A report with one conversation and one call that nobody answered."""
    talked = bought(1)
    silent = unanswered(2, contact(3, "17000000013", "李明"), Disposition.NO_ANSWER)
    path = tmp_path / "report.html"
    write_report(path, "回访", [talked, silent], {1: sound(talked)}, {"model": "cn"})
    return path


def browse(report: Path, *arguments: str) -> str:
    """Open the report's first call in Chromium; return what it printed."""
    done = subprocess.run(
        [
            program("chromium", "chromium-browser", "google-chrome"),
            *CHROMIUM,
            f"--user-data-dir={report.parent / 'profile'}",
            "--virtual-time-budget=5000",
            "--enable-logging=stderr",
            *arguments,
            f"{report.as_uri()}#call-1",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    faults = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert faults == []
    return done.stdout


def test_the_pages_code_opens_the_call_that_the_address_names(report: Path) -> None:
    page = browse(report, "--dump-dom")

    opened = re.findall(r'<details[^>]*id="(call-\d)"[^>]* open=', page)
    button = re.search(r'<button[^>]*id="language"[^>]*>', page)
    assert opened == ["call-1"]
    assert button is not None
    assert "hidden" not in button[0]


def test_the_page_paints_waveforms_and_words(report: Path) -> None:
    picture = report.parent / "page.png"

    browse(report, f"--screenshot={picture}", "--window-size=1200,1600")

    assert picture.stat().st_size > 50_000, "the picture of an empty page has a few kB"
