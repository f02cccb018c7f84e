"""Whole calls over SIP, many at once: latency at the caller's ear, set-up, and CPU by part.

    python -m benchmarks.sip_calls [CALLS] [ROUNDS] [SEQUENCE] [WORKERS]

A Janus, `voicebot serve` in a process of its own, and CALLS callers in this one, who dial through
the same Janus, begin a quarter of a second apart and play audio_fixtures/willing.wav. Latency is
from the last sample of an utterance, when it left the caller, to the first audible sample of the
reply, when it reached the caller: both ways through Janus are inside it. Set-up is from dialling to
the first audible sample. The callers' own CPU is in this process and not in the figures.
Then SEQUENCE short calls follow one another, and what the service holds is counted: its front,
where it has several WORKERS.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from benchmarks.conditions import conditions
from tests.processes import wait_until
from tests.telephone import sip_peers
from voicebot.audio import wav
from voicebot.audio.frame import FRAME_MS
from voicebot.config import DEMO_CAMPAIGN, LINE_RATE
from voicebot.simulation.labels import Label, read_label
from voicebot.speech.detector import level_dbfs
from voicebot.transports.janus_leg import JanusLeg
from voicebot.transports.janus_sip import JanusGateway, SipAccount

RECORDING = Path("audio_fixtures/willing.wav")
AUDIBLE_DBFS = -50.0
APART_S = 0.25
SIZE = LINE_RATE * FRAME_MS // 1000 * 2
PRICE = "五十八元"


@dataclass
class Caller:
    """Plays the recording from the answer on, and notes when it hears the robot."""

    pcm: bytes
    dialled_s: float = 0.0
    begun_s: float | None = None
    """When the first sample left."""
    heard: list[tuple[float, bool]] = field(default_factory=list)
    """When each frame came, and whether it was audible."""
    ended: bool = False

    def pull(self) -> bytes | None:
        """Return what is due now: a frame that was not fetched in time is skipped."""
        now = asyncio.get_running_loop().time()
        if self.begun_s is None:
            self.begun_s = now
        at = round((now - self.begun_s) * 1000 / FRAME_MS) * SIZE
        return self.pcm[at : at + SIZE].ljust(SIZE, b"\0") if at < len(self.pcm) else None

    async def talk(self, leg: JanusLeg) -> None:
        """Carry the call to its end."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(20):
            await leg.answered.wait()
        leg.playout = self
        async for frame in leg.incoming():
            self.heard.append((loop.time(), level_dbfs(frame.pcm) > AUDIBLE_DBFS))
        self.ended = True

    def setup_ms(self) -> float:
        """Return how long it took from dialling to the first audible sample."""
        return (min(at for at, loud in self.heard if loud) - self.dialled_s) * 1000

    def latencies_ms(self, label: Label) -> list[float]:
        """Return a latency for each utterance that was answered."""
        assert self.begun_s is not None
        found = []
        for said in label.said:
            end = self.begun_s + said.end_ms / 1000
            silent_before = not any(loud for at, loud in self.heard if end - 0.3 < at < end)
            replies = [at for at, loud in self.heard if loud and at > end]
            # Speech over a prompt has no reply of its own to wait for.
            if not said.barge_in and silent_before and replies:
                found.append((replies[0] - end) * 1000)
        return found


def routes(folder: Path, label: Label) -> Path:
    variables = {"price": PRICE, **label.variables}
    named = ", ".join(f'{name}: "{value}"' for name, value in variables.items())
    path = folder / "lines.yaml"
    path.write_text(
        f'routes: [{{called: "*", campaign: {DEMO_CAMPAIGN}, variables: {{{named}}}}}]\n',
        encoding="utf-8",
    )
    return path


async def round_of(janus: sip_peers.Janus, robot: str, calls: int, pcm: bytes) -> list[Caller]:
    account = SipAccount(f"sip:callers@{janus.address}", lines=calls)
    gateway = JanusGateway(janus.url, account)
    running = asyncio.create_task(gateway.run())
    async with asyncio.timeout(30):
        await gateway.ready.wait()
    callers = [Caller(pcm) for _ in range(calls)]

    async def one(caller: Caller) -> None:
        caller.dialled_s = asyncio.get_running_loop().time()
        leg = await gateway.call(robot)
        try:
            async with asyncio.timeout(120):
                await caller.talk(leg)
        except TimeoutError:
            await leg.hang_up()

    async with asyncio.TaskGroup() as group:
        for caller in callers:
            group.create_task(one(caller))
            await asyncio.sleep(APART_S)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return callers


async def in_sequence(
    janus: sip_peers.Janus, robot: str, calls: int, pcm: bytes, process: psutil.Process
) -> None:
    """Call again and again for half a second of talk, and print what grows and what was refused."""
    refused: Counter[str] = Counter()
    gateway = JanusGateway(janus.url, SipAccount(f"sip:callers@{janus.address}", lines=8))
    running = asyncio.create_task(gateway.run())
    async with asyncio.timeout(30):
        await gateway.ready.wait()
    for number in range(calls + 1):
        if number in (0, calls // 10, calls // 2, calls):
            print(
                f"after {number} short calls: {process.memory_info().rss / 2**20:.0f} MiB, "
                f"{process.num_threads()} threads, {process.num_fds()} file descriptors",
                flush=True,
            )
        if number < calls:
            leg = await gateway.call(robot)
            answered = asyncio.create_task(leg.answered.wait())
            await asyncio.wait((answered, leg.ended), timeout=20, return_when="FIRST_COMPLETED")
            if answered.done():
                talking = asyncio.create_task(Caller(pcm).talk(leg))
                await asyncio.sleep(0.5)
                await leg.hang_up()
                await talking
            else:
                answered.cancel()
                refused[str(leg.ended.result()) if leg.ended.done() else "no word for 20 s"] += 1
                await leg.hang_up()
            # A handle is free again when Janus has confirmed the end.
            await asyncio.sleep(0.1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    print(f"not answered: {dict(refused) or 'none'}")


def cpu_s(processes: list[psutil.Process]) -> float:
    return sum(sum(each.cpu_times()[:2]) for each in processes)


def memory_mib(processes: list[psutil.Process]) -> float:
    return sum(each.memory_info().rss for each in processes) / 2**20


def main(calls: int = 20, rounds: int = 1, sequence: int = 0, workers: int = 1) -> None:
    print(conditions())
    label = read_label(RECORDING.with_suffix(".yaml"))
    pcm = wav.read_mono(RECORDING, LINE_RATE)
    with tempfile.TemporaryDirectory() as named:
        folder = Path(named)
        with sip_peers.janus(folder / "janus") as janus:
            command = [sys.executable, "-m", "voicebot", "serve", "--janus", janus.url]
            command += ["--workers", str(workers)]
            command += ["--routes", str(routes(folder, label)), "--calls", str(calls)]
            command += ["--sip", f"sip:robot@{janus.address}", "--out", str(folder / "out")]
            log = folder / "serve.log"
            with log.open("w") as out:
                serving = subprocess.Popen(command, stdout=out, stderr=out)
            try:
                wait_until(lambda: "calls at once" in log.read_text(), "the service answers", 90)
                robot = f"sip:robot@{janus.address}:{janus.sip_ports()[0]}"
                assert janus.process is not None
                served = psutil.Process(serving.pid)
                watched = {"serve": [served], "janus": [psutil.Process(janus.process.pid)]}
                if workers > 1:
                    watched["workers"] = served.children()
                before = {name: cpu_s(each) for name, each in watched.items()}
                callers: list[Caller] = []
                for _ in range(rounds):
                    callers += asyncio.run(round_of(janus, robot, calls, pcm))
                after = {name: cpu_s(each) for name, each in watched.items()}
                memory = {name: memory_mib(each) for name, each in watched.items()}
                if sequence:
                    asyncio.run(in_sequence(janus, robot, sequence, pcm, served))
            finally:
                serving.terminate()
                serving.wait(60)
        records = [json.loads(each.read_text()) for each in (folder / "out/calls").glob("*.json")]
    finished = [each for each in callers if each.ended and each.heard]
    waits = [wait for each in finished for wait in each.latencies_ms(label)]
    setups = [each.setup_ms() for each in finished]
    talked_s = sum(each["record"]["duration_ms"] for each in records) / 1000
    ends = [each["record"]["end_reason"] for each in records]
    right = sum(
        [turn["intent"] for turn in each["record"]["turns"] if turn["intent"]]
        == list(label.expected.intents)
        for each in records
    )
    print(f"{calls} calls at once, {rounds} rounds: {len(finished)} of {len(callers)} carried out")
    print(f"understood whole: {right} of {len(records)}; ends: {sorted(set(ends))}")
    for what, values in (("response latency", waits), ("set-up to first audio", setups)):
        low, high, most = np.percentile(values, [50, 95, 100])
        print(f"{what}: p50 {low:.0f} ms, p95 {high:.0f} ms, most {most:.0f} ms, {len(values)}")
    for name in watched:
        share = (after[name] - before[name]) / talked_s
        print(f"{name}: {share:.2%} of a core for each call, {memory[name]:.0f} MiB at the end")


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:]))
