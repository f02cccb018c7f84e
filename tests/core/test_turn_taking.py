from collections.abc import Callable

import pytest

from tests.builders import said
from voicebot.call.decisions import Answer, Decision, Floor, Open
from voicebot.call.phase import Phase
from voicebot.call.turn_settings import TurnSettings
from voicebot.call.turn_taking import TurnTaking
from voicebot.dialogue.script import BargeIn
from voicebot.speech.recogniser import Transcript

HOT = "别打了"
BACKCHANNEL = "嗯"
COMPLETE, UNKNOWN, INCOMPLETE = "可以", "今天天气", "因为"
"""Texts that 300, 700 and 1600 ms of silence end."""

NOW = 2500


def silence_ms(transcript: Transcript | None) -> int:
    """Complete are 可以 and 好, 因为 trails off, nothing tells about all others."""
    text = None if transcript is None else transcript.text
    return {COMPLETE: 300, "好": 300, INCOMPLETE: 1600}.get(text or "", 700)


def floor(settings: TurnSettings | None = None) -> TurnTaking:
    """A floor where two characters interrupt, 别打了 is hot and 好 answers the question."""
    return TurnTaking(
        settings or TurnSettings(barge_in_ms=240, surely_ms=600),
        lambda text, only_hot: text == HOT or (not only_hot and len(text) >= 2),
        lambda transcript: transcript.text == "好",
        silence_ms,
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


def suspecting() -> TurnTaking:
    """A floor where the caller speaks since 2000 ms over a prompt."""
    turns = prompting()
    turns.speech_started(2000, 2060)
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


def trailing() -> TurnTaking:
    """A floor where an answer from 2000 to 2400 ms was closed at 2560 ms; no words yet."""
    turns = listening()
    turns.speech_started(2000, 2060)
    turns.speech_paused(2400, 2560)
    return turns


def recognising() -> TurnTaking:
    """The same at 3100 ms: the silence is over, the words are still awaited."""
    turns = trailing()
    turns.expire(3100)
    return turns


# An answer after the prompt


def test_an_answer_opens_with_preroll_and_is_closed_at_its_first_pause() -> None:
    turns = listening()

    opened = turns.speech_started(2000, 2060)
    closed = turns.speech_paused(2400, 2560)

    assert opened == [Open(1700)]
    assert closed == [Floor.CLOSE]
    assert turns.phase is Phase.TRAILING


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        pytest.param(COMPLETE, 2700, id="complete"),
        pytest.param(UNKNOWN, 3100, id="unknown"),
        pytest.param(INCOMPLETE, 4000, id="incomplete"),
    ],
)
def test_words_that_come_in_the_pause_tell_which_silence_ends_the_turn(
    text: str, ends: int
) -> None:
    turns = trailing()

    at_once = turns.recognised(said(text), 2570)
    early = turns.expire(ends - 1)
    over = turns.expire(ends)

    assert (at_once, early) == ([], [])
    assert over == [Floor.ENDPOINT, Floor.DROP, Answer(said(text))]
    assert turns.phase is Phase.IDLE
    assert turns.deadline is None


def test_words_that_come_after_the_silence_they_need_end_the_turn_at_once() -> None:
    turns = trailing()

    turns.recognised(said(COMPLETE), 2900)

    assert turns.deadline == 2900
    assert turns.expire(2900) == [Floor.ENDPOINT, Floor.DROP, Answer(said(COMPLETE))]


def test_a_silence_without_words_is_the_unknown_one() -> None:
    turns = trailing()

    early = turns.expire(3099)
    over = turns.expire(3100)

    assert early == []
    assert over == [Floor.ENDPOINT]
    assert turns.phase is Phase.RECOGNISING


def test_words_that_were_waited_for_are_taken_at_once() -> None:
    turns = recognising()

    decided = turns.recognised(said(UNKNOWN), 3110)

    assert decided == [Floor.DROP, Answer(said(UNKNOWN))]
    assert turns.phase is Phase.IDLE


def test_words_that_were_waited_for_and_trail_off_go_back_to_waiting() -> None:
    turns = recognising()

    back = turns.recognised(said(INCOMPLETE), 3110)
    early = turns.expire(3999)
    over = turns.expire(4000)

    assert (back, early) == ([], [])
    assert over == [Floor.ENDPOINT, Floor.DROP, Answer(said(INCOMPLETE))]


def test_words_that_trail_off_but_come_later_than_their_silence_are_taken() -> None:
    turns = recognising()

    decided = turns.recognised(said(INCOMPLETE), 4000)

    assert decided == [Floor.DROP, Answer(said(INCOMPLETE))]


def test_preroll_does_not_reach_before_the_call() -> None:
    turns = prompting()
    turns.prompt_over(100)

    opened = turns.speech_started(120, 180)

    assert opened == [Open(0)]


# Speech that resumes


def test_speech_that_resumes_throws_the_words_away_and_opens_the_answer_again() -> None:
    turns = trailing()
    turns.recognised(said(INCOMPLETE), 2570)

    again = turns.speech_started(3000, 3060)
    turns.speech_paused(3300, 3460)

    assert again == [Floor.REOPEN]
    assert turns.phase is Phase.TRAILING
    assert turns.expire(3300 + 699) == []
    assert turns.expire(3300 + 700) == [Floor.ENDPOINT]


def test_speech_that_resumes_before_the_words_came_opens_the_answer_again() -> None:
    turns = trailing()

    again = turns.speech_started(2700, 2760)

    assert again == [Floor.REOPEN]
    assert turns.phase is Phase.HEARING


def test_speech_that_resumes_while_late_words_are_awaited_opens_the_answer_again() -> None:
    turns = recognising()

    again = turns.speech_started(3200, 3260)
    turns.speech_paused(3500, 3660)
    turns.recognised(said(COMPLETE), 3670)

    assert again == [Floor.REOPEN]
    assert turns.deadline == 3800


def test_words_of_before_the_pause_say_nothing_while_the_caller_speaks_again() -> None:
    turns = trailing()
    turns.speech_started(3000, 3060)

    decided = turns.recognised(said(COMPLETE), 3070)

    assert decided == []
    assert turns.phase is Phase.HEARING


def often_pausing() -> tuple[TurnTaking, list[Decision]]:
    """An answer with eight pauses, the last one from 9400 ms on, and what came of them."""
    turns = trailing()
    decided = []
    for begin in range(3000, 10_000, 1000):
        decided += turns.speech_started(begin, begin + 60)
        decided += turns.speech_paused(begin + 400, begin + 560)
    return turns, decided


def test_an_answer_with_many_pauses_is_not_recognised_anew_for_each() -> None:
    turns, decided = often_pausing()

    early = turns.expire(10_099)
    over = turns.expire(10_100)
    taken = turns.recognised(said(UNKNOWN), 10_200)

    assert decided == [Floor.REOPEN, Floor.CLOSE] * 4 + [Floor.REOPEN]
    assert early == []
    assert over == [Floor.ENDPOINT, Floor.CLOSE]
    assert taken == [Floor.DROP, Answer(said(UNKNOWN))]


def test_words_after_many_pauses_that_trail_off_are_still_waited_for() -> None:
    turns, _ = often_pausing()
    turns.expire(10_100)

    back = turns.recognised(said(INCOMPLETE), 10_200)
    again = turns.speech_started(10_500, 10_560)

    assert back == []
    assert again == [Floor.REOPEN]


def test_each_answer_may_pause_as_often_as_the_one_before() -> None:
    turns, _ = often_pausing()
    turns.expire(10_100)
    turns.recognised(said(COMPLETE), 10_200)
    turns.prompt_begins(BargeIn.ANY, 10_220)
    turns.speech_started(11_000, 11_060)
    turns.expire(11_240)
    turns.partial("等下", 11_600)

    closed = turns.speech_paused(11_700, 11_860)

    assert closed == [Floor.CLOSE]


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
    taken = turns.recognised(said(INCOMPLETE), 22_100)

    assert early == []
    assert closed == [Floor.ENDPOINT, Floor.CLOSE]
    assert taken == [Floor.DROP, Answer(said(INCOMPLETE))]


def test_a_caller_who_stops_just_after_the_utterance_limit_is_taken_all_the_same() -> None:
    turns = listening()
    turns.speech_started(2000, 2060)
    turns.expire(22_060)
    turns.speech_paused(22_080, 22_240)

    taken = turns.recognised(said(INCOMPLETE), 22_300)

    assert taken == [Floor.DROP, Answer(said(INCOMPLETE))]


def test_speech_that_resumes_after_the_utterance_limit_is_not_waited_for() -> None:
    turns = listening()
    turns.speech_started(2000, 2060)
    turns.expire(22_060)
    turns.speech_paused(22_080, 22_240)

    again = turns.speech_started(22_300, 22_360)
    taken = turns.recognised(said(INCOMPLETE), 22_400)

    assert again == []
    assert taken == [Floor.DROP, Answer(said(INCOMPLETE))]


@pytest.mark.parametrize("text", [None, COMPLETE, INCOMPLETE])
def test_an_endpoint_never_waits_beyond_the_utterance_limit(text: str | None) -> None:
    turns = listening()
    turns.speech_started(2000, 2060)

    turns.speech_paused(21_800, 21_960)
    if text is not None:
        turns.recognised(said(text), 21_970)

    assert turns.deadline == 22_060


def test_a_turn_does_not_end_while_the_caller_may_be_about_to_go_on() -> None:
    turns, patient = trailing(), trailing()
    turns.recognised(said(COMPLETE), 2600)

    turns.speech_stirred(2690)
    patient.speech_stirred(2600)

    assert turns.deadline == 2770
    assert patient.deadline == 3100


def test_a_stir_changes_no_silence_before_an_answer() -> None:
    turns = listening()

    turns.speech_stirred(5990)

    assert turns.deadline == 6000


def test_a_stir_holds_no_turn_open_for_longer_than_one_that_trails_off() -> None:
    turns = trailing()

    turns.speech_stirred(3990)

    assert turns.deadline == 4000


# Words that are too short for their sound


def test_words_of_a_short_sound_wait_until_it_is_long_enough_for_them() -> None:
    turns = overlapping()

    early = turns.partial("等下", 2400)
    decided = turns.expire(2600)

    assert early == []
    assert decided == [Floor.STOP]
    assert turns.phase is Phase.HEARING


def test_words_of_a_caller_who_may_have_stopped_wait_until_that_is_known() -> None:
    turns = overlapping()
    turns.partial("等下", 2400)
    turns.speech_wavered(2580)

    unknown = turns.expire(2600)
    turns.speech_went_on(2620)
    decided = turns.expire(2900)

    assert unknown == []
    assert decided == [Floor.STOP]


def test_a_caller_who_had_not_stopped_is_suspected_as_before() -> None:
    turns = suspecting()
    turns.speech_wavered(2100)
    doubted = turns.deadline

    turns.speech_went_on(2140)

    assert (doubted, turns.deadline) == (2400, 2240)


def test_words_after_the_caller_fell_silent_do_not_move_the_weighing() -> None:
    turns = overlapping()
    turns.speech_paused(2400, 2560)
    due = turns.deadline

    assert turns.partial("嗯", 2600) == []
    assert turns.deadline == due


def test_a_prompt_that_is_nearly_over_is_not_paused() -> None:
    turns = prompting(until=2600)
    turns.speech_started(2000, 2060)

    assert turns.expire(2240) == [Open(1700)]
    assert turns.phase is Phase.OVERLAP


def test_sharp_sound_is_suspected_for_longer() -> None:
    turns = prompting()

    turns.speech_started(2000, 2060, sharp=True)

    assert turns.deadline == 2000 + TurnSettings().sharp_ms


# A key


def test_a_key_instead_of_an_answer_ends_the_silence() -> None:
    turns = listening()

    decided = turns.key_pressed("1", None, NOW)

    assert decided == [Floor.KEY]
    assert turns.phase is Phase.IDLE
    assert turns.deadline is None


@pytest.mark.parametrize("begin", [floor, prompting, trailing, recognising])
def test_a_key_counts_only_where_an_answer_is_awaited(begin: Callable[[], TurnTaking]) -> None:
    turns = begin()
    before = turns.phase, turns.deadline

    decided = turns.key_pressed("1", None, NOW)

    assert decided == []
    assert (turns.phase, turns.deadline) == before


def asked_a_number(phase: Phase) -> TurnTaking:
    """The floor in a phase, where four digits are asked for."""
    begin = {
        Phase.PROMPTING: prompting,
        Phase.LISTENING: listening,
        Phase.TRAILING: trailing,
        Phase.RECOGNISING: recognising,
    }
    turns = begin[phase]()
    assert turns.phase is phase
    return turns


@pytest.mark.parametrize(
    ("phase", "first"),
    [
        (Phase.PROMPTING, [Floor.STOP]),
        (Phase.LISTENING, []),
        (Phase.TRAILING, [Floor.DROP]),
        (Phase.RECOGNISING, [Floor.DROP]),
    ],
)
def test_a_number_is_typed_at_any_time_after_its_question_began(
    phase: Phase, first: list[Decision]
) -> None:
    turns = asked_a_number(phase)

    began = turns.key_pressed("1", 4, NOW)
    more = [turns.key_pressed(key, 4, NOW + 100) for key in "23"]
    done = turns.key_pressed("4", 4, NOW + 200)

    assert began == first
    assert more == [[], []]
    assert done == [Floor.ENDPOINT, Answer(Transcript("1234"))]
    assert turns.phase is Phase.IDLE


def test_a_number_that_is_not_typed_to_its_end_is_taken_as_it_is() -> None:
    turns = listening()
    turns.key_pressed("1", 4, NOW)
    turns.key_pressed("2", 4, NOW + 500)

    early = turns.expire(NOW + 4499)
    decided = turns.expire(NOW + 4500)

    assert early == []
    assert decided == [Floor.ENDPOINT, Answer(Transcript("12"))]


def test_a_hash_ends_a_number_and_alone_says_nothing() -> None:
    typed, alone = listening(), listening()
    typed.key_pressed("1", 4, NOW)

    assert typed.key_pressed("#", 4, NOW) == [Floor.ENDPOINT, Answer(Transcript("1"))]
    assert alone.key_pressed("#", 4, NOW) == [Floor.KEY]


def test_who_types_is_not_listened_to() -> None:
    turns = listening()
    turns.key_pressed("1", 4, NOW)

    decided = [*turns.speech_started(NOW, NOW + 60), *turns.speech_paused(NOW + 300, NOW + 460)]

    assert decided == []
    assert turns.phase is Phase.KEYING


def test_a_number_is_not_typed_over_a_prompt_that_nothing_interrupts() -> None:
    turns = floor()
    turns.prompt_begins(BargeIn.NEVER, 0)

    assert turns.key_pressed("1", 4, NOW) == []
    assert turns.phase is Phase.PROMPTING


def test_where_nothing_is_awaited_no_number_is_typed() -> None:
    assert floor().key_pressed("1", 4, NOW) == []


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

    assert decided == [Floor.DROP]
    assert turns.phase is Phase.LISTENING
    assert turns.deadline == 6000


def test_noise_that_outlasts_the_silence_is_no_input_at_once() -> None:
    turns = recognising()

    decided = turns.recognised(said(""), 6000)

    assert decided == [Floor.DROP, Floor.NO_INPUT]


def test_speech_after_the_limit_of_what_was_noise_is_heard_from_its_beginning() -> None:
    turns = floor(TurnSettings(no_input_ms=60_000))
    turns.prompt_begins(BargeIn.ANY, 0)
    turns.prompt_over(1000)
    turns.speech_started(2000, 2060)
    turns.expire(22_060)
    turns.speech_paused(22_080, 22_240)
    turns.speech_started(22_300, 22_360)

    decided = turns.recognised(said(""), 22_400)

    assert decided == [Open(22_000)]
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


def test_a_voice_that_wavers_all_the_time_takes_the_turn_as_soon_as_it_goes_on() -> None:
    turns = overlapping()
    turns.partial("等下", 2400)
    turns.speech_wavered(2580)
    put_off = turns.expire(2600)

    turns.speech_went_on(2640)
    decided = turns.expire(2640)

    assert put_off == []
    assert turns.phase is Phase.HEARING
    assert decided == [Floor.STOP]


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

    decided = turns.partial(text, 2600)

    assert decided == [Floor.STOP]
    assert turns.phase is Phase.HEARING


def test_words_that_interrupt_after_the_caller_fell_silent_trail_at_once() -> None:
    turns = overlapping()
    turns.speech_paused(2400, 2560)

    decided = turns.partial("等下", 2600)

    assert decided[0] is Floor.STOP
    assert decided[1:] == [Floor.CLOSE]
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
    assert weighed == [Floor.DROP, Floor.RESUME]
    assert turns.phase is Phase.PROMPTING


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        pytest.param(COMPLETE, 2720, id="complete"),
        pytest.param("太贵", 3100, id="unknown"),
        pytest.param(INCOMPLETE, 4000, id="incomplete"),
    ],
)
def test_an_interruption_that_only_the_last_word_shows_is_an_answer_like_any_other(
    text: str, ends: int
) -> None:
    turns = weighing()

    stopped = turns.recognised(said(text), 2720)
    early = turns.expire(ends - 1)
    answered = turns.expire(ends)

    assert (stopped, early) == ([Floor.STOP], [])
    assert answered == [Floor.ENDPOINT, Floor.DROP, Answer(said(text))]


def test_an_interruption_that_goes_on_while_it_is_weighed_is_heard_to_its_end() -> None:
    turns = weighing()
    turns.speech_started(2690, 2750)

    decided = turns.recognised(said("太贵"), 2760)

    assert decided == [Floor.STOP, Floor.REOPEN]
    assert turns.phase is Phase.HEARING


def humming() -> TurnTaking:
    """Weighing, where all that sounded was held."""
    turns = overlapping()
    turns.speech_paused(2400, 2560, held=True)
    turns.expire(2700)
    return turns


def test_a_held_sound_takes_no_turn_whatever_it_is_taken_for() -> None:
    turns = humming()

    weighed = turns.recognised(said("以后"), 2720)

    assert weighed == [Floor.DROP, Floor.RESUME]
    assert turns.phase is Phase.PROMPTING


def test_words_that_come_late_for_a_held_sound_take_no_turn() -> None:
    turns = overlapping()
    turns.speech_paused(2600, 2660, held=True)

    assert turns.partial("以后", 2680) == []


def test_a_hot_word_is_one_however_it_sounds() -> None:
    assert humming().recognised(said(HOT), 2720) == [Floor.STOP]


def test_words_after_a_held_sound_take_the_turn() -> None:
    turns = overlapping()
    turns.speech_paused(2300, 2460, held=True)
    turns.speech_started(2500, 2560)
    turns.speech_paused(2700, 2860)
    turns.expire(3000)

    assert turns.recognised(said("太贵"), 3020) == [Floor.STOP]


def test_what_sounds_after_a_held_sound_was_weighed_is_judged_by_itself() -> None:
    turns = humming()
    turns.speech_started(2690, 2750)
    turns.recognised(said("以后"), 2760)
    turns.expire(3000)
    turns.speech_paused(3100, 3260)
    turns.expire(3400)

    assert turns.recognised(said("太贵"), 3420) == [Floor.STOP]


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

    assert weighed == [Floor.DROP, Floor.RESUME]
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

    assert decided == [Floor.DROP]
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
    assert weighed == [Floor.DROP]
    assert turns.phase is Phase.PROMPTING


@pytest.mark.parametrize("begin", [overlapping, weighing])
def test_what_was_said_over_one_kind_of_prompt_does_not_interrupt_the_next_kind(
    begin: Callable[[BargeIn], TurnTaking],
) -> None:
    turns = begin(BargeIn.HOT_WORDS)

    dropped = turns.prompt_continues(BargeIn.ANY, 2710)
    partial = turns.partial("等下", 2720)

    assert dropped == [Floor.DROP]
    assert partial == []


def test_who_speaks_on_into_the_next_kind_of_prompt_interrupts_it_anew() -> None:
    turns = overlapping(BargeIn.HOT_WORDS)

    turns.prompt_continues(BargeIn.ANY, 2710)

    assert turns.phase is Phase.SUSPECTING
    assert turns.deadline == 2710 + 240


def test_what_is_said_over_two_prompts_of_a_kind_is_heard_on() -> None:
    turns = overlapping(BargeIn.HOT_WORDS)

    dropped = turns.prompt_continues(BargeIn.HOT_WORDS, 2710)
    partial = turns.partial(HOT, 2720)

    assert dropped == []
    assert partial == [Floor.STOP]


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

    assert decided == [Open(1700), Floor.CLOSE]
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


def test_words_weighed_at_the_prompts_end_are_an_answer_like_any_other() -> None:
    turns = weighing(BargeIn.HOT_WORDS)

    over = turns.prompt_over(2710)
    turns.recognised(said(INCOMPLETE), 2720)
    early = turns.expire(3999)
    answered = turns.expire(4000)

    assert (over, early) == ([], [])
    assert answered == [Floor.ENDPOINT, Floor.DROP, Answer(said(INCOMPLETE))]


def test_an_answer_that_goes_on_while_its_beginning_is_weighed_at_the_prompts_end() -> None:
    turns = weighing(BargeIn.HOT_WORDS)
    turns.speech_started(2690, 2750)

    decided = turns.prompt_over(2760)

    assert decided == [Floor.REOPEN]
    assert turns.phase is Phase.HEARING


def test_noise_weighed_at_the_prompts_end_starts_the_silence_then() -> None:
    turns = weighing(BargeIn.HOT_WORDS)
    turns.prompt_over(2710)
    turns.recognised(said(""), 2720)

    decided = turns.expire(3100)

    assert decided == [Floor.ENDPOINT, Floor.DROP]
    assert turns.phase is Phase.LISTENING
    assert turns.deadline == 2710 + 5000


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        pytest.param(3500, [Floor.STOP], id="over the last words"),
        pytest.param(3501, [Floor.DROP, Floor.RESUME], id="in the middle"),
        pytest.param(None, [Floor.DROP, Floor.RESUME], id="of a prompt of unknown length"),
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

    assert decided == [Floor.DROP, Floor.RESUME]


def test_speech_that_begins_in_the_moment_of_the_answer_is_heard_over_the_reply() -> None:
    turns = trailing()
    turns.recognised(said(COMPLETE), 2570)
    turns.expire(2700)
    turns.speech_started(2650, 2710)

    turns.prompt_begins(BargeIn.ANY, 2710)

    assert turns.phase is Phase.SUSPECTING
    assert turns.deadline == 2650 + 240


def test_speech_from_long_before_a_prompt_is_taken_from_shortly_before_it() -> None:
    turns = prompting(BargeIn.NEVER)
    turns.speech_started(1000, 1060)

    turns.prompt_begins(BargeIn.ANY, 9000)
    opened = turns.expire(9000)

    assert opened == [Floor.PAUSE, Open(9000 - 1500 - 300)]


@pytest.mark.parametrize(
    ("begin", "interrupting"),
    [
        (floor, False),
        (prompting, False),
        (suspecting, True),
        (overlapping, True),
        (weighing, True),
        (listening, False),
        (trailing, False),
    ],
)
def test_a_caller_interrupts_from_suspicion_until_the_words_are_weighed(
    begin: Callable[[], TurnTaking], interrupting: bool
) -> None:
    assert begin().interrupting is interrupting


# Nothing is awaited


@pytest.mark.parametrize("begin", [floor, listening, trailing, recognising])
def test_a_stopped_floor_has_no_deadline(begin: Callable[[], TurnTaking]) -> None:
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
