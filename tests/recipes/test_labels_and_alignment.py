import numpy as np
import pytest

from recipes.acoustic_model.alignment import align
from recipes.acoustic_model.engines import Build, Manner, Speech
from recipes.acoustic_model.labels import Segment, Speller, frame_labels, segments
from recipes.acoustic_model.syllables import PhoneSet

MA = PhoneSet.covering({"ma1"})  # SIL 0, m_a 1, a1 2 and 3


class Parrot:
    """Says every syllable as m, A."""

    build = Build("parrot", "", None, "")  # type: ignore[arg-type]

    def say(self, text: str, manner: Manner) -> Speech:
        return Speech(np.zeros(8_000, np.int16), 8_000, ((0, "m"), (80, "'A"), (300, "_:")))


def drawn(labels: np.ndarray | None) -> str:
    assert labels is not None
    return "".join(".mAa"[x] for x in labels)


def test_labels_follow_the_times() -> None:
    found = frame_labels([Segment("m_a", 42.5, 82.5), Segment("a1", 82.5, 162.5)], 20, MA)

    assert drawn(found) == "...mmmmAAAAaaaa....."


def test_a_state_that_is_too_short_gets_thirty_milliseconds() -> None:
    found = frame_labels([Segment("m_a", 42.5, 52.5), Segment("a1", 52.5, 162.5)], 20, MA)

    assert drawn(found) == "...mmmAAAAaaaaa....."


def test_speech_too_fast_for_its_phones_is_refused() -> None:
    assert frame_labels([Segment("m_a", 0, 20), Segment("a1", 20, 60)], 6, MA) is None


def test_phonemes_become_phones_with_times() -> None:
    speech = Speech(
        np.zeros(8_000, np.int16), 8_000, ((0, "_"), (100, "m"), (150, "'A"), (400, "_:"))
    )

    found = segments(speech, ("ma1",), Speller(Parrot()))

    assert found == [Segment("m_a", 100, 150), Segment("a1", 150, 400)]


def test_phonemes_that_do_not_match_are_refused_not_guessed() -> None:
    speech = Speech(np.zeros(8_000, np.int16), 8_000, ((0, "m"), (150, "i")))

    assert segments(speech, ("ma1",), Speller(Parrot())) is None


def test_alignment_finds_the_phones_that_the_network_hears() -> None:
    truth = np.array([0] * 20 + [1] * 10 + [2] * 15 + [3] * 15 + [0] * 20)
    likelihoods = np.full((80, 4), -5.0, np.float32)
    likelihoods[np.arange(80), truth] = 0.0
    energy = np.where(truth > 0, 60.0, 10.0).astype(np.float32)

    found = align(likelihoods, energy, ("ma1",), MA)

    assert found is not None
    assert [s.phone for s in found.segments] == ["m_a", "a1"]
    assert found.segments[0].start_ms == pytest.approx(207.5)
    assert found.segments[1].start_ms == pytest.approx(307.5)
    assert found.segments[1].end_ms == pytest.approx(607.5)


def test_a_recording_shorter_than_its_text_cannot_be_aligned() -> None:
    likelihoods = np.zeros((5, 4), np.float32)

    assert align(likelihoods, np.zeros(5, np.float32), ("ma1",), MA) is None
