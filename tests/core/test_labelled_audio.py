"""What is said in a folder of recordings, and every fault of its labels at once."""

import shutil
from pathlib import Path

import pytest

from voicebot.errors import BadInput
from voicebot.simulation.conditions import parse_conditions
from voicebot.simulation.labelled_audio import Labelled, read_labels
from voicebot.simulation.labels import read_label

FIXTURES = Path(__file__).parents[2] / "audio_fixtures"


def recordings(folder: Path, *names: str) -> None:
    """Put empty files in the place of recordings: reading labels does not open them."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def complaints(folder: Path) -> list[str]:
    with pytest.raises(BadInput) as caught:
        read_labels(folder)
    return [str(problem).removeprefix(f"{folder}/") for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("labels.tsv", "a.wav\t您好，我要退货\tquiet\nroom/b.wav\t-\n"),
        (
            "labels.tsv",
            "\ufeffkind\ttext\tfile\tcondition\nx\t您好，我要退货\ta.wav\tquiet\nx\t-\troom/b.wav\n",
        ),
        ("labels.csv", '# ours\n\na.wav,"您好，我要退货",quiet\nroom/b.wav,-\n'),
    ],
)
def test_a_list_names_recordings_texts_and_conditions(
    name: str, content: str, tmp_path: Path
) -> None:
    recordings(tmp_path, "a.wav", "room/b.wav")
    (tmp_path / name).write_text(content, encoding="utf-8")

    found = read_labels(tmp_path)

    assert found == [
        Labelled(tmp_path / "a.wav", "a.wav", "您好，我要退货", "quiet"),
        Labelled(tmp_path / "room/b.wav", "room/b.wav", ""),
    ]


def test_a_text_beside_a_recording_is_its_label(tmp_path: Path) -> None:
    recordings(tmp_path, "a.wav", "b.mp3")
    (tmp_path / "a.txt").write_text("我要\n退货\n", encoding="utf-8")
    (tmp_path / "b.txt").write_text("-", encoding="utf-8")
    (tmp_path / "README.txt").write_text("about", encoding="utf-8")

    found = read_labels(tmp_path)

    assert [(each.name, each.text) for each in found] == [("a.wav", "我要 退货"), ("b.mp3", "")]


def test_the_label_of_a_call_gives_each_utterance_with_its_margins() -> None:
    said = read_label(FIXTURES / "call_later.yaml").said

    found = [each for each in read_labels(FIXTURES) if each.name == "call_later.wav"]

    assert [each.text for each in found] == ["我现在不方便", "明天下午三点以后吧"]
    margins = [(each.start_ms - 300, each.end_ms + 300) for each in said]
    assert [each.span_ms for each in found] == margins
    assert all("alaw" in each.condition for each in found)


def test_a_call_in_which_nothing_is_said_is_one_silent_utterance() -> None:
    found = [each for each in read_labels(FIXTURES) if each.name == "silent.wav"]

    assert [(each.text, each.span_ms) for each in found] == [("", None)]


def test_every_fault_of_a_list_is_told_with_its_line(tmp_path: Path) -> None:
    recordings(tmp_path, "a.wav")
    (tmp_path / "labels.tsv").write_text(
        "gone.wav\t您好\na.wav\na.wav\t\na.wav\tni3 hao3\na.wav\t？！\na.wav\t好的\n",
        encoding="utf-8",
    )

    told = complaints(tmp_path)

    assert [each.split(";")[0] for each in told] == [
        "labels.tsv:1: there is no recording gone.wav",
        "labels.tsv:2: has no file or no text",
        "labels.tsv:3: has no file or no text",
        'labels.tsv:4: "ni3 hao3" is pinyin',
        'labels.tsv:5: "？！" says nothing',
    ]


def test_recordings_without_label_and_labels_without_recording_are_named(tmp_path: Path) -> None:
    recordings(tmp_path, "a.wav", "b.wav", "c.wav", "d.wav")
    (tmp_path / "b.txt").touch()
    (tmp_path / "c.yaml").write_text("about: x\n", encoding="utf-8")
    (tmp_path / "d.txt").write_bytes("您好".encode("gb18030"))
    (tmp_path / "lost.txt").write_text("您好", encoding="utf-8")

    told = complaints(tmp_path)

    assert told[0].startswith("a.wav: has no label")
    assert told[1].startswith("b.txt: is empty")
    assert told[2].startswith("c.yaml")
    assert any(each.startswith("d.txt: is not UTF-8") for each in told)
    assert told[-1].startswith("lost.txt: is a label without a recording")


@pytest.mark.parametrize("content", ["", "\n\n", "# nothing yet\n", "file\ttext\n"])
def test_an_empty_list_is_a_fault(content: str, tmp_path: Path) -> None:
    (tmp_path / "labels.tsv").write_text(content, encoding="utf-8")

    told = complaints(tmp_path)

    assert len(told) == 1
    assert "labels.tsv: " in told[0]


def test_a_folder_without_recordings_says_what_it_needs(tmp_path: Path) -> None:
    assert "labels.tsv" in complaints(tmp_path)[0]
    shutil.rmtree(tmp_path)
    assert "does not exist" in complaints(tmp_path)[0]


def test_conditions_are_named_once_each_and_ratios_by_number() -> None:
    found = parse_conditions("clean, telephone,10dB,+10 dB,-2.5db")

    assert [(each.name, each.telephone, each.snr_db) for each in found] == [
        ("clean", False, None),
        ("telephone", True, None),
        ("10dB", True, 10.0),
        ("-2.5dB", True, -2.5),
    ]


def test_every_unknown_condition_is_named() -> None:
    with pytest.raises(BadInput) as caught:
        parse_conditions("clean,loud,99dB,")

    assert [str(each).split('"')[1] for each in caught.value.problems] == ["loud", "99dB", ""]
