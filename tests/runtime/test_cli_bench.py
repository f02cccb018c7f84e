"""`voicebot bench turns`, small."""

import json
from pathlib import Path

import pytest

from voicebot.bench.questions import FOLDER
from voicebot.cli.main import main
from voicebot.dialogue.loader import load_script, warnings
from voicebot.engines.vosk import VoskModel

SMALL = ["bench", "turns", "--turns", "6", "--no-curve", "--noise-minutes", "0.5"]


def test_a_small_benchmark_measures_turns_and_prompts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, figures = tmp_path / "turns.html", tmp_path / "turns.json"

    code = main([*SMALL, "--html", str(page), "--json", str(figures)])

    run = json.loads(figures.read_text(encoding="utf-8"))["runs"][0]
    assert code == 0
    assert len(run["turns"]) == 6
    assert {"music", "cough", "echo", "all"} <= set(run["noise"])
    assert page.exists()
    assert "virtual time" in capsys.readouterr().out


def test_with_load_the_clock_is_real(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures = tmp_path / "turns.json"
    few = ["bench", "turns", "--turns", "2", "--no-curve", "--noise-minutes", "0.5", "--load", "1"]

    code = main([*few, "--json", str(figures)])

    virtual, real = json.loads(figures.read_text(encoding="utf-8"))["runs"]
    assert code == 0
    assert (virtual["further_calls"], real["further_calls"]) == (None, 1)
    assert len(real["turns"]) == 2
    assert real["latest_frame_ms"] > 0
    assert "1 further calls" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [["--turns", "0"], ["--load", "-1"], ["--noise-minutes", "0"]])
def test_a_benchmark_of_nothing_is_refused(wrong: list[str]) -> None:
    assert main(["bench", "turns", *wrong]) == 2


def test_the_questions_have_no_faults_and_no_warnings(model: VoskModel) -> None:
    script = load_script(FOLDER, can_say=model.missing)

    assert warnings(script) == ()
