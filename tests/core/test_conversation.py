from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders import (
    APOLOGY,
    GOODBYE,
    HELLO,
    LOST_GOODBYE,
    ONCE_MORE,
    OPENING,
    PARDON,
    QUESTION,
    REMOVED,
    SILENT_GOODBYE,
    STILL_THERE,
    prompt,
    said,
    script,
)
from voicebot.dialogue.completeness import HESITATIONS
from voicebot.dialogue.conversation import Conversation
from voicebot.dialogue.script import (
    ANY_ANSWER,
    SAME_STATE,
    BargeIn,
    EndReason,
    Listen,
    OutcomeField,
    Prompt,
    Reprompt,
    Script,
    State,
    Transition,
    Variable,
    Wording,
)
from voicebot.dialogue.step import Spoken, Step


def begun(of: Script | None = None, **variables: str) -> Conversation:
    conversation = Conversation(of or script(), variables)
    conversation.begin()
    return conversation


def answer(conversation: Conversation, text: str) -> Step:
    transcript = said(text)
    return conversation.answer(transcript, conversation.understand(transcript))


def texts(step: Step) -> list[str]:
    return [spoken.text for spoken in step.say]


def changed(state: str, of: Script | None = None, **changes: object) -> Script:
    """The script with one state changed."""
    of = of or script()
    return replace(of, states={**of.states, state: replace(of.states[state], **changes)})  # type: ignore[arg-type]


def test_a_conversation_begins_with_the_first_states_prompt() -> None:
    step = Conversation(script(), {}).begin()

    assert step == Step((Spoken(OPENING, None, BargeIn.ANY),), "opening")


def test_an_answer_leads_to_its_state() -> None:
    conversation = begun()

    first = answer(conversation, "方便")
    second = answer(conversation, "很好喝")

    assert (texts(first), first.state, first.end) == ([QUESTION], "ask", None)
    assert (texts(second), second.state, second.end) == ([GOODBYE], "bye", EndReason.FINISHED)


def test_what_is_valid_anywhere_is_valid_in_every_state() -> None:
    conversation = begun()
    answer(conversation, "方便")

    step = answer(conversation, "你们别打了")

    assert (texts(step), step.end) == ([REMOVED], EndReason.OPTED_OUT)


def test_a_states_own_transition_goes_before_one_from_anywhere() -> None:
    own = {**script().states["opening"].on, "opt_out": Transition("ask")}
    conversation = begun(changed("opening", on=own))

    step = answer(conversation, "别打了")

    assert step.state == "ask"


def test_a_transition_may_say_something_first() -> None:
    on = {"affirm": Transition("ask", say=prompt("太好了。"))}
    conversation = begun(changed("opening", on=on))

    step = answer(conversation, "方便")

    assert texts(step) == ["太好了。", QUESTION]


def test_a_question_may_be_answered_and_then_asked_again() -> None:
    on = {"affirm": Transition(SAME_STATE, say=prompt("是云南的豆子。"))}
    again = prompt("那您现在方便吗？")

    short = answer(begun(changed("opening", on=on, again=again)), "方便")
    whole = answer(begun(changed("opening", on=on)), "方便")

    assert texts(short) == ["是云南的豆子。", "那您现在方便吗？"]
    assert texts(whole) == ["是云南的豆子。", OPENING]
    assert short.end is None


def test_states_that_only_speak_are_passed_through() -> None:
    of = script()
    notice = State("notice", prompt("本次通话可能会被录音。"), next=Transition("ask"))
    on = {"affirm": Transition("notice")}
    of = changed("opening", replace(of, states={**of.states, "notice": notice}), on=on)

    step = answer(begun(of), "方便")

    assert texts(step) == ["本次通话可能会被录音。", QUESTION]
    assert step.state == "ask"


def test_a_circle_of_states_that_only_speak_is_a_fault_and_no_endless_call() -> None:
    of = script()
    round_and_round = State("ask", prompt("一"), next=Transition("ask"))

    with pytest.raises(ValueError, match="no state listens or ends after ask"):
        answer(begun(replace(of, states={**of.states, "ask": round_and_round})), "方便")


# Silence and misunderstanding


def test_silences_in_a_row_take_the_reprompts_in_order_and_then_leave() -> None:
    conversation = begun()

    steps = [conversation.no_input() for _ in range(3)]

    assert [texts(step) for step in steps] == [[HELLO], [STILL_THERE], [SILENT_GOODBYE]]
    assert steps[-1].end is EndReason.NO_INPUT


def test_misunderstandings_in_a_row_take_the_reprompts_in_order_and_then_leave() -> None:
    conversation = begun()

    steps = [answer(conversation, "[unk]") for _ in range(3)]

    assert [texts(step) for step in steps] == [[PARDON], [ONCE_MORE], [LOST_GOODBYE]]
    assert steps[-1].end is EndReason.NO_MATCH


def test_silence_and_misunderstanding_are_counted_apart() -> None:
    conversation = begun()

    steps = [
        conversation.no_input(),
        answer(conversation, "[unk]"),
        conversation.no_input(),
        answer(conversation, "[unk]"),
    ]

    assert [texts(step)[0] for step in steps] == [HELLO, PARDON, STILL_THERE, ONCE_MORE]


def test_an_answer_that_is_understood_begins_the_count_anew() -> None:
    conversation = begun()
    conversation.no_input()
    answer(conversation, "方便")

    step = conversation.no_input()

    assert texts(step) == [HELLO]


def test_a_state_may_have_reprompts_of_its_own() -> None:
    own = Reprompt((prompt("方便说话吗？"),), Transition("bye"))
    conversation = begun(changed("opening", no_input=own, no_match=own))

    silent, lost = conversation.no_input(), answer(conversation, "[unk]")

    assert texts(silent) == ["方便说话吗？"]
    assert texts(lost) == ["方便说话吗？"]


def test_an_apology_ends_the_call_with_its_reason() -> None:
    step = begun().apologise(EndReason.RECOGNISER_FAILED)

    assert (texts(step), step.end) == ([APOLOGY], EndReason.RECOGNISER_FAILED)


# Words of any kind


def taking_any() -> Conversation:
    on = {**script().states["ask"].on, ANY_ANSWER: Transition("bye")}
    conversation = begun(changed("ask", on=on, save="opinion"))
    answer(conversation, "方便")
    return conversation


def test_words_that_match_nothing_are_kept_where_any_answer_is_taken() -> None:
    conversation = taking_any()

    step = answer(conversation, "有点[unk]酸")

    assert step.state == "bye"
    assert conversation.outcome["opinion"] == "有点酸"


@pytest.mark.parametrize("text", ["", "[unk]", " "])
def test_noise_is_not_an_answer_of_any_kind(text: str) -> None:
    conversation = taking_any()

    assert conversation.reaction(said(text), conversation.understand(said(text))) is None
    assert answer(conversation, text).state == "ask"


# What the recogniser should hear


def test_a_state_expects_its_own_phrases_and_those_from_anywhere() -> None:
    phrases = begun().phrases()

    expected = ("别打了", "方便", "可以", "好的", "好", "不方便", "没空")
    assert phrases == (*expected, *HESITATIONS)


def test_a_state_that_listens_freely_expects_anything() -> None:
    assert begun(changed("opening", listen=Listen.FREE)).phrases() is None


def test_hot_words_are_found_anywhere_in_the_text() -> None:
    conversation = begun()

    assert conversation.has_hot_word("我说了别打了行吗")
    assert not conversation.has_hot_word("方便")


# Wordings, variables, outcome


def test_wordings_take_turns_from_a_variant_on() -> None:
    both = Prompt((Wording("一"), Wording("二"), Wording("三")))
    of = changed("opening", on={"affirm": Transition(SAME_STATE)}, prompt=both)

    conversation = Conversation(of, {}, variant=1)
    spoken = [texts(conversation.begin()), *(texts(answer(conversation, "好")) for _ in range(3))]

    assert spoken == [["二"], ["三"], ["一"], ["二"]]


def test_a_recording_goes_with_its_wording() -> None:
    recorded = Prompt((Wording("您好", Path("prompts/hello.wav")),), BargeIn.NEVER)
    of = changed("opening", prompt=recorded)

    step = Conversation(of, {}).begin()

    assert step.say == (Spoken("您好", Path("prompts/hello.wav"), BargeIn.NEVER),)


def test_places_in_a_prompt_are_filled_from_contact_default_and_outcome() -> None:
    of = replace(
        changed(
            "ask",
            prompt=prompt("{name}，{product}怎么样？您选了{choice}。{nothing}"),
            set={"choice": "{product}一斤"},
        ),
        variables={
            "name": Variable("name", "王"),
            "product": Variable("product", "豆", default="咖啡豆"),
        },
        outcome={"choice": OutcomeField("choice")},
    )

    step = answer(begun(of, name="王女士"), "方便")

    assert texts(step) == ["王女士，咖啡豆怎么样？您选了咖啡豆一斤。"]


def test_outcome_fields_begin_with_their_defaults_and_are_set_on_the_way() -> None:
    on = {"affirm": Transition("ask", set={"callable": "yes"})}
    of = replace(
        changed("opening", on=on),
        outcome={
            "callable": OutcomeField("callable", default="unknown"),
            "taste": OutcomeField("taste"),
        },
    )
    conversation = begun(of)
    before = dict(conversation.outcome)

    answer(conversation, "方便")

    assert before == {"callable": "unknown", "taste": ""}
    assert conversation.outcome == {"callable": "yes", "taste": ""}
