"""People in the background are told from the caller by loudness, once they have gone on."""

import numpy as np

from voicebot.audio.frame import FRAME_MS
from voicebot.speech.background import LEARNED_MS, SILENT_DBFS, Background

FRAMES = LEARNED_MS // FRAME_MS


def heard(
    background: Background, levels: list[float], *, voice: bool = True, near: bool = True
) -> int | None:
    """Give it levels; return after how many frames it took them for the background."""
    for number, level in enumerate(levels, 1):
        if background.hear(level, voice=voice, near=near):
            return number
    return None


def babble(seed: int, frames: int, mean: float = -33.0) -> list[float]:
    """Levels as four people have who talk at once: 11 dB from the 10th to the 90th percentile."""
    return list(np.random.default_rng(seed).normal(mean, 4.3, frames))


def talker(seed: int, frames: int, floor: float = -58.0) -> list[float]:
    """Levels as one caller has: syllables of 120 ms and gaps down to the line's floor."""
    rng = np.random.default_rng(seed)
    return [
        rng.normal(-22, 3) if number % 10 < 7 else max(floor, rng.normal(-46, 4))
        for number in range(frames)
    ]


def test_sound_that_fills_its_own_gaps_is_the_background_after_some_seconds() -> None:
    background = Background()

    taken = heard(background, babble(1, 2 * FRAMES))

    assert taken is not None
    assert FRAMES <= taken < 1.5 * FRAMES
    assert -29 < background.loud_dbfs < -20


def test_one_caller_however_long_is_not() -> None:
    assert heard(Background(), talker(1, 10 * FRAMES)) is None


def test_a_caller_over_steady_noise_is_not() -> None:
    background = Background()
    heard(background, [-32.0] * FRAMES, voice=False, near=False)

    taken = heard(background, [max(level, -32.0) for level in talker(2, 10 * FRAMES)])

    assert taken is None


def test_a_caller_over_a_background_that_is_known_is_not() -> None:
    background = Background()
    heard(background, babble(3, 2 * FRAMES))
    known = background.loud_dbfs

    both = [max(pair) for pair in zip(babble(4, FRAMES), babble(5, FRAMES, -25.0), strict=True)]
    taken = heard(background, both)

    assert taken is None
    assert background.loud_dbfs == known


def test_hum_and_hiss_are_no_people() -> None:
    background = Background()

    heard(background, babble(6, 2 * FRAMES), voice=False, near=False)

    assert background.loud_dbfs == SILENT_DBFS


def test_a_background_that_ends_is_forgotten() -> None:
    background = Background()
    heard(background, babble(7, 2 * FRAMES))

    heard(background, [-60.0] * FRAMES, voice=False, near=False)

    assert background.loud_dbfs == SILENT_DBFS


def test_the_beginning_of_the_callers_speech_is_not_part_of_it() -> None:
    background, other = Background(), Background()
    for each in (background, other):
        heard(each, babble(8, FRAMES), near=False)

    heard(background, [-10.0] * 30, near=False)
    background.forget(30)
    heard(background, [-60.0] * 5)
    heard(other, [-60.0] * 5)

    assert background.loud_dbfs < other.loud_dbfs + 2
    assert background.loud_dbfs < -20
