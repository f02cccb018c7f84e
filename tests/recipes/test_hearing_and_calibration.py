from pathlib import Path

import numpy as np
import pytest

from recipes.acoustic_model.calibration import draw, fit
from recipes.acoustic_model.config import Config, ConfigError, GraphConfig, load
from recipes.acoustic_model.hearing import distance, nearest, plain, syllables
from recipes.acoustic_model.language_model import END, START, estimate
from recipes.acoustic_model.lexicon import Entry, Lexicon
from recipes.acoustic_model.recordings import LabelError, held_out, read_folder


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


def test_the_threshold_lets_only_sure_answers_pass(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    confidences = rng.random(4_000)
    right = rng.random(4_000) < np.where(confidences > 0.7, 0.999, 0.5)

    calibration = fit(confidences.tolist(), right.tolist())
    draw(confidences.tolist(), right.tolist(), calibration, tmp_path / "c.svg")

    assert calibration.threshold is not None
    assert 0.6 < calibration.threshold < 0.75
    assert calibration.precision_above > 0.97
    assert calibration.probability(0.95) > calibration.probability(0.3)
    assert (tmp_path / "c.svg").read_text("utf-8").startswith("<svg")


def test_too_few_answers_cannot_be_calibrated() -> None:
    with pytest.raises(ValueError, match="3 answers are too few"):
        fit([0.1, 0.2, 0.3], [True, False, True])


def test_a_misspelt_option_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("[training]\nstep = 3\n", "utf-8")

    with pytest.raises(ConfigError, match=r"c\.toml: training\.step: unknown option"):
        load(path)


def test_the_shipped_configurations_are_valid() -> None:
    folder = Path("recipes/acoustic_model")

    for name in ("config.toml", "smoke.toml"):
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
