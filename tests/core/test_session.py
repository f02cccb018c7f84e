from collections.abc import Callable
from dataclasses import replace

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
    TIMES,
    Rig,
    said,
    script,
)
from voicebot.call.events import (
    Answered,
    CallerHungUp,
    CloseUtterance,
    DropUtterance,
    DtmfPressed,
    Event,
    HangUp,
    LineBroke,
    Ms,
    NothingCame,
    OpenUtterance,
    Partial,
    PausePrompt,
    Play,
    PromptBroke,
    PromptEnded,
    PromptResumed,
    PromptStarted,
    Recognised,
    RecogniserBroke,
    ReopenUtterance,
    ResumePrompt,
    SpeechPaused,
    SpeechStarted,
    SpeechWavered,
    SpeechWentOn,
    StopPrompt,
)
from voicebot.call.session import CallSession, CallSettings
from voicebot.call.turn_settings import TurnSettings
from voicebot.dialogue.completeness import HESITATIONS
from voicebot.dialogue.script import (
    ANY_ANSWER,
    SAME_STATE,
    BargeIn,
    Counts,
    EndReason,
    Transition,
)


def asked() -> Rig:
    """The opening was played from 20 to 2000 ms; an answer is awaited."""
    rig = Rig().answered()
    rig.plays(20, 2000)
    return rig


def talking(barge_in: BargeIn = BargeIn.ANY) -> Rig:
    """The opening has been playing since 20 ms and lasts until 5020 ms."""
    rig = Rig(script(opening=barge_in)).answered()
    rig.at(20, PromptStarted(1, 5000))
    return rig


def overlapping(barge_in: BargeIn = BargeIn.ANY) -> Rig:
    """The caller speaks since 1000 ms over the opening; the ear is open since 1240 ms."""
    rig = talking(barge_in)
    rig.at(1060, SpeechStarted(1000))
    rig.until(1240)
    return rig


def weighing() -> Rig:
    """The caller has fallen silent at 1400 ms; the words are awaited since 1700 ms."""
    rig = overlapping()
    rig.at(1560, SpeechPaused(1400))
    rig.until(1700)
    return rig


def hearing() -> Rig:
    """The caller answers since 3000 ms."""
    rig = asked()
    rig.at(3060, SpeechStarted(3000))
    return rig


def trailing() -> Rig:
    """The caller has paused at 3400 ms."""
    rig = hearing()
    rig.at(3560, SpeechPaused(3400))
    return rig


def recognising() -> Rig:
    """The silence was over at 4100 ms; the words are still awaited."""
    rig = trailing()
    rig.until(4100)
    return rig


def suspecting() -> Rig:
    """The caller may be interrupting the opening since 1000 ms."""
    rig = talking()
    rig.at(1060, SpeechStarted(1000))
    return rig


def leaving() -> Rig:
    """The goodbye has been playing since 4120 ms."""
    rig = recognising()
    rig.at(4100, Recognised(1, said("不方便")))
    rig.at(4120, PromptStarted(2, 2000))
    return rig


def answer(rig: Rig, text: str) -> None:
    """Let the caller say `text` a second after everything so far; it takes half a second."""
    begin = max(at for at, _ in rig.log) + 1000
    rig.at(begin + 60, SpeechStarted(begin))
    rig.at(begin + 660, SpeechPaused(begin + 500))
    utterance = [each for _, each in rig.log if isinstance(each, OpenUtterance)][-1].utterance
    rig.at(begin + 670, Recognised(utterance, said(text)))
    rig.until(begin + 2100)


def play(rig: Rig) -> None:
    """Let the last prompt play for a second, 20 ms after it was asked for."""
    begin = max(at for at, _ in rig.log) + 20
    rig.plays(begin, begin + 1000)


IN_EVERY_PHASE = [
    pytest.param(Rig, id="before the answer"),
    pytest.param(talking, id="prompting"),
    pytest.param(suspecting, id="suspecting"),
    pytest.param(overlapping, id="overlap"),
    pytest.param(weighing, id="weighing"),
    pytest.param(asked, id="listening"),
    pytest.param(hearing, id="hearing"),
    pytest.param(trailing, id="trailing"),
    pytest.param(recognising, id="recognising"),
]


# A whole conversation


def test_a_call_goes_through_its_script_and_hangs_up_after_the_goodbye() -> None:
    rig = asked()
    answer(rig, "方便")
    play(rig)
    answer(rig, "很好喝")

    play(rig)

    assert rig.said == [OPENING, QUESTION, GOODBYE]
    assert rig.session.record.end_reason is EndReason.FINISHED
    assert isinstance(rig.log[-1][1], HangUp)


def test_the_ear_is_opened_with_preroll_and_with_what_the_state_expects() -> None:
    rig = asked()

    actions = rig.at(3060, SpeechStarted(3000))

    phrases = ("别打了", "方便", "可以", "好的", "好", "不方便", "没空", *HESITATIONS)
    assert actions == [OpenUtterance(1, 2700, phrases)]


def test_turns_are_recorded_with_their_times_words_and_intents() -> None:
    rig = trailing()
    rig.until(4100)
    rig.at(4110, Recognised(1, said("方便", confidence=0.9, alternatives=("房间",))))
    rig.at(4130, PromptStarted(2, 1000))

    first, second = rig.session.record.turns

    assert (first.state, first.text, first.intent) == ("opening", "方便", "affirm")
    assert (first.speech_start_ms, first.speech_end_ms) == (3000, 3400)
    assert (first.endpoint_ms, first.final_ms, first.reply_ms) == (4100, 4110, 4130)
    assert first.latency_ms == 730
    assert (first.confidence, first.alternatives) == (0.9, ("房间",))
    assert first.action == "answer -> ask"
    assert first.reason
    assert second.state == "ask"
    assert second.latency_ms is None


def test_plain_data_of_a_record_carries_latencies() -> None:
    rig = recognising()
    rig.at(4110, Recognised(1, said("方便")))
    rig.at(4130, PromptStarted(2, 1000))

    data = rig.session.record.as_dict()

    assert [turn["latency_ms"] for turn in data["turns"]] == [730, None]


def test_what_was_heard_of_each_prompt_is_recorded() -> None:
    rig = overlapping()
    rig.at(1300, Partial(1, "等一下"))
    rig.at(1300, PromptEnded(1, 1220, "您好，我是", complete=False))

    heard = rig.session.record.turns[0].prompts[0]

    assert heard.text == OPENING
    assert (heard.started_ms, heard.ended_ms) == (20, 1300)
    assert (heard.heard_ms, heard.heard_text, heard.complete) == (1220, "您好，我是", False)


def test_what_was_heard_of_the_last_prompt_is_recorded_after_the_end() -> None:
    rig = talking()
    rig.at(900, CallerHungUp())

    actions = rig.at(900, PromptEnded(1, 880, "您好", complete=False))

    assert actions == []
    assert rig.session.record.turns[0].prompts[0].heard_ms == 880


def test_several_prompts_of_a_turn_follow_each_other_without_a_gap() -> None:
    of = script()
    to_ask = replace(of.states["opening"].on["affirm"], say=of.states["bye"].prompt)
    opening = replace(of.states["opening"], on={"affirm": to_ask})
    rig = Rig(replace(of, states={**of.states, "opening": opening})).answered()
    rig.plays(20, 2000)
    answer(rig, "方便")
    first = rig.prompt

    actions = rig.plays(5000, 6000)

    assert first.spoken.text == GOODBYE
    assert [action.spoken.text for action in actions if isinstance(action, Play)] == [QUESTION]
    assert len(actions) == 1


def test_pressed_keys_are_noted() -> None:
    rig = talking()

    actions = rig.at(2500, DtmfPressed("7"))

    assert actions == []
    moment = rig.session.record.timeline[-1]
    assert (moment.at_ms, moment.what, moment.detail) == (2500, "dtmf", {"digit": "7"})


def test_a_key_instead_of_an_answer_is_asked_for_words() -> None:
    rig = asked()

    rig.at(2500, DtmfPressed("1"))
    rig.at(2600, DtmfPressed("1"))
    play(rig)
    answer(rig, "方便")

    assert rig.said == [OPENING, PARDON, QUESTION]
    assert rig.session.record.turns[0].action == "no_match -> opening"


def test_keys_alone_end_the_call_as_no_answer() -> None:
    rig = asked()

    for _ in range(3):
        rig.at(rig.log[-1][0] + 3000, DtmfPressed("#"))
        play(rig)

    assert rig.said == [OPENING, PARDON, ONCE_MORE, LOST_GOODBYE]
    assert rig.session.record.end_reason is EndReason.NO_MATCH


@pytest.mark.parametrize("begin", [overlapping, weighing, hearing, trailing, recognising])
def test_a_key_pressed_while_speaking_changes_nothing(begin: Callable[[], Rig]) -> None:
    rig, same = begin(), begin()

    actions = rig.at(4100, DtmfPressed("1"))
    same.until(4100)

    assert actions == []
    assert rig.session.deadline == same.session.deadline


def test_turns_carry_what_their_answer_counts_as() -> None:
    of = script()
    no_refusal = replace(of.states["opening"].on["deny"], counts=Counts.NOTHING)
    opening = replace(of.states["opening"], on={**of.states["opening"].on, "deny": no_refusal})
    plain, overridden = asked(), Rig(replace(of, states={**of.states, "opening": opening}))
    overridden.answered().plays(20, 2000)

    answer(plain, "不方便")
    answer(overridden, "不方便")

    assert plain.session.record.turns[0].counts == Counts.REFUSAL
    assert overridden.session.record.turns[0].counts == Counts.NOTHING


# Silence and misunderstanding


def test_silence_is_asked_twice_then_ends_with_its_own_reason() -> None:
    rig = asked()

    rig.until(6999)
    quiet = list(rig.said)
    rig.until(7000)
    rig.plays(7020, 8000)
    rig.until(13_000)
    rig.plays(13_020, 14_000)
    rig.until(19_000)
    rig.plays(19_020, 20_000)

    assert quiet == [OPENING]
    assert rig.said == [OPENING, HELLO, STILL_THERE, SILENT_GOODBYE]
    assert rig.hung_up == (20_000, EndReason.NO_INPUT)


def test_an_answer_that_fits_nothing_is_asked_twice_then_ends_with_its_own_reason() -> None:
    rig = asked()

    for _ in range(3):
        answer(rig, "[unk]")
        play(rig)

    assert rig.said == [OPENING, PARDON, ONCE_MORE, LOST_GOODBYE]
    assert rig.session.record.end_reason is EndReason.NO_MATCH
    assert [turn.action for turn in rig.session.record.turns[:3]] == [
        "no_match -> opening",
        "no_match -> opening",
        "no_match -> lost",
    ]


def test_an_answer_that_is_understood_forgives_earlier_silences() -> None:
    rig = asked()
    rig.until(7000)
    play(rig)
    answer(rig, "方便")
    play(rig)

    rig.until(rig.log[-1][0] + 10_000)

    assert rig.said == [OPENING, HELLO, QUESTION, HELLO]


def test_noise_does_not_lengthen_the_silence() -> None:
    rig = asked()
    rig.at(3060, SpeechStarted(3000))
    rig.at(3560, SpeechPaused(3400))
    rig.until(4100)
    rig.at(4120, Recognised(1, said("")))

    rig.until(7000)

    assert rig.said == [OPENING, HELLO]
    assert rig.log[-1][0] == 7000


# Interrupting


def test_a_cough_changes_nothing() -> None:
    rig = talking()
    rig.at(1060, SpeechStarted(1000))

    actions = rig.at(1230, SpeechPaused(1200))

    assert actions == []
    assert rig.until(5000) == []


def test_a_cough_is_known_as_one_before_the_detector_is_sure_of_its_end() -> None:
    rig = talking()
    rig.at(1060, SpeechStarted(1000))
    rig.at(1160, SpeechWavered())

    actions = rig.at(1300, SpeechPaused(1140))

    assert actions == []
    assert PausePrompt() not in [action for _, action in rig.log]


def test_speech_that_wavers_and_goes_on_pauses_the_prompt() -> None:
    rig = talking()
    rig.at(1060, SpeechStarted(1000))
    rig.at(1220, SpeechWavered())
    rig.at(1280, SpeechWentOn())

    actions = rig.until(1280)

    assert (1280, PausePrompt()) in rig.log
    assert actions[0] == PausePrompt()


def test_speech_over_the_prompt_pauses_it_after_240_ms() -> None:
    rig = talking()
    rig.at(1060, SpeechStarted(1000))

    before = rig.until(1239)
    actions = rig.until(1240)

    assert before == []
    assert actions[0] == PausePrompt()
    assert [each.from_ms for each in actions[1:] if isinstance(each, OpenUtterance)] == [700]


@pytest.mark.parametrize("text", ["别打了", "等一下", "我不"])
def test_a_hot_word_or_two_characters_take_the_turn(text: str) -> None:
    rig = overlapping()

    actions = rig.at(1600, Partial(1, text))

    assert actions == [StopPrompt()]
    assert rig.session.record.turns[0].barge_in


@pytest.mark.parametrize(
    "text", ["", "嗯", "嗯嗯", "对对", "喂喂", "好的", "我", "[unk]", "[unk]好[unk]"]
)
def test_backchannels_single_characters_and_noise_do_not(text: str) -> None:
    rig = overlapping()

    actions = rig.at(1600, Partial(1, text))

    assert actions == []


def test_two_characters_of_a_sound_too_short_for_them_are_not_believed_before_its_end() -> None:
    rig = overlapping()

    early = rig.at(1400, Partial(1, "服务"))
    still = rig.until(1599)
    sure = rig.until(1600)

    assert early == still == []
    assert sure == [StopPrompt()]


def test_a_hot_word_is_believed_at_once() -> None:
    rig = overlapping()

    assert rig.at(1400, Partial(1, "别打了")) == [StopPrompt()]


def test_words_of_a_caller_who_may_have_stopped_wait_until_that_is_known() -> None:
    went_on, stopped = overlapping(), overlapping()
    for rig in (went_on, stopped):
        rig.at(1400, Partial(1, "服务"))
        rig.at(1560, SpeechWavered())
        assert rig.until(1600) == []

    went_on.at(1620, SpeechWentOn())
    stopped.at(1700, SpeechPaused(1540))

    assert went_on.until(1900) == [StopPrompt()]
    assert stopped.until(1900) == [CloseUtterance()]


def test_words_that_turn_into_a_backchannel_are_not_waited_for() -> None:
    rig = overlapping()
    rig.at(1400, Partial(1, "服务"))
    rig.at(1500, Partial(1, "嗯"))

    assert rig.until(1600) == []


@pytest.mark.parametrize(
    ("text", "confidence", "paused_at", "believed"),
    [
        ("服务", 0.59, 1400, False),
        ("服务", 0.89, 1599, False),
        ("服务", 0.59, 1600, True),
        ("不要", 0.95, 1400, True),
        ("不感兴趣", 0.8, 1400, True),
        ("别打了", 0.3, 1400, True),
    ],
)
def test_a_short_interruption_must_be_sure_or_hold_a_hot_word(
    text: str, confidence: float, paused_at: Ms, believed: bool
) -> None:
    rig = overlapping()
    rig.at(paused_at + 160, SpeechPaused(paused_at))
    rig.until(paused_at + 300)

    actions = rig.at(paused_at + 310, Recognised(1, replace(said(text), confidence=confidence)))

    assert (StopPrompt() in actions) is believed
    assert (ResumePrompt() in actions) is not believed


def test_after_a_backchannel_the_prompt_goes_on_and_nothing_is_answered() -> None:
    rig = weighing()

    actions = rig.at(1710, Recognised(1, said("嗯")))

    assert actions == [DropUtterance(), ResumePrompt()]
    turn = rig.session.record.turns[0]
    assert (turn.speech_start_ms, turn.speech_end_ms, turn.text) == (None, None, None)
    assert not turn.barge_in


def test_an_interruption_is_answered_when_it_is_over() -> None:
    rig = overlapping()
    rig.at(1400, Partial(1, "不方便"))
    rig.at(1400, PromptEnded(1, 1240, "您好", complete=False))

    closed = rig.at(1760, SpeechPaused(1600))
    rig.at(1770, Recognised(1, said("不方便")))
    early = rig.until(1899)
    actions = rig.until(1900)

    assert closed == [CloseUtterance()]
    assert early == []
    assert [each.spoken.text for each in actions if isinstance(each, Play)] == [GOODBYE]


def test_an_interruption_that_trails_off_is_heard_to_its_end() -> None:
    rig = weighing()

    stopped = rig.at(1710, Recognised(1, said("等一下因为")))
    rig.at(2760, SpeechStarted(2700))
    reopened = rig.log[-1][1]
    rig.at(3260, SpeechPaused(3100))
    rig.at(3270, Recognised(2, said("等一下因为我不方便")))
    rig.until(3800)

    assert stopped == [StopPrompt()]
    assert isinstance(reopened, ReopenUtterance)
    turn = rig.session.record.turns[0]
    assert (turn.text, turn.intent, turn.barge_in) == ("等一下因为我不方便", "deny", True)
    assert (turn.speech_end_ms, turn.endpoint_ms) == (3100, 3800)


def test_the_right_short_answer_over_the_last_words_of_a_question_is_taken() -> None:
    rig = talking()
    rig.at(4060, SpeechStarted(4000))
    rig.until(4240)
    rig.at(4560, SpeechPaused(4400))
    rig.until(4700)

    stopped = rig.at(4710, Recognised(1, said("好")))
    answered = rig.until(4710)

    assert stopped == [StopPrompt()]
    assert [each.spoken.text for each in answered if isinstance(each, Play)] == [QUESTION]


def test_a_resumed_prompt_knows_its_new_end() -> None:
    rig = weighing()
    rig.at(1710, Recognised(1, said("嗯")))
    rig.at(1710, PromptResumed(1, 4000))
    rig.at(4560, SpeechStarted(4500))
    rig.until(4740)
    rig.at(4960, SpeechPaused(4800))
    rig.until(5100)

    actions = rig.at(5110, Recognised(2, said("好")))

    assert actions[0] == StopPrompt()


def test_a_prompt_for_hot_words_is_only_stopped_by_one() -> None:
    rig = overlapping(BargeIn.HOT_WORDS)

    others = rig.at(1400, Partial(1, "等一下啊"))
    hot = rig.at(1600, Partial(1, "等一下啊别打了"))

    assert others == []
    assert hot == [StopPrompt()]


def test_a_prompt_that_never_may_be_interrupted_is_not_even_listened_over() -> None:
    rig = talking(BargeIn.NEVER)
    rig.at(1060, SpeechStarted(1000))

    actions = rig.until(4000)

    assert actions == []


def test_speech_begun_before_the_prompts_end_belongs_to_the_answer() -> None:
    rig = talking(BargeIn.NEVER)
    rig.at(4960, SpeechStarted(4900))

    actions = rig.at(5020, PromptEnded(1, 5000, OPENING, complete=True))

    assert [(each.from_ms) for each in actions if isinstance(each, OpenUtterance)] == [4600]


def test_an_answer_that_was_over_before_the_prompt_still_has_a_latency() -> None:
    rig = talking()
    rig.at(4760, SpeechStarted(4700))
    rig.at(4900, SpeechPaused(4850))
    rig.at(5020, PromptEnded(1, 5000, OPENING, complete=True))
    rig.until(5550)
    rig.at(5560, Recognised(1, said("好")))

    rig.at(5580, PromptStarted(2, 1000))

    assert rig.session.record.turns[0].latency_ms == 5580 - 4850


def test_two_short_answers_in_a_row_are_both_heard() -> None:
    rig = trailing()
    rig.at(3570, Recognised(1, said("方便")))
    rig.until(3700)
    rig.at(3720, PromptStarted(2, 3000))
    rig.at(4060, SpeechStarted(4000))
    rig.until(4240)
    rig.at(4620, Partial(2, "很好喝"))
    rig.at(4780, SpeechPaused(4620))
    rig.at(4790, Recognised(2, said("很好喝")))

    rig.until(4920)

    assert [turn.intent for turn in rig.session.record.turns] == ["affirm", "good", None]


def test_two_short_answers_within_one_silence_are_one() -> None:
    rig = trailing()
    rig.at(3570, Recognised(1, said("方便")))
    rig.at(3690, SpeechStarted(3630))
    rig.at(4190, SpeechPaused(4030))
    rig.at(4200, Recognised(2, said("方便方便")))

    rig.until(4330)

    assert rig.session.record.turns[0].text == "方便方便"
    assert rig.said == [OPENING, QUESTION]


# Words in the silence


def test_speech_that_resumes_is_heard_from_the_answers_beginning_under_a_new_number() -> None:
    rig = trailing()
    rig.at(3570, Recognised(1, said("不")))

    actions = rig.at(4060, SpeechStarted(4000))

    phrases = ("别打了", "方便", "可以", "好的", "好", "不方便", "没空", *HESITATIONS)
    assert actions == [ReopenUtterance(2, phrases)]
    assert [moment.what for moment in rig.session.record.timeline[-2:]] == [
        "speech_started",
        "speech_resumed",
    ]


@pytest.mark.parametrize("late", [Partial(1, "别打了"), Recognised(1, said("别打了"))])
def test_words_of_before_the_pause_are_thrown_away_when_speech_resumes(late: Event) -> None:
    rig = trailing()
    rig.at(3660, SpeechStarted(3600))

    actions = rig.at(3700, late)
    rig.at(4160, SpeechPaused(4000))
    rig.at(4170, Recognised(2, said("方便")))
    rig.until(4300)

    assert actions == []
    assert rig.said == [OPENING, QUESTION]
    turn = rig.session.record.turns[0]
    assert (turn.text, turn.final_ms, turn.speech_end_ms) == ("方便", 4170, 4000)


def test_nothing_is_said_or_decided_before_the_silence_is_over() -> None:
    rig = trailing()

    actions = rig.at(3570, Recognised(1, said("别打了")))
    early = rig.until(3699)

    assert (actions, early) == ([], [])
    assert rig.session.state == "opening"
    assert rig.session.record.turns[0].text is None


def test_the_reply_comes_with_the_endpoint_and_the_kept_audio_is_let_go() -> None:
    rig = trailing()
    rig.at(3570, Recognised(1, said("方便")))

    actions = rig.until(3700)

    assert [type(action) for action in actions] == [DropUtterance, Play]
    turn = rig.session.record.turns[0]
    assert (turn.endpoint_ms, turn.final_ms) == (3700, 3570)


def test_late_words_that_trail_off_go_on_being_waited_for() -> None:
    rig = recognising()

    actions = rig.at(4200, Recognised(1, said("因为")))
    early = rig.until(4999)
    rig.until(5000)

    assert (actions, early) == ([], [])
    assert rig.session.record.turns[0].endpoint_ms == 5000
    assert rig.said == [OPENING, PARDON]


@pytest.mark.parametrize("text", ["方便", "我不方便"])
def test_late_words_that_need_no_more_silence_are_answered_at_once(text: str) -> None:
    rig = recognising()

    actions = rig.at(4200, Recognised(1, said(text)))

    assert [type(action) for action in actions] == [DropUtterance, Play]


def test_a_caller_who_never_stops_is_answered_after_the_utterance_limit() -> None:
    rig = hearing()

    rig.until(23_060)
    rig.at(23_070, Recognised(1, said("[unk]")))

    assert (23_060, CloseUtterance()) in rig.log
    assert rig.said == [OPENING, PARDON]
    assert rig.session.record.turns[0].latency_ms is None


# The goodbye


def test_a_goodbye_is_not_stopped_by_ordinary_words_but_they_are_heard_out() -> None:
    rig = leaving()
    rig.at(4560, SpeechStarted(4500))
    rig.until(4740)
    rig.at(4900, Partial(2, "等一下啊"))

    over = rig.at(6120, PromptEnded(2, 2000, GOODBYE, complete=True))
    rig.at(6400, SpeechPaused(6240))
    rig.at(6420, Recognised(2, said("等一下啊")))
    ended = rig.until(8000)

    assert over == []
    assert HangUp(EndReason.FINISHED) in ended


def test_a_hot_word_in_the_last_moment_of_a_goodbye_is_heard() -> None:
    rig = leaving()
    rig.at(6060, SpeechStarted(6000))

    over = rig.at(6120, PromptEnded(2, 2000, GOODBYE, complete=True))
    rig.at(6800, SpeechPaused(6640))
    rig.at(6820, Recognised(2, said("别打了")))
    rig.until(7400)

    assert any(isinstance(action, OpenUtterance) for action in over)
    assert rig.session.record.turns[-2].intent == "opt_out"


def test_a_hot_word_over_the_goodbye_is_heeded() -> None:
    rig = leaving()
    rig.at(4560, SpeechStarted(4500))
    rig.until(4740)
    stopped = rig.at(5000, Partial(2, "别打了"))
    rig.at(5160, SpeechPaused(5000))
    rig.until(5700)
    rig.at(5710, Recognised(2, said("别打了")))

    play(rig)

    assert stopped == [StopPrompt()]
    assert rig.said[-1] == REMOVED
    assert rig.session.record.end_reason is EndReason.OPTED_OUT


@pytest.mark.parametrize("text", ["", "[unk]", "今天天气"])
def test_a_goodbye_stopped_by_what_turns_out_to_be_nothing_ends_the_call(text: str) -> None:
    rig = leaving()
    rig.at(4560, SpeechStarted(4500))
    rig.until(4740)
    rig.at(5000, Partial(2, "别打了"))
    rig.at(5160, SpeechPaused(5000))
    rig.until(5700)
    rig.at(5710, Recognised(2, said(text)))

    rig.until(60_000)

    assert rig.said[-1] == GOODBYE
    assert rig.hung_up is not None
    assert rig.hung_up[1] is EndReason.FINISHED


def test_an_ear_that_breaks_after_the_goodbye_was_stopped_is_apologised_for() -> None:
    rig = leaving()
    rig.at(4560, SpeechStarted(4500))
    rig.until(4740)
    rig.at(5000, Partial(2, "别打了"))

    rig.at(5100, RecogniserBroke("dead"))
    play(rig)

    assert rig.said[-1] == APOLOGY
    assert rig.session.record.end_reason is EndReason.RECOGNISER_FAILED


def test_a_goodbye_under_way_needs_no_ear() -> None:
    rig = leaving()

    actions = rig.at(5000, RecogniserBroke("dead"))
    rig.at(6120, PromptEnded(2, 2000, GOODBYE, complete=True))

    assert actions == []
    assert rig.hung_up == (6120, EndReason.FINISHED)


def test_a_question_over_the_goodbye_is_answered_and_the_goodbye_said_again() -> None:
    of = script()
    answered = Transition(SAME_STATE, say=of.no_match.prompts[0])
    rig = Rig(replace(of, anywhere={"opt_out": answered})).answered()
    rig.plays(20, 2000)
    answer(rig, "不方便")
    begin = rig.log[-1][0]
    rig.at(begin + 20, PromptStarted(2, 2000))
    rig.at(begin + 560, SpeechStarted(begin + 500))
    rig.until(begin + 740)
    rig.at(begin + 900, Partial(2, "别打了"))
    rig.at(begin + 1060, SpeechPaused(begin + 900))
    rig.until(begin + 1600)
    rig.at(begin + 1610, Recognised(2, said("别打了")))
    play(rig)

    play(rig)

    assert rig.said[-3:] == [GOODBYE, PARDON, GOODBYE]
    assert rig.session.record.end_reason is EndReason.FINISHED


def test_a_key_after_a_goodbye_that_was_stopped_for_nothing_ends_the_call() -> None:
    rig = leaving()
    rig.at(4560, SpeechStarted(4500))
    rig.until(4740)
    rig.at(5000, Partial(2, "别打了"))
    rig.at(5160, SpeechPaused(5000))
    rig.at(5170, Recognised(2, said("")))
    rig.until(6600)

    rig.at(7000, DtmfPressed("1"))

    assert rig.said[-1] == GOODBYE
    assert rig.hung_up == (7000, EndReason.FINISHED)


def test_a_caller_who_closes_during_the_goodbye_only_closes_what_is_closed() -> None:
    rig = leaving()

    actions = rig.at(5000, CallerHungUp())

    assert actions == [HangUp(EndReason.FINISHED)]


# Ends that nobody planned


@pytest.mark.parametrize("begin", IN_EVERY_PHASE)
def test_a_hang_up_in_every_phase_ends_the_call_once(begin: Callable[[], Rig]) -> None:
    rig = begin()

    actions = rig.at(4200, CallerHungUp())

    assert actions == [HangUp(EndReason.CALLER_HUNG_UP)]
    assert rig.session.deadline is None
    record = rig.session.record
    assert (record.end_reason, record.duration_ms) == (EndReason.CALLER_HUNG_UP, 4200)


@pytest.mark.parametrize("begin", IN_EVERY_PHASE[1:])
def test_a_dead_recogniser_in_every_phase_is_apologised_for(begin: Callable[[], Rig]) -> None:
    rig = begin()

    rig.at(4200, RecogniserBroke("no more memory"))
    play(rig)

    record = rig.session.record
    assert rig.said[-1] == APOLOGY
    assert record.end_reason is EndReason.RECOGNISER_FAILED
    assert record.end_detail == "no more memory"


@pytest.mark.parametrize("begin", [talking, suspecting, overlapping, weighing])
def test_a_prompt_that_breaks_is_apologised_for(begin: Callable[[], Rig]) -> None:
    rig = begin()

    rig.at(2000, PromptBroke(1, "no voice"))
    play(rig)

    assert rig.said == [OPENING, APOLOGY]
    assert rig.session.record.end_reason is EndReason.SYNTHESISER_FAILED


def test_an_apology_that_breaks_too_ends_the_call() -> None:
    rig = talking()
    rig.at(2000, PromptBroke(1, "no voice"))

    actions = rig.at(2100, PromptBroke(2, "still no voice"))

    assert actions == [HangUp(EndReason.SYNTHESISER_FAILED)]
    assert rig.session.record.end_detail == "no voice"


def test_a_goodbye_that_breaks_ends_the_call_with_its_reason() -> None:
    rig = leaving()

    actions = rig.at(4500, PromptBroke(2, "no voice"))

    assert actions == [HangUp(EndReason.FINISHED)]
    assert rig.session.record.end_detail == "no voice"


def test_a_prompt_that_breaks_after_it_was_stopped_harms_nobody() -> None:
    rig = overlapping()
    rig.at(1600, Partial(1, "不方便"))

    actions = rig.at(1650, PromptBroke(1, "too late"))

    assert actions == []
    assert not rig.session.ended


def test_nothing_interrupts_an_apology() -> None:
    rig = hearing()
    rig.at(3100, RecogniserBroke("dead"))

    assert rig.prompt.spoken.barge_in is BargeIn.NEVER


def test_a_recogniser_that_does_not_answer_in_time_is_apologised_for() -> None:
    rig = recognising()

    early = rig.until(7099)
    rig.until(7100)
    play(rig)

    assert early == []
    assert rig.said == [OPENING, APOLOGY]
    assert rig.session.record.end_reason is EndReason.RECOGNISER_TIMEOUT


def test_an_answer_that_comes_after_its_time_changes_nothing() -> None:
    rig = recognising()
    rig.until(7100)

    actions = rig.at(7200, Recognised(1, said("方便")))

    assert actions == []
    assert rig.session.record.turns[-1].final_ms is None


def test_a_broken_line_ends_the_call_with_what_broke() -> None:
    rig = hearing()

    actions = rig.at(4000, LineBroke("ConnectionError: reset"))

    assert actions == [HangUp(EndReason.LINE_FAILED)]
    assert rig.session.record.end_detail == "ConnectionError: reset"


def test_a_call_in_which_no_audio_came_ends_with_that() -> None:
    rig = hearing()

    actions = rig.at(8000, NothingCame("no audio within 8 s of the answer"))

    assert actions == [HangUp(EndReason.NO_MEDIA)]
    assert rig.session.record.end_detail == "no audio within 8 s of the answer"


def test_a_fault_of_ours_ends_the_call_once() -> None:
    rig = hearing()

    first = rig.session.abort("KeyError: 'x'", 4000)
    second = rig.session.abort("KeyError: 'y'", 4001)

    assert first == [HangUp(EndReason.ERROR)]
    assert second == []
    assert rig.session.record.end_detail == "KeyError: 'x'"


def test_nothing_is_done_after_the_end() -> None:
    rig = hearing()
    rig.at(4000, CallerHungUp())
    everything: list[Event] = [
        Answered(),
        SpeechStarted(4000),
        SpeechPaused(4000),
        Partial(1, "别打了"),
        Recognised(1, said("方便")),
        RecogniserBroke("x"),
        PromptStarted(1, 100),
        PromptResumed(1, 100),
        PromptEnded(1, 100, "", complete=True),
        PromptBroke(1, "x"),
        DtmfPressed("1"),
        CallerHungUp(),
        LineBroke("x"),
    ]

    actions = [rig.session.handle(event, 5000) for event in everything]

    assert actions == [[]] * len(everything)
    assert rig.session.handle_deadline(10**6) == []
    assert rig.session.record.duration_ms == 4000


# Limits


def test_a_call_that_becomes_too_long_takes_its_leave_and_ends() -> None:
    rig = Rig(settings=replace(TIMES, max_call_ms=3500)).answered()
    rig.plays(20, 2000)
    rig.at(3060, SpeechStarted(3000))

    early = rig.until(3499)
    actions = rig.until(3500)
    play(rig)

    assert early == []
    assert isinstance(actions[0], DropUtterance)
    assert rig.said == [OPENING, APOLOGY]
    assert rig.session.record.end_reason is EndReason.TOO_LONG


def test_a_goodbye_under_way_at_the_limit_is_said_to_its_end() -> None:
    rig = Rig(settings=replace(TIMES, max_call_ms=5000)).answered()
    rig.plays(20, 2000)
    answer(rig, "不方便")

    rig.plays(4500, 6000)

    assert rig.said == [OPENING, GOODBYE]
    assert rig.hung_up == (6000, EndReason.FINISHED)


def test_a_goodbye_that_never_ends_is_cut() -> None:
    rig = Rig(settings=replace(TIMES, max_call_ms=5000, farewell_ms=10_000)).answered()
    rig.plays(20, 2000)

    rig.until(60_000)

    assert rig.log[-2:] == [
        (15_000, StopPrompt()),
        (15_000, HangUp(EndReason.TOO_LONG)),
    ]


def test_a_call_with_too_many_turns_takes_its_leave_and_ends() -> None:
    rig = Rig(settings=replace(TIMES, max_turns=1)).answered()
    rig.plays(20, 2000)
    answer(rig, "方便")

    play(rig)

    assert rig.said == [OPENING, APOLOGY]
    assert rig.session.record.end_reason is EndReason.TOO_MANY_TURNS


def test_a_goodbye_is_no_turn_too_many() -> None:
    rig = Rig(settings=replace(TIMES, max_turns=1)).answered()
    rig.plays(20, 2000)
    answer(rig, "不方便")

    play(rig)

    assert rig.session.record.end_reason is EndReason.FINISHED


def test_a_long_call_keeps_a_bounded_timeline() -> None:
    rig = asked()

    for number in range(6000):
        rig.at(2001, DtmfPressed(str(number % 10)))

    assert len(rig.session.record.timeline) == 5000


# What a state may change


def test_a_state_may_wait_longer_for_the_end_of_an_answer() -> None:
    of = script()
    patient = replace(of.states["opening"], endpoint_ms=1600)
    rig = Rig(replace(of, states={**of.states, "opening": patient})).answered()
    rig.plays(20, 2000)
    rig.at(3060, SpeechStarted(3000))
    rig.at(3560, SpeechPaused(3400))

    early = rig.until(4999)
    rig.until(5000)

    assert early == []
    assert rig.session.record.turns[0].endpoint_ms == 5000


def test_a_state_that_takes_any_answer_saves_its_words() -> None:
    of = script()
    keeping = replace(
        of.states["ask"], on={**of.states["ask"].on, ANY_ANSWER: Transition("bye")}, save="opinion"
    )
    rig = Rig(replace(of, states={**of.states, "ask": keeping})).answered()
    rig.plays(20, 2000)
    answer(rig, "方便")
    play(rig)
    answer(rig, "有点[unk]酸")

    play(rig)

    assert rig.session.record.outcome["opinion"] == "有点酸"
    assert rig.session.record.end_reason is EndReason.FINISHED


def test_settings_of_turn_taking_reach_the_floor() -> None:
    settings = CallSettings(turns=TurnSettings(no_input_ms=1000))
    rig = Rig(settings=settings).answered()
    rig.plays(20, 2000)

    rig.until(3000)

    assert rig.said == [OPENING, HELLO]


def test_the_session_names_its_state() -> None:
    session = CallSession(script(), {})

    assert session.state == "opening"
    assert session.deadline is None
    assert not session.ended
