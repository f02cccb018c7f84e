"""Attempts as a campaign leaves them, with the numbers of real calls, and their sound."""

import numpy as np

from voicebot.call.record import CallRecord, Moment, PromptRecord, TurnRecord
from voicebot.campaign.contacts import Contact
from voicebot.campaign.outcome import Attempt, Disposition
from voicebot.dialogue.script import Counts, EndReason

RATE = 8000
PHONE = "17000000012"

GREETING = "您好，我是山间咖啡的自动语音助手，您上次买的咖啡豆喝着还满意吗？"
OFFER = "我们这周有老客户优惠，两袋减三十元，您需要带两袋吗？"
GOODBYE = "好的，优惠券已经发到您的账户，祝您生活愉快，再见。"


def contact(line: int = 2, phone: str = PHONE, name: str = "张丽", **columns: str) -> Contact:
    return Contact(phone, name, {"phone": phone, "name": name, **columns}, line)


def unanswered(number: int, who: Contact, disposition: Disposition) -> Attempt:
    return Attempt(number, who, disposition, 25_000)


def bought(number: int = 1, who: Contact | None = None) -> Attempt:
    """Answers, interrupts the offer, accepts."""
    who = who or contact()
    turns = [
        TurnRecord(
            "greet",
            [PromptRecord(GREETING, 20, 6_420, 6_400, GREETING, True)],
            speech_start_ms=7_180,
            speech_end_ms=8_020,
            endpoint_ms=8_720,
            final_ms=8_790,
            reply_ms=8_820,
            text="挺满意的",
            confidence=0.91,
            alternatives=("挺满一的",),
            intent="affirm",
            intent_confidence=0.955,
            runner_up="deny",
            reason="挺满意的 sounds like 满意的 of affirm.",
            counts=str(Counts.AFFIRMATIVE),
            action="answer -> offer",
        ),
        TurnRecord(
            "offer",
            [PromptRecord(OFFER, 8_820, 11_300, 2_480, "我们这周有老客户优惠，", False)],
            speech_start_ms=10_560,
            speech_end_ms=11_900,
            endpoint_ms=12_600,
            final_ms=12_660,
            reply_ms=12_680,
            text="可以[unk]两袋",
            confidence=0.64,
            intent="affirm",
            intent_confidence=0.82,
            reason="可以两袋 contains 可以 of affirm.",
            counts=str(Counts.AFFIRMATIVE),
            action="answer -> done",
            barge_in=True,
        ),
        TurnRecord("done", [PromptRecord(GOODBYE, 12_680, 17_900, 5_220, GOODBYE, True)]),
    ]
    timeline = [
        Moment(0, "state", {"state": "greet"}),
        Moment(0, "prompt", {"text": GREETING}),
        Moment(20, "prompt_started", {"duration_ms": 6_400}),
        Moment(6_420, "prompt_ended", {"heard_ms": 6_400, "complete": True}),
        Moment(7_300, "speech_started", {"at_ms": 7_180}),
        Moment(7_700, "partial", {"text": "挺"}),
        Moment(8_140, "speech_paused", {"at_ms": 8_020}),
        Moment(8_720, "endpoint", {}),
        Moment(8_790, "recognised", {"text": "挺满意的", "confidence": 0.91}),
        Moment(8_820, "prompt_started", {"duration_ms": 5_600}),
        Moment(10_680, "speech_started", {"at_ms": 10_560}),
        Moment(10_800, "prompt_paused", {}),
        Moment(11_300, "barge_in", {}),
        Moment(11_300, "prompt_ended", {"heard_ms": 2_480, "complete": False}),
        Moment(12_020, "speech_paused", {"at_ms": 11_900}),
        Moment(12_600, "endpoint", {}),
        Moment(12_680, "prompt_started", {"duration_ms": 5_220}),
        Moment(17_900, "prompt_ended", {"heard_ms": 5_220, "complete": True}),
        Moment(17_900, "hang_up", {"reason": "finished"}),
    ]
    record = CallRecord(
        "repurchase",
        "1-3fd2a0",
        dict(who.variables),
        turns,
        timeline,
        {"satisfied": "是", "bags": "2", "remark": ""},
        EndReason.FINISHED,
        end_state="done",
        duration_ms=17_900,
    )
    return Attempt(number, who, Disposition.ANSWERED_HUMAN, 8_200, record)


def silent(number: int, who: Contact) -> Attempt:
    """Says nothing, is asked again, hangs up in the middle."""
    turns = [
        TurnRecord(
            "greet",
            [PromptRecord(GREETING, 20, 6_420, 6_400, GREETING, True)],
            action="no_input -> greet",
        ),
        TurnRecord("greet", [PromptRecord("您还在吗？", 11_440, 12_000, 560, "您还在吗？", False)]),
    ]
    timeline = [
        Moment(20, "prompt_started", {"duration_ms": 6_400}),
        Moment(6_420, "prompt_ended", {"heard_ms": 6_400, "complete": True}),
        Moment(11_420, "no_input", {}),
        Moment(11_440, "prompt_started", {"duration_ms": 900}),
        Moment(12_000, "caller_hung_up", {}),
        Moment(12_000, "hang_up", {"reason": "caller_hung_up"}),
    ]
    record = CallRecord(
        "repurchase",
        "1-3fd2a0",
        dict(who.variables),
        turns,
        timeline,
        {"satisfied": "", "bags": "", "remark": ""},
        EndReason.CALLER_HUNG_UP,
        end_state="greet",
        duration_ms=12_000,
    )
    return Attempt(number, who, Disposition.ANSWERED_HUMAN, 5_000, record)


def sound(attempt: Attempt) -> tuple[bytes, bytes, int]:
    """Return tones where the record has speech, over a telephone's hiss: caller, robot, Hz."""
    record = attempt.record
    assert record is not None
    caller = [
        (turn.speech_start_ms, turn.speech_end_ms)
        for turn in record.turns
        if turn.speech_start_ms is not None and turn.speech_end_ms is not None
    ]
    robot = [
        (prompt.started_ms, prompt.ended_ms)
        for turn in record.turns
        for prompt in turn.prompts
        if prompt.started_ms is not None and prompt.ended_ms is not None
    ]
    hiss = np.random.default_rng(attempt.number).normal(0, 30, record.duration_ms * RATE // 1000)
    return _tones(caller, 210, hiss), _tones(robot, 130, np.zeros_like(hiss)), RATE


def _tones(spans: list[tuple[int, int]], hertz: int, signal: np.ndarray) -> bytes:
    for start_ms, end_ms in spans:
        span = slice(start_ms * RATE // 1000, end_ms * RATE // 1000)
        time_s = np.arange(len(signal[span])) / RATE
        # Four syllables a second.
        loud = 6000 * np.abs(np.sin(2 * np.pi * 2 * time_s))
        signal[span] += loud * np.sin(2 * np.pi * hertz * time_s)
    return signal.astype("<i2").tobytes()
