import pytest

from tests.builders import said
from voicebot.call.turn_taking import (
    Answer,
    Decision,
    Floor,
    Open,
    Phase,
    TurnSettings,
    TurnTaking,
)
from voicebot.dialogue.script import BargeIn

HOT = "别打了"
BACKCHANNEL = "嗯"


def floor(settings: TurnSettings | None = None) -> TurnTaking:
    """A floor where two characters interrupt, 别打了 is hot and 好 answers the question."""
    return TurnTaking(
        settings or TurnSettings(),
        lambda text, only_hot: text == HOT or (not only_hot and len(text) >= 2),
        lambda transcript: transcript.text == "好",
    )


def prompting(barge_in: BargeIn = BargeIn.ANY, until: int | None = None) -> TurnTaking:
    """A floor where a prompt plays since 0 ms."""
    turns = floor()
    turns.prompt_begins(barge_in, 0)
    if until is not None:
        turns.prompt_lasts(until)
    return turns


def listening() -> TurnTaking:
    """A floor where a prompt ended at 1000 ms and nobody spoke yet."""
    turns = prompting()
    turns.prompt_over(1000)
    return turns


def overlapping(barge_in: BargeIn = BargeIn.ANY, until: int | None = None) -> TurnTaking:
    """A floor where the caller speaks since 2000 ms over a prompt, confirmed at 2240 ms."""
    turns = prompting(barge_in, until)
    turns.speech_started(2000, 2060)
    turns.expire(2240)
    return turns


def weighing(barge_in: BargeIn = BargeIn.ANY, until: int | None = None) -> TurnTaking:
    """The same, where the caller fell silent at 2400 ms: the last word is awaited since 2700."""
    turns = overlapping(barge_in, until)
    turns.speech_paused(2400, 2560)
    turns.expire(2700)
    return turns


def recognising() -> TurnTaking:
    """A floor where an answer from 2000 to 2400 ms was closed at 3100 ms."""
    turns = listening()
    turns.speech_started(2000, 2060)
    turns.speech_paused(2400, 2560)
    turns.expire(3100)
    return turns


# An answer after the prompt


def test_an_answer_opens_with_preroll_and_closes_after_the_endpoint_silence() -> None:
    turns = listening()

    opened = turns.speech_started(2000, 2060)
    turns.speech_paused(2400, 2560)
    early = turns.expire(3099)
    closed = turns.expire(3100)
    answered = turns.recognised(said("可以"), 3110)

    assert opened == [Open(1700)]
    assert early == []
    assert closed == [Floor.CLOSE]
    assert answered == [Answer(said("可以"))]
    assert turns.phase is Phase.IDLE
    assert turns.deadline is None


def test_preroll_does_not_reach_before_the_call() -> None:
    turns = prompting()
    turns.prompt_over(100)

    opened = turns.speech_started(120, 180)

    assert opened == [Open(0)]


def test_a_pause_inside_an_answer_does_not_end_it() -> None:
    turns = listening()
    turns.speech_started(2000, 2060)
    turns.speech_paused(2400, 2560)

    again = turns.speech_started(3000, 3060)

    assert again == []
    assert turns.phase is Phase.HEARING
    turns.speech_paused(3300, 3460)
    assert turns.deadline == 3300 + 700


def test_a_state_may_ask_for_a_longer_endpoint() -> None:
    turns = listening()
    turns.endpoint_ms = 1600
    turns.speech_started(2000, 2060)

    turns.speech_paused(2400, 2560)

    assert turns.deadline == 4000


def test_a_pause_that_is_noticed_late_ends_the_answer_at_once_but_not_in_the_past() -> None:
    turns = listening()
    turns.speech_started(2000, 2060)

    turns.speech_paused(2400, 9000)

    assert turns.deadline == 9000


def test_a_caller_who_never_stops_is_taken_at_the_utterance_limit() -> None:
    turns = listening()
    turns.speech_started(2000, 2060)
    turns.speech_paused(21_000, 21_160)
    turns.speech_started(21_300, 21_360)

    early = turns.expire(22_059)
    closed = turns.expire(22_060)

    assert early == []
    assert closed == [Floor.CLOSE]


def test_an_endpoint_never_waits_beyond_the_utterance_limit() -> None:
    turns = listening()
    turns.speech_started(2000, 2060)

    turns.speech_paused(21_800, 21_960)

    assert turns.deadline == 22_060


# Silence


def test_no_input_comes_exactly_at_its_time() -> None:
    turns = listening()

    early = turns.expire(5999)
    late = turns.expire(6000)

    assert early == []
    assert late == [Floor.NO_INPUT]
    assert turns.phase is Phase.IDLE


def test_noise_without_words_lets_the_silence_run_on() -> None:
    turns = recognising()

    decided = turns.recognised(said(""), 3120)

    assert decided == []
    assert turns.phase is Phase.LISTENING
    assert turns.deadline == 6000


def test_noise_that_outlasts_the_silence_is_no_input_at_once() -> None:
    turns = recognising()

    decided = turns.recognised(said(""), 6000)

    assert decided == [Floor.NO_INPUT]


def test_speech_that_began_while_noise_was_recognised_is_heard_from_its_beginning() -> None:
    turns = recognising()
    turns.speech_started(3110, 3170)

    decided = turns.recognised(said(""), 3200)

    assert decided == [Open(2810)]
    assert turns.phase is Phase.HEARING


def test_a_recogniser_that_does_not_answer_is_late_after_its_time() -> None:
    turns = recognising()

    early = turns.expire(6099)
    late = turns.expire(6100)

    assert early == []
    assert late == [Floor.RECOGNISER_LATE]
    assert turns.phase is Phase.IDLE


# Speech over a prompt


def test_a_cough_shorter_than_the_rule_changes_nothing() -> None:
    turns = prompting()
    turns.speech_started(2000, 2060)

    decided = turns.speech_paused(2220, 2239)

    assert decided == []
    assert turns.phase is Phase.PROMPTING
    assert turns.deadline is None


def test_a_cough_whose_end_is_not_sure_yet_is_waited_for() -> None:
    turns = prompting()
    turns.speech_started(2000, 2060)
    turns.speech_wavered(2140)

    decided = turns.expire(2240)
    turns.speech_paused(2120, 2280)

    assert decided == []
    assert turns.phase is Phase.PROMPTING


def test_a_consonant_at_the_rules_time_only_delays_it() -> None:
    turns = prompting()
    turns.speech_started(2000, 2060)
    turns.speech_wavered(2230)
    early = turns.expire(2290)

    turns.speech_went_on(2300)
    decided = turns.expire(2300)

    assert early == []
    assert decided == [Floor.PAUSE, Open(1700)]


def test_wavering_matters_to_nobody_but_a_suspicion() -> None:
    turns = listening()
    turns.speech_started(2000, 2060)
    before = turns.deadline

    turns.speech_wavered(2300)
    turns.speech_went_on(2340)

    assert turns.phase is Phase.HEARING
    assert turns.deadline == before


def test_speech_as_long_as_the_rule_pauses_the_prompt_and_opens_the_ear() -> None:
    turns = prompting()
    turns.speech_started(2000, 2060)

    early = turns.expire(2239)
    decided = turns.expire(2240)

    assert early == []
    assert decided == [Floor.PAUSE, Open(1700)]
    assert turns.phase is Phase.OVERLAP


@pytest.mark.parametrize("text", [HOT, "等下"])
def test_words_that_interrupt_take_the_turn(text: str) -> None:
    turns = overlapping()

    decided = turns.partial(text, 2500)

    assert decided == [Floor.STOP]
    assert turns.phase is Phase.HEARING


def test_words_that_interrupt_after_the_caller_fell_silent_trail_at_once() -> None:
    turns = overlapping()
    turns.speech_paused(2400, 2560)

    decided = turns.partial("等下", 2600)

    assert decided == [Floor.STOP]
    assert turns.phase is Phase.TRAILING
    assert turns.deadline == 3100


def test_a_backchannel_lets_the_prompt_go_on() -> None:
    turns = overlapping()
    turns.partial(BACKCHANNEL, 2400)
    turns.speech_paused(2400, 2560)

    early = turns.expire(2699)
    closed = turns.expire(2700)
    weighed = turns.recognised(said(BACKCHANNEL), 2720)

    assert early == []
    assert closed == [Floor.CLOSE]
    assert weighed == [Floor.RESUME]
    assert turns.phase is Phase.PROMPTING


def test_an_interruption_that_only_the_last_word_shows_stops_the_prompt_and_is_an_answer() -> None:
    turns = weighing()

    decided = turns.recognised(said("太贵"), 2720)

    assert decided == [Floor.STOP, Answer(said("太贵"))]


def test_a_pause_within_an_overlap_is_not_its_end() -> None:
    turns = overlapping()
    turns.speech_paused(2400, 2560)

    turns.speech_started(2600, 2660)

    assert turns.phase is Phase.OVERLAP
    assert turns.deadline == 2240 + 1500


def test_sound_that_goes_on_without_words_does_not_hold_the_prompt() -> None:
    turns = overlapping()

    early = turns.expire(3739)
    decided = turns.expire(3740)

    assert early == []
    assert decided == [Floor.DROP, Floor.RESUME]
    assert turns.phase is Phase.PROMPTING


def test_a_second_burst_while_the_first_is_weighed_is_suspected_anew() -> None:
    turns = weighing()
    turns.speech_started(2690, 2750)

    weighed = turns.recognised(said(BACKCHANNEL), 2760)

    assert weighed == [Floor.RESUME]
    assert turns.phase is Phase.SUSPECTING
    assert turns.deadline == 2690 + 240


def test_a_recogniser_that_is_late_while_weighing_is_late() -> None:
    turns = weighing()

    decided = turns.expire(5700)

    assert decided == [Floor.RECOGNISER_LATE]


# What may interrupt


def test_speech_over_a_prompt_for_hot_words_does_not_pause_it() -> None:
    turns = prompting(BargeIn.HOT_WORDS)
    turns.speech_started(2000, 2060)

    decided = turns.expire(2240)

    assert decided == [Open(1700)]
    assert turns.phase is Phase.OVERLAP


def test_a_prompt_for_hot_words_is_not_stopped_by_others() -> None:
    turns = overlapping(BargeIn.HOT_WORDS)

    decided = turns.partial("等下", 2500)

    assert decided == []
    assert turns.phase is Phase.OVERLAP


def test_a_prompt_for_hot_words_stops_for_one() -> None:
    turns = overlapping(BargeIn.HOT_WORDS)

    decided = turns.partial(HOT, 2500)

    assert decided == [Floor.STOP]


def test_what_was_said_over_a_prompt_for_hot_words_is_forgotten_without_one() -> None:
    turns = weighing(BargeIn.HOT_WORDS)

    decided = turns.recognised(said("等下"), 2720)

    assert decided == []
    assert turns.phase is Phase.PROMPTING


def test_endless_sound_over_a_prompt_for_hot_words_is_dropped_at_the_utterance_limit() -> None:
    turns = overlapping(BargeIn.HOT_WORDS)

    early = turns.expire(22_239)
    decided = turns.expire(22_240)

    assert early == []
    assert decided == [Floor.DROP]


def test_nothing_interrupts_a_prompt_that_never_may_be() -> None:
    turns = prompting(BargeIn.NEVER)

    turns.speech_started(2000, 2060)

    assert turns.phase is Phase.PROMPTING
    assert turns.deadline is None


def test_speech_suspected_over_one_prompt_does_not_interrupt_the_next_that_never_may_be() -> None:
    turns = prompting()
    turns.speech_started(2000, 2060)
    turns.prompt_continues(BargeIn.NEVER, 2100)
    turns.expire(2240)

    partial = turns.partial(HOT, 2500)
    turns.speech_paused(2600, 2760)
    turns.expire(2900)
    weighed = turns.recognised(said(HOT), 2920)

    assert partial == []
    assert weighed == []
    assert turns.phase is Phase.PROMPTING


def test_speech_over_a_prompt_that_never_may_be_is_suspected_over_the_next() -> None:
    turns = prompting(BargeIn.NEVER)
    turns.speech_started(2000, 2060)

    turns.prompt_continues(BargeIn.ANY, 2100)

    assert turns.phase is Phase.SUSPECTING
    assert turns.deadline == 2240


def test_the_next_prompt_of_a_turn_begins_without_suspicion_when_nobody_speaks() -> None:
    turns = prompting()

    turns.prompt_continues(BargeIn.ANY, 1000)

    assert turns.phase is Phase.PROMPTING


# Around the prompt's end


@pytest.mark.parametrize("barge_in", list(BargeIn))
def test_speech_begun_before_the_prompt_ends_belongs_to_the_answer(barge_in: BargeIn) -> None:
    turns = prompting(barge_in)
    turns.speech_started(2000, 2060)

    decided = turns.prompt_over(2100)

    assert decided == [Open(1700)]
    assert turns.phase is Phase.HEARING


def test_an_answer_over_the_last_syllable_is_heard_although_it_is_over_already() -> None:
    turns = prompting()
    turns.speech_started(2000, 2060)
    turns.speech_paused(2150, 2220)

    decided = turns.prompt_over(2650)

    assert decided == [Open(1700)]
    assert turns.phase is Phase.TRAILING
    assert turns.deadline == 2150 + 700


def test_speech_that_ended_well_before_the_prompt_is_no_answer_to_it() -> None:
    turns = prompting()
    turns.speech_started(2000, 2060)
    turns.speech_paused(2150, 2220)

    decided = turns.prompt_over(2651)

    assert decided == []
    assert turns.phase is Phase.LISTENING


def test_of_speech_that_lasts_through_a_prompt_the_last_part_is_the_answer() -> None:
    turns = prompting(BargeIn.NEVER)
    turns.speech_started(1000, 1060)

    decided = turns.prompt_over(9000)

    assert decided == [Open(9000 - 1500 - 300)]


def test_an_overlap_at_the_prompts_end_is_an_answer_and_its_utterance_goes_on() -> None:
    turns = overlapping(BargeIn.HOT_WORDS)

    decided = turns.prompt_over(2600)

    assert decided == []
    assert turns.phase is Phase.HEARING


def test_words_weighed_at_the_prompts_end_are_an_answer() -> None:
    turns = weighing(BargeIn.HOT_WORDS)

    over = turns.prompt_over(2710)
    decided = turns.recognised(said("好的"), 2720)

    assert over == []
    assert decided == [Answer(said("好的"))]


def test_noise_weighed_at_the_prompts_end_starts_the_silence_then() -> None:
    turns = weighing(BargeIn.HOT_WORDS)
    turns.prompt_over(2710)

    decided = turns.recognised(said(""), 2720)

    assert decided == []
    assert turns.phase is Phase.LISTENING
    assert turns.deadline == 2710 + 5000


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        pytest.param(3500, [Floor.STOP, Answer(said("好"))], id="over the last words"),
        pytest.param(3501, [Floor.RESUME], id="in the middle"),
        pytest.param(None, [Floor.RESUME], id="of a prompt of unknown length"),
    ],
)
def test_a_short_answer_over_the_last_words_of_its_question_counts(
    until: int | None, expected: list[Decision]
) -> None:
    turns = weighing(until=until)

    decided = turns.recognised(said("好"), 2720)

    assert decided == expected


def test_what_does_not_answer_the_question_over_its_last_words_is_a_backchannel() -> None:
    turns = weighing(until=3500)

    decided = turns.recognised(said(BACKCHANNEL), 2720)

    assert decided == [Floor.RESUME]


def test_a_second_answer_during_the_recognition_of_the_first_is_heard_over_the_reply() -> None:
    turns = recognising()
    turns.speech_started(3110, 3170)
    turns.recognised(said("可以"), 3180)

    turns.prompt_begins(BargeIn.ANY, 3180)

    assert turns.phase is Phase.SUSPECTING
    assert turns.deadline == 3110 + 240


def test_speech_from_long_before_a_prompt_is_taken_from_shortly_before_it() -> None:
    turns = prompting(BargeIn.NEVER)
    turns.speech_started(1000, 1060)

    turns.prompt_begins(BargeIn.ANY, 9000)
    opened = turns.expire(9000)

    assert opened == [Floor.PAUSE, Open(9000 - 1500 - 300)]


# Nothing is awaited


@pytest.mark.parametrize("begin", [floor, listening, recognising])
def test_a_stopped_floor_has_no_deadline(begin: type) -> None:
    turns = begin()

    turns.stop()

    assert turns.phase is Phase.IDLE
    assert turns.deadline is None
    assert turns.expire(10**9) == []


def test_an_idle_floor_only_remembers_who_speaks() -> None:
    turns = floor()

    assert turns.speech_started(100, 160) == []
    assert turns.speech_paused(300, 460) == []
    assert turns.partial("等下", 500) == []
    assert turns.recognised(said("等下"), 500) == []
    assert turns.prompt_over(600) == []
    assert turns.phase is Phase.IDLE
