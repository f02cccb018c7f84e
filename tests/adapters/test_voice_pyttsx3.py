import wave
from pathlib import Path

import pytest

from tests.adapters.hearing import SENTENCES, errors, heard, syllables
from voicebot.engines.pyttsx3 import Pyttsx3Synthesiser, checked
from voicebot.errors import SynthesiserFailed
from voicebot.speech.text_normaliser import spoken


def said(text: str) -> bytes:
    return b"".join(Pyttsx3Synthesiser().synthesise(text))


@pytest.mark.parametrize("line_rate", [8000, 16000])
def test_what_it_says_in_mandarin_is_understood(line_rate: int) -> None:
    wrong = sum(errors(text, heard(said(text), 22050, line_rate)) for text in SENTENCES)

    assert wrong <= 0.04 * sum(len(syllables(text)) for text in SENTENCES)


def test_digits_are_said_as_people_say_them() -> None:
    text = "您的电话是13800001234"

    # One digit in fifteen syllables may be misheard: 幺 and 二 are alike at this speed.
    assert errors(spoken(text), heard(said(text), 22050, 8000)) <= 2


def test_a_long_text_is_said_to_its_end() -> None:
    # Left to itself pyttsx3 writes no file at all for a text of this length.
    text = "好的，我们知道了。" * 20

    pcm = said(text)

    assert len(pcm) / 2 / 22050 > 30
    assert syllables(heard(pcm[-2 * 22050 * 3 :], 22050, 8000))[-2:] == ["dao", "le"]


def test_a_child_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(SynthesiserFailed, match=r"within 0\.01 s and was stopped"):
        Pyttsx3Synthesiser(timeout_s=0.01).synthesise("您好")


def test_an_unknown_voice_is_answered_with_those_that_exist() -> None:
    with pytest.raises(SynthesiserFailed, match=r"no voice 'klingon'; it has .*cmn"):
        Pyttsx3Synthesiser("klingon").synthesise("您好")


def test_a_voice_that_spells_the_characters_out_is_found_out() -> None:
    with pytest.raises(SynthesiserFailed, match="cannot be what they say"):
        Pyttsx3Synthesiser("en-us").synthesise("您好，请问是张三先生吗")


def test_a_text_without_words_is_refused() -> None:
    with pytest.raises(SynthesiserFailed, match="nothing to say"):
        Pyttsx3Synthesiser().synthesise("……")


@pytest.mark.parametrize(
    ("seconds", "sample", "promised", "fault"),
    [
        (0.2, 900, 1.0, "cannot be what they say"),
        (20.0, 900, 1.0, "cannot be what they say"),
        (3.0, 0, 1.0, "made no sound"),
        (3.0, 900, 2.0, "cut short"),
    ],
)
def test_a_file_that_cannot_be_the_text_is_not_played(
    tmp_path: Path, seconds: float, sample: int, promised: float, fault: str
) -> None:
    path = tmp_path / "said.wav"
    frames = int(22050 * seconds)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 22050, 0, "NONE", ""))
        file.writeframes(sample.to_bytes(2, "little") * int(frames * promised))
    content = path.read_bytes()
    path.write_bytes(content[: 44 + 2 * frames])

    with pytest.raises(SynthesiserFailed, match=fault):
        checked(path, "您好请问是张三先生吗", 175)


def test_a_file_that_is_missing_is_not_played(tmp_path: Path) -> None:
    with pytest.raises(SynthesiserFailed, match="left no usable file"):
        checked(tmp_path / "said.wav", "您好", 175)
