"""A campaign's report: its files, and the page in a real browser."""

import hashlib
import re
import subprocess
from pathlib import Path

import openpyxl
import pytest

from benchmarks.campaign_data import fill
from tests.adapters.test_report_in_browser import CHROMIUM
from tests.needs import program
from tests.store.rows import add_campaign
from voicebot.cli.main import main
from voicebot.report import campaign_report
from voicebot.store.engine import open_store

VENDOR = Path(campaign_report.__file__).parent / "vendor"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> str:
    address = str(tmp_path_factory.mktemp("store") / "shop.db")
    store = open_store(address)
    fill(store, 1500, name="autumn")
    add_campaign(store, "empty </script><b>", title="<b>空</b></script>")
    store.close()
    return address


@pytest.fixture(scope="module")
def page(shop: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report") / "autumn.html"
    arguments = ["--campaign", "autumn", "-o", str(out), "--cents-per-minute", "12"]
    assert main(["report", "--store", shop, *arguments]) == 0
    return out


def browse(page: Path, *arguments: str) -> str:
    done = subprocess.run(
        [
            program("chromium", "chromium-browser", "google-chrome"),
            *CHROMIUM,
            f"--user-data-dir={page.parent / 'profile'}",
            "--virtual-time-budget=8000",
            "--enable-logging=stderr",
            *arguments,
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
    return done.stdout


def test_every_chart_is_drawn_and_nothing_is_complained_about(page: Path) -> None:
    dom = browse(page, "--dump-dom")

    charts = re.findall(r'id="(\w+)" class="chart[^>]*>.*?<svg', dom)
    assert charts == ["hours", "days", "week", "likely", "ordered"]
    assert "no-script" not in dom.split("<body")[0].split("<style")[0]


def test_the_page_is_painted(page: Path) -> None:
    picture = page.parent / "page.png"

    browse(page, f"--screenshot={picture}", "--window-size=1200,2000")

    assert picture.stat().st_size > 100_000


def test_the_page_asks_for_nothing_from_anywhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    own = text.replace((VENDOR / "echarts.min.js").read_text(encoding="utf-8"), "")

    assert "default-src 'none'" in text
    assert re.findall(r"(?:src|href)\s*=\s*[\"'](?!#)", own) == []
    assert "http" not in own.replace("http-equiv", "")


def test_numbers_stand_in_tables_beside_the_charts_and_in_both_languages(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    for heading in ("漏斗与流失原因", "Rates, each with its denominator", "话术热力图", "Orders"):
        assert heading in text
    assert text.count("<table") >= 8
    assert "没有同意记录" in text
    assert "v2 先问满意度" in text


def test_the_workbook_has_the_same_numbers(page: Path) -> None:
    book = openpyxl.load_workbook(page.with_suffix(".xlsx"))

    assert book.sheetnames[:3] == ["rates", "funnel", "drops"]
    rates = list(book["rates"].iter_rows(values_only=True))
    connect = dict(zip(rates[0], rates[1], strict=True))
    count, of = connect["count"], connect["of"]
    assert isinstance(count, int)
    assert isinstance(of, int)
    assert f"{count:,}</td><td>{of:,} " in page.read_text(encoding="utf-8")
    assert connect["denominator"] == "dialled"


def test_a_campaign_of_nothing_has_a_page_and_cannot_break_it(shop: str, tmp_path: Path) -> None:
    out = tmp_path / "empty.html"

    assert (
        main(["report", "--store", shop, "--campaign", "empty </script><b>", "-o", str(out)]) == 0
    )

    text = out.read_text(encoding="utf-8")
    assert "<b>空</b></script>" not in text
    assert "还没有拨打" in text
    assert re.findall(r'id="(\w+)" class="chart[^>]*>.*?<svg', browse(out, "--dump-dom")) == []


def test_a_campaign_that_is_not_there_is_told(
    shop: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "--store", shop, "--campaign", "spring"]) == 2
    assert 'campaign "spring": is not known; campaigns: autumn' in capsys.readouterr().err


def test_echarts_is_the_file_that_its_readme_names() -> None:
    readme = (VENDOR / "README.md").read_text(encoding="utf-8")
    digest = hashlib.sha256((VENDOR / "echarts.min.js").read_bytes()).hexdigest()

    assert digest in readme
    assert "Apache License" in (VENDOR / "echarts.LICENSE").read_text(encoding="utf-8")
