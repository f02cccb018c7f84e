"""The real recogniser on real synthetic speech."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from voicebot.audio.resample import resample
from voicebot.engines.espeak import EspeakSynthesiser
from voicebot.engines.vosk import VoskModel
from voicebot.errors import BadModel, RecogniserFailed
from voicebot.speech.recogniser import UNKNOWN, Transcript

GRAMMAR = ("方便", "不方便", "很好喝", "我不需要", "好的", "别打了")
PHRASES = ["方便", "不方便", "很好喝", "我不需要", "好的", "别打了"]


@cache
def speech(text: str, rate: int = 8000, variant: str = "") -> bytes:
    voice = EspeakSynthesiser(variant=variant) if variant else EspeakSynthesiser()
    return resample(b"".join(voice.synthesise(text)), voice.sample_rate, rate)


def silence(ms: int, rate: int = 8000) -> bytes:
    return bytes(rate * ms // 1000 * 2)


def spoken(text: str, rate: int = 8000, variant: str = "") -> bytes:
    return silence(300, rate) + speech(text, rate, variant) + silence(300, rate)


def hear(
    model: VoskModel, pcm: bytes, phrases: Sequence[str] | None = None, rate: int = 8000
) -> tuple[list[str], Transcript]:
    """Recognise in pieces of 60 ms; return every new partial text, and the whole."""
    recogniser = model.recogniser(rate)
    recogniser.listen(phrases)
    size = rate * 60 // 1000 * 2
    partials = [recogniser.accept(pcm[at : at + size]) for at in range(0, len(pcm), size)]
    return list(dict.fromkeys(partials)), recogniser.finish()


@pytest.fixture
def copied(model_folder: Path, tmp_path: Path) -> Path:
    """A copy of the model that may be changed."""
    folder = tmp_path / "model"
    shutil.copytree(model_folder, folder)
    return folder


# What is heard


@pytest.mark.parametrize("variant", ["", "f4"])
@pytest.mark.parametrize("text", PHRASES)
def test_what_a_grammar_has_is_heard_in_both_voices(
    model: VoskModel, text: str, variant: str
) -> None:
    _, transcript = hear(model, spoken(text, variant=variant), GRAMMAR)

    assert transcript.text == text
    assert transcript.confidence > 0.5


@pytest.mark.parametrize("text", ["今天天气不错", "请稍后再打"])
def test_what_a_grammar_does_not_have_is_unknown(model: VoskModel, text: str) -> None:
    _, transcript = hear(model, spoken(text), ("方便", "不方便"))

    assert UNKNOWN in transcript.text


def test_without_a_grammar_anything_is_heard(model: VoskModel) -> None:
    _, transcript = hear(model, spoken("请问您还在吗"))

    assert transcript.text == "请问您还在吗"


def test_partials_grow_into_the_text(model: VoskModel) -> None:
    partials, transcript = hear(model, spoken("我不需要"), GRAMMAR)

    assert partials[0] == ""
    assert partials[-1] == transcript.text == "我不需要"
    assert len(partials) >= 2


@pytest.mark.parametrize("text", ["我不需要", "很好喝"])
def test_words_stand_where_they_were_said(model: VoskModel, text: str) -> None:
    pcm = spoken(text)
    loud = np.flatnonzero(abs(np.frombuffer(pcm, "<i2").astype(int)) > 300) // 8

    words = hear(model, pcm, GRAMMAR)[1].words

    assert "".join(word.text for word in words) == text
    assert abs(words[0].start_ms - int(loud[0])) <= 150
    assert abs(words[-1].end_ms - int(loud[-1])) <= 150
    assert all(first.end_ms <= second.start_ms for first, second in pairwise(words))
    assert all(0 < word.confidence <= 1 for word in words)


def test_other_readings_come_without_the_first_and_without_doubles(model: VoskModel) -> None:
    said = ("不方便", "四十四是十四", "喂您是哪一位啊", "我再考虑考虑吧")

    heard = [hear(model, spoken(text))[1] for text in said]

    transcript = next(each for each in heard if each.alternatives)
    assert transcript.text not in transcript.alternatives
    assert len(set(transcript.alternatives)) == len(transcript.alternatives)
    assert 0 < transcript.confidence < 1
    assert " " not in "".join(transcript.alternatives)


def test_an_utterance_that_vosk_cuts_itself_stays_one_with_true_times(model: VoskModel) -> None:
    first, gap = spoken("好的"), silence(2500)

    partials, transcript = hear(model, first + gap + spoken("我不需要"), GRAMMAR)

    assert transcript.text == "好的我不需要"
    assert partials[-1] == "好的我不需要"
    second = next(word for word in transcript.words if word.text == "我")
    assert abs(second.start_ms - ((len(first + gap) // 16) + 300)) <= 150


@pytest.mark.parametrize("phrases", [None, ("好的",)])
@pytest.mark.parametrize("ms", [0, 20, 1000])
def test_silence_is_nothing(model: VoskModel, phrases: Sequence[str] | None, ms: int) -> None:
    _, transcript = hear(model, silence(ms), phrases)

    assert transcript.text == ""
    assert transcript.words == ()


def test_one_utterance_knows_nothing_of_the_one_before(model: VoskModel) -> None:
    recogniser = model.recogniser(8000)
    recogniser.listen(GRAMMAR)
    recogniser.accept(spoken("我不需要"))
    recogniser.listen(GRAMMAR)

    recogniser.accept(spoken("好的"))

    assert recogniser.finish().text == "好的"


def test_the_same_audio_is_the_same_transcript(model: VoskModel) -> None:
    first = hear(model, spoken("不方便", 16000), rate=16000)

    second = hear(model, spoken("不方便", 16000), rate=16000)

    assert second == first


def test_a_recogniser_that_does_not_listen_says_so(model: VoskModel) -> None:
    recogniser = model.recogniser(8000)

    with pytest.raises(RecogniserFailed, match="before listen"):
        recogniser.accept(silence(60))
    with pytest.raises(RecogniserFailed, match="before listen"):
        recogniser.finish()


# Vocabulary


def test_a_phrase_is_split_into_the_fewest_words_of_the_vocabulary(model: VoskModel) -> None:
    assert model.segment("我不需要") == ("我", "不需要")
    assert model.segment(" 不 方便 ") == ("不方便",)
    assert model.segment("") == ()


def test_what_the_vocabulary_cannot_say_is_named(model: VoskModel) -> None:
    assert model.missing("我需要iPhone") == tuple("iPhone")
    assert model.missing("我不需要") == ()
    assert model.knows("需要")
    assert not model.knows("需要要")


def test_a_phrase_that_the_vocabulary_cannot_say_does_not_harm_the_others(
    model: VoskModel,
) -> None:
    _, transcript = hear(model, spoken("好的"), ("iPhone", "好的"))

    assert transcript.text == "好的"


def test_an_empty_grammar_hears_only_the_unknown(model: VoskModel) -> None:
    _, transcript = hear(model, spoken("好的"), ())

    assert transcript.text in ("", UNKNOWN)


# Rates


def wide(folder: Path) -> VoskModel:
    """Make a 16 kHz model of the 8 kHz one: the same mel bands, from twice the samples."""
    mfcc = folder / "conf/mfcc.conf"
    text = mfcc.read_text()
    assert "--sample-frequency=8000" in text
    assert "--high-freq=-200" in text
    text = text.replace("--sample-frequency=8000", "--sample-frequency=16000")
    mfcc.write_text(text.replace("--high-freq=-200", "--high-freq=3800"))
    return VoskModel(folder)


@pytest.mark.parametrize("line_rate", [8000, 16000])
@pytest.mark.parametrize("text", PHRASES)
def test_an_8_khz_model_hears_every_line(model: VoskModel, text: str, line_rate: int) -> None:
    _, transcript = hear(model, spoken(text, line_rate), GRAMMAR, line_rate)

    assert model.sample_rate == 8000
    assert transcript.text == text


@pytest.mark.parametrize("line_rate", [8000, 16000])
def test_a_16_khz_model_hears_every_line(copied: Path, line_rate: int) -> None:
    wide_model = wide(copied)

    heard = [hear(wide_model, spoken(text, line_rate), GRAMMAR, line_rate)[1] for text in PHRASES]

    assert wide_model.sample_rate == 16000
    assert [transcript.text for transcript in heard] == PHRASES


def test_words_of_a_resampled_line_stand_where_they_were_said(copied: Path) -> None:
    pcm = spoken("我不需要")
    loud = np.flatnonzero(abs(np.frombuffer(pcm, "<i2").astype(int)) > 300) // 8

    words = hear(wide(copied), pcm, GRAMMAR)[1].words

    assert abs(words[0].start_ms - int(loud[0])) <= 150
    assert abs(words[-1].end_ms - int(loud[-1])) <= 150


def test_the_samples_of_an_8_khz_line_in_a_16_khz_model_would_be_nonsense(copied: Path) -> None:
    """The fault that resampling prevents: the line's samples passed on as they are."""
    wide_model = wide(copied)

    heard = [hear(wide_model, spoken(text, 8000), GRAMMAR, 16000)[1].text for text in PHRASES]

    assert heard != PHRASES


def test_a_rate_that_the_model_leaves_unsaid_is_16_khz(copied: Path) -> None:
    mfcc = copied / "conf/mfcc.conf"
    mfcc.write_text(
        mfcc.read_text()
        .replace("--sample-frequency=8000\n", "")
        .replace("--high-freq=-200", "--high-freq=3800")
    )

    assert VoskModel(copied).sample_rate == 16000


def test_comments_in_the_models_options_are_passed_over(copied: Path) -> None:
    mfcc = copied / "conf/mfcc.conf"
    mfcc.write_text("# telephone\n\n" + mfcc.read_text().replace("8000", "8000  # narrow"))

    assert VoskModel(copied).sample_rate == 8000


# Folders that are no model


def complaint(folder: Path) -> str:
    """What is said about a folder; it always names it."""
    with pytest.raises(BadModel) as caught:
        VoskModel(folder)
    text = str(caught.value)
    assert text.startswith(f"{folder}: ")
    return text.removeprefix(f"{folder}: ")


FILES = (
    "am/final.mdl",
    "conf/mfcc.conf",
    "conf/model.conf",
    "graph/words.txt",
    "graph/Gr.fst",
    "graph/HCLr.fst",
    "graph/disambig_tid.int",
    "graph/phones/word_boundary.int",
)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert complaint(tmp_path / "no") == (
        "does not exist; give the unpacked folder of a Vosk model: it holds am/, conf/ and graph/"
    )


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    archive = tmp_path / "model.zip"
    archive.write_bytes(b"PK")

    assert complaint(archive).startswith("is not a folder; ")


def test_an_empty_folder_is_no_model(tmp_path: Path) -> None:
    assert complaint(tmp_path).startswith(
        "is no Vosk model: it has neither graph/HCLr.fst and graph/Gr.fst nor graph/HCLG.fst; "
    )


def test_the_bundled_models_files_are_all_known(model_folder: Path) -> None:
    described = {"MODEL_CARD.md", "calibration.svg", "conf/confidence.json", "graph/phones.txt"}

    files = [each for each in model_folder.rglob("*") if each.is_file()]

    present = {str(each.relative_to(model_folder)) for each in files}
    assert set(FILES) == present - described


def lose(file: Path) -> None:
    file.unlink()


def empty(file: Path) -> None:
    file.write_bytes(b"")


def scramble(file: Path) -> None:
    file.write_bytes(np.random.default_rng(7).bytes(5000))


def halve(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


@pytest.mark.parametrize(
    ("damage", "name"),
    [
        (damage, name)
        for damage in (lose, empty, scramble, halve)
        for name in FILES
        # Half a list of numbers is a list of numbers: this damage cannot be seen.
        if (damage, name) != (halve, "graph/disambig_tid.int")
    ],
)
def test_a_damaged_file_is_named_and_nothing_is_printed_by_c_code(
    copied: Path, damage: Callable[[Path], None], name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    damage(copied / name)

    said = complaint(copied)

    assert name in said
    assert said.isprintable()
    assert len(said) < 400
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")


@pytest.mark.parametrize("rate", ["abc", "80", "96000"])
def test_a_model_that_asks_for_a_strange_rate_is_refused(copied: Path, rate: str) -> None:
    mfcc = copied / "conf/mfcc.conf"
    mfcc.write_text(mfcc.read_text().replace("8000", rate))

    assert complaint(copied) == (f"conf/mfcc.conf asks for {rate} Hz; 8000 and 16000 are usual")


def test_a_model_without_silence_phones_is_refused_before_kaldi_ends_the_process(
    copied: Path,
) -> None:
    options = copied / "conf/model.conf"
    lines = options.read_text().splitlines(keepends=True)
    options.write_text("".join(line for line in lines if "silence-phones" not in line))

    assert complaint(copied).startswith("conf/model.conf has no --endpoint.silence-phones")


def test_a_working_model_prints_nothing_either(model_folder: Path) -> None:
    """In a process of its own: what C code prints at its end is seen too."""
    code = (
        "import sys; from pathlib import Path; from voicebot.engines.vosk import VoskModel\n"
        "recogniser = VoskModel(Path(sys.argv[1])).recogniser(16000)\n"
        "for phrases in (None, ['好的', 'iPhone']):\n"
        "    recogniser.listen(phrases); recogniser.accept(bytes(32000)); recogniser.finish()\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, str(model_folder)], capture_output=True, text=True, check=True
    )

    assert (done.stdout, done.stderr) == ("", "")
