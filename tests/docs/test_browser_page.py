"""docs/browser.md says what the code does."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from voicebot.cli.main import cli
from voicebot.transports.peer import LONGEST_SDP
from voicebot.web import server
from voicebot.web.call_news import BrowserLimits

PAGE = (Path(__file__).parents[2] / "docs/browser.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["serve", "talk"])
def test_every_option_that_the_page_shows_exists(command: str) -> None:
    help_text = CliRunner().invoke(cli, ["serve", "--help"]).output
    help_text += CliRunner().invoke(cli, ["talk", "--help"]).output

    shown = set(re.findall(r"--[a-z][a-z-]+", PAGE))

    assert shown
    assert [each for each in shown if each not in help_text] == []
    assert f"voicebot {command}" in PAGE


def test_the_limits_of_the_page_are_those_of_the_code() -> None:
    limits = BrowserLimits()

    assert f"| a request's head | {server.REQUEST_S:.0f} s |" in PAGE
    assert f"| an offer | {LONGEST_SDP >> 10} KiB, {limits.body_s:.0f} s |" in PAGE
    assert f"| {limits.waiting}, and {limits.waiting_per_address} from one address |" in PAGE
    assert f"| from the answer to the media | {limits.media_s:.0f} s |" in PAGE
    assert f"{limits.longest_s / 60:.0f} in all" in PAGE
    assert f"| a page that is closed | {limits.gone_s:.0f} s |" in PAGE


def test_the_news_of_the_page_are_those_of_the_code() -> None:
    source = (Path(__file__).parents[2] / "voicebot/call/live.py").read_text(encoding="utf-8")

    for kind in set(re.findall(r'"type": "(\w+)"', source)):
        assert f"`{kind}`" in PAGE
