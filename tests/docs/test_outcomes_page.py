"""What docs/outcomes.md shows is read as it stands."""

import re
from pathlib import Path

import pytest

from voicebot.campaign import segment
from voicebot.campaign.grade import Talk, grade, load
from voicebot.campaign.outcome import Intention

PAGE = (Path(__file__).parents[2] / "docs" / "outcomes.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Return the page's code blocks of one language."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return [text for named, text in fenced if named == language]


def test_the_pages_rules_can_be_a_campaigns_own(tmp_path: Path) -> None:
    path = tmp_path / "grading_rules.yaml"
    path.write_text(blocks("yaml")[0], encoding="utf-8")

    rules = load(path)

    talk = Talk("ANSWERED_HUMAN", outcome={"wants_link": "yes"}, connected=True)
    assert grade(talk, rules).intention is Intention.A


@pytest.mark.parametrize("text", [line for block in blocks("") for line in block.splitlines()])
def test_the_pages_segments_can_be_read(text: str) -> None:
    assert segment.parse(text).fields


def test_the_page_names_every_field_of_a_segment() -> None:
    for name in (*segment.FIELDS.known, *(f"{each}.NAME" for each in segment.FIELDS.open)):
        assert f"`{name}`" in PAGE, name
