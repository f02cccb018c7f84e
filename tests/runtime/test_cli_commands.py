"""What each command does for who uses it rightly."""

import csv
import json
import re
from pathlib import Path

import pytest
import soundfile
from click.testing import CliRunner

from voicebot.cli.chat import chat
from voicebot.cli.main import main

ROOT = Path(__file__).parents[2]
CAMPAIGN = str(ROOT / "campaigns" / "repurchase")
WILLING = str(ROOT / "audio_fixtures" / "willing.wav")

Output = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one run of the demo leaves."""
    folder = tmp_path_factory.mktemp("demo")
    assert main(["demo", "--out", str(folder)]) == 0
    return folder


def test_the_demo_has_a_row_for_every_contact_with_the_phone_masked(demo_folder: Path) -> None:
    with (demo_folder / "outcomes.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))

    assert len(rows) == 12
    assert all(re.fullmatch(r"154\*{4}\d{4}", row["phone"]) for row in rows)
    results = [row["end_reason"] or row["disposition"] for row in rows]
    expected = {"finished", "opted_out", "transferred", "call_later", "caller_hung_up"}
    assert expected | {"BUSY", "NO_ANSWER"} == set(results)
    assert {"interest", "satisfaction", "callback"} <= rows[0].keys()


def test_the_demo_records_both_sides_of_every_call_that_was_answered(demo_folder: Path) -> None:
    records = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((demo_folder / "calls").glob("*.json"))
    ]

    answered = [each for each in records if each["record"]]
    assert len(records) == 12
    for each in answered:
        sound = soundfile.info(demo_folder / "calls" / each["audio"])
        assert (sound.channels, sound.samplerate) == (2, 8000)
        assert abs(sound.duration * 1000 - each["record"]["duration_ms"]) < 100


def test_the_demo_leaves_a_report_of_one_file(demo_folder: Path) -> None:
    page = (demo_folder / "report.html").read_text(encoding="utf-8")

    assert page.count('id="call-') == 12
    assert not re.search(r'(?:src|href)="https?://', page)


def test_two_demos_with_one_seed_come_to_the_same(demo_folder: Path, tmp_path: Path) -> None:
    code = main(["demo", "--out", str(tmp_path)])

    outcomes = "outcomes.csv"
    assert code == 0
    assert (tmp_path / outcomes).read_bytes() == (demo_folder / outcomes).read_bytes()
    for sound in (demo_folder / "calls").glob("*.wav"):
        assert (tmp_path / "calls" / sound.name).read_bytes() == sound.read_bytes()


def test_two_replays_of_one_recording_print_the_same(capsys: Output) -> None:
    arguments = ["replay", WILLING, "--script", CAMPAIGN]

    codes = [main(arguments)]
    first = capsys.readouterr().out
    codes.append(main(arguments))

    assert codes == [0, 0]
    assert capsys.readouterr().out == first
    for word in (
        "speech_started",
        "partial",
        "recognised",
        "understood",
        "prompt",
        "end: finished",
    ):
        assert word in first


def test_a_replay_prints_the_whole_record_as_json(capsys: Output) -> None:
    code = main(["replay", WILLING, "--script", CAMPAIGN, "--json"])

    record = json.loads(capsys.readouterr().out)
    assert code == 0
    assert record["end_reason"] == "finished"
    assert all(turn["latency_ms"] is not None for turn in record["turns"][:-1])


def test_of_a_stereo_recording_the_left_channel_is_replayed(
    demo_folder: Path, capsys: Output
) -> None:
    number = next(
        path.name[:3]
        for path in sorted((demo_folder / "calls").glob("*.json"))
        if json.loads(path.read_text(encoding="utf-8"))["record"]["end_reason"] == "opted_out"
    )

    code = main(["replay", str(demo_folder / "calls" / f"{number}.wav"), "--script", CAMPAIGN])

    assert code == 0
    assert "end: opted_out" in capsys.readouterr().out


def test_a_chat_goes_through_the_script_to_its_end() -> None:
    done = CliRunner().invoke(chat, [CAMPAIGN], input="方便\n挺好的\n好的\n没有了\n")

    assert done.exit_code == 0
    assert "end: finished" in done.output
    assert "interest: yes" in done.output


def test_a_chat_that_is_left_says_so() -> None:
    done = CliRunner().invoke(chat, [CAMPAIGN], input="方便\n")

    assert done.exit_code == 0
    assert "end: caller_hung_up" in done.output


def test_a_script_is_drawn_as_svg_and_as_mermaid(tmp_path: Path) -> None:
    svg, mermaid = tmp_path / "flow.svg", tmp_path / "flow.mmd"

    codes = [main(["check", CAMPAIGN, "--draw", str(path)]) for path in (svg, mermaid)]

    assert codes == [0, 0]
    assert svg.read_text(encoding="utf-8").startswith("<svg")
    assert mermaid.read_text(encoding="utf-8").startswith("flowchart")


def test_say_writes_speech_of_a_plausible_length(tmp_path: Path, capsys: Output) -> None:
    path = tmp_path / "hello.wav"

    code = main(["say", "您好，我是智能语音助手。", "-o", str(path)])

    assert code == 0
    assert 1.5 < soundfile.info(path).duration < 5
    assert str(path) in capsys.readouterr().out


def test_the_doctor_finds_this_installation_healthy(capsys: Output) -> None:
    code = main(["doctor"])

    printed = capsys.readouterr().out
    assert code == 0
    assert "8000 Hz" in printed
    assert "(7/7)" in printed


@pytest.mark.parametrize("command", ["demo", "replay", "chat", "say", "check", "doctor"])
def test_every_command_helps_with_examples(command: str, capsys: Output) -> None:
    code = main([command, "--help"])

    printed = capsys.readouterr().out
    assert code == 0
    assert "Examples:" in printed
    assert f"voicebot {command}" in printed
