"""Whole conversations where a SIP server that nobody here wrote stands between: Kamailio."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.adapters.hearing import heard, sounds_in
from tests.processes import running, wait_until
from tests.telephone import sip_peers
from tests.telephone.sip_peers import Phone
from tests.telephone.test_serve_on_the_telephone import CALL_S, FIXTURES, ROOT
from voicebot.simulation.labels import read_label

PASSWORD = "secret"
LABEL = read_label(FIXTURES / "willing.yaml")
PRICE = "五十八元"


def understood(record: dict[str, Any], phone: Phone) -> None:
    assert record["end_reason"] == LABEL.expected.end_reason
    assert record["outcome"]["interest"] == "yes"
    assert record["outcome"]["satisfaction"] == "good"
    words = heard(phone.heard(), 8000, 8000)
    assert sounds_in("智能语音助手", words)
    assert sounds_in("优惠券", words)


def test_a_caller_reaches_the_registered_robot_by_its_number(tmp_path: Path) -> None:
    lines, records = tmp_path / "lines.yaml", tmp_path / "out" / "calls"
    variables = {"price": PRICE, **LABEL.variables}
    lines.write_text(
        json.dumps(
            {
                "routes": [
                    {
                        "called": "4001",
                        "campaign": str(ROOT / "campaigns/repurchase"),
                        "variables": variables,
                    }
                ]
            }
        ),
        "utf-8",
    )
    with (
        sip_peers.janus(tmp_path / "janus") as janus,
        sip_peers.kamailio(tmp_path / "kamailio", PASSWORD) as edge,
        sip_peers.phone(tmp_path / "phone", FIXTURES / "willing.wav") as phone,
    ):
        command = [sys.executable, "-m", "voicebot", "serve", "--routes", str(lines)]
        command += ["--janus", janus.url, "--sip", f"sip:4001@{edge}", "--sip-secret", PASSWORD]
        command += ["--proxy", f"sip:{edge}", "--out", str(tmp_path / "out")]
        with running(command, tmp_path / "serve.log"):
            answers = tmp_path / "serve.log"
            wait_until(lambda: "calls at once" in answers.read_text(), "the robot answers", 60)
            phone.command("dial", f"sip:4001@{edge}")
            wait_until(lambda: list(records.glob("*.json")), "the call ends", CALL_S)
        understood(json.loads(next(records.glob("*.json")).read_text("utf-8"))["record"], phone)


def test_the_robot_calls_a_registered_telephone_by_its_number(tmp_path: Path) -> None:
    with (
        sip_peers.janus(tmp_path / "janus") as janus,
        sip_peers.kamailio(tmp_path / "kamailio", PASSWORD) as edge,
        sip_peers.phone(
            tmp_path / "phone",
            FIXTURES / "willing.wav",
            name="4002",
            registrar=edge,
            password=PASSWORD,
        ) as phone,
    ):
        command = [sys.executable, "-m", "voicebot", "call", f"sip:4002@{edge}"]
        command += ["--campaign", str(ROOT / "campaigns/repurchase"), "--janus", janus.url]
        command += ["--sip", f"sip:4001@{edge}", "--sip-secret", PASSWORD]
        command += ["--proxy", f"sip:{edge}", "--out", str(tmp_path / "out")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)

        assert done.returncode == 0, done.stderr
        (kept,) = (tmp_path / "out/calls").glob("*.json")
        understood(json.loads(kept.read_text("utf-8"))["record"], phone)
