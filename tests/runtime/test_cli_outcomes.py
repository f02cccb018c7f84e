"""`voicebot outcomes export` as its user runs it."""

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest

from tests.runtime.report_samples import bought, contact
from tests.store.rows import NOW, add, add_attempt, add_campaign, add_contact
from voicebot.cli.main import main
from voicebot.store import tables
from voicebot.store.engine import open_store

ANNA, BO = "+8615400000001", "+8615400000002"


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """A store with two attempts of two contacts."""
    address = str(tmp_path / "shop.db")
    store = open_store(address)
    campaign = add_campaign(store)
    version = add(
        store,
        tables.script_version,
        campaign_id=campaign,
        number=2,
        label="v2",
        hash="x",
        created_at=NOW,
    )
    anna = add_contact(store, campaign, ANNA, name="=安娜", variables={"city": "杭州"})
    bo = add_contact(store, campaign, BO, name="波")
    record = bought(1).record
    assert record is not None
    add_attempt(
        store,
        campaign,
        anna,
        ANNA,
        disposition="ANSWERED_HUMAN",
        end_reason="finished",
        intention="A",
        intention_rule="keen: 2 questions",
        next_action="sales_call",
        script_version_id=version,
        answered_at=NOW + timedelta(seconds=8),
        ring_ms=8000,
        talk_ms=17_900,
        sip_code=200,
        replies=2,
        outcome={"satisfied": "是", "remark": "打我15400000001"},
        record=record.as_dict(),
        recording="calls/1.wav",
    )
    add_attempt(
        store,
        campaign,
        bo,
        BO,
        disposition="EMPTY",
        sip_code=404,
        ring_ms=0,
        intention="E",
        evidence={"text": "您拨打的号码是空号", "sip_code": 404, "ring_ms": 0},
        ended_at=NOW + timedelta(days=2),
    )
    store.close()
    return address


def export(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["outcomes", "export", *arguments]) == 0
    return capsys.readouterr().out


def test_csv_has_a_row_an_attempt_and_a_column_an_outcome_field(
    shop: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = list(csv.DictReader(io.StringIO(export(capsys, "--store", shop))))

    first, second = rows
    assert first["phone"] == "154****0001"
    assert first["dialed_at"] == "2026-11-02T10:00:00.000+08:00"
    assert (first["intention"], first["next_action"]) == ("A", "sales_call")
    assert (first["talk_s"], first["replies"], first["script_version"]) == ("17.9", "2", "v2")
    assert first["outcome.satisfied"] == "是"
    assert (second["disposition"], second["sip_code"]) == ("EMPTY", "404")
    assert json.loads(second["evidence"])["text"] == "您拨打的号码是空号"


def test_a_cell_that_a_spreadsheet_would_run_is_shown_instead(
    shop: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = list(csv.DictReader(io.StringIO(export(capsys, "--store", shop))))

    assert rows[0]["name"] == "'=安娜"


def test_numbers_are_hidden_wherever_they_stand_unless_asked_for(
    shop: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind in ("csv", "jsonl"):
        assert "5400000001" not in export(capsys, "--store", shop, "--format", kind)
        assert ANNA in export(capsys, "--store", shop, "--format", kind, "--full")


def test_xlsx_is_a_workbook_with_numbers_as_numbers(shop: str, tmp_path: Path) -> None:
    out = tmp_path / "new" / "outcomes.xlsx"

    assert main(["outcomes", "export", "--store", shop, "--format", "xlsx", "-o", str(out)]) == 0

    sheet = openpyxl.load_workbook(out).active
    assert sheet is not None
    header, first, second = sheet.iter_rows(values_only=True)
    row = dict(zip(header, first, strict=True))
    assert (row["talk_s"], row["sip_code"], row["name"]) == (17.9, 200, "'=安娜")
    assert dict(zip(header, second, strict=True))["disposition"] == "EMPTY"


def test_json_lines_have_the_whole_conversation(
    shop: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = export(capsys, "--store", shop, "--format", "jsonl").splitlines()

    first = json.loads(lines[0])
    assert len(lines) == 2
    assert first["record"]["turns"][0]["text"] == "挺满意的"
    assert first["outcome"]["remark"] == "打我154****0001"


def test_only_what_ended_since_a_day_is_exported(
    shop: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--store", shop, "--format", "jsonl", "--since")

    assert len(export(capsys, *arguments, "2026-11-02").splitlines()) == 2
    assert len(export(capsys, *arguments, "2026-11-03").splitlines()) == 1
    assert len(export(capsys, *arguments, "2026-11-04T10:02").splitlines()) == 0


def test_a_vcon_is_what_the_draft_asks_for(shop: str, tmp_path: Path) -> None:
    folder = tmp_path / "vcons"

    assert main(["outcomes", "export", "--store", shop, "--format", "vcon", "-o", str(folder)]) == 0

    talked, empty = (json.loads(each.read_text()) for each in sorted(folder.iterdir()))
    assert {"vcon", "uuid", "created_at", "parties", "dialog"} <= set(talked)
    assert talked["parties"][1]["tel"] == "154****0001"
    assert {each["type"] for each in talked["dialog"]} == {"text"}
    assert [each["originator"] for each in talked["dialog"][:2]] == [0, 1]
    assert talked["dialog"][1]["body"] == "挺满意的"
    starts = [each["start"] for each in talked["dialog"]]
    assert starts == sorted(starts)
    report = talked["analysis"][0]
    assert (report["vendor"], report["type"]) == ("voicebot", "report")
    assert json.loads(report["body"])["intention"] == "A"
    assert empty["dialog"] == [
        {
            "type": "incomplete",
            "start": "2026-11-02T02:00:00+00:00",
            "parties": [0, 1],
            "originator": 0,
            "disposition": "failed",
        }
    ]


def test_the_same_attempt_has_the_same_identifier_whenever_it_is_exported(
    shop: str, tmp_path: Path
) -> None:
    found = []
    for name in ("one", "two"):
        folder = tmp_path / name
        main(["outcomes", "export", "--store", shop, "--format", "vcon", "-o", str(folder)])
        found.append([json.loads(each.read_text())["uuid"] for each in sorted(folder.iterdir())])

    assert found[0] == found[1]
    assert len(set(found[0])) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--campaign", "nothing"], 'campaign "nothing": is not known; campaigns: repurchase'),
        (["--since", "yesterday"], '"yesterday" is no date'),
        (["--timezone", "Mars/Base"], '"Mars/Base" is no time zone'),
        (["--format", "xlsx"], "needs --out"),
        (["--audio"], "goes with --format vcon"),
    ],
)
def test_what_cannot_be_done_is_told(
    shop: str, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    code = main(["outcomes", "export", "--store", shop, *arguments])

    assert code == 2
    assert message in capsys.readouterr().err


def test_a_file_in_the_way_is_told(
    shop: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")

    code = main(["outcomes", "export", "--store", shop, "-o", str(tmp_path / "file" / "a.csv")])

    assert code == 2
    assert "in the way" in capsys.readouterr().err


def test_contacts_that_are_gone_leave_their_attempts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = str(tmp_path / "a.db")
    store = open_store(address)
    campaign = add_campaign(store)
    add_attempt(store, campaign, 99, ANNA)
    store.close()

    assert contact(1, ANNA, "x").phone == ANNA
    assert "NO_ANSWER" in export(capsys, "--store", address)
