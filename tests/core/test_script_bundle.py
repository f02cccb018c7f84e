import shutil
from pathlib import Path

import pytest

from voicebot.config import DEMO_CAMPAIGN
from voicebot.dialogue.bundle import bundle, unpack, unpacked
from voicebot.dialogue.loader import load_script
from voicebot.errors import BadScript


def test_a_kept_version_is_spoken_again_when_the_script_has_changed(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    shutil.copytree(DEMO_CAMPAIGN.parent.parent / "grammars", root / "grammars")
    folder = root / "campaigns" / "repurchase"
    shutil.copytree(DEMO_CAMPAIGN, folder)
    kept = bundle(folder)
    before = load_script(folder)
    script = folder / "script.yaml"
    script.write_text(script.read_text().replace("智能语音助手", "语音助手"))

    again = unpacked(kept.text, kept.content_hash, tmp_path / "kept", folder)

    assert load_script(folder).version != before.version
    assert again.version == before.version == kept.version
    assert again.states.keys() == before.states.keys()
    assert again.intents["affirm"].sentences == before.intents["affirm"].sentences


def test_a_recording_that_was_changed_is_noticed(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    shutil.copytree(DEMO_CAMPAIGN.parent.parent / "grammars", root / "grammars")
    folder = root / "campaigns" / "repurchase"
    shutil.copytree(DEMO_CAMPAIGN, folder)
    (folder / "prompts").mkdir(exist_ok=True)
    (folder / "prompts" / "hello.wav").write_bytes(b"RIFF")
    kept = bundle(folder)
    (folder / "prompts" / "hello.wav").write_bytes(b"RIFX")

    with pytest.raises(BadScript, match="a recording was changed"):
        unpacked(kept.text, kept.content_hash, tmp_path / "kept", folder)


def test_a_script_with_faults_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "script.yaml").write_text("script: broken\n")

    with pytest.raises(BadScript, match="is missing"):
        bundle(tmp_path)


@pytest.mark.parametrize("name", ["/etc/passwd", "../outside.yaml"])
def test_a_kept_script_writes_nothing_outside_its_place(tmp_path: Path, name: str) -> None:
    text = f'{{"script": "script.yaml", "files": {{"{name}": ""}}}}'

    with pytest.raises(BadScript, match="outside"):
        unpack(text, tmp_path / "kept", tmp_path)
