"""Error rates by hand-counted examples, and intervals that mean what they say."""

import numpy as np
import pytest

from voicebot.dialogue.pinyin import syllables
from voicebot.speech.evaluation import (
    Hearing,
    characters,
    errors,
    score,
    score_grammar,
    toneless,
    wilson,
)


def hearing(said: str, heard: str, source: str = "a.wav") -> Hearing:
    return Hearing(source, "clean", said, heard)


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.mark.parametrize(
    ("said", "heard", "expected"),
    [
        ("我要退货", "我要退货", 0),
        ("我要退货", "我要退火", 1),  # another one
        ("我要退货", "要退货", 1),  # a missing one
        ("我要退货", "我想要退货", 1),  # one more
        ("我要退货", "", 4),
        ("", "啊啊", 2),
        ("不要打了", "打不要了", 2),
    ],
)
def test_errors_are_the_fewest_changes(said: str, heard: str, expected: int) -> None:
    assert errors(said, heard) == expected
    assert errors(heard, said) == expected


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("您好，请问 是王女士吗？", "您好请问是王女士吗"),
        ("您有2个订单", "您有两个订单"),
        ("ＶＩＰ会员", "vip会员"),
    ],
)
def test_texts_are_compared_as_they_are_said(written: str, said: str) -> None:
    assert characters(written) == tuple(said)


def test_unknown_speech_is_one_wrong_character_and_one_wrong_syllable() -> None:
    assert characters("好[unk]的") == ("好", "[unk]", "的")
    assert toneless(syllables)("好[unk]的") == ("hao", "[unk]", "de")


def test_a_homophone_is_a_wrong_character_and_a_right_syllable() -> None:
    judged = score([hearing("退货", "退或"), hearing("电池", "电池")], syllables, rng())

    assert (judged.characters.count, judged.characters.total) == (1, 4)
    assert (judged.syllables.count, judged.syllables.total) == (0, 4)
    assert judged.sentences.share == 0.5


def test_words_heard_where_nothing_is_said_are_errors_too() -> None:
    judged = score([hearing("", "啊", "a.wav"), hearing("好的", "好的", "b.wav")], syllables, rng())

    assert judged.characters.share == 0.5
    assert judged.sentences.share == 0.5


def test_a_rate_without_anything_said_has_no_share() -> None:
    judged = score([hearing("", "啊")], syllables, rng())

    assert judged.characters.share is None
    assert judged.characters.count == 1


@pytest.mark.parametrize(("count", "total"), [(5, 10), (0, 10), (10, 10), (95, 100), (1, 1)])
def test_the_ends_of_a_share_are_what_would_just_give_it(count: int, total: int) -> None:
    rate = wilson(count, total)

    # Wilson's interval by its definition: from either end the share is 1.96 deviations away.
    for end in (rate.low, rate.high):
        away = (count / total - end) ** 2
        assert away == pytest.approx(1.959964**2 * end * (1 - end) / total, abs=1e-9)
    assert 0 <= rate.low <= count / total <= rate.high <= 1
    assert rate.low < rate.high


def test_nothing_tried_may_be_anything() -> None:
    rate = wilson(0, 0)

    assert (rate.share, rate.low, rate.high) == (None, 0.0, 1.0)


def test_no_error_in_ten_recordings_does_not_promise_none() -> None:
    perfect = [hearing("好的", "好的", f"{number}.wav") for number in range(10)]

    judged = score(perfect, syllables, rng())

    assert judged.characters.share == judged.characters.low == 0
    assert judged.characters.high == pytest.approx(0.2775, abs=1e-4)


def test_the_interval_of_an_error_rate_holds_the_truth_about_95_times_of_100() -> None:
    truth, draws = 0.1, np.random.default_rng(8)
    held = 0
    for _ in range(100):
        wrong = draws.random((60, 10)) < truth
        hearings = [
            hearing("好" * 10, "".join("坏" if each else "好" for each in row), f"{number}.wav")
            for number, row in enumerate(wrong)
        ]
        rate = score(hearings, tuple, draws).characters
        held += rate.low <= truth <= rate.high

    assert 88 <= held <= 100


def test_errors_that_come_by_the_recording_make_the_interval_wider() -> None:
    def width(sources: int) -> float:
        hearings = [
            hearing("好的", "坏的" if number % 2 else "好的", f"{number % sources}.wav")
            for number in range(64)
        ]
        rate = score(hearings, syllables, rng()).characters
        return rate.high - rate.low

    assert width(8) > 2 * width(64)


def test_the_same_seed_gives_the_same_interval() -> None:
    hearings = [hearing("好的", "好" * (number % 3), f"{number}.wav") for number in range(9)]

    assert score(hearings, syllables, rng()) == score(hearings, syllables, rng())


def test_a_grammar_is_judged_by_its_sentences_and_by_all_others() -> None:
    hearings = [
        hearing("方便", "方便"),
        hearing("不方便。", "方便"),
        hearing("好的", "[unk]"),
        hearing("今天天气不错", "[unk]"),
        hearing("今天天气不好", "不方便"),
    ]

    judged = score_grammar(hearings, ("方便", "不方便", "好的"))

    assert (judged.inside.count, judged.inside.total) == (1, 3)
    assert (judged.outside.count, judged.outside.total) == (1, 2)
