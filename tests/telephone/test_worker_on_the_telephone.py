"""`voicebot worker --sip` as its operator runs it: contacts are called, outcomes are kept."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.adapters import tiny_campaign
from tests.adapters.hearing import heard, sounds_in
from tests.processes import wait_until
from tests.telephone import sip_peers
from tests.telephone.sip_peers import Janus, Phone
from voicebot.audio import wav
from voicebot.cli.main import main
from voicebot.engines.espeak import EspeakSynthesiser
from voicebot.simulation import network
from voicebot.simulation.utterance import Utterance
from voicebot.simulation.voices import VOICES, CallerSpeech
from voicebot.store.engine import open_store
from voicebot.store.tables import attempt, contact, decision, lease

CALL_S = 240
RATE = 8000


def spoken(text: str) -> bytes:
    voice = VOICES["lin"]
    ear = EspeakSynthesiser(variant=voice.variant, rate=voice.rate, pitch=voice.pitch)
    return CallerSpeech(ear, RATE)(Utterance((text,))).pcm


def silence(ms: int) -> bytes:
    return bytes(2 * RATE * ms // 1000)


def shop(campaign: Path) -> str:
    """Make a running campaign with one contact, by the commands that an operator uses."""
    folder = campaign.parents[1]
    people = folder / "people.csv"
    people.write_text("phone,name\n13800138000,王女士\n", encoding="utf-8")
    address = str(folder / "shop.db")
    for command in (
        ["campaign", "create", str(campaign)],
        ["contacts", "import", str(people), "--campaign", campaign.name],
        ["campaign", "start", campaign.name],
    ):
        assert main([*command, "--store", address]) == 0
    return address


@contextmanager
def worker(janus: Janus, phone: Phone, store: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [
        sys.executable,
        "-m",
        "voicebot",
        "-v",
        "worker",
        "--store",
        store,
        "--janus",
        janus.url,
    ]
    command += ["--sip", f"sip:robot@{janus.address}", "--calls", "2"]
    command += ["--dial", f"{phone.uri};for={{number}}", "--recordings", str(folder / "sound")]
    with (folder / "worker.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, text=True)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def rows(store: str, table: Any) -> list[Any]:
    opened = open_store(store)
    with opened.read() as connection:
        found = list(connection.execute(select(table)))
    opened.close()
    return found


def call_once(folder: Path, campaign: Path, plays: bytes) -> tuple[Any, str, str]:
    """Let a worker call the only contact, whose telephone plays a sound and then hangs up; return
    the attempt, what the telephone heard, and the store."""
    store = shop(campaign)
    wav.write(folder / "plays.wav", RATE, plays)
    with (
        sip_peers.janus(folder / "janus") as janus,
        sip_peers.phone(folder / "phone", folder / "plays.wav") as phone,
        worker(janus, phone, store, folder) as process,
    ):
        wait_until(
            lambda: (
                any(each.state == "done" for each in rows(store, attempt))
                or process.poll() is not None
            ),
            "the call ends",
            CALL_S,
        )
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, (folder / "worker.log").read_text()
        phone_heard = phone.heard()
    (made,) = rows(store, attempt)
    return made, heard(phone_heard, RATE, RATE), store


def test_a_contact_is_called_over_sip_and_what_came_of_it_is_kept(tmp_path: Path) -> None:
    plays = 12 * (silence(900) + spoken("挺满意的") + silence(1600))

    made, words, store = call_once(tmp_path, tiny_campaign.write(tmp_path), plays)

    assert (made.disposition, made.end_reason) == ("ANSWERED_HUMAN", "finished")
    assert made.outcome == {"satisfied": "yes"}
    assert made.sip_code == 200
    # What had to be loaded and rendered was, before the slot: dialling follows it at once.
    assert (made.answered_at - made.dialed_at).total_seconds() < 5
    assert [each.state for each in rows(store, contact)] == ["done"]
    assert {each.code for each in rows(store, decision)} == {"allowed"}
    assert rows(store, lease) == []
    assert sounds_in("智能语音助手", words)
    sound = Path(made.recording).stat().st_size
    assert abs(sound - made.talk_ms * 32) < 0.03 * sound


def test_a_mailbox_gets_the_campaigns_message_after_its_beep(tmp_path: Path) -> None:
    rule = "machine: {reaction: leave_message, message: 我是智能语音助手，您的咖啡豆到了。}"
    campaign = tiny_campaign.write(tmp_path, "mailbox", rule + "\n")
    greeting = spoken("您拨打的用户现在不方便接听您的电话请在提示音后留言谢谢")
    plays = silence(500) + greeting + silence(500) + network.beep(RATE) + silence(20_000)

    made, words, store = call_once(tmp_path, campaign, plays)

    assert made.disposition == "ANSWERED_MACHINE"
    assert made.evidence["left_message"] is True
    assert sounds_in("您的咖啡豆到", words)
    # Once more, another part of the day.
    assert [each.state for each in rows(store, contact)] == ["wait"]


def test_a_call_on_which_nothing_is_heard_is_the_lines_fault_and_made_again(tmp_path: Path) -> None:
    store = shop(tiny_campaign.write(tmp_path))
    with (
        sip_peers.janus(tmp_path / "janus") as janus,
        # It answers, and sends no sound.
        sip_peers.sipp(tmp_path / "sipp", "-sn", "uas") as silent,
        worker(janus, Phone(tmp_path, f"sip:somebody@{silent}", 0), store, tmp_path),
    ):
        wait_until(
            lambda: any(each.state == "done" for each in rows(store, attempt)), "it ends", CALL_S
        )
    (made,) = rows(store, attempt)
    (person,) = rows(store, contact)

    assert (made.disposition, made.end_reason) == ("LINE_ERROR", "no_media")
    assert made.evidence["text"] == "no audio within 8 s of the answer"
    assert made.uses_cap
    assert made.talk_ms == pytest.approx(8000, abs=500)
    assert person.state == "wait"
    assert person.state_reason.startswith("LINE_ERROR: after ")
