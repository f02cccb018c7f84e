"""What docs/knowledge.md and docs/sample_campaigns.md show does work."""

import json
import re
import shlex
from pathlib import Path

import pytest

from voicebot.cli.main import main
from voicebot.simulation.persona_file import load_personas

ROOT = Path(__file__).parents[2]
PAGES = ["docs/knowledge.md", "docs/sample_campaigns.md", "docs/script.md"]


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def commands(page: str) -> list[str]:
    lines = [line.split("#")[0].strip() for each in blocks(page, "sh") for line in each.split("\n")]
    return [line for line in lines if line.startswith("voicebot ")]


@pytest.mark.parametrize("command", commands("docs/knowledge.md"))
def test_a_command_of_the_knowledge_page_runs(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    calls = tmp_path / "out" / "demo" / "calls"
    calls.mkdir(parents=True)
    turn = {"text": "能用花呗吗", "action": "no_match -> ask"}
    (calls / "001.json").write_text(json.dumps({"record": {"turns": [turn]}}), "utf-8")
    Path("faq.md").write_text(blocks("docs/knowledge.md", "markdown")[0], "utf-8")
    Path("questions.tsv").write_text("几天发货\t多久发货？\n", "utf-8")
    Path("questions.csv").write_text(
        "question,answer,variants\n包邮吗,全国包邮。,要运费吗\n", "utf-8"
    )
    Path("more.yaml").write_text("- {question: 在哪里, answer: 只有网店。}\n", "utf-8")

    assert main(shlex.split(command)[1:]) == 0


def test_the_personas_of_the_page_are_personas(tmp_path: Path) -> None:
    (tmp_path / "personas.yaml").write_text(blocks("docs/sample_campaigns.md", "yaml")[0], "utf-8")

    refund = load_personas(tmp_path)["refund"]

    assert refund.goal is not None
    assert refund.reply("ask_order.order_no", 0).say[0].text == "二四六八一三"
    assert refund.reply("anything_else", 0).say


@pytest.mark.parametrize("page", PAGES)
def test_the_links_of_a_page_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)#]+)", (ROOT / page).read_text(encoding="utf-8"))

    missing = [link for link in links if not ((ROOT / page).parent / link).exists()]

    assert links
    assert missing == []
