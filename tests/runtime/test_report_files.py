import csv
import json
import resource
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.runtime.report_samples import (
    GREETING,
    PHONE,
    RATE,
    bought,
    contact,
    silent,
    sound,
    unanswered,
)
from voicebot.campaign.outcome import Attempt, Disposition
from voicebot.errors import StorageFailed
from voicebot.report.files import write_attempt, write_outcomes
from voicebot.report.storage import write_whole

FIELDS = ("satisfied", "bags", "remark")


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def record(folder: Path) -> dict[str, object]:
    (path,) = (folder / "calls").glob("*.json")
    data = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(data, dict)
    return data


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Let the kernel refuse to write more, as it does when a disk is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_an_answered_call_leaves_its_record_and_both_sides_of_its_sound(tmp_path: Path) -> None:
    attempt = bought()
    caller, robot, rate = sound(attempt)

    write_attempt(tmp_path, attempt, caller, robot, rate)

    assert {path.name for path in (tmp_path / "calls").iterdir()} == {"001-张丽.json", "001.wav"}
    with wave.open(str(tmp_path / "calls" / "001.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, RATE)
        both = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    assert both[:, 0].tobytes() == caller
    assert both[:, 1].tobytes() == robot


def test_the_record_holds_what_happened(tmp_path: Path) -> None:
    write_attempt(tmp_path, bought(), *sound(bought()))

    data = record(tmp_path)

    assert data["disposition"] == "ANSWERED_HUMAN"
    assert data["ring_ms"] == 8_200
    assert data["intention"] == {
        "grade": "A",
        "rule": "0 questions, 2 affirmatives, 0 refusals",
    }
    assert data["script"] == {"name": "repurchase", "version": "1-3fd2a0"}
    assert data["audio"] == "001.wav"
    call = data["record"]
    assert isinstance(call, dict)
    assert call["turns"][0]["prompts"][0]["text"] == GREETING
    assert [turn["latency_ms"] for turn in call["turns"]] == [800, 780, None]
    assert call["outcome"] == {"satisfied": "是", "bags": "2", "remark": ""}


def test_an_unanswered_attempt_has_no_sound_and_says_so(tmp_path: Path) -> None:
    write_attempt(tmp_path, unanswered(2, contact(), Disposition.BUSY))

    data = record(tmp_path)

    assert (data["record"], data["script"], data["audio"]) == (None, None, None)
    assert not list((tmp_path / "calls").glob("*.wav"))


@pytest.mark.parametrize("before", ["张丽", ""])
def test_a_second_run_replaces_what_stood_under_the_same_number(
    tmp_path: Path, before: str
) -> None:
    write_attempt(tmp_path, bought(who=contact(name=before)), *sound(bought()))

    write_attempt(tmp_path, unanswered(1, contact(name="李雷"), Disposition.NO_ANSWER))

    assert [path.name for path in (tmp_path / "calls").iterdir()] == ["001-李雷.json"]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("../../etc/passwd", "001-etc_passwd.json"),
        ("", "001.json"),
        ("…", "001.json"),
        ("a\0b\n", "001-a_b.json"),
        ("长" * 300, f"001-{'长' * 40}.json"),
        (f"老王{PHONE}", "001-老王170____0012.json"),
    ],
)
def test_a_name_becomes_a_harmless_file_name(tmp_path: Path, name: str, file: str) -> None:
    write_attempt(tmp_path, unanswered(1, contact(name=name), Disposition.BUSY))

    files = [path.name for path in (tmp_path / "calls").iterdir()]

    assert files == [file.replace("____", "_")]


@pytest.mark.parametrize(
    "spelling",
    [
        "17000000012",
        "+86 170 0000 0012",
        "170-0000-0012",
        "一七零零零零零零零一二",
        "幺七洞洞洞洞洞洞洞幺二",
        "我的号码是17000000012，别打了",
    ],
)
def test_the_number_is_hidden_however_it_is_written(tmp_path: Path, spelling: str) -> None:
    attempt = bought(who=contact(second=spelling))
    assert attempt.record is not None
    attempt.record.turns[0].text = spelling
    attempt.record.timeline[8].detail["text"] = spelling
    attempt.record.outcome["remark"] = spelling

    write_attempt(tmp_path, attempt)
    write_outcomes(tmp_path / "outcomes.csv", [attempt], FIELDS)

    text = json.dumps(record(tmp_path), ensure_ascii=False)
    text += (tmp_path / "outcomes.csv").read_text(encoding="utf-8-sig")
    assert spelling not in text
    assert PHONE not in text
    assert text.count("170****0012") >= 6


def test_a_number_with_a_country_code_is_hidden_without_it_too(tmp_path: Path) -> None:
    attempt = bought(who=contact(phone="+862155500012", second="021-5550-0012"))

    write_attempt(tmp_path, attempt)

    text = json.dumps(record(tmp_path))
    assert "5550" not in text
    assert "+86******0012" in text


def test_somebody_elses_mobile_number_is_hidden_too(tmp_path: Path) -> None:
    attempt = bought()
    assert attempt.record is not None
    attempt.record.outcome["remark"] = "打给我爱人，+86 171-0000-0099，订单号20240000000000"

    write_attempt(tmp_path, attempt)

    call = record(tmp_path)["record"]
    assert isinstance(call, dict)
    assert call["outcome"]["remark"] == "打给我爱人，171****0099，订单号20240000000000"


def test_outcomes_come_in_the_order_of_the_contacts(tmp_path: Path) -> None:
    attempts = [
        silent(3, contact(4, "17000000014", "赵敏")),
        unanswered(2, contact(3, "17000000013", "王强"), Disposition.BUSY),
        bought(1),
    ]

    write_outcomes(tmp_path / "outcomes.csv", attempts, FIELDS)

    first = "phone,name,disposition,end_reason,intention,duration_s,turns,satisfied,bags,remark"
    assert rows(tmp_path / "outcomes.csv") == [
        first.split(","),
        ["170****0012", "张丽", "ANSWERED_HUMAN", "finished", "A", "17.9", "2", "是", "2", ""],
        ["170****0013", "王强", "BUSY", "", "E", "", "", "", "", ""],
        ["170****0014", "赵敏", "ANSWERED_HUMAN", "caller_hung_up", "C", "12.0", "0", "", "", ""],
    ]


def test_outcomes_begin_with_the_mark_that_excel_needs(tmp_path: Path) -> None:
    write_outcomes(tmp_path / "outcomes.csv", [bought()], FIELDS)

    assert (tmp_path / "outcomes.csv").read_bytes().startswith(b"\xef\xbb\xbfphone,")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "＝", "\t", "\r", "\n"])
def test_a_spreadsheet_runs_nothing(tmp_path: Path, start: str) -> None:
    attempt = bought(who=contact(name=f"{start}HYPERLINK(1)"))
    assert attempt.record is not None
    attempt.record.outcome["remark"] = f"{start}cmd|' /C calc'!A0"

    write_outcomes(tmp_path / "outcomes.csv", [attempt], FIELDS)

    cells = rows(tmp_path / "outcomes.csv")[1]
    assert cells[1] == f"'{start}HYPERLINK(1)"
    assert cells[-1] == f"'{start}cmd|' /C calc'!A0"


def test_commas_quotes_and_lines_stay_in_their_cell(tmp_path: Path) -> None:
    attempt = bought()
    assert attempt.record is not None
    attempt.record.outcome["remark"] = '要"深烘"，\n别太酸, 谢谢'

    write_outcomes(tmp_path / "outcomes.csv", [attempt], FIELDS)

    assert rows(tmp_path / "outcomes.csv")[1][-1] == '要"深烘"，\n别太酸, 谢谢'


def test_a_full_disk_leaves_the_old_outcomes_and_no_piece_of_the_new(tmp_path: Path) -> None:
    path = tmp_path / "outcomes.csv"
    write_outcomes(path, [bought()], FIELDS)
    before = path.read_bytes()
    many: list[Attempt] = [bought(number) for number in range(1, 200)]

    with no_file_larger_than(4096), pytest.raises(StorageFailed) as caught:
        write_outcomes(path, many, FIELDS)

    assert str(caught.value).startswith(f"{path}: cannot be written: ")
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["outcomes.csv"]


def test_a_full_disk_leaves_no_piece_of_a_recording(tmp_path: Path) -> None:
    with no_file_larger_than(4096), pytest.raises(StorageFailed, match=r"001\.wav: cannot"):
        write_attempt(tmp_path, bought(), *sound(bought()))

    assert list((tmp_path / "calls").iterdir()) == []


def test_a_file_in_the_way_of_the_folder_is_named_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")

    with pytest.raises(StorageFailed, match="a file is in the way of the folder"):
        write_whole(tmp_path / "out" / "report.html", [b""])

    assert (tmp_path / "out").read_text() == "mine"
