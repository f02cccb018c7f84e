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
STRAIGHT = {"slope": 1.0, "offset": 0.0}


@pytest.fixture
def copied(model_folder: Path, tmp_path: Path) -> Path:
    """A copy of the model that may be changed."""
    folder = tmp_path / "model"
    shutil.copytree(model_folder, folder)
    return folder


def write(folder: Path, **changed: object) -> None:
    table: dict[str, object] = {**dict.fromkeys(KINDS, STRAIGHT), "sure_from": 0.97, **changed}
    (folder / FILE).write_text(json.dumps(table), "utf-8")


def heard(model: VoskModel, text: str, *, grammar: bool) -> Transcript:
    recogniser = model.recogniser(RATE)
    recogniser.listen(GRAMMAR if grammar else None)
    recogniser.accept(bytes(RATE) + speech(text) + bytes(RATE))
    return recogniser.finish()


@pytest.mark.parametrize(("grammar", "kind"), [(True, "grammar"), (False, "free")])
def test_the_measured_curve_gives_the_confidence(copied: Path, grammar: bool, kind: str) -> None:
    half = {"slope": 0.0, "offset": 0.0}
    fourth = {"slope": 0.0, "offset": -1.0986123}
    write(copied, **{f"{kind} utterance": half, f"{kind} word": fourth})

    answer = heard(VoskModel(copied), "我不需要", grammar=grammar)

    assert answer.confidence == pytest.approx(0.5)
    assert [word.confidence for word in answer.words] == [pytest.approx(0.25) for _ in answer.words]
    assert answer.words


def test_a_model_that_was_never_measured_gives_its_own_numbers(copied: Path) -> None:
    write(copied, **{"grammar utterance": {"slope": 0.0, "offset": 0.0}})
    own = heard(VoskModel(copied, calibrated=False), "我不需要", grammar=True)
    (copied / FILE).unlink()

    model = VoskModel(copied)

    assert model.calibration is None
    assert heard(model, "我不需要", grammar=True) == own


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("{", "JSONDecodeError"),
        ("[]", "TypeError"),
        ('{"sure_from": 0.9}', "grammar utterance"),
        ('{"sure_from": NaN}', "no finite number|grammar utterance"),
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
