"""What docs/understanding.md says is so."""

import json
import re
import shlex
from pathlib import Path

import pytest

from voicebot.cli.main import main
from voicebot.dialogue.patterns import compiled
from voicebot.dialogue.shared_intents import shared_intents
from voicebot.dialogue.slots import KINDS

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
