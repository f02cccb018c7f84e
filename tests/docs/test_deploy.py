"""What deploy/ has is what systemd, compose and the command line take."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from ruamel.yaml import YAML

from tests.needs import program
from voicebot.cli.main import cli

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = {
    "voicebot-worker@1.service": DEPLOY / "systemd" / "voicebot-worker@.service",
    "voicebot-serve.service": DEPLOY / "systemd" / "voicebot-serve.service",
}
unit_of = pytest.mark.parametrize("name", UNITS)
ONCE_A_DAY = [DEPLOY / "systemd" / f"voicebot-retention.{kind}" for kind in ("service", "timer")]
COMPOSE = DEPLOY / "compose" / "compose.yaml"


def takes(arguments: list[str]) -> None:
    """Raise `click.UsageError` unless the command line knows this command and its options."""
    command = cli.get_command(click.Context(cli), arguments[0])
    assert command is not None, f"there is no command {arguments[0]}"
    command.make_context(arguments[0], arguments[1:], resilient_parsing=False)


@unit_of
def test_systemd_takes_the_unit(name: str, tmp_path: Path) -> None:
    checker = program("systemd-analyze")
    voicebot = Path(sys.executable).with_name("voicebot")
    unit = tmp_path / name
    unit.write_text(UNITS[name].read_text().replace("/opt/voicebot/bin/voicebot", str(voicebot)))

    done = subprocess.run([checker, "verify", str(unit)], capture_output=True, text=True)

    said = [line for line in done.stderr.splitlines() if unit.name in line]
    assert said == []


def test_answered_calls_are_forgotten_once_a_day(tmp_path: Path) -> None:
    checker = program("systemd-analyze")
    voicebot = Path(sys.executable).with_name("voicebot")
    for unit in ONCE_A_DAY:
        text = unit.read_text().replace("/opt/voicebot/bin/voicebot", str(voicebot))
        (tmp_path / unit.name).write_text(text)

    done = subprocess.run(
        [checker, "verify", *(str(tmp_path / unit.name) for unit in ONCE_A_DAY)],
        capture_output=True,
        text=True,
    )

    assert [line for line in done.stderr.splitlines() if "voicebot-retention" in line] == []
    (start,) = re.findall(r"^ExecStart=(.+)$", ONCE_A_DAY[0].read_text(), re.MULTILINE)
    answered = re.search(r"--out (\S+)", UNITS["voicebot-serve.service"].read_text())
    assert answered is not None
    assert f"--folder {answered[1]} " in start
    takes(shlex.split(start.replace(answered[1], str(tmp_path)))[1:])


@unit_of
def test_the_unit_starts_a_command_that_there_is(name: str) -> None:
    start = re.search(r"^ExecStart=(.+)$", UNITS[name].read_text(), re.MULTILINE)
    assert start is not None

    takes(shlex.split(start[1].replace("%i", "1"))[1:])


@unit_of
def test_stopping_leaves_calls_the_time_that_they_are_given(name: str) -> None:
    text = UNITS[name].read_text()
    assert "TimeoutStopSec=330" in text
    assert "KillMode=mixed" in text
    assert "--drain" not in text or "--drain 300 " in text
    services = YAML(typ="safe").load(COMPOSE)["services"]
    assert services["worker"]["stop_grace_period"] == "330s"


def test_the_compose_file_is_whole() -> None:
    data = YAML(typ="safe").load(COMPOSE)
    services = data["services"]

    assert set(services) == {"database", "worker"}
    takes(services["worker"]["command"])
    assert services["worker"]["depends_on"]["database"]["condition"] == "service_healthy"
    for service in services.values():
        for volume in service["volumes"]:
            assert volume.split(":")[0] in data["volumes"]
    build = services["worker"]["build"]
    context = (COMPOSE.parent / build["context"]).resolve()
    assert (context / build["dockerfile"]).is_file()
    assert (context / "pyproject.toml").is_file()


def test_what_the_image_copies_is_there() -> None:
    root = DEPLOY.parent
    copied = re.findall(
        r"^COPY (.+) \S+$", (DEPLOY / "compose" / "Dockerfile").read_text(), re.MULTILINE
    )

    for name in " ".join(copied).split():
        assert (root / name).exists(), name


def test_every_setting_of_the_environment_file_is_one_that_workers_read() -> None:
    names = re.findall(
        r"^(VOICEBOT_\w+)=", (DEPLOY / "systemd" / "voicebot.env").read_text(), re.MULTILINE
    )
    package = DEPLOY.parent / "voicebot"
    readers = [package / "config.py", *(package / "cli").glob("*.py")]
    source = "".join(each.read_text(encoding="utf-8") for each in readers)

    assert names
    for name in names:
        assert f'"{name}"' in source, name


def test_no_secret_is_left_in_the_files() -> None:
    for path in DEPLOY.rglob("*"):
        if path.is_file():
            for secret in re.findall(r"(?:PASSWORD|SECRET)=([^\s'\"]+)", path.read_text()):
                assert secret in ("CHANGE-ME", "...", "") or secret.startswith("$"), path
