from dataclasses import replace

import pytest

from tests.builders import prompt, script
from voicebot.campaign.disclosure import untold
from voicebot.campaign.policy import load_policy
from voicebot.dialogue.script import Prompt, Script, State, Transition, Wording

CHINA = load_policy("CN")


def opening(*wordings: str, then: str | None = None) -> Script:
    """Return the builders' script with another opening, which perhaps goes on without listening."""
    made = script()
    said = Prompt(tuple(Wording(each) for each in wordings))
    state = replace(made.states["opening"], prompt=said)
    if then is not None:
        state = State("opening", said, next=Transition("second"))
        made = replace(
            made, states={**made.states, "second": replace(made.states["ask"], prompt=prompt(then))}
        )
    return replace(made, states={**made.states, "opening": state})


@pytest.mark.parametrize(
    ("spoken", "told"),
    [
        (opening("您好，我是店里的智能语音助手。"), True),
        (opening("您好，我是AI助理小美。"), True),
        (opening("您好，我是ai助理小美。"), True),
        (opening("您好，我是小美。"), False),
        (opening("您好，我是机器人小美。", "您好，我是小美。"), False),
        (opening("您好。", then="我是智能语音助手，您方便吗？"), True),
        (opening("我是智能语音助手。", then="您方便吗？"), True),
        (opening("您好。", then="您方便吗？"), False),
    ],
)
def test_a_call_tells_that_a_machine_speaks_before_it_asks(spoken: Script, told: bool) -> None:
    assert (not untold(spoken, CHINA)) is told


def test_a_policy_without_words_asks_for_none() -> None:
    assert untold(opening("您好，我是小美。"), replace(CHINA, disclosure=())) == []


def test_states_that_lead_to_each_other_are_walked_once() -> None:
    made = opening("您好。", then="您方便吗？")
    back = State("second", prompt("您方便吗？"), next=Transition("opening"))

    assert untold(replace(made, states={**made.states, "second": back}), CHINA)


def test_where_calls_are_recorded_the_policy_may_want_that_said_too() -> None:
    europe = load_policy("EU")
    silent = opening("您好，我是店里的智能语音助手。")

    (missing,) = untold(silent, europe)

    assert missing.what == "the callee is not told that the call is recorded before being asked"
    assert missing.hint == "the policy EU wants one of: recorded, recording, 录音"
    assert untold(opening("您好，我是智能语音助手，通话会录音。"), europe) == []


def test_what_is_left_to_a_machine_says_that_a_machine_speaks() -> None:
    told = opening("您好，我是智能语音助手。")

    (missing,) = untold(told, CHINA, "您好，请回电。")

    assert missing.path == "machine.message"
    assert untold(told, CHINA, "您好，我是智能语音助手，请回电。") == []
