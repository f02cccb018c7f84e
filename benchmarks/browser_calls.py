"""Whole Opus calls at the browsers' endpoint: latency at the caller's ear, set-up, CPU by part.

    python -m benchmarks.browser_calls [CALLS] [SEQUENCE]

The service is a process of its own; CALLS callers in this one call at its HTTP endpoint, a quarter
of a second apart, over Opus, and play audio_fixtures/willing.wav. Latency is from the last sample
of an utterance, when it left the caller, to the first audible sample of the reply, when it reached
the caller. Set-up is from the POST of the offer to the first audible sample. Parts are timed by
their thread's CPU clock; the rest is ICE, DTLS, SRTP, the jitter buffer, the event loop, the record
and HTTP. Then SEQUENCE short calls follow one another, and what the service holds is counted.
"""

import asyncio
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from benchmarks.conditions import conditions
from benchmarks.sip_calls import APART_S, PRICE, RECORDING, Caller
from voicebot import bootstrap, bootstrap_lines, config
from voicebot.audio import wav
from voicebot.campaign.routes import Route
from voicebot.runtime.answering import Answering, InboundCall
from voicebot.runtime.load import LoadMeter
from voicebot.runtime.recorder import FileRecording
from voicebot.simulation.labels import Label, read_label
from voicebot.speech.detector import SpeechDetector
from voicebot.speech.recogniser import Recogniser
from voicebot.transports import peer_codecs
from voicebot.transports.peer import PeerLeg
from voicebot.web.app import talk_app
from voicebot.web.browser_calls import BrowserCalls
from voicebot.web.call_news import BrowserLimits
from voicebot.web.server import listen, serving

TOKEN = "measured"
HEADERS = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/sdp"}

spent: defaultdict[str, float] = defaultdict(float)


def timed(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the CPU time of each call to its part."""

    def call(*arguments: Any) -> Any:
        begin = time.thread_time()
        try:
            return function(*arguments)
        finally:
            spent[part] += time.thread_time() - begin

    return call


def time_methods(of: Any, **parts: str) -> Any:
    for method, part in parts.items():
        setattr(of, method, timed(part, getattr(of, method)))
    return of


class TimedRecogniser:
    """A recogniser on a clock; Vosk's own object takes no new attributes."""

    def __init__(self, recogniser: Recogniser) -> None:
        self.listen = timed("recogniser", recogniser.listen)
        self.accept = timed("recogniser", recogniser.accept)
        self.finish = timed("recogniser", recogniser.finish)


def detector() -> SpeechDetector:
    return time_methods(bootstrap.speech_detector(), process="detector")  # type: ignore[no-any-return]


async def service(calls: int, folder: Path) -> None:
    """Serve until TERM; then print what was spent."""
    label = read_label(RECORDING.with_suffix(".yaml"))
    made = dict(peer_codecs.CODECS)
    peer_codecs.CODECS["opus"] = lambda: time_methods(
        made["opus"](), encode="opus encoder", decode="opus decoder"
    )
    ear, voice = bootstrap.load_model(None), bootstrap.prompt_voice("espeak")
    variables = {"price": PRICE, **label.variables}
    answers = bootstrap_lines.answers(
        [Route("*", config.DEMO_CAMPAIGN, None, variables)], ear, voice
    )
    parts = replace(
        bootstrap.parts(ear, voice, realtime=True),
        detector=detector,
        recogniser=lambda rate: TimedRecogniser(ear.recogniser(rate)),
    )
    disk = ThreadPoolExecutor(1)
    records = []

    async def finished(call: InboundCall) -> None:
        turns = [turn.intent for turn in call.record.turns if turn.intent]
        records.append(
            (
                call.record.duration_ms,
                f"{call.record.end_reason} {call.record.end_detail}".strip(),
                turns,
            )
        )

    answering = Answering(
        parts,
        LoadMeter(),
        max_calls=calls,
        blocking=ThreadPoolExecutor(2),
        record=lambda number: FileRecording(folder / f"{number}.wav", config.LINE_RATE, disk),
        finished=finished,
    )
    plain = bootstrap_lines.browser_calls(answering, answers)
    limits = BrowserLimits(waiting=calls, waiting_per_address=calls)
    browsers = BrowserCalls(answering, answers, plain.make_leg, limits)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    listening = listen("127.0.0.1", 0)
    async with serving(talk_app(browsers, TOKEN), listening):
        begin = time.process_time()
        print(listening.getsockname()[1], flush=True)
        await stop.wait()
        await browsers.close()
    total = time.process_time() - begin
    print(json.dumps({"total": total, "spent": spent, "records": records}), flush=True)


async def call_in(client: httpx.AsyncClient, caller: Caller, longest_s: float) -> None:
    """Carry one call; hang up after `longest_s`."""
    leg = PeerLeg(("opus",))
    leg.playout = caller
    caller.dialled_s = asyncio.get_running_loop().time()
    response = await client.post("/calls/any", content=await leg.offer(), headers=HEADERS)
    if response.status_code != 201:
        await leg.close()
        return
    await leg.accept(response.text)
    answered = asyncio.Event()
    answered.set()
    leg.answered = answered  # type: ignore[attr-defined]
    talking = asyncio.create_task(caller.talk(leg))  # type: ignore[arg-type]
    await asyncio.wait((talking,), timeout=longest_s)
    # A page says that it leaves; without it the service would wait for the media to break.
    await client.delete(response.headers["location"], headers=HEADERS)
    await leg.hang_up()
    await talking


async def at_once(url: str, calls: int, pcm: bytes) -> list[Caller]:
    callers = [Caller(pcm) for _ in range(calls)]
    async with httpx.AsyncClient(base_url=url, timeout=30) as client, asyncio.TaskGroup() as group:
        for caller in callers:
            group.create_task(call_in(client, caller, 90))
            await asyncio.sleep(APART_S)
    return callers


async def in_sequence(url: str, calls: int, pcm: bytes, process: psutil.Process) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        for number in range(calls + 1):
            if number in (0, calls // 10, calls // 2, calls):
                print(
                    f"after {number} short calls: {process.memory_info().rss / 2**20:.0f} MiB, "
                    f"{process.num_threads()} threads, {process.num_fds()} file descriptors"
                )
            if number < calls:
                await call_in(client, Caller(pcm), 0.5)


def report(callers: list[Caller], label: Label, result: dict[str, Any]) -> None:
    finished = [each for each in callers if any(loud for _, loud in each.heard)]
    waits = [wait for each in finished for wait in each.latencies_ms(label)]
    records = result["records"]
    right = sum(intents == list(label.expected.intents) for _, _, intents in records)
    print(f"{len(callers)} calls at once: {len(finished)} carried out, {right} understood whole")
    print(f"ends: {sorted({end for _, end, _ in records})}")
    if not waits:
        return
    setups = [each.setup_ms() for each in finished]
    for what, values in (("response latency", waits), ("set-up to first audio", setups)):
        low, high, most = np.percentile(values, [50, 95, 100])
        print(f"{what}: p50 {low:.0f} ms, p95 {high:.0f} ms, most {most:.0f} ms, {len(values)}")
    talked_s = sum(duration for duration, _, _ in records) / 1000
    for part, seconds in sorted(result["spent"].items()):
        print(f"CPU of {part}: {seconds / talked_s:.2%} of a core for each call")
    rest = result["total"] - sum(result["spent"].values())
    print(f"CPU of all else: {rest / talked_s:.2%}; together {result['total'] / talked_s:.2%}")


def served(calls: int, folder: str) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "benchmarks.browser_calls", "serve", str(calls), folder]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, f"http://127.0.0.1:{process.stdout.readline().strip()}"


def main(calls: int = 10, sequence: int = 0) -> None:
    print(conditions())
    label = read_label(RECORDING.with_suffix(".yaml"))
    pcm = wav.read_mono(RECORDING, config.LINE_RATE)
    with tempfile.TemporaryDirectory() as folder:
        if calls:
            process, url = served(calls, folder)
            callers = asyncio.run(at_once(url, calls, pcm))
            process.terminate()
            report(callers, label, json.loads(process.communicate(timeout=60)[0]))
        if sequence:
            process, url = served(5, folder)
            asyncio.run(in_sequence(url, sequence, pcm, psutil.Process(process.pid)))
            process.terminate()
            process.communicate(timeout=60)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(service(int(sys.argv[2]), Path(sys.argv[3])))
    else:
        main(*(int(each) for each in sys.argv[1:]))
