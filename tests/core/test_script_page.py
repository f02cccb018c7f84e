"""The example of docs/script.md is a script that works, and does what the page says."""

import re
from pathlib import Path

import pytest

from voicebot.dialogue.conversation import Conversation
from voicebot.dialogue.grammar import expand
from voicebot.dialogue.loader import check_script, load_script
from voicebot.dialogue.script import SCRIPT_END_REASONS, EndReason, Script
from voicebot.speech.recogniser import Transcript

PAGE = Path("docs/script.md").read_text(encoding="utf-8")


@pytest.fixture
def script(tmp_path: Path) -> Script:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "script.yaml").write_text(blocks[0], encoding="utf-8")

    return load_script(tmp_path, columns=["phone", "name"])


def test_the_example_has_no_warnings(script: Script) -> None:
    assert check_script(script.folder).warnings == ()


def test_the_example_talks_to_a_customer_who_is_not_content(script: Script) -> None:
    conversation = Conversation(script, {"name": "李先生"})

    opening = conversation.begin()
    answers = []
    for text in ("不太好", "包装可以再结实一点"):
        transcript = Transcript(text)
        answers.append(conversation.answer(transcript, conversation.understand(transcript)))

    assert [spoken.text for spoken in opening.say] == [
        "李先生您好，我是山谷咖啡的智能语音助手，做个送货回访。",
        "这次送货您还满意吗？",
    ]
    assert [spoken.text for spoken in answers[0].say] == ["很抱歉。", "您觉得哪里可以做得更好？"]
    assert answers[1].end is EndReason.FINISHED
    assert conversation.outcome == {"satisfied": "no", "suggestion": "包装可以再结实一点"}


def test_the_grammar_of_the_page_can_be_expanded() -> None:
    source = re.findall(r"```\n(#JSGF.*?)```", PAGE, re.DOTALL)[0]

    found = expand(source, "yes")

    assert {"好", "好的", "可以", "可以的啊", "行"} <= set(found)


def test_the_page_names_every_reason_to_end() -> None:
    assert all(f"`{reason}`" in PAGE for reason in SCRIPT_END_REASONS)
