"""Who picked up, with a recogniser that hears what the test says."""

from collections.abc import Callable
from typing import cast

import pytest

from tests.core.line_sound import RATE, frames, quiet, telephone
from tests.core.test_early_media import Scripted
from voicebot.audio.frame import AudioFrame
from voicebot.campaign import announcements
from voicebot.campaign.answering_machine import Judged, MachineDetector
from voicebot.campaign.outcome import Disposition
from voicebot.simulation import network
from voicebot.speech.detector import SpeechDetector
from voicebot.speech.recogniser import Recogniser

HUMAN, MACHINE = Disposition.ANSWERED_HUMAN, Disposition.ANSWERED_MACHINE


def voice(ms: int) -> bytes:
    """Return sound that counts as speech: a buzz with the pitch of a voice."""
    wave = b"".join(
        int(9000 * (1 - at % 60 / 30)).to_bytes(2, "little", signed=True)
        for at in range(RATE * ms // 1000)
    )
    return telephone(wave)


def judge(pcm: bytes, text: Callable[[int], str] = lambda ms: "") -> Judged | None:
    def everything(frame: AudioFrame) -> bool:
        return True

    recogniser = cast(Recogniser, Scripted(text))
    detector = MachineDetector(recogniser, SpeechDetector(everything), announcements.load())
    judged = [each for frame in frames(pcm) if (each := detector.hear(frame)) is not None]
    assert len(judged) <= 1
    return judged[0] if judged else None


def test_a_person_says_hello_and_waits() -> None:
    judged = judge(quiet(500) + voice(600) + quiet(2000), lambda ms: "喂你好")

    assert judged is not None
    assert (judged.disposition, judged.text) == (HUMAN, "喂你好")
    assert 500 + 600 + 700 <= judged.at_ms <= 500 + 600 + 1000


def test_a_machine_goes_on() -> None:
    judged = judge(
        voice(9000),
        lambda ms: "感谢来电本店营业时间为上午九点到晚上六点请在营业时间来电"[: ms // 200],
    )

    assert judged is not None
    assert judged.disposition is MACHINE
    assert judged.why == "greets with more than 24 characters"


def test_speech_that_nobody_knows_the_words_of_is_counted_as_no_characters() -> None:
    judged = judge(voice(3000) + quiet(1500), lambda ms: "[unk]" * 30)

    assert judged is not None
    assert judged.disposition is HUMAN


@pytest.mark.parametrize(
    "words", ["请在提示音后留言", "我是机主的智能助理", "已启用来电提醒", "语音信箱"]
)
def test_a_machines_words_tell_it_at_once(words: str) -> None:
    judged = judge(voice(5000), lambda ms: words if ms >= 1000 else "您好")

    assert judged is not None
    assert judged.disposition is MACHINE
    assert judged.at_ms <= 1100


def test_a_switch_that_answers_only_to_say_that_nobody_is_there_answered_for_nobody() -> None:
    judged = judge(voice(3000) + quiet(1500), lambda ms: "您拨打的号码是空号")

    assert judged is not None
    assert judged.disposition is Disposition.EMPTY


def test_a_mailbox_that_begins_like_an_announcement_is_heard_to_its_end() -> None:
    whole = "您拨打的用户现在不方便接听您的电话请在提示音后留言"

    judged = judge(voice(6000) + quiet(1500), lambda ms: whole[: ms // 200])
    refused = judge(voice(9000) + quiet(1500), lambda ms: whole[: min(ms // 200, 17)])

    assert judged is not None
    assert judged.disposition is Disposition.ANSWERED_MACHINE
    assert refused is not None
    assert refused.disposition is Disposition.REJECTED


def test_a_person_who_speaks_of_such_things_is_a_person() -> None:
    judged = judge(voice(1500) + quiet(1500), lambda ms: "我现在正在通话中呢")

    assert judged is not None
    assert judged.disposition is HUMAN


@pytest.mark.parametrize("hz", [600, 1000, 1400, 2100])
def test_a_beep_is_a_machine(hz: int) -> None:
    judged = judge(telephone(quiet(700) + network.beep(RATE, 400, hz) + quiet(1000)))

    assert judged is not None
    assert (judged.disposition, judged.why) == (MACHINE, "beep")


def test_who_says_nothing_is_a_silent_person() -> None:
    judged = judge(quiet(6000))

    assert judged is not None
    assert (judged.disposition, judged.why) == (HUMAN, "says nothing for 3000 ms")


def test_who_cannot_be_told_is_a_person() -> None:
    judged = judge(voice(12_000), lambda ms: "喂")

    assert judged is not None
    assert (judged.disposition, judged.why, judged.at_ms) == (HUMAN, "undecided", 10_000)
