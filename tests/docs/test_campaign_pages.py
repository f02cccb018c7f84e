"""What docs/campaigns.md and docs/dialler.md show is true."""

import re
from pathlib import Path
from typing import Any

import pytest

from voicebot.campaign.settings import load_settings
from voicebot.cli.main import cli
from voicebot.dialler.webhook_sender import sign

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("campaigns.md", "dialler.md")


def blocks(page: str, language: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_campaign_file_of_the_page_is_one(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("")
    (tmp_path / "campaign.yaml").write_text(blocks("campaigns.md", "yaml")[0], encoding="utf-8")

    settings = load_settings(tmp_path)

    assert settings.name == "repurchase"
    assert settings.hold_out == 0.05
    assert settings.starts_at is not None
    assert settings.starts_at.isoformat() == "2026-12-01T00:00:00+08:00"
    assert settings.rules["retry"]["REJECTED"] == "never"
    assert "智能语音助手" in settings.rules["machine"]["message"]


def test_the_receiver_of_the_page_takes_our_signature_and_no_other() -> None:
    found: dict[str, Any] = {}
    exec(blocks("dialler.md", "python")[0], found)
    headers = {
        "Webhook-Id": "call.finished:1:2:1",
        "Webhook-Timestamp": "1795741716",
        "Webhook-Signature": sign("secret", "call.finished:1:2:1", 1795741716, b"{}"),
    }

    assert found["is_genuine"]("secret", headers, b"{}")
    assert not found["is_genuine"]("secret", headers, b"{ }")
    assert not found["is_genuine"]("other", headers, b"{}")


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_exists_with_its_options(page: str) -> None:
    lines = [
        line.split("#")[0].replace("\\\n", "").split()
        for block in blocks(page, "sh")
        for line in block.replace("\\\n", " ").splitlines()
        if line.startswith("voicebot ")
    ]

    for words in lines:
        command: Any = cli
        for word in words[1:]:
            if word in getattr(command, "commands", {}):
                command = command.commands[word]
        known = {name for option in command.params for name in option.opts}
        assert {word for word in words if word.startswith("--")} <= known, words
    assert lines


@pytest.mark.parametrize("page", PAGES)
def test_links_of_a_page_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)#]+)", (DOCS / page).read_text(encoding="utf-8"))

    assert [each for each in links if "://" not in each and not (DOCS / each).exists()] == []
