"""A script's picture shows every state and every way, and needs nothing from outside."""

import re
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from voicebot.dialogue.draw import ANYWHERE, links, to_mermaid, to_svg
from voicebot.dialogue.layout import Box, arrange
from voicebot.dialogue.loader import load_script
from voicebot.dialogue.script import Script

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def script() -> Script:
    return load_script(Path("campaigns/repurchase"))


def overlap(first: Box, second: Box) -> bool:
    return (
        first.x < second.x + second.width
        and second.x < first.x + first.width
        and first.y < second.y + second.height
        and second.y < first.y + first.height
    )


def test_boxes_stand_apart_and_lines_lead_from_one_to_the_other() -> None:
    sizes = {name: (100.0, 40.0 + 10 * number) for number, name in enumerate("abcdefgh")}
    edges = [("a", each) for each in "bcdefgh"] + [("b", "h"), ("c", "h"), ("h", "b"), ("d", "d")]

    layout = arrange(sizes, edges)

    assert not [pair for pair in combinations(layout.boxes.values(), 2) if overlap(*pair)]
    assert set(layout.lines) == set(edges) - {("d", "d")}
    start, *_, end = layout.lines["a", "h"]
    first, last = layout.boxes["a"], layout.boxes["h"]
    assert start == pytest.approx((first.x + first.width, first.y + first.height / 2))
    assert end == pytest.approx((last.x, last.y + last.height / 2))


def test_everything_lies_within_the_picture() -> None:
    layout = arrange(dict.fromkeys("abcde", (80.0, 30.0)), [("a", each) for each in "bcde"])

    for box in layout.boxes.values():
        assert 0 <= box.x <= layout.width - box.width
        assert 0 <= box.y <= layout.height - box.height


def test_a_script_of_one_state_can_be_drawn() -> None:
    layout = arrange({"only": (80.0, 30.0)}, [])

    assert layout.boxes["only"].width == 80


def test_the_svg_shows_every_state_and_needs_nothing_else(script: Script) -> None:
    picture = to_svg(script)

    texts = {each.text for each in ElementTree.fromstring(picture).iter(f"{SVG}text")}
    assert set(script.states) <= texts
    assert script.title in texts
    assert re.findall(r"(?:href|src|url)\W+https?:", picture) == []
    assert len(ElementTree.fromstring(picture).findall(f".//{SVG}g/{SVG}path")) == len(
        [link for link in links(script) if link.source != link.target]
    )


def test_what_holds_in_every_state_is_drawn_once(script: Script) -> None:
    targets = {link.target: link.labels for link in links(script) if link.source == ANYWHERE}

    assert targets["opted_out"] == ("opt_out",)
    assert targets["no_answer"] == ("no_input",)
    assert "repeat" in targets[ANYWHERE]


def test_mermaid_names_every_state_and_way(script: Script) -> None:
    text = to_mermaid(script)

    assert text.startswith("flowchart LR\n")
    assert all(f"  s_{name}" in text for name in script.states)
    assert '  s_opening -->|"next"| s_convenience' in text
    assert '  anywhere -.->|"no_input"| s_no_answer' in text


def test_words_that_mean_something_to_the_picture_are_escaped(tmp_path: Path) -> None:
    (tmp_path / "script.yaml").write_text(
        """\
script: odd
version: "1"
title: 问 & 答 <一>
start: bye
apology: 再见。
no_input: {prompts: [喂？], then: bye}
no_match: {prompts: [啊？], then: bye}
states:
  bye: {prompt: '您好，"山谷" & <咖啡>，再见。', end: finished}
""",
        encoding="utf-8",
    )

    odd = load_script(tmp_path)

    texts = [each.text for each in ElementTree.fromstring(to_svg(odd)).iter(f"{SVG}text")]
    assert "问 & 答 <一>" in texts
    assert '"山谷"' not in to_mermaid(odd)
