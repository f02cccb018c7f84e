import pytest

from tests.runtime.report_samples import bought, contact, silent, unanswered
from voicebot.call.record import CallRecord, Moment, PromptRecord, TurnRecord
from voicebot.campaign.outcome import Disposition, Intention
from voicebot.dialogue.script import EndReason
from voicebot.report.figures import Latencies, Stage, figures, turn_times
from voicebot.report.timeline import Span, timeline

RUN = (
    bought(1, contact(2, "17000000012")),
    unanswered(2, contact(3, "17000000013"), Disposition.BUSY),
    unanswered(3, contact(4, "17000000014"), Disposition.NO_ANSWER),
    silent(4, contact(5, "17000000015")),
)


def test_every_stage_of_the_funnel_is_a_share_of_the_one_before() -> None:
    funnel = figures(RUN, imported=8).funnel

    assert funnel == (
        Stage("imported", 8, 8),
        Stage("dialled", 4, 8),
        Stage("answered", 2, 4),
        Stage("talked", 1, 2),
        Stage("likely", 1, 1),
    )


def test_a_contact_called_twice_is_one_person() -> None:
    who = contact()

    funnel = figures([unanswered(1, who, Disposition.BUSY), bought(2, who)]).funnel

    assert [stage.count for stage in funnel] == [1, 1, 1, 1, 1]


def test_a_share_of_nobody_is_missing() -> None:
    nobody = figures([unanswered(1, contact(), Disposition.BUSY)])

    assert [stage.share for stage in nobody.funnel] == [1.0, 1.0, 0.0, None, None]
    assert nobody.response.percentile(50) is None


def test_a_run_is_counted_by_disposition_end_and_grade() -> None:
    run = figures(RUN)

    assert dict(run.dispositions) == {
        Disposition.ANSWERED_HUMAN: 2,
        Disposition.BUSY: 1,
        Disposition.NO_ANSWER: 1,
    }
    assert dict(run.end_reasons) == {EndReason.FINISHED: 1, EndReason.CALLER_HUNG_UP: 1}
    assert [(str(grade), count) for grade, count in run.intentions if count] == [
        ("A", 1),
        ("C", 1),
        ("E", 2),
    ]
    assert len(run.intentions) == len(Intention)
    assert (run.barge_ins, run.talk_ms, run.connected, run.attempts) == (1, 29_900, 2, 4)


def test_the_parts_of_a_response_add_up_to_it() -> None:
    run = figures([bought()])

    assert run.response.values == (780, 800)
    assert run.endpoint.values == (700, 700)
    assert run.recognition.values == (60, 70)
    assert run.reply.values == (20, 30)


def test_words_that_came_within_the_silence_cost_no_time_of_their_own() -> None:
    turn = TurnRecord(
        "ask", speech_end_ms=1000, endpoint_ms=1300, final_ms=1160, reply_ms=1320, text="好"
    )

    times = turn_times(turn)

    assert (times.endpoint_ms, times.recognition_ms, times.reply_ms) == (300, 0, 20)
    assert times.total_ms == 320


@pytest.mark.parametrize(
    ("percent", "value"), [(50, 500), (95, 1000), (90, 900), (100, 1000), (1, 100)]
)
def test_a_percentile_is_a_value_that_occurred(percent: int, value: int) -> None:
    latencies = Latencies(tuple(range(100, 1001, 100)))

    assert latencies.percentile(percent) == value


def test_speech_is_drawn_where_it_was_and_not_where_it_was_noticed() -> None:
    record = bought().record
    assert record is not None

    assert timeline(record).speech == (Span(7_180, 8_020), Span(10_560, 11_900))


def test_an_interrupted_prompt_is_split_after_what_was_heard() -> None:
    record = bought().record
    assert record is not None

    offer = timeline(record).prompts[1]

    assert (offer.heard, offer.unheard) == (
        "我们这周有老客户优惠，",
        "两袋减三十元，您需要带两袋吗？",
    )
    assert offer.pauses == (Span(10_800, 11_300),)


def test_what_was_open_when_the_call_ended_lasts_to_its_end() -> None:
    record = CallRecord(
        "s",
        "1",
        {},
        [TurnRecord("a", [PromptRecord("喂", 20)], speech_start_ms=500)],
        [Moment(620, "speech_started", {"at_ms": 500})],
        duration_ms=900,
    )

    drawn = timeline(record)

    assert drawn.speech == (Span(500, 900),)
    assert drawn.prompts[0].played == Span(20, 900)
    assert drawn.answers[0].speech == Span(500, 900)


def test_the_axis_has_few_enough_ticks_to_read_at_any_length() -> None:
    lengths = (1, 900, 17_900, 60_000, 300_000)

    ticks = [timeline(CallRecord("s", "1", {}, duration_ms=each)).ticks for each in lengths]

    assert all(1 <= len(each) <= 17 for each in ticks)
    assert ticks[2] == tuple(range(0, 17_901, 2_000))
