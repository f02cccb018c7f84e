"""`voicebot serve` as its operator runs it: a telephone calls, talks, and the record is right."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from ruamel.yaml import YAML
from sqlalchemy import select

from tests.adapters.hearing import heard, sounds_in
from tests.dialler.rig import new_campaign
from tests.processes import wait_until
from tests.telephone import sip_peers
from tests.telephone.sip_peers import Janus
from voicebot.store.engine import open_store
from voicebot.store.tables import contact

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "audio_fixtures"
CALL_S = 90


def routes(folder: Path, variables: dict[str, str], more: str = "") -> Path:
    path = folder / "lines.yaml"
    named = ", ".join(f"{name}: {value}" for name, value in variables.items())
    path.write_text(
        f"routes:\n  - called: robot\n    campaign: {ROOT / 'campaigns/repurchase'}\n"
        f"    variables: {{{named}}}\n{more}",
        encoding="utf-8",
    )
    return path


@contextmanager
def serve(folder: Path, janus: Janus, lines: Path, *options: str) -> Iterator["Popen[str]"]:
    """Run the service until the test ends it; kill it when it does not."""
    command = [sys.executable, "-m", "voicebot", "serve", "--routes", str(lines)]
    command += ["--janus", janus.url, "--sip", f"sip:robot@{janus.address}"]
    command += ["--out", str(folder / "out"), *options]
    with Popen(command, stdout=subprocess.PIPE, text=True) as serving:
        try:
            assert serving.stdout is not None
            assert "calls at once" in serving.stdout.readline()
            yield serving
        finally:
            serving.kill()


def test_a_caller_on_the_telephone_has_a_whole_conversation(tmp_path: Path) -> None:
    # YAML 1.2 as the scripts are read: yes is a word.
    labels = YAML(typ="safe", pure=True).load(FIXTURES / "willing.yaml")
    variables = {"price": "五十八元", **labels["variables"]}
    lines = routes(tmp_path, variables)
    with sip_peers.janus(tmp_path / "janus") as janus, serve(tmp_path, janus, lines) as serving:
        port = janus.sip_ports()[0]
        with sip_peers.phone(tmp_path / "phone", FIXTURES / "willing.wav") as phone:
            phone.command("dial", f"sip:robot@{janus.address}:{port}")
            records = tmp_path / "out" / "calls"
            wait_until(lambda: list(records.glob("*.json")), "the call ends", CALL_S)
            phone_heard = phone.heard()
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(20) == 0

    call = json.loads(next(records.glob("*.json")).read_text(encoding="utf-8"))
    record = call["record"]
    assert record["end_reason"] == labels["expected"]["end_reason"]
    assert record["outcome"]["satisfaction"] == "good"
    assert record["outcome"]["interest"] == "yes"
    assert [turn["intent"] for turn in record["turns"] if turn["intent"]] == (
        labels["expected"]["intents"]
    )
    words = heard(phone_heard, 8000, 8000)
    assert sounds_in("智能语音助手", words)
    assert sounds_in("优惠券", words)
    sound = next(records.glob("*.wav")).stat().st_size
    assert sound == pytest.approx(record["duration_ms"] * 32, rel=0.02)


def test_a_caller_who_presses_a_key_instead_of_waiting_is_called_back(tmp_path: Path) -> None:
    labels = YAML(typ="safe", pure=True).load(FIXTURES / "willing.yaml")
    address = str(tmp_path / "voicebot.db")
    store = open_store(address)
    new_campaign(store, 0, name="callbacks")
    lines = routes(
        tmp_path, {"price": "五十八元", **labels["variables"]}, "    call_back: callbacks\n"
    )

    def wanted() -> list[Any]:
        with store.read() as connection:
            return list(connection.execute(select(contact)))

    sound, other = FIXTURES / "willing.wav", "15400000007"
    with (
        sip_peers.janus(tmp_path / "janus") as janus,
        serve(tmp_path, janus, lines, "--calls", "1", "--store", address),
        sip_peers.phone(tmp_path / "talks", sound) as talks,
        sip_peers.phone(tmp_path / "waits", sound, name=other) as waits,
    ):
        robot = f"sip:robot@{janus.address}:{janus.sip_ports()[0]}"
        talks.command("dial", robot)
        wait_until(lambda: list((tmp_path / "out" / "calls").glob("*.wav")), "the first talks")
        waits.command("dial", robot)
        wait_until(lambda: "Call established" in waits.log(), "the second waits")
        time.sleep(3)
        waits.command("sndcode", "1")
        wait_until(wanted, "the wish is kept")
        wait_until(lambda: "session closed" in waits.log(), "the second is let go", 30)

    (row,) = wanted()
    store.close()
    minutes = (row.next_at - datetime.now(UTC)).total_seconds() / 60
    assert row.phone == f"+86{other}"
    assert minutes == pytest.approx(15, abs=2)
    assert sounds_in("尽快给您", heard(waits.heard(), 8000, 8000))
