"""docs/models.md shows commands and options that exist, and figures that are true."""

import re
import shlex
from pathlib import Path

import pytest

from voicebot.cli.main import main
from voicebot.runtime.download import MAX_BYTES, TRIES
from voicebot.runtime.official_models import OFFICIAL
from voicebot.runtime.unpacking import Limits

PAGE = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [
    shlex.split(line, comments=line.count("#") == 1 and " #" in line)
    for block in BLOCKS
    for line in block.splitlines()
    if line.startswith("voicebot ")
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_of_the_page_exists_with_its_options(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([*command[1:3], "--help"])

    told = capsys.readouterr().out
    assert code == 0
    assert all(word in told for word in command if word.startswith("--"))


def test_the_page_has_commands_of_every_kind() -> None:
    assert {command[2] for command in COMMANDS} == {"list", "install", "use", "info", "eval"}


def test_the_page_lists_the_official_models_as_the_program_does() -> None:
    rows = re.findall(
        r"^\| `(\S+)` \| ([\d.]+) (MB|GB) \| ([^|]+) \| 16 kHz \|$", PAGE, re.MULTILINE
    )

    listed = {
        name: (round(float(size) * (1000 if unit == "GB" else 1)), licence)
        for name, size, unit, licence in rows
    }

    assert listed == {each.name: (each.packed_mb, each.licence) for each in OFFICIAL.values()}


def test_the_page_states_the_limits_that_hold() -> None:
    limits = Limits()

    plain = " ".join(PAGE.split())
    assert TRIES == 5
    assert "up to five times in a row" in plain
    assert f"At most {MAX_BYTES >> 30} GiB" in plain
    assert f"more than {limits.files:,} files" in plain
    assert f"more than {limits.total_bytes >> 30} GiB unpacked" in plain
    assert f"packed more than {limits.ratio} times" in plain
