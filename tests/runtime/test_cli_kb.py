"""`voicebot kb`, as its user runs it."""

import json
from pathlib import Path

import pytest

from voicebot.cli.main import main

FAQ = """\
## 多久发货？
- 什么时候发货
- 几天能发货

下单后两天内发货。

## 发票怎么开？
- 能开发票吗
- 我要开发票

在订单页申请电子发票。
"""


@pytest.fixture
def faq(tmp_path: Path) -> Path:
    path = tmp_path / "faq.md"
    path.write_text(FAQ, encoding="utf-8")
    return path


def test_a_question_is_answered(faq: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["kb", "ask", str(faq), "几天能发货啊"])

    assert code == 0
    assert capsys.readouterr().out.splitlines()[-1] == "下单后两天内发货。"


def test_a_question_without_an_answer_ends_with_1(
    faq: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["kb", "ask", str(faq), "今天天气怎么样"]) == 1
    assert "refused" in capsys.readouterr().out


def test_files_are_put_together(
    faq: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = tmp_path / "more.csv"
    more.write_text("question,answer,variants\n包邮吗,全国包邮。,要运费吗|运费多少\n", "utf-8")
    out = tmp_path / "all.md"

    code = main(["kb", "import", str(faq), str(more), "-o", str(out)])

    assert code == 0
    assert out.read_text("utf-8").startswith(FAQ)
    assert "3 entries, 9 questions" in capsys.readouterr().out


def test_duplicates_are_named_and_nothing_is_written(
    faq: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = tmp_path / "more.csv"
    more.write_text("question,answer,variants\n我要开发票,好的。,开票|开个票\n", "utf-8")
    out = tmp_path / "all.md"

    code = main(["kb", "import", str(faq), str(more), "-o", str(out)])

    assert code == 2
    assert not out.exists()
    assert 'more.csv:2: "我要开发票" is asked in "发票怎么开？" too' in capsys.readouterr().err


def test_an_evaluation_prints_its_figures(
    faq: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    questions = tmp_path / "questions.tsv"
    questions.write_text("几天发货\t多久发货？\n发票能开吗\t发票怎么开？\n你吃了吗\t-\n", "utf-8")

    code = main(["kb", "eval", str(faq), str(questions), "--json"])

    assert code == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["top_1"], figures["refused"], figures["wrong"]) == (1.0, 1.0, 0.0)
    assert main(["kb", "eval", str(faq), str(questions)]) == 0


def test_gaps_are_read_from_the_records_of_calls(
    faq: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = tmp_path / "run" / "calls"
    calls.mkdir(parents=True)
    turns = [
        {"text": "能用花呗吗", "action": "no_match -> ask"},
        {"text": "可以用花呗吗", "action": "no_match -> ask"},
        {"text": "好的", "action": "answer -> bye"},
        {"text": None, "action": "no_input -> ask"},
    ]
    (calls / "1.json").write_text(json.dumps({"record": {"turns": turns}}), "utf-8")
    out = tmp_path / "proposals.md"

    code = main(["kb", "gaps", str(tmp_path / "run"), "--source", str(faq), "-o", str(out)])

    assert code == 0
    assert "2 answers not understood, 1 groups" in capsys.readouterr().out
    assert out.read_text("utf-8").startswith("## 能用花呗吗\n- 可以用花呗吗\n")


def test_a_folder_without_records_is_bad_input(tmp_path: Path) -> None:
    assert main(["kb", "gaps", str(tmp_path)]) == 2
