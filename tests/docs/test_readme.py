"""Every command that the two READMEs show does run."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def shown_commands(page: str) -> list[str]:
    """Return the `voicebot` lines of a page's shell blocks, without their comments."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("voicebot ")]


COMMANDS = shown_commands("README.md")


def test_both_readmes_show_the_same_commands() -> None:
    assert shown_commands("README.zh-CN.md") == COMMANDS
    assert len(COMMANDS) >= 7


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_runs(command: str, tmp_path: Path) -> None:
    for folder in ("campaigns", "audio_fixtures", "grammars"):
        (tmp_path / folder).symlink_to(ROOT / folder)

    done = subprocess.run(
        [sys.executable, "-m", "voicebot", *shlex.split(command)[1:]],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "page", ["README.md", "README.zh-CN.md", "docs/models.md", "docs/browser.md"]
)
def test_links_of_a_page_lead_somewhere(page: str) -> None:
    path = ROOT / page
    links = re.findall(r"\]\(([^)#]+)", path.read_text(encoding="utf-8"))

    missing = [link for link in links if "://" not in link and not (path.parent / link).exists()]

    assert links
    assert missing == []


def test_every_page_that_a_help_or_a_page_names_is_there() -> None:
    named = {
        (page, path.relative_to(ROOT).as_posix())
        for folder, kind in (("voicebot", "*.py"), ("docs", "*.md"), ("deploy", "*"), ("", "*.md"))
        for path in sorted((ROOT / folder).glob(f"**/{kind}" if folder else kind))
        if path.is_file()
        for page in re.findall(r"docs/\w+\.md", path.read_text(encoding="utf-8"))
    }

    assert len(named) > 50
    assert [each for each in sorted(named) if not (ROOT / each[0]).is_file()] == []


def test_the_two_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    for target in ("demo", "test"):
        assert f"make {target}" in (ROOT / "README.md").read_text(encoding="utf-8")
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
