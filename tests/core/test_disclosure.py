from dataclasses import replace

import pytest

from tests.builders import prompt, script
from voicebot.campaign.disclosure import discloses
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
    assert discloses(spoken, CHINA) is told


def test_a_policy_without_words_asks_for_none() -> None:
    assert discloses(opening("您好，我是小美。"), replace(CHINA, disclosure=()))


def test_states_that_lead_to_each_other_are_walked_once() -> None:
    made = opening("您好。", then="您方便吗？")
    back = State("second", prompt("您方便吗？"), next=Transition("opening"))

    assert not discloses(replace(made, states={**made.states, "second": back}), CHINA)
