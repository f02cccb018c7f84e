"""Callers whom the script hands over to persons, with real telephones on both sides."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.adapters.hearing import heard, sounds_in
from tests.builders import tone
from tests.processes import wait_until
from tests.telephone import sip_peers
from tests.telephone.sip_peers import Janus, Phone
from voicebot.audio import wav

RATE = 8000
FIRST_HZ, SECOND_HZ, PERSON_HZ = 600, 750, 950
SCRIPT = """script: desk
version: "1"
title: 转人工
start: opening
apology: 不好意思，系统出了点问题，再见。
no_input: {prompts: [您好，能听到吗？], then: opening}
no_match: {prompts: [请您再说一遍。], then: opening}
states:
  opening:
    prompt: {text: 您好，我是智能语音助手，这就帮您转人工。, barge_in: never}
    end: transferred
"""
MESSAGE = """script: nobody
version: "1"
title: 没有人接
start: opening
apology: 不好意思，系统出了点问题，再见。
no_input: {prompts: [您好，能听到吗？], then: opening}
no_match: {prompts: [请您再说一遍。], then: opening}
states:
  opening:
    prompt: {text: 同事都在忙，明天给您回电话，再见。, barge_in: never}
    end: finished
"""


@contextmanager
def serving(folder: Path, janus: Janus, route: str, *options: str) -> Iterator[str]:
    """Run the service with one route; yield the robot's address."""
    for name, script in (("desk", SCRIPT), ("nobody", MESSAGE)):
        (folder / name).mkdir()
        (folder / name / "script.yaml").write_text(script, encoding="utf-8")
    lines = folder / "lines.yaml"
    lines.write_text(f'routes: [{{called: "*", campaign: desk, {route}}}]\n', encoding="utf-8")
    command = [sys.executable, "-m", "voicebot", "serve", "--routes", str(lines)]
    command += ["--janus", janus.url, "--sip", f"sip:robot@{janus.address}"]
    command += ["--out", str(folder / "out"), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as service:
        try:
            assert service.stdout is not None
            assert "calls at once" in service.stdout.readline()
            yield f"sip:robot@{janus.address}:{janus.sip_ports()[0]}"
        finally:
            service.kill()


def records(folder: Path) -> list[dict[str, Any]]:
    files = sorted((folder / "out" / "calls").glob("*.json"))
    return [json.loads(each.read_text(encoding="utf-8"))["record"] for each in files]


def ends(record: dict[str, Any]) -> tuple[str, list[str]]:
    told = [each["what"] for each in record["timeline"] if each["what"].startswith("transfer")]
    return record["end_reason"], told


def sounds(pcm: bytes, hz: int) -> bool:
    """Tell whether this tone is the loudest for at least a second."""
    samples = np.frombuffer(pcm, np.int16)
    windows = samples[: len(samples) // 800 * 800].reshape(-1, 800)
    peaks = np.abs(np.fft.rfft(windows * np.hanning(800))).argmax(axis=1) * RATE / 800
    loud = np.abs(windows.astype(float)).mean(axis=1) > 300
    return int(((np.abs(peaks - hz) <= 10) & loud).sum()) >= 10


def said(words: str, pcm: bytes) -> bool:
    return sounds_in(words, heard(pcm, RATE, RATE))


def hums(folder: Path, **pitches: int) -> None:
    for name, hz in pitches.items():
        wav.write(folder / f"{name}.wav", RATE, tone(90_000, hz=hz))


def talking(phone: Phone) -> bool:
    return "Call established" in phone.log()


def over(phone: Phone) -> bool:
    return "session closed" in phone.log() or "terminated (duration" in phone.log()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_callers_wait_for_the_one_person_and_each_talks_to_them(
    workers: str, tmp_path: Path
) -> None:
    hums(tmp_path, first=FIRST_HZ, second=SECOND_HZ, person=PERSON_HZ)
    with (
        sip_peers.janus(tmp_path / "janus") as janus,
        sip_peers.phone(tmp_path / "p", tmp_path / "person.wav", name="desk") as person,
        sip_peers.phone(tmp_path / "a", tmp_path / "first.wav", name="first") as first,
        sip_peers.phone(tmp_path / "b", tmp_path / "second.wav", name="second") as second,
        serving(
            tmp_path,
            janus,
            f"transfer_to: '{person.uri}', hand_over: bridge, people: 1",
            "--workers",
            workers,
        ) as robot,
    ):
        first.command("dial", robot)
        wait_until(lambda: talking(person), "the person is called", 30)
        second.command("dial", robot)
        wait_until(lambda: talking(second), "the second is answered", 30)
        # For the robot's words, and the place in the queue.
        time.sleep(14)
        first.command("hangup")
        wait_until(lambda: person.log().count("Call established") == 2, "the next is called", 30)
        time.sleep(4)
        person.command("hangup")
        wait_until(lambda: over(second), "the second call ends", 30)
        wait_until(lambda: len(records(tmp_path)) == 2, "both are recorded", 30)
        at_desk = [
            wav.read_mono(each, RATE) for each in sorted((tmp_path / "p").glob("dump-*-dec.wav"))
        ]
        first_heard, second_heard = first.heard(), second.heard()

    assert sounds(first_heard, PERSON_HZ)
    assert sounds(second_heard, PERSON_HZ)
    assert [sounds(each, FIRST_HZ) for each in at_desk] == [True, False]
    assert [sounds(each, SECOND_HZ) for each in at_desk] == [False, True]
    assert said("下一位就是您", second_heard)
    assert not said("下一位就是您", first_heard)
    assert [ends(each) for each in records(tmp_path)] == [("transferred", ["transferred"])] * 2


@pytest.mark.parametrize(
    ("route", "words", "expected"),
    [
        ("", "请您稍后再拨", [("transferred", ["transfer_failed"])]),
        (
            ", unanswered: nobody",
            "明天给您回电话",
            [("transferred", ["transfer_failed"]), ("finished", [])],
        ),
    ],
    ids=["alone", "with a campaign that goes on"],
)
def test_a_caller_whom_nobody_takes_is_told_so(
    route: str, words: str, expected: list[tuple[str, list[str]]], tmp_path: Path
) -> None:
    hums(tmp_path, first=FIRST_HZ)
    with (
        sip_peers.janus(tmp_path / "janus") as janus,
        sip_peers.phone(tmp_path / "a", tmp_path / "first.wav", name="first") as first,
        serving(
            tmp_path,
            janus,
            f"transfer_to: 'sip:desk@{janus.address}:9', hand_over: bridge, people: 1{route}",
        ) as robot,
    ):
        first.command("dial", robot)
        wait_until(lambda: over(first), "the call ends", 60)
        wait_until(lambda: len(records(tmp_path)) == len(expected), "it is recorded", 20)
        first_heard = first.heard()

    assert said("转人工", first_heard)
    assert said(words, first_heard)
    assert sorted(ends(each) for each in records(tmp_path)) == sorted(expected)


def test_who_waits_too_long_goes_on_with_the_other_campaign_without_a_goodbye_before(
    tmp_path: Path,
) -> None:
    hums(tmp_path, first=FIRST_HZ, second=SECOND_HZ, person=PERSON_HZ)
    with (
        sip_peers.janus(tmp_path / "janus") as janus,
        sip_peers.phone(tmp_path / "p", tmp_path / "person.wav", name="desk") as person,
        sip_peers.phone(tmp_path / "a", tmp_path / "first.wav", name="first") as first,
        sip_peers.phone(tmp_path / "b", tmp_path / "second.wav", name="second") as second,
        serving(
            tmp_path,
            janus,
            f"transfer_to: '{person.uri}', hand_over: bridge, people: 1, unanswered: nobody",
            "--wait",
            "10",
        ) as robot,
    ):
        first.command("dial", robot)
        wait_until(lambda: talking(person), "the person is called", 30)
        second.command("dial", robot)
        wait_until(lambda: over(second), "the second call ends", 60)
        second_heard = second.heard()

    assert said("下一位就是您", second_heard)
    assert said("明天给您回电话", second_heard)
    assert not said("请您稍后再拨", second_heard)
