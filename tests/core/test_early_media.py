"""The ear before the answer with a recogniser that hears what the test says."""

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np

from tests.core.line_sound import RATE, frames, quiet, telephone
from voicebot.campaign import announcements
from voicebot.campaign.early_media import Announced, ColourRing, EarlyMedia, Noticed, Tone
from voicebot.campaign.outcome import Disposition
from voicebot.simulation import network, sounds
from voicebot.speech.recogniser import Recogniser, Transcript
from voicebot.speech.tones import Signal

OFF = "您拨打的电话已关机"


class Scripted:
    """Hears `text(ms)` after so many milliseconds of a piece of sound."""

    def __init__(self, text: Callable[[int], str], final: Callable[[int], str] | None = None):
        self.text = text
        self.final = final or text
        self.pieces: list[int] = []
        self.phrases: Sequence[str] | None = None

    def listen(self, phrases: Sequence[str] | None) -> None:
        self.phrases = phrases
        self.pieces.append(0)

    def accept(self, pcm: bytes) -> str:
        self.pieces[-1] += len(pcm) // 2 * 1000 // RATE
        return self.text(self.pieces[-1])

    def finish(self) -> Transcript:
        return Transcript(self.final(self.pieces[-1]))


def listen(recogniser: Scripted, pcm: bytes) -> list[tuple[int, Noticed]]:
    """Return what is noticed, with the time."""
    ear = EarlyMedia(cast(Recogniser, recogniser), announcements.load())
    found = [(frame.start_ms + 20, each) for frame in frames(pcm) for each in ear.hear(frame)]
    return found + [(len(pcm) // 2 * 1000 // RATE, each) for each in ear.finish()]


def music(ms: int) -> bytes:
    return telephone(sounds.music(RATE, ms, np.random.default_rng(1)))


def test_an_announcement_is_known_before_it_ends_once_its_words_stay() -> None:
    recogniser = Scripted(lambda ms: OFF if ms >= 1500 else "您拨打的")

    found = listen(recogniser, quiet(1000) + music(4000))

    assert found[0] == (
        1000 + 1720,
        Announced(Disposition.POWER_OFF, OFF, "已关机", 1720),
    )
    assert recogniser.phrases == announcements.load().sentences


def test_words_that_the_final_text_loses_are_kept() -> None:
    recogniser = Scripted(lambda ms: OFF if ms >= 1500 else "", lambda ms: "您拨打的电话")

    found = listen(recogniser, music(3000))

    assert [each for _, each in found if isinstance(each, Announced)]


def test_words_that_come_and_go_decide_nothing() -> None:
    recogniser = Scripted(lambda ms: OFF if ms == 1500 else "", lambda ms: "")

    found = listen(recogniser, music(2400))

    assert found == []


def test_an_announcement_is_known_at_its_end_at_the_latest() -> None:
    recogniser = Scripted(lambda ms: "", lambda ms: OFF)

    found = listen(recogniser, quiet(200) + music(2000) + quiet(1000))

    assert [round(at, -2) for at, _ in found] == [2700]


def test_one_that_the_line_cuts_off_is_looked_at_once_more() -> None:
    recogniser = Scripted(lambda ms: "", lambda ms: OFF)

    found = listen(recogniser, music(1000))

    assert [type(each) for _, each in found] == [Announced]


def test_music_is_a_colour_ring_once_and_is_heard_in_pieces_that_overlap() -> None:
    recogniser = Scripted(lambda ms: "[unk]")

    found = listen(recogniser, quiet(1000) + music(20_000))

    assert found == [(1000 + 2500, ColourRing(2500))]
    assert recogniser.pieces[:2] == [9000, 9000]
    assert len(recogniser.pieces) == 3


def test_what_begins_like_an_announcement_is_no_colour_ring_yet() -> None:
    recogniser = Scripted(lambda ms: "您拨打的")

    assert listen(recogniser, music(3000)) == []


def test_tones_are_told_and_never_given_to_the_recogniser() -> None:
    recogniser = Scripted(lambda ms: OFF)

    found = listen(recogniser, telephone(network.tone(Signal.BUSY, RATE, 3000)))

    assert {type(each) for _, each in found} == {Tone}
    assert recogniser.pieces == []


def test_no_words_are_heard_in_a_tone_under_noise() -> None:
    """After the second cadence it is believed, and what came before it was no announcement."""
    recogniser = Scripted(lambda ms: OFF if ms >= 1600 else "")

    found = listen(recogniser, telephone(network.tone(Signal.VACANT, RATE, 7000), snr_db=10))

    assert {type(each) for _, each in found} <= {Tone, ColourRing}
    assert found[0][1] == Tone(Signal.VACANT, 1040)
    assert max(recogniser.pieces) < 1600
