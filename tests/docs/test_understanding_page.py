"""What docs/understanding.md says is so."""

import json
import re
import shlex
from pathlib import Path

import pytest

from voicebot.audio import wav
from voicebot.cli.main import main
from voicebot.dialogue.patterns import compiled
from voicebot.dialogue.shared_intents import shared_intents
from voicebot.dialogue.slots import KINDS

FIXTURES = Path(__file__).parents[2] / "audio_fixtures"
RATE = 8000
"""Hz of the recordings; two bytes a sample."""

PAGE = (Path(__file__).parents[2] / "docs" / "understanding.md").read_text(encoding="utf-8")


def test_the_commands_of_the_page_understand(capsys: pytest.CaptureFixture[str]) -> None:
    commands = [
        shlex.split(line)[1:]
        for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
        for line in block.splitlines()
    ]

    codes = [main(command) for command in commands]

    said = capsys.readouterr().out
    assert codes == [0] * len(commands)
    assert "ask_order_status" in said
    assert "deny" in said
    assert '"intent": "call_back"' in said
    assert re.search(r'"datetime": {"value": "\d{4}-\d\d-\d\dT20:00"', said)


def test_the_page_names_every_shared_intent_and_no_other() -> None:
    table = PAGE.partition("## Shared intents")[2].partition("A script's own")[0]
    named = set(re.findall(r"\b[a-z]+(?:_[a-z]+)*\b", table.partition("| intents |")[2]))

    assert set(shared_intents()) <= named


def test_the_page_names_every_kind_of_slot() -> None:
    said = PAGE.partition("## Slots")[2].partition("## By grammar")[0]

    assert all(kind in said for kind in KINDS)


def test_the_patterns_of_the_page_are_patterns() -> None:
    written = re.findall(r'patterns: \["(.*?)"\]', PAGE)

    assert [bool(compiled(each).search("能不能包成礼物")) for each in written] == [True]


def test_a_batch_gives_one_object_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "said.txt"
    file.write_text("别再给我打电话了\n\n帮我转人工\n今天月亮真圆\n", encoding="utf-8")

    code = main(["understand", "--batch", str(file)])

    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 0
    assert [each["intent"] for each in found] == ["opt_out", "transfer_human", None]
    assert all(each["reason"] and each["emotion"] for each in found)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["好的", "--batch", "-"],
        ["好的", "--state", "offer"],
        ["好的", "--script", "campaigns/repurchase", "--state", "nowhere"],
        ["好的", "--script", "campaigns/nothing"],
        ["--batch", "nothing.txt"],
        ["--audio", "nothing.wav"],
    ],
)
def test_what_cannot_be_understood_is_said_without_a_traceback(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["understand", *arguments])

    assert code == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("recording", "start_ms", "end_ms", "where", "intent"),
    [
        ("opt_out_barge_in", 2604, 5109, [], "opt_out"),
        ("wants_human", 22044, 23864, [], "transfer_human"),
        ("wants_human", 8504, 9884, [], "are_you_robot"),
        (
            "willing",
            36504,
            38079,
            ["--script", "campaigns/repurchase", "--state", "offer"],
            "send_it",
        ),
    ],
)
def test_a_recording_is_recognised_and_understood(
    recording: str,
    start_ms: int,
    end_ms: int,
    where: list[str],
    intent: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One answer out of a recorded call, as its labels say where it stands."""
    pcm = wav.read_mono(FIXTURES / f"{recording}.wav", RATE)
    answer = tmp_path / "answer.wav"
    wav.write(answer, RATE, pcm[(start_ms - 200) * RATE // 500 : (end_ms + 300) * RATE // 500])

    code = main(["understand", "--audio", str(answer), "--json", *where])

    found = json.loads(capsys.readouterr().out)
    assert code == 0
    assert found["intent"] == intent
    assert found["text"]


def test_what_was_heard_is_shown_with_what_it_means(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pcm = wav.read_mono(FIXTURES / "wants_human.wav", RATE)
    answer = tmp_path / "answer.wav"
    wav.write(answer, RATE, pcm[21_800 * RATE // 500 : 24_100 * RATE // 500])

    code = main(["understand", "--audio", str(answer)])

    said = capsys.readouterr().out
    assert code == 0
    assert "我要找真人客服" in said
    assert "transfer_human" in said
