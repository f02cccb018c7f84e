from pathlib import Path

import numpy as np
import pytest

from recipes.acoustic_model.answers import Decision, words_right
from recipes.acoustic_model.calibration import choose, draw, fit, halves, lower_bound
from recipes.acoustic_model.config import Config, ConfigError, GraphConfig, load
from recipes.acoustic_model.hearing import distance, nearest, plain, syllables
from recipes.acoustic_model.language_model import END, START, estimate
from recipes.acoustic_model.lexicon import Entry, Lexicon
from recipes.acoustic_model.recordings import LabelError, held_out, read_folder
from recipes.acoustic_model.text import callers, segmented
from voicebot.engines.vosk_confidence import Fit
from voicebot.speech.recogniser import Transcript, Word


def words(*names: str) -> Lexicon:
    return Lexicon(tuple(Entry(n, 100, (("ma1",),)) for n in names))


def test_errors_are_counted_as_edits() -> None:
    assert distance("退货", "退货") == 0
    assert distance("退一货", "退货") == 1
    assert distance("", "退货") == 2
    assert distance(["tui", "huo"], ["tui", "kuan"]) == 1


def test_digits_are_compared_in_one_spelling() -> None:
    assert plain("幺 三 [unk] 八") == "一三八"


def test_an_announcement_is_found_by_its_sound() -> None:
    keys = {"空号": syllables("空号"), "关机": syllables("关机")}

    assert nearest("您拨打的电话是孔浩请核对", keys) == "空号"
    assert nearest("今天天气", keys) is None


def test_every_history_of_the_language_model_is_a_probability() -> None:
    lexicon = words("我", "要", "退货", "换货")
    sentences = [["我", "要", "退货"]] * 5 + [["我", "要", "换货"]] * 5

    model = estimate(lexicon, sentences, GraphConfig())

    vocabulary = [*lexicon.entries, END, "[unk]"]
    for history in ["", *model.histories]:
        total = sum(model.probability(history, w) for w in vocabulary)
        assert total == pytest.approx(1.0, abs=0.02)
    after = model.history_after("要")
    assert model.probability(after, "退货") > model.probability("", "退货")
    assert model.history_after(START)


def test_what_callers_say_is_cut_into_words_of_the_lexicon() -> None:
    lexicon = words("我", "要", "退货", "发票")

    said = list(segmented(callers(), lexicon))

    assert ["我", "要", "退货"] in said
    assert {word for sentence in said for word in sentence} == {*lexicon.entries}


def decisions(count: int, right_when_sure: float) -> list[Decision]:
    """Answers that are mostly right when their share is above 0.7, whatever their fit."""
    rng = np.random.default_rng(2)
    shares = rng.random(count)
    right = rng.random(count) < np.where(shares > 0.7, right_when_sure, 0.5)
    fits = rng.uniform(20, 60, count)
    rows = enumerate(zip(shares.tolist(), right.tolist(), fits.tolist(), strict=True))
    return [Decision(s, r, f"recording {i}", fit) for i, (s, r, fit) in rows]


FIT = 40.0


def test_the_threshold_lets_only_sure_answers_pass() -> None:
    found = decisions(8_000, right_when_sure=0.999)
    curve = fit(found)

    threshold = choose(found, curve)

    assert threshold.sure_from is not None
    assert curve.probability(0.6, FIT) < threshold.sure_from <= curve.probability(0.95, FIT)
    right, passing = threshold.right_above
    assert passing > 400
    assert right / passing >= 0.99
    assert curve.probability(0.95, FIT) > curve.probability(0.3, FIT)


def test_one_reading_is_sure_only_where_the_sound_fits_it() -> None:
    """With a grammar most answers have one reading: the share says nothing, the fit everything."""
    rng = np.random.default_rng(3)
    found = []
    for i in range(2_000):
        right = bool(rng.random() < 0.9)
        found.append(Decision(1.0, right, f"recording {i}", rng.normal(60 if right else 40, 4)))

    curve = fit(found)
    threshold = choose(found, curve)

    assert curve.probability(1.0, 60.0) > 0.99
    assert curve.probability(1.0, 40.0) < 0.5
    assert threshold.sure_from is not None
    passed, all_right = threshold.passed
    assert passed / all_right > 0.9


def test_silence_is_no_merit_of_the_words() -> None:
    short, long = Fit(80.0 + 36 * 0.5, 0.5), Fit(80.0 + 36 * 4, 4)

    assert short.of_words(36.0) == long.of_words(36.0) == 80.0


def test_there_is_no_threshold_where_even_sure_answers_are_wrong() -> None:
    found = decisions(8_000, right_when_sure=0.97)

    assert choose(found, fit(found)).sure_from is None


def test_a_few_answers_that_happen_to_be_right_make_no_threshold() -> None:
    found = [Decision(0.9, True, f"recording {i}", FIT) for i in range(200)]

    assert lower_bound(100, 100) < 0.99 < lower_bound(600, 600)
    assert choose(found, fit(found)).sure_from is None


def test_a_recording_never_chooses_and_judges() -> None:
    found = [Decision(0.5, True, f"recording {i % 50}", FIT) for i in range(500)]

    first, second = halves(found)

    assert len(first) + len(second) == 500
    assert not {d.source for d in first} & {d.source for d in second}


def test_the_picture_shows_the_threshold() -> None:
    found = decisions(400, right_when_sure=0.999)

    picture = draw(found, fit(found), 0.97)

    assert picture.startswith("<svg")
    assert "sure from 0.9700" in picture


def test_too_few_answers_cannot_be_calibrated() -> None:
    with pytest.raises(ValueError, match="are too few"):
        fit([Decision(0.5, True, str(i), FIT) for i in range(20)])


def test_a_word_is_right_where_it_stands_whole_in_what_was_said() -> None:
    words = tuple(Word(text, 0, 0, 0.5) for text in ("我要", "换货", "谢谢"))

    right = words_right(Transcript("我要换货谢谢", 0.5, words), "我要退货谢谢")

    assert right == [True, False, True]


def test_a_misspelt_option_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("[training]\nstep = 3\n", "utf-8")

    with pytest.raises(ConfigError, match=r"c\.toml: training\.step: unknown option"):
        load(path)


def test_the_shipped_configurations_are_valid() -> None:
    folder = Path("recipes/acoustic_model")

    for name in ("config.toml", "continue.toml", "cross.toml", "smoke.toml"):
        assert isinstance(load(folder / name), Config)


def test_a_fifth_of_the_files_is_held_out_for_ever() -> None:
    names = [f"{i}.mp3" for i in range(2_000)]

    share = sum(held_out(n, 0) for n in names) / len(names)

    assert share == pytest.approx(0.2, abs=0.03)
    assert held_out("一下.mp3", 0) == held_out("一下.mp3", 0)


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ("file\tspeaker\tkind\ttext\n", "no labelled recordings"),
        ("file\ttext\na.wav\tma1\n", "needs the columns"),
        ("file\tspeaker\tkind\ttext\na.wav\tX\tpinyin\tma1\n", "labels.tsv:2: no file a.wav"),
        ("file\tspeaker\tkind\ttext\na.wav\tX\tpinyin\thello\n", "'hello' cannot be read"),
    ],
)
def test_a_folder_that_cannot_be_used_says_why(tmp_path: Path, table: str, fault: str) -> None:
    (tmp_path / "labels.tsv").write_text(table, "utf-8")

    with pytest.raises(LabelError, match=fault):
        read_folder(tmp_path, words("妈"))
