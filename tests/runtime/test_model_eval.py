"""`voicebot model eval` on real speech with the real model."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from voicebot.audio import wav
from voicebot.audio.resample import resample
from voicebot.cli.main import main
from voicebot.engines.espeak import EspeakSynthesiser

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "audio_fixtures"
PHRASES = ("方便", "不方便", "我不需要")
OTHERS = ("今天天气不错", "请稍后再打")

Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No model but the bundled one is chosen."""
    monkeypatch.setenv("VOICEBOT_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("VOICEBOT_MODEL", raising=False)


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Phrases and other sentences, spoken and labelled, in two rooms."""
    folder = tmp_path_factory.mktemp("spoken")
    voice = EspeakSynthesiser()
    edge = bytes(8000 * 3 // 10 * 2)
    rows = []
    for number, text in enumerate((*PHRASES, *OTHERS)):
        pcm = resample(b"".join(voice.synthesise(text)), voice.sample_rate, 8000)
        wav.write(folder / f"{number}.wav", 8000, edge + pcm + edge)
        rows.append(f"{number}.wav\t{text}\t{'shop' if number % 2 else 'street'}\n")
    (folder / "labels.tsv").write_text("".join(rows), encoding="utf-8")
    return folder


def judged(arguments: list[str], output: Output) -> dict[str, Any]:
    assert main(["model", "eval", *arguments, "--json"]) == 0
    told: dict[str, Any] = json.loads(output.readouterr().out)
    return told


def refused(arguments: list[str], output: Output) -> list[str]:
    assert main(["model", "eval", *arguments]) == 2
    said = output.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    return said.err.splitlines()


def grammar_file(folder: Path, *phrases: str) -> str:
    file = folder / "phrases.txt"
    file.write_text("# what they may say\n" + "\n".join(phrases) + "\n", encoding="utf-8")
    return str(file)


def test_phrases_of_a_grammar_are_heard_and_others_are_not_taken_for_them(
    spoken: Path, tmp_path: Path, capsys: Output
) -> None:
    told = judged([str(spoken), "--grammar", grammar_file(tmp_path, *PHRASES)], capsys)

    decided = told["conditions"]["all"]["grammar"]
    assert (decided["inside_right"]["count"], decided["inside_right"]["total"]) == (3, 3)
    assert (decided["outside_accepted"]["count"], decided["outside_accepted"]["total"]) == (0, 2)
    assert [each["heard"] for each in told["utterances"][:3]] == list(PHRASES)


def test_a_rule_of_a_grammar_file_is_taken_too(
    spoken: Path, tmp_path: Path, capsys: Output
) -> None:
    file = tmp_path / "ours.jsgf"
    file.write_text(f"#JSGF V1.0 UTF-8 zh;\n<said> = {' | '.join(PHRASES)};\n", encoding="utf-8")

    told = judged([str(spoken), "--grammar", f"{file}#said"], capsys)

    assert told["conditions"]["all"]["grammar"]["inside_right"]["share"] == 1.0


def test_labelled_conditions_are_told_apart_and_together(spoken: Path, capsys: Output) -> None:
    told = judged([str(spoken)], capsys)

    counts = {name: each["utterances"] for name, each in told["conditions"].items()}
    assert counts == {"street": 3, "shop": 2, "all": 5}
    parts = [told["conditions"][name]["character_error_rate"] for name in ("street", "shop")]
    whole = told["conditions"]["all"]["character_error_rate"]
    assert whole["total"] == sum(part["total"] for part in parts) == 20
    assert whole["count"] == sum(part["count"] for part in parts)


def test_noise_makes_it_worse_and_the_same_seed_the_same(spoken: Path, capsys: Output) -> None:
    arguments = [str(spoken), "--condition", "clean,telephone,-10dB", "--seed", "3"]

    told, again = judged(arguments, capsys), judged(arguments, capsys)

    rates = {
        name: each["character_error_rate"]["share"] for name, each in told["conditions"].items()
    }
    assert list(rates) == ["clean", "telephone", "-10dB"]
    assert rates["clean"] <= rates["telephone"] < rates["-10dB"]
    assert told["conditions"] == again["conditions"]
    assert told["utterances"] == again["utterances"]
    assert told["real_time_factor"] > 0


def test_recorded_calls_are_judged_by_the_utterance(tmp_path: Path, capsys: Output) -> None:
    for name in ("call_later", "silent"):
        for suffix in (".wav", ".yaml"):
            shutil.copy(FIXTURES / f"{name}{suffix}", tmp_path)

    told = judged([str(tmp_path), "--condition", "clean"], capsys)

    utterances = [(each["file"], each["said"]) for each in told["utterances"]]
    assert utterances == [
        ("call_later.wav", "我现在不方便"),
        ("call_later.wav", "明天下午三点以后吧"),
        ("silent.wav", ""),
    ]
    assert told["utterances"][0]["heard"] == "我现在不方便"
    assert told["utterances"][2]["heard"] == ""


def test_the_table_names_conditions_rates_and_the_real_time_factor(
    spoken: Path, capsys: Output
) -> None:
    assert main(["model", "eval", str(spoken), "--condition", "telephone"]) == 0

    told = capsys.readouterr().out
    head, row, *rest = told.splitlines()
    assert head.split()[:3] == ["condition", "utterances", "CER"]
    assert row.split()[:2] == ["telephone", "5"]
    assert row.count("[") == 3
    assert any("real-time factor 0." in line for line in rest)


def test_everything_that_is_wrong_is_named_at_once(
    spoken: Path, tmp_path: Path, capsys: Output
) -> None:
    (tmp_path / "labels.tsv").write_text("gone.wav\t您好\nlost.wav\t您好\n", encoding="utf-8")
    grammar = grammar_file(tmp_path, "方便", "龘龘", "qwerty")

    said = refused([str(tmp_path), "--grammar", grammar], capsys)

    assert [line.split(": ")[0].removeprefix(f"{tmp_path}/") for line in said] == [
        "labels.tsv:1",
        "labels.tsv:2",
        "phrases.txt:3",
        "phrases.txt:4",
    ]
    assert "龘" in said[2]


def test_every_recording_that_cannot_be_read_is_named(tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "text.wav").write_text("no audio at all", encoding="utf-8")
    (tmp_path / "empty.wav").touch()
    shutil.copy(FIXTURES / "silent.wav", tmp_path / "good.wav")
    rows = "text.wav\t您好\nempty.wav\t您好\ngood.wav\t-\n"
    (tmp_path / "labels.tsv").write_text(rows, encoding="utf-8")

    said = refused([str(tmp_path)], capsys)

    assert len(said) == 2
    assert str(tmp_path / "text.wav") in said[0]
    assert "is empty" in said[1]


@pytest.mark.parametrize(
    ("grammar", "content", "message"),
    [
        ("gone.txt", None, "cannot be read"),
        ("none.txt", b"\n# nothing\n", "has no phrases"),
        ("other.txt", "方便".encode("gb18030"), "is not UTF-8"),
        ("some.jsgf", b"#JSGF V1.0;\n<a> = b;\n", "which rule is meant"),
        ("some.jsgf#c", b"#JSGF V1.0;\n<a> = b;\n", 'has no rule "c"'),
    ],
)
def test_a_grammar_that_is_none_is_named(
    grammar: str,
    content: bytes | None,
    message: str,
    spoken: Path,
    tmp_path: Path,
    capsys: Output,
) -> None:
    if content is not None:
        (tmp_path / grammar.split("#")[0]).write_bytes(content)

    said = refused([str(spoken), "--grammar", str(tmp_path / grammar)], capsys)

    assert message in said[0]
    assert str(tmp_path) in said[0]


def test_an_unknown_condition_is_named(spoken: Path, capsys: Output) -> None:
    said = refused([str(spoken), "--condition", "loud"], capsys)

    assert 'there is no condition "loud"' in said[0]
