"""`voicebot serve` as its operator runs it: a telephone calls, talks, and the record is right."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.adapters import sip_peers
from tests.adapters.hearing import heard, syllables
from tests.adapters.sip_peers import wait_until

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "audio_fixtures"
CALL_S = 90


def routes(folder: Path, variables: dict[str, str]) -> Path:
    path = folder / "lines.yaml"
    named = ", ".join(f"{name}: {value}" for name, value in variables.items())
    path.write_text(
        f"routes:\n  - called: robot\n    campaign: {ROOT / 'campaigns/repurchase'}\n"
        f"    variables: {{{named}}}\n",
        encoding="utf-8",
    )
    return path


def said(words: str, text: str) -> bool:
    """Tell whether `words` sound in `text`, homophones and tones left out."""
    return " ".join(syllables(words)) in " ".join(syllables(text))


def test_a_caller_on_the_telephone_has_a_whole_conversation(tmp_path: Path) -> None:
    # YAML 1.2 as the scripts are read: yes is a word.
    labels = YAML(typ="safe", pure=True).load(FIXTURES / "willing.yaml")
    variables = {"price": "五十八元", **labels["variables"]}
    with sip_peers.janus(tmp_path / "janus") as janus:
        command = [sys.executable, "-m", "voicebot", "serve"]
        command += ["--routes", str(routes(tmp_path, variables)), "--janus", janus.url]
        command += ["--sip", f"sip:robot@{janus.address}", "--out", str(tmp_path / "out")]
        serving = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert serving.stdout is not None
            assert "answers, 20 calls at once" in serving.stdout.readline()
            port = janus.sip_ports()[0]
            with sip_peers.phone(tmp_path / "phone", FIXTURES / "willing.wav") as phone:
                phone.command("dial", f"sip:robot@{janus.address}:{port}")
                records = tmp_path / "out" / "calls"
                wait_until(lambda: list(records.glob("*.json")), "the call ends", CALL_S)
                phone_heard = phone.heard()
            serving.send_signal(signal.SIGTERM)
            assert serving.wait(20) == 0
        finally:
            serving.kill()
            serving.wait()
            if serving.stdout is not None:
                serving.stdout.close()

    call = json.loads(next(records.glob("*.json")).read_text(encoding="utf-8"))
    record = call["record"]
    assert record["end_reason"] == labels["expected"]["end_reason"]
    assert record["outcome"]["satisfaction"] == "good"
    assert record["outcome"]["interest"] == "yes"
    assert [turn["intent"] for turn in record["turns"] if turn["intent"]] == (
        labels["expected"]["intents"]
    )
    words = heard(phone_heard, 8000, 8000)
    assert said("智能语音助手", words)
    assert said("优惠券", words)
    sound = next(records.glob("*.wav")).stat().st_size
    assert sound == pytest.approx(record["duration_ms"] * 32, rel=0.02)
