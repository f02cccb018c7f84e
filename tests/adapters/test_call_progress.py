"""Early media and answers with the real recogniser, on a telephone line."""

import numpy as np
import pytest

from tests.adapters.speaking import speech
from tests.core.line_sound import RATE, frames, quiet, telephone
from voicebot import bootstrap
from voicebot.campaign import announcements
from voicebot.campaign.answering_machine import Judged, MachineDetector
from voicebot.campaign.early_media import Announced, ColourRing, EarlyMedia, Noticed
from voicebot.campaign.outcome import Disposition
from voicebot.engines.vosk import VoskModel
from voicebot.simulation import network, sounds
from voicebot.simulation.network import Ring


def listen(model: VoskModel, pcm: bytes) -> list[Noticed]:
    ear = EarlyMedia(model.recogniser(RATE), announcements.load())
    return [each for frame in frames(pcm) for each in ear.hear(frame)] + ear.finish()


def announced(model: VoskModel, text: str, voice: str, ring: Ring | None) -> list[str]:
    rng = np.random.default_rng(4)
    pcm = network.announcement(text, lambda said: speech(said, voice), RATE, rng, ring)
    found = listen(model, telephone(pcm))
    return [str(each.disposition) for each in found if isinstance(each, Announced)]


@pytest.mark.parametrize(
    ("wanted", "text"), [(each, texts[0]) for each, texts in network.ANNOUNCEMENTS.items()]
)
def test_an_announcement_of_each_kind_is_understood(
    model: VoskModel, wanted: Disposition, text: str
) -> None:
    assert announced(model, text, "zhao", None)[:1] == [str(wanted)]


@pytest.mark.parametrize("ring", list(Ring))
@pytest.mark.parametrize(
    "kind", [Disposition.EMPTY, Disposition.POWER_OFF, Disposition.BUSY, Disposition.NO_ANSWER]
)
def test_and_with_a_colour_ring_before_it_or_over_it(
    model: VoskModel, kind: Disposition, ring: Ring
) -> None:
    assert announced(model, network.ANNOUNCEMENTS[kind][1], "lin", ring)[:1] == [str(kind)]


def test_music_is_a_colour_ring_and_no_announcement(model: VoskModel) -> None:
    music = telephone(sounds.music(RATE, 25_000, np.random.default_rng(2)))

    assert listen(model, music) == [ColourRing(2500)]


@pytest.mark.parametrize("text", network.SPOKEN_COLOUR_RINGS)
def test_a_shop_that_praises_itself_is_no_announcement(model: VoskModel, text: str) -> None:
    found = listen(model, telephone(quiet(300) + speech(text, "chen") + quiet(800)))

    assert [each for each in found if isinstance(each, Announced)] == []


def judge(model: VoskModel, pcm: bytes) -> Judged:
    ear, detector = model.recogniser(RATE), bootstrap.speech_detector()
    machine = MachineDetector(ear, detector, announcements.load())
    judged = [each for frame in frames(telephone(pcm)) if (each := machine.hear(frame)) is not None]
    return judged[0]


@pytest.mark.parametrize("text", network.PEOPLE)
def test_how_people_answer_is_a_person(model: VoskModel, text: str) -> None:
    judged = judge(model, quiet(500) + speech(text, "zhang") + quiet(2500))

    assert judged.disposition is Disposition.ANSWERED_HUMAN


@pytest.mark.parametrize("text", network.MACHINES)
def test_how_machines_answer_is_a_machine(model: VoskModel, text: str) -> None:
    end = quiet(300) + network.beep(RATE) + quiet(1000)

    judged = judge(model, quiet(300) + speech(text, "lin") + end)

    assert judged.disposition is Disposition.ANSWERED_MACHINE
