"""What a person gets wrong is answered with where and what to do, exit code 2, and nothing else."""

import shutil
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicebot.cli.main import main

ROOT = Path(__file__).parents[2]
CAMPAIGN = ROOT / "campaigns" / "repurchase"

Output = pytest.CaptureFixture[str]


@pytest.fixture
def campaign(tmp_path: Path) -> Path:
    """A copy of the sample campaign that a test may break."""
    shutil.copytree(ROOT / "grammars", tmp_path / "grammars")
    return Path(shutil.copytree(CAMPAIGN, tmp_path / "campaigns" / "repurchase"))


def tone(seconds: float, rate: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.asarray(0.1 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate))


def replay(path: Path) -> int:
    return main(["replay", str(path), "--script", str(CAMPAIGN)])


def refused(output: Output, path: Path) -> str:
    """Return the message; it names the file and is no traceback."""
    captured = output.readouterr()
    assert captured.out == ""
    assert str(path) in captured.err
    assert "Traceback" not in captured.err
    return captured.err


def test_a_text_file_is_not_a_recording(tmp_path: Path, capsys: Output) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("this is no audio at all " * 20, encoding="utf-8")

    code = replay(path)

    assert code == 2
    assert "is not a readable WAV file" in refused(capsys, path)


def test_an_empty_file_is_not_a_recording(tmp_path: Path, capsys: Output) -> None:
    path = tmp_path / "empty.wav"
    path.touch()

    code = replay(path)

    assert code == 2
    assert "is empty" in refused(capsys, path)


def test_a_recording_that_was_cut_off_is_refused(tmp_path: Path, capsys: Output) -> None:
    path = tmp_path / "cut.wav"
    soundfile.write(path, tone(2, 8000), 8000, subtype="PCM_16")
    path.write_bytes(path.read_bytes()[:10_000])

    code = replay(path)

    assert code == 2
    assert "cut short" in refused(capsys, path)


def test_a_recording_of_two_hours_is_refused_before_it_is_read(
    tmp_path: Path, capsys: Output
) -> None:
    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * 8000 * 7200))

    code = replay(path)

    assert code == 2
    assert "120 minutes" in refused(capsys, path)


@pytest.mark.parametrize(
    ("rate", "channels", "subtype"),
    [(44_100, 2, "PCM_16"), (8000, 1, "PCM_24"), (48_000, 1, "FLOAT")],
)
def test_other_formats_are_converted(
    rate: int, channels: int, subtype: str, tmp_path: Path, capsys: Output
) -> None:
    path = tmp_path / "other.wav"
    soundfile.write(path, np.tile(tone(1, rate)[:, None], channels), rate, subtype=subtype)

    code = replay(path)

    assert code == 0
    assert "end: caller_hung_up" in capsys.readouterr().out


def test_silence_is_a_caller_who_says_nothing(tmp_path: Path, capsys: Output) -> None:
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(8000 * 60), 8000, subtype="PCM_16")

    code = replay(path)

    assert code == 0
    assert "end: no_input" in capsys.readouterr().out


def test_a_folder_that_is_no_model_is_named(tmp_path: Path, capsys: Output) -> None:
    code = main(["replay", "x.wav", "--script", str(CAMPAIGN), "--model", str(tmp_path)])

    assert code == 2
    assert "is no Vosk model" in refused(capsys, tmp_path)


def test_a_campaign_folder_that_is_not_there_is_named(tmp_path: Path, capsys: Output) -> None:
    code = main(["check", str(tmp_path / "nowhere")])

    assert code == 2
    assert "script.yaml" in refused(capsys, tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        ("name,产品\n王女士,豆子\n".encode(), 'there is no column "phone"'),
        ("phone,name\n15400000001,王女士\n".encode("utf-16-le"), "is not text"),
        (b"phone,name\n" + b"15400000001,\xff\xff\n", "neither UTF-8 nor GB18030"),
    ],
)
def test_a_broken_contacts_file_stops_the_demo_before_anything_is_written(
    content: bytes, message: str, campaign: Path, tmp_path: Path, capsys: Output
) -> None:
    (campaign / "contacts.csv").write_bytes(content)
    out = tmp_path / "out"

    code = main(["demo", "--campaign", str(campaign), "--out", str(out)])

    assert code == 2
    assert message in refused(capsys, campaign / "contacts.csv")
    assert not out.exists()


def test_a_column_that_the_script_speaks_must_be_there(campaign: Path, capsys: Output) -> None:
    (campaign / "contacts.csv").write_text("phone,name\n15400000001,王女士\n", encoding="utf-8")

    code = main(["check", str(campaign)])

    assert code == 2
    assert "coupon" in capsys.readouterr().err


def test_an_unknown_variable_of_a_replay_is_named(tmp_path: Path, capsys: Output) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(1, 8000), 8000)

    code = main(["replay", str(path), "--script", str(CAMPAIGN), "--var", "nmae=李先生"])

    assert code == 2
    assert 'no variable "nmae"' in capsys.readouterr().err


def test_nothing_to_say_is_refused(tmp_path: Path, capsys: Output) -> None:
    out = tmp_path / "say.wav"

    code = main(["say", " ", "-o", str(out)])

    assert code == 2
    assert "nothing to say" in capsys.readouterr().err
    assert not out.exists()


def test_an_opening_that_hides_the_machine_is_a_mistake_of_the_campaign(
    campaign: Path, capsys: Output
) -> None:
    path = campaign / "script.yaml"
    text = path.read_text(encoding="utf-8").replace(
        "我是{shop}的智能语音助手，来", "我是{shop}的小美，来"
    )
    path.write_text(text, encoding="utf-8")

    code = main(["check", str(campaign)])

    assert code == 2
    assert (
        "states.opening.prompt: the callee is not told that a machine is speaking before being "
        "asked; the policy CN wants one of: 智能语音助手"
    ) in refused(capsys, path)


def test_a_policy_that_is_not_there_is_a_mistake_of_the_campaign(
    campaign: Path, capsys: Output
) -> None:
    path = campaign / "campaign.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("region: CN", "region: JP\ntimezone: Asia/Tokyo\n#"), "utf-8")

    code = main(["check", str(campaign)])

    assert code == 2
    assert "JP: cannot be read: No such file or directory; name a file, or one of" in (
        capsys.readouterr().err
    )
