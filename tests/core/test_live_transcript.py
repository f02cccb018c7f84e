from tests.builders import OPENING, QUESTION, Rig, said
from voicebot.call.events import (
    CallerHungUp,
    DtmfPressed,
    Partial,
    PromptEnded,
    PromptStarted,
    Recognised,
    SpeechPaused,
    SpeechStarted,
)
from voicebot.call.live import LiveTranscript
from voicebot.speech.recogniser import UNKNOWN


def test_a_prompt_is_told_when_it_begins_and_not_before() -> None:
    rig, live = Rig().answered(), LiveTranscript()

    before = live.news(rig.session)
    rig.at(100, PromptStarted(1, 2000))
    after = live.news(rig.session)

    assert before == [{"type": "state", "state": "opening"}]
    assert after == [{"type": "robot", "id": 1, "text": OPENING}]
    assert live.news(rig.session) == []


def test_an_answer_is_told_while_it_is_heard_and_when_it_is_understood() -> None:
    rig, live = Rig().answered(), LiveTranscript()
    rig.plays(0, 2000)
    live.news(rig.session)

    rig.at(2500, SpeechStarted(2400))
    rig.at(2600, Partial(1, f"方{UNKNOWN}"))
    rig.at(2900, SpeechPaused(2850))
    hearing = live.news(rig.session)
    rig.until(3200)
    rig.at(3210, Recognised(1, said("方便")))
    rig.until(4000)
    understood = live.news(rig.session)

    assert hearing == [{"type": "hearing", "text": "方…"}]
    assert understood == [
        {"type": "caller", "text": "方便", "intent": "affirm", "confidence": 1.0},
        {"type": "state", "state": "ask"},
    ]
    rig.at(4100, PromptStarted(2, 2000))
    assert live.news(rig.session) == [{"type": "robot", "id": 2, "text": QUESTION}]


def test_a_prompt_that_was_cut_short_is_told() -> None:
    rig, live = Rig().answered(), LiveTranscript()
    rig.at(0, PromptStarted(1, 2000))
    live.news(rig.session)

    rig.at(500, DtmfPressed("1"))
    rig.at(510, PromptEnded(1, 500, OPENING[:5], complete=False))
    told = live.news(rig.session)

    assert {"type": "key", "key": "1"} in told
    assert {"type": "cut", "id": 1} in told


def test_the_end_is_the_last_news() -> None:
    rig, live = Rig().answered(), LiveTranscript()
    rig.at(0, PromptStarted(1, 2000))
    live.news(rig.session)

    rig.at(700, CallerHungUp())
    rig.at(710, PromptEnded(1, 700, OPENING[:7], complete=False))
    told = live.news(rig.session)

    assert told == [
        {"type": "ended", "reason": "caller_hung_up", "outcome": {}, "duration_ms": 700}
    ]
    assert live.news(rig.session) == []
