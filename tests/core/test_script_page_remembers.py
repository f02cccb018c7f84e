"""The second example of docs/script.md: forms, actions, sub-flows, knowledge, emotion."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from voicebot.dialogue.conversation import Conversation
from voicebot.dialogue.hook import judged
from voicebot.dialogue.loader import check_script, load_script
from voicebot.dialogue.script import EndReason, Script
from voicebot.dialogue.step import Step
from voicebot.speech.recogniser import Transcript

PAGE = Path("docs/script.md").read_text(encoding="utf-8")
FOUND = {"found": True, "needs_pickup": True, "customer": "王女士"}
NOW = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)
NUMBER = "一三八五二零"


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Script:
    folder = tmp_path_factory.mktemp("exchange")
    example = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1]
    function = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    (folder / "script.yaml").write_text(example, encoding="utf-8")
    (folder / "actions.py").write_text(function, encoding="utf-8")
    (folder / "faq.md").write_text(
        "## 运费谁出？\n- 运费谁付\n- 换货要不要运费\n- 邮费怎么算\n\n"
        "质量问题换货，来回运费都由我们出。\n",
        encoding="utf-8",
    )
    return load_script(folder)


class Talk:
    """A conversation in which the shop's program answers as it is told to."""

    def __init__(self, script: Script, *answers: object, contact: str = "1") -> None:
        self._answers: Iterator[object] = iter(answers)
        self.conversation = Conversation(script, {}, contact=contact, now=NOW)
        self.step = self._on(self.conversation.begin())

    def says(self, text: str) -> list[str]:
        """Return what the robot says to these words."""
        transcript = Transcript(text)
        understanding = self.conversation.understand(transcript)
        self.step = self._on(self.conversation.answer(transcript, understanding))
        return self.said

    @property
    def said(self) -> list[str]:
        return [spoken.text for spoken in self.step.say]

    def _on(self, step: Step) -> Step:
        said = step.say
        while step.hook is not None:
            hook, answer = step.hook.hook, next(self._answers)
            if answer is None:
                step = self.conversation.broke()
            else:
                step = self.conversation.returned(judged(hook, answer))
            said = (*said, *step.say)
        return Step(said, step.state, step.end)


def test_the_example_has_neither_faults_nor_warnings(script: Script) -> None:
    checked = check_script(script.folder)

    assert (checked.faults, checked.warnings) == ((), ())


def test_a_number_is_read_back_and_then_looked_up(script: Script) -> None:
    talk = Talk(script, FOUND)

    asked = talk.says("我要换货")
    read_back = talk.says(NUMBER)
    looked_up = talk.says("对")

    assert asked == ["请说一下您的订单号，一共六位数字。"]
    assert [re.sub(r"[，、]", "", text) for text in read_back] == ["您说的是幺三八五二零对吗？"]
    assert looked_up == ["请稍等，我查一下。", "好的，订单找到了。", "您要换哪一款？"]


def test_what_was_said_on_the_way_into_a_form_is_not_asked_for(script: Script) -> None:
    talk = Talk(script, FOUND)

    read_back = talk.says(f"我要换货，订单号是{NUMBER}")

    assert len(read_back) == 1
    assert "对吗" in read_back[0]


@pytest.mark.parametrize("answer", ["不对，是二三八五二零", "二三八五二零"])
def test_a_correction_is_read_back_in_its_turn(script: Script, answer: str) -> None:
    talk = Talk(script)
    talk.says("我要换货")
    talk.says(NUMBER)

    read_back = talk.says(answer)

    assert "二三八" in read_back[0]
    assert talk.conversation.memory.slots["order_no"].value == "238520"


def test_a_refused_number_is_asked_again_and_at_last_a_person_takes_over(script: Script) -> None:
    talk = Talk(script)
    talk.says("我要换货")
    heard = []
    for _ in range(3):
        talk.says(NUMBER)
        heard.append(talk.says("不对"))

    assert heard[0] == heard[1] == ["六位的订单号是多少？"]
    assert talk.step.end is EndReason.TRANSFERRED


def test_one_answer_fills_several_slots(script: Script) -> None:
    talk = Talk(script, FOUND)
    talk.says("我要换货")
    talk.says(NUMBER)
    talk.says("对")

    asked = talk.says("换耶加雪菲，明天下午来取")
    done = talk.says("袋子破了")

    assert asked == ["请问是什么原因要换呢？"]
    assert done == ["好的，耶加雪菲的换货登记好了，十一月二十八号，星期六，下午上门取件，再见。"]
    assert talk.conversation.outcome == {"result": "booked", "order": "138520"}


def test_a_slot_is_skipped_where_its_condition_does_not_hold(script: Script) -> None:
    talk = Talk(script, {**FOUND, "needs_pickup": False})
    talk.says("我要换货")
    talk.says(NUMBER)
    talk.says("对")

    asked = talk.says("耶加雪菲")

    assert asked == ["请问是什么原因要换呢？"]


def test_the_second_unknown_number_leads_to_a_person(script: Script) -> None:
    unknown = {**FOUND, "found": False}
    talk = Talk(script, unknown, unknown)
    talk.says("我要换货")
    talk.says(NUMBER)

    first = talk.says("对")
    talk.says("二三八五二零")
    second = talk.says("对")

    assert first == ["请稍等，我查一下。", "没有查到这个订单。", "六位的订单号是多少？"]
    assert second == ["请稍等，我查一下。", "这就帮您转人工，请稍等。"]
    assert talk.conversation.outcome["result"] == "transferred"


def test_a_program_that_fails_is_survived_with_words(script: Script) -> None:
    talk = Talk(script, None)
    talk.says("我要换货")
    talk.says(NUMBER)

    said = talk.says("对")

    assert said == ["请稍等，我查一下。", "不好意思，系统查询有点慢。", "这就帮您转人工，请稍等。"]


def test_a_side_question_is_answered_and_the_open_one_asked_again(script: Script) -> None:
    talk = Talk(script)
    talk.says("我要换货")

    said = talk.says("运费谁付啊")

    assert said == [
        "质量问题换货，来回运费都由我们出。",
        "那我们接着说。",
        "六位的订单号是多少？",
    ]


def test_a_side_question_while_a_value_is_read_back_comes_back_to_it(script: Script) -> None:
    talk = Talk(script)
    talk.says("我要换货")
    read_back = talk.says(NUMBER)

    said = talk.says("邮费怎么算")

    assert said[-1:] == read_back


def test_an_unknown_question_is_said_to_be_noted(script: Script) -> None:
    talk = Talk(script)

    said = talk.says("你们老板叫什么名字")

    assert said[0] == "这个问题我记下来了，稍后请同事答复您。"


def test_nobody_asks_side_questions_for_ever(script: Script) -> None:
    talk = Talk(script)

    for _ in range(7):
        talk.says("运费谁付")

    assert talk.step.end is EndReason.TRANSFERRED


def test_annoyance_gets_an_apology_and_then_a_person(script: Script) -> None:
    talk = Talk(script)
    talk.says("我要换货")

    first = talk.says("你们太差劲了，我要气死了")
    second = talk.says("什么破玩意，垃圾")

    assert first[0] == "真对不起，给您添麻烦了。"
    assert second == ["我马上请同事来处理。", "这就帮您转人工，请稍等。"]


def test_a_contact_always_hears_the_same_variant(script: Script) -> None:
    heard = {
        contact: {Talk(script, contact=contact).said[0] for _ in range(3)}
        for contact in map(str, range(20))
    }

    assert all(len(texts) == 1 for texts in heard.values())
    assert len(set.union(*heard.values())) == 2
