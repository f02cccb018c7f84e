"""`voicebot serve --workers 2` as its operator runs it, with telephones and browsers at once."""

import asyncio
import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
import soundfile
from websockets.asyncio.client import connect

from tests.adapters.web_peers import TOKEN, WebCaller
from tests.builders import tone
from tests.needs import program
from tests.processes import free_port, wait_until
from tests.telephone import sip_peers
from tests.telephone.sip_peers import Janus, Phone
from voicebot.audio import wav

ROOT = Path(__file__).parents[2]
RATE = 8000
START_S = 60.0


@dataclass(slots=True)
class Service:
    """A running service of two workers."""

    folder: Path
    process: "subprocess.Popen[str]"
    janus: Janus | None = None
    robot: str = ""
    """The address to call."""

    def log(self) -> str:
        return (self.folder / "serve.log").read_text(encoding="utf-8", errors="replace")

    def calls(self) -> list[tuple[int, str]]:
        """Return the number and the worker of every conversation that began."""
        found = re.findall(r"(worker-\d) voicebot\.runtime\.answering: call (\d+) from", self.log())
        return [(int(number), worker) for worker, number in found]

    def pid(self, worker: str) -> int:
        return int(re.findall(rf"{worker} is process (\d+)", self.log())[-1])

    def records(self) -> dict[int, dict[str, Any]]:
        paths = (self.folder / "out" / "calls").glob("*.json")
        read = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
        return {each["number"]: each["record"] for each in read}


@contextmanager
def service(folder: Path, *options: str) -> Iterator[Service]:
    """Run the service with two workers, both ready; kill what the test leaves of it."""
    command = [sys.executable, "-m", "voicebot", "-v", "serve", "campaigns/message"]
    command += ["--workers", "2", "--out", str(folder / "out"), *options]
    with (folder / "serve.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, text=True, cwd=ROOT)
    made = Service(folder, process)
    try:
        opened = "stop with Ctrl-C" if "--sip" in options else "talk to the robot"
        wait_until(lambda: opened in made.log(), "the service answers", START_S)
        yield made
    finally:
        # Its workers end when it is gone.
        process.kill()
        process.wait()


@contextmanager
def on_the_telephone(folder: Path, *options: str) -> Iterator[Service]:
    with sip_peers.janus(folder / "janus") as janus:
        line = ("--janus", janus.url, "--sip", f"sip:robot@{janus.address}", *options)
        with service(folder, *line) as made:
            made.janus, made.robot = janus, robot(janus)
            yield made


def robot(janus: Janus) -> str:
    """Return where Janus takes calls; with calls under way it has other ports too."""
    (port,) = janus.sip_ports()
    return f"{janus.address}:{port}"


@contextmanager
def humming(folder: Path, name: str, serving: Service) -> Iterator[Phone]:
    """Let a telephone call that hums now and then, and is in the call."""
    sound = folder / "hum.wav"
    wav.write(sound, RATE, tone(300, hz=600) + bytes(RATE * 2 * 3))
    with sip_peers.phone(folder / name, sound, name=name) as phone:
        phone.command("dial", f"sip:robot@{serving.robot}")
        wait_until(lambda: "Call established" in phone.log(), f"{name} is answered", 20)
        yield phone


def sipp_calls(folder: Path, robot: str, number: int, seconds: float) -> tuple[int, str]:
    """Make so many calls at once; return SIPp's exit code (0: each one was answered, once, and
    ended by us) and what it printed."""
    address = robot.partition(":")[0]
    port, media = free_port(host=address), free_port(host=address)
    command = [program("sipp"), "-sn", "uac", "-rtp_echo", "-s", "robot", robot]
    command += ["-i", address, "-p", str(port), "-mi", address, "-mp", str(media - media % 2)]
    command += ["-m", str(number), "-l", str(number), "-r", str(10 * number)]
    command += ["-d", str(round(seconds * 1000)), "-nostdin", "-timeout", "60", "-trace_err"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=90)
    return done.returncode, done.stdout[-3000:]


def test_simultaneous_calls_are_answered_once_each_and_spread_over_the_workers(
    tmp_path: Path,
) -> None:
    with on_the_telephone(tmp_path) as serving:
        code, printed = sipp_calls(tmp_path, serving.robot, 4, 5)
        wait_until(lambda: len(serving.records()) == 4, "all are recorded")
        serving.process.send_signal(signal.SIGTERM)
        assert serving.process.wait(20) == 0

    assert code == 0, printed
    numbers, workers = zip(*serving.calls(), strict=True)
    assert sorted(numbers) == [1, 2, 3, 4]
    assert Counter(workers) == {"worker-1": 2, "worker-2": 2}
    assert {each["end_reason"] for each in serving.records().values()} == {"caller_hung_up"}
    assert "4 conversations, 0 of them lost with their worker; 0 restarts" in serving.log()


def test_a_killed_worker_takes_only_its_own_call_and_comes_back(tmp_path: Path) -> None:
    with (
        on_the_telephone(tmp_path) as serving,
        humming(tmp_path, "first", serving) as first,
        humming(tmp_path, "second", serving) as second,
    ):
        wait_until(lambda: len(serving.calls()) == 2, "both talk")
        carries = dict(serving.calls())
        time.sleep(3)
        killed = carries[1]
        assert carries[2] != killed
        psutil.Process(serving.pid(killed)).kill()
        wait_until(lambda: "session closed" in first.log(), "the lost call is hung up", 8)
        with humming(tmp_path, "third", serving):
            wait_until(lambda: len(serving.calls()) == 3, "a new call is answered")
            wait_until(lambda: 1 in serving.records(), "the lost call is recorded")
            before = (tmp_path / "second").glob("dump-*-dec.wav")
            size = sum(each.stat().st_size for each in before)
            time.sleep(2)
            grown = sum(p.stat().st_size for p in (tmp_path / "second").glob("dump-*-dec.wav"))
            assert "session closed" not in second.log()
            assert grown > size
        wait_until(lambda: serving.log().count("is ready") == 3, "the worker comes back", START_S)
        with humming(tmp_path, "fourth", serving), humming(tmp_path, "fifth", serving):
            wait_until(lambda: len(serving.calls()) == 5, "both talk")

    assert killed in {worker for number, worker in serving.calls() if number > 2}
    record = serving.records()[1]
    assert record["end_reason"] == "error"
    assert record["end_detail"] == (
        f"the process that carried the call ended: {killed}: signal SIGKILL"
    )
    sound, rate = soundfile.read(tmp_path / "out" / "calls" / "001.wav", dtype="int16")
    assert rate == RATE
    assert len(sound) > 1.5 * RATE
    assert np.abs(sound).max() > 1000


def test_after_term_calls_under_way_go_on_and_new_ones_are_refused(tmp_path: Path) -> None:
    with (
        on_the_telephone(tmp_path) as serving,
        humming(tmp_path, "talks", serving) as talks,
    ):
        wait_until(lambda: len(serving.calls()) == 1, "the call begins")
        serving.process.send_signal(signal.SIGTERM)
        wait_until(lambda: "no new calls; 1 still run" in serving.log(), "it drains")
        with sip_peers.phone(tmp_path / "late", tmp_path / "hum.wav", name="late") as late:
            late.command("dial", f"sip:robot@{serving.robot}")
            wait_until(lambda: "503" in late.log(), "the new call is refused")
        assert serving.process.poll() is None
        assert "session closed" not in talks.log()
        talks.command("hangup")
        assert serving.process.wait(20) == 0

    assert [each["end_reason"] for each in serving.records().values()] == ["caller_hung_up"]


def test_when_the_front_is_killed_its_workers_keep_their_calls_and_end(tmp_path: Path) -> None:
    with (
        on_the_telephone(tmp_path) as serving,
        humming(tmp_path, "talks", serving) as talks,
    ):
        wait_until(lambda: len(serving.calls()) == 1, "the call begins")
        workers = [psutil.Process(serving.pid(f"worker-{each}")) for each in (1, 2)]
        time.sleep(2)
        serving.process.kill()
        wait_until(lambda: "session closed" in talks.log(), "the call is hung up")
        gone, alive = psutil.wait_procs(workers, timeout=15)

    assert (len(gone), alive) == (2, [])
    # Janus closes the call's sound; whether that or the front's end is noticed first is chance.
    assert serving.records()[1]["end_reason"] in ("line_failed", "caller_hung_up")
    assert serving.records()[1]["duration_ms"] > 1000


def test_who_finds_all_places_taken_waits_for_the_next_one_of_any_worker(tmp_path: Path) -> None:
    with (
        on_the_telephone(tmp_path, "--calls", "2") as serving,
        humming(tmp_path, "first", serving) as first,
        humming(tmp_path, "second", serving),
        humming(tmp_path, "third", serving),
    ):
        time.sleep(3)
        assert len(serving.calls()) == 2
        first.command("hangup")
        wait_until(lambda: len(serving.calls()) == 3, "the third one's turn comes")

    assert sorted(number for number, _ in serving.calls()) == [1, 2, 3]


def test_when_janus_was_killed_the_service_registers_again_and_answers(tmp_path: Path) -> None:
    with on_the_telephone(tmp_path) as serving:
        with humming(tmp_path, "first", serving):
            wait_until(lambda: len(serving.calls()) == 1, "the call begins")
            assert serving.janus is not None
            serving.janus.kill()
            wait_until(lambda: 1 in serving.records(), "the broken call is recorded", 40)
            serving.janus.start()
        wait_until(serving.janus.sip_ports, "the account is there again", 40)
        serving.robot = robot(serving.janus)
        with humming(tmp_path, "second", serving):
            wait_until(lambda: len(serving.calls()) == 2, "a call is answered again")

    assert serving.records()[1]["end_reason"] == "line_failed"


def test_browsers_call_follow_and_hang_up_at_any_worker(tmp_path: Path) -> None:
    port = free_port()
    options = ("--http", f"127.0.0.1:{port}", "--token", TOKEN)

    async def one(client: httpx.AsyncClient) -> tuple[int, list[str], int]:
        caller = WebCaller(client)
        try:
            response = await caller.call()
            await caller.hear(0.2)
            kinds = []
            address = f"ws://127.0.0.1:{port}{caller.location}/events"
            async with connect(address) as socket:
                async for message in socket:
                    kinds.append(json.loads(message)["type"])
                    if len(kinds) == 2:
                        left = await client.delete(
                            caller.location, headers={"Authorization": f"Bearer {TOKEN}"}
                        )
            return response.status_code, kinds, left.status_code
        finally:
            await caller.close()

    async def story() -> list[tuple[int, list[str], int]]:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            found: list[tuple[int, list[str], int]] = []
            for _ in range(8):
                found += await asyncio.gather(one(client), one(client), one(client))
            return found

    with service(tmp_path, *options) as serving:
        found = asyncio.run(story())
        wait_until(lambda: len(serving.records()) == len(found), "all are recorded")

    assert len(found) == 24
    for created, kinds, deleted in found:
        assert (created, kinds[:2], kinds[-1], deleted) == (201, ["state", "robot"], "ended", 200)
    workers = Counter(worker for _, worker in serving.calls())
    assert min(workers["worker-1"], workers["worker-2"]) >= 8
    assert sorted(number for number, _ in serving.calls()) == list(range(1, 25))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--workers", "0"), "0: a service has at least one worker"),
        (("--workers", "500"), "500: this machine has"),
        (("--workers", "2", "--calls", "1"), "--calls 1 leaves some of them without any call"),
    ],
)
def test_a_number_of_workers_that_makes_no_sense_is_refused(
    options: tuple[str, ...], said: str
) -> None:
    command = [sys.executable, "-m", "voicebot", "serve", *options]

    done = subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert done.returncode == 2
    assert said in done.stderr


def test_what_is_wrong_with_a_campaign_is_said_once(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "voicebot", "serve", str(tmp_path), "--workers", "2"]

    done = subprocess.run(command, capture_output=True, text=True, timeout=120)

    assert done.returncode == 2
    assert done.stderr.count("script.yaml: cannot be read") == 1
