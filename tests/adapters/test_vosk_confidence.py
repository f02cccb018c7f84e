"""A confidence is the probability of being right, where the model was measured for it."""

import json
import shutil
from pathlib import Path

import pytest

from tests.adapters.speaking import RATE, speech
from voicebot.engines.vosk import VoskModel
from voicebot.engines.vosk_confidence import FILE, KINDS
from voicebot.errors import BadModel
from voicebot.speech.recogniser import Transcript

GRAMMAR = ("方便", "不方便", "很好喝", "我不需要", "好的", "别打了")
STRAIGHT = {"share": 1.0, "fit": 0.0, "offset": 0.0}


@pytest.fixture
def copied(model_folder: Path, tmp_path: Path) -> Path:
    """A copy of the model that may be changed."""
    folder = tmp_path / "model"
    shutil.copytree(model_folder, folder)
    return folder


def write(folder: Path, **changed: object) -> None:
    table: dict[str, object] = {
        **dict.fromkeys(KINDS, STRAIGHT),
        "silence_score": 36.0,
        "sure_from": 0.97,
    }
    (folder / FILE).write_text(json.dumps(table | changed), "utf-8")


def heard(model: VoskModel, text: str, *, grammar: bool) -> Transcript:
    recogniser = model.recogniser(RATE)
    recogniser.listen(GRAMMAR if grammar else None)
    recogniser.accept(bytes(RATE) + speech(text) + bytes(RATE))
    return recogniser.finish()


@pytest.mark.parametrize(("grammar", "kind"), [(True, "grammar"), (False, "free")])
def test_the_measured_curve_gives_the_confidence(copied: Path, grammar: bool, kind: str) -> None:
    half = {**STRAIGHT, "share": 0.0}
    fourth = {**half, "offset": -1.0986123}
    write(copied, **{f"{kind} utterance": half, f"{kind} word": fourth})

    answer = heard(VoskModel(copied), "我不需要", grammar=grammar)

    assert answer.confidence == pytest.approx(0.5)
    assert [word.confidence for word in answer.words] == [pytest.approx(0.25) for _ in answer.words]
    assert answer.words


def test_a_model_that_was_never_measured_gives_its_own_numbers(copied: Path) -> None:
    write(copied, **{"grammar utterance": {**STRAIGHT, "share": 0.0}})
    own = heard(VoskModel(copied, calibrated=False), "我不需要", grammar=True)
    (copied / FILE).unlink()

    model = VoskModel(copied)

    assert model.calibration is None
    assert heard(model, "我不需要", grammar=True) == own


def test_what_only_resembles_the_answer_is_less_sure_than_the_answer(model_folder: Path) -> None:
    """There is one reading of either: the fit tells them apart."""
    model = VoskModel(model_folder)

    said, taken_for_it = (heard(model, each, grammar=True) for each in ("我不需要", "我不学跳"))

    assert said.text == taken_for_it.text == "我不需要"
    assert 1 - taken_for_it.confidence > 10 * (1 - said.confidence)


def test_silence_around_an_answer_does_not_change_how_sure_it_is(model_folder: Path) -> None:
    recogniser = VoskModel(model_folder).recogniser(RATE)
    confidences = []
    for silence_s in (1, 3):
        recogniser.listen(GRAMMAR)
        recogniser.accept(bytes(RATE) + speech("我不需要") + bytes(2 * RATE * silence_s))
        confidences.append(recogniser.finish().confidence)

    assert confidences[0] == pytest.approx(confidences[1], abs=0.05)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("{", "JSONDecodeError"),
        ("[]", "TypeError"),
        ('{"sure_from": 0.9}', "silence_score"),
        ('{"sure_from": 0.9, "silence_score": 36}', "grammar utterance"),
        ('{"sure_from": NaN}', "no finite number|silence_score"),
    ],
)
def test_a_damaged_measurement_is_named(copied: Path, content: str, fault: str) -> None:
    (copied / FILE).write_text(content, "utf-8")

    with pytest.raises(BadModel, match=fault) as caught:
        VoskModel(copied)

    assert FILE in str(caught.value)
    assert str(copied) in str(caught.value)


def test_a_number_that_is_none_is_damage(copied: Path) -> None:
    write(copied, sure_from=float("inf"))

    with pytest.raises(BadModel, match="no finite number"):
        VoskModel(copied)
