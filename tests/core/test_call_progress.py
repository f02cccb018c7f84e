import pytest

from voicebot.campaign.early_media import Announced, ColourRing, Tone
from voicebot.campaign.outcome import Disposition
from voicebot.campaign.progress import (
    SETUP_MS,
    Answered,
    CallProgress,
    Evidence,
    LineBroke,
    LineEvent,
    Refused,
    Ringing,
    Verdict,
)
from voicebot.speech.tones import Signal

BUSY_TEXT = "您拨打的电话正在通话中请稍后再拨"


def run(*events: tuple[int, LineEvent]) -> Verdict | None:
    """Tell a new call what its line says and when; return the verdict."""
    progress = CallProgress()
    verdict = None
    for now, event in events:
        verdict = progress.handle_deadline(now) or progress.handle(event, now) or verdict
    return verdict


def disposition(*events: tuple[int, LineEvent]) -> str | None:
    verdict = run(*events)
    return None if verdict is None else str(verdict.disposition)


def announced(kind: Disposition, text: str = "", age_ms: int = 2000) -> Announced:
    return Announced(kind, text or str(kind), "", age_ms)


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        (403, "BLOCKED"),
        (404, "EMPTY"),
        (408, "NO_ANSWER"),
        (410, "EMPTY"),
        (480, "UNREACHABLE"),
        (484, "EMPTY"),
        (486, "BUSY"),
        (487, "NO_ANSWER"),
        (488, "LINE_ERROR"),
        (500, "LINE_ERROR"),
        (503, "LINE_ERROR"),
        (600, "BUSY"),
        (603, "REJECTED"),
        (604, "EMPTY"),
        (699, "LINE_ERROR"),
    ],
)
def test_a_reject_code_alone(code: int, wanted: str) -> None:
    assert disposition((900, Ringing()), (2000, Refused(code))) == wanted


def test_the_announcement_outranks_the_code() -> None:
    assert disposition((3000, announced(Disposition.EMPTY))) == "EMPTY"
    forwarded = announced(Disposition.REMINDER)
    assert disposition((3000, forwarded), (6000, Refused(480))) == "REMINDER"


def test_a_decisive_announcement_ends_the_call_and_later_codes_change_nothing() -> None:
    progress = CallProgress()

    first = progress.handle(announced(Disposition.POWER_OFF, "已关机"), 3000)
    second = progress.handle(Refused(480), 3100)

    assert first == Verdict(Disposition.POWER_OFF, Evidence("已关机", None, 0))
    assert second is None
    assert progress.deadline is None


@pytest.mark.parametrize(
    ("rang_at", "said_at", "wanted"),
    [
        (None, 3000, "BUSY"),
        (800, 3000, "BUSY"),
        (800, 5700, "BUSY"),
        (800, 5800, "REJECTED"),
        (800, 14_000, "REJECTED"),
    ],
)
def test_who_is_on_the_telephone_does_not_ring_first(
    rang_at: int | None, said_at: int, wanted: str
) -> None:
    ringing: list[tuple[int, LineEvent]] = [] if rang_at is None else [(rang_at, Ringing())]
    said = announced(Disposition.BUSY, BUSY_TEXT, age_ms=2000)

    assert disposition(*ringing, (said_at, said)) == wanted


def test_a_colour_ring_and_a_ringback_tone_are_ringing_since_they_began() -> None:
    for ring in (ColourRing(2500), Tone(Signal.RINGBACK, 2200)):
        verdict = run((4000, ring), (9000, announced(Disposition.BUSY, age_ms=1000)))

        assert verdict is not None
        assert verdict.disposition is Disposition.REJECTED
        assert verdict.evidence.ring_ms == 9000 - 1000 - 4000 + ring.age_ms


def test_nobody_answers_within_the_time_to_ring() -> None:
    progress = CallProgress(20_000)
    progress.handle(Ringing(), 1500)

    assert progress.deadline == 21_500
    assert progress.handle_deadline(21_499) is None
    assert progress.handle_deadline(21_500) == Verdict(
        Disposition.NO_ANSWER, Evidence("", None, 20_000)
    )


def test_a_line_that_never_says_anything_is_the_lines_fault() -> None:
    progress = CallProgress()

    verdict = progress.handle_deadline(SETUP_MS)

    assert verdict is not None
    assert verdict.disposition is Disposition.LINE_ERROR
    assert verdict.evidence.text == "nothing was heard of the network"


def test_nobody_may_be_rung_for_less_than_fifteen_seconds() -> None:
    with pytest.raises(ValueError, match="15000 ms at least"):
        CallProgress(14_999)


def test_an_answer_opens_the_line() -> None:
    verdict = run((500, Ringing()), (7500, Answered()))

    assert verdict == Verdict(Disposition.ANSWERED_HUMAN, Evidence("", 200, 7000))
    assert verdict.answered


@pytest.mark.parametrize(
    ("signal", "wanted"),
    [(Signal.BUSY, "BUSY"), (Signal.CONGESTION, "LINE_ERROR"), (Signal.VACANT, "EMPTY")],
)
def test_a_tone_is_believed_when_heard_twice(signal: Signal, wanted: str) -> None:
    assert disposition((2000, Tone(signal))) is None
    assert disposition((2000, Tone(signal)), (2700, Tone(signal))) == wanted


def test_the_special_tones_wait_for_what_they_announce() -> None:
    tone = (1500, Tone(Signal.SPECIAL))

    assert disposition(tone, (5000, announced(Disposition.SUSPENDED))) == "SUSPENDED"
    assert disposition(tone, (5000, Refused(503))) == "UNREACHABLE"


def test_a_tone_says_more_than_a_vague_code_and_less_than_a_clear_one() -> None:
    tone = (2000, Tone(Signal.BUSY))

    assert disposition(tone, (2300, Refused(480))) == "BUSY"
    assert disposition(tone, (2300, Refused(603))) == "REJECTED"


def test_a_call_that_goes_on_to_a_mailbox_or_another_telephone_may_still_be_answered() -> None:
    for kind in (Disposition.FORWARDED, Disposition.REMINDER, Disposition.ANSWERED_MACHINE):
        assert disposition((3000, announced(kind)), (9000, Answered())) == "ANSWERED_HUMAN"


def test_a_mailbox_that_was_offered_and_did_not_answer_is_no_answer() -> None:
    offered = announced(Disposition.ANSWERED_MACHINE)

    assert disposition((3000, offered), (9000, Refused(480))) == "NO_ANSWER"
    assert disposition((3000, announced(Disposition.FORWARDED)), (40_000, Ringing())) == "FORWARDED"


def test_our_own_fault_is_kept_as_what_it_was() -> None:
    verdict = run((100, LineBroke("the gateway went away")))

    assert verdict == Verdict(Disposition.LINE_ERROR, Evidence("the gateway went away", None, 0))


def test_evidence_is_plain_data() -> None:
    assert Evidence("空号", 404, 0).as_dict() == {"text": "空号", "sip_code": 404, "ring_ms": 0}
