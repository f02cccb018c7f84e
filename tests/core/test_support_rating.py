"""The last question of the support line: who is asked, and what becomes of the answer."""

from collections.abc import Callable
from pathlib import Path

import pytest

from voicebot import bootstrap
from voicebot.dialogue.conversation import Conversation
from voicebot.dialogue.script import EndReason, Script
from voicebot.dialogue.step import Step
from voicebot.speech.recogniser import Transcript

ORDER = {
    "found": "yes",
    "order_id": "138520",
    "product": "曼特宁",
    "status": "waiting",
    "amount": "五十八元",
    "courier": "顺丰",
    "eta": "明天",
    "ordered_on": "昨天",
}
INVOICE = ("我要开发票", "一三八五二零", "对的", "个人的")
RATE = "您打几分"


@pytest.fixture(scope="module")
def script() -> Script:
    return bootstrap.load_script(Path("campaigns/support"))


class Caller:
    """Types answers, and has a shop that does what it is asked."""

    def __init__(self, script: Script) -> None:
        self.conversation = Conversation(script, {})
        self.conversation.begin()

    def says(self, *texts: str) -> Step:
        """Return what comes of the last answer."""
        for text in texts:
            transcript = Transcript(text)
            understood = self.conversation.understand(transcript)
            step = self.conversation.answer(transcript, understood)
            while step.hook is not None:
                finds = step.hook.hook.name.startswith("find")
                step = self.conversation.returned(ORDER if finds else {"noted": "yes"})
        return step


def words(step: Step) -> str:
    return "".join(each.text for each in step.say)


@pytest.mark.parametrize(
    ("answer", "score", "said"),
    [
        ("十分", "10", "谢谢您的认可"),
        ("满分", "10", "谢谢您的认可"),
        ("给你打个九分吧", "9", "谢谢您的认可"),
        ("八九分吧", "8..9", "好的，谢谢您"),
        ("七分", "7", "好的，谢谢您"),
        ("也就三分", "3", "没做好的地方我们一定改进"),
        ("一般般吧", "", "好的，谢谢您"),
        ("挺好的", "", "您满意就好"),
        ("不打了", "", "不好意思耽误您时间了"),
        ("别打了", "", "不好意思耽误您时间了"),
        ("零分", "", "没能让您满意"),
        ("算了吧", "", "没关系"),
        ("没时间", "", "您先忙"),
    ],
)
def test_a_rating_is_kept_and_a_refusal_taken(
    answer: str, score: str, said: str, script: Script
) -> None:
    caller = Caller(script)

    asked = caller.says(*INVOICE, "没有了")
    after = caller.says(answer)

    assert RATE in words(asked)
    assert caller.conversation.outcome["score"] == score
    assert said in words(after)
    assert after.end is EndReason.FINISHED


@pytest.mark.parametrize(
    ("answers", "end"),
    [
        ((*INVOICE, "再见"), EndReason.FINISHED),
        ((*INVOICE, "转人工"), EndReason.TRANSFERRED),
        ((*INVOICE, "没有别的了烦死了"), EndReason.FINISHED),
        (("我要投诉", "快递员把我的包裹扔在门口", "没有了"), EndReason.FINISHED),
        (
            ("我要退款", "一三八五二零", "对的", "喝不惯", "算了不退了", "没有了"),
            EndReason.FINISHED,
        ),
        (("不用了",), EndReason.FINISHED),
    ],
    ids=["goodbye", "person", "annoyed", "complaint", "nothing done", "nothing wanted"],
)
def test_who_was_not_served_or_has_no_mind_for_it_is_not_asked(
    answers: tuple[str, ...], end: EndReason, script: Script
) -> None:
    caller = Caller(script)

    last = caller.says(*answers)

    assert RATE not in words(last)
    assert last.end is end
    assert caller.conversation.outcome["score"] == ""


def test_who_thinks_of_something_else_is_served_and_not_asked_again(script: Script) -> None:
    caller = Caller(script)

    asked = caller.says(*INVOICE, "没有了")
    served = caller.says("哦对了我还要改一下收货地址")
    last = caller.says("上海市浦东新区世纪大道八号", "对的", "没有了")

    assert RATE in words(asked)
    assert "新的收货地址" in words(served)
    assert RATE not in words(last)
    assert last.end is EndReason.FINISHED


@pytest.mark.parametrize("missed", [Conversation.no_input, Conversation.no_match])
def test_silence_and_mumbling_are_asked_once_more_and_no_more(
    missed: Callable[[Conversation], Step], script: Script
) -> None:
    caller = Caller(script)
    caller.says(*INVOICE, "没有了")

    first, second = (missed(caller.conversation) for _ in range(2))

    assert RATE in words(first)
    assert second.end is EndReason.FINISHED
