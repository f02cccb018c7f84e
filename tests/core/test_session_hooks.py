"""A call waits for the shop's program, says so, gives up in time, and survives nonsense."""

from dataclasses import replace

import pytest

from tests.builders import GOODBYE, Rig, prompt, script
from voicebot.call.events import (
    CallerHungUp,
    HookBroke,
    HookReturned,
    PromptEnded,
    PromptStarted,
    RunHook,
    SpeechPaused,
    SpeechStarted,
)
from voicebot.dialogue.condition import parse
from voicebot.dialogue.hook import Hook
from voicebot.dialogue.script import EndReason, Script, State, Transition

FILLER = "请稍等，我查一下。"
WAITING = "还在查，请再等一下。"
FOUND = "查到了，明天到。"
SORRY = "系统有点慢，稍后给您回电话。"
HOOK = Hook("find", function="find", gives={"found": ("yes", "no")}, timeout_ms=6000)


def looking_up(**changes: object) -> Script:
    of = script()
    looks = State(
        "looks",
        prompt(FILLER),
        do="find",
        waiting=prompt(WAITING),
        next=Transition("found", when=parse("found == yes"), otherwise=Transition("bye")),
        failed=Transition("slow"),
    )
    states = {
        "looks": replace(looks, **changes),  # type: ignore[arg-type]
        "found": State("found", prompt(FOUND), end=EndReason.FINISHED),
        "slow": State("slow", prompt(SORRY), end=EndReason.CALL_LATER),
        "bye": of.states["bye"],
    }
    return replace(of, start="looks", states=states, actions={"find": HOOK})


def asked(rig: Rig) -> int:
    """Return the number of the hook that is running."""
    return [action.hook for _, action in rig.log if isinstance(action, RunHook)][-1]


def spoken(rig: Rig, begin: int, end: int) -> None:
    """Let the prompt that was asked for last play from `begin` to `end`."""
    number = rig.prompt.prompt
    rig.at(begin, PromptStarted(number, end - begin))
    rig.at(end, PromptEnded(number, end - begin, "", True))


def test_the_answer_waits_until_the_filler_is_said() -> None:
    rig = Rig(looking_up()).answered()
    rig.at(10, PromptStarted(1, 1500))

    early = rig.at(300, HookReturned(asked(rig), {"found": "yes"}))
    rig.at(1510, PromptEnded(1, 1500, "", True))

    assert early == []
    assert rig.said == [FILLER, FOUND]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"found": True}, FOUND),
        ({"found": "no"}, GOODBYE),
        ({"found": "perhaps"}, SORRY),
        ({"found": "yes", "price": 3}, SORRY),
        ({}, SORRY),
        ("yes", SORRY),
        (None, SORRY),
        ({"found": ["yes"]}, SORRY),
        ({"found": "y" * 500}, SORRY),
        ({"found": "yes\n\x07"}, SORRY),
    ],
)
def test_nonsense_is_a_failure_with_words(answer: object, expected: str) -> None:
    rig = Rig(looking_up()).answered()
    spoken(rig, 10, 1500)

    rig.at(2000, HookReturned(asked(rig), answer))

    assert rig.said[-1] == expected


def test_a_program_that_hangs_is_given_up_after_its_time() -> None:
    rig = Rig(looking_up()).answered()
    spoken(rig, 10, 1500)

    rig.until(4100)
    reassured = list(rig.said)
    spoken(rig, 4110, 5400)
    rig.until(6000)

    assert reassured == [FILLER, WAITING]
    assert rig.said == [FILLER, WAITING, SORRY]
    late = rig.at(6100, HookReturned(asked(rig), {"found": "yes"}))
    assert late == []


def test_a_program_that_breaks_is_survived() -> None:
    rig = Rig(looking_up()).answered()
    spoken(rig, 10, 1500)

    rig.at(1800, HookBroke(asked(rig), "no such table: orders"))

    assert rig.said == [FILLER, SORRY]
    assert any(each.what == "hook_failed" for each in rig.session.record.timeline)


def test_without_a_filler_a_caller_in_silence_is_reassured() -> None:
    rig = Rig(looking_up(prompt=replace(prompt(""), wordings=()))).answered()

    rig.until(3000)

    assert rig.said == [WAITING]


def test_what_the_caller_says_meanwhile_does_not_disturb() -> None:
    rig = Rig(looking_up()).answered()
    spoken(rig, 10, 1500)
    rig.at(1700, SpeechStarted(1650))
    rig.at(2400, SpeechPaused(2200))

    rig.at(3000, HookReturned(asked(rig), {"found": "yes"}))

    assert rig.said == [FILLER, FOUND]


def test_a_caller_who_hangs_up_meanwhile_is_gone() -> None:
    rig = Rig(looking_up()).answered()
    spoken(rig, 10, 1500)

    rig.at(1800, CallerHungUp())

    assert rig.hung_up == (1800, EndReason.CALLER_HUNG_UP)
    assert rig.session.deadline is None
    assert rig.at(1900, HookReturned(asked(rig), {"found": "yes"})) == []
