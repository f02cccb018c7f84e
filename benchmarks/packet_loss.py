"""What packet loss and jitter cost: understanding and response latency.

    python -m benchmarks.packet_loss [SEEDS]

Every recording of audio_fixtures is sent as A-law packets of 20 ms over a line that loses and
delays them at random, through the real jitter buffer, recogniser and call loop, in virtual time. A
call is right when the intents, the end and the outcome are what its label says. Latency is from the
last sample of the caller's speech, as the label has it and as the caller's telephone sent it, to
the first sample of the robot's reply; the line's own delay (20 ms at least) is inside it.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.conditions import conditions
from voicebot import bootstrap, config
from voicebot.audio import g711, wav
from voicebot.audio.frame import FRAME_MS, AudioFrame
from voicebot.audio.jitter import JitterBuffer, LineStatistics
from voicebot.call.leg import AudioSource
from voicebot.call.record import CallRecord
from voicebot.call.session import CallSession
from voicebot.dialogue.loader import load_script
from voicebot.runtime.call_runner import Parts, run_call
from voicebot.runtime.virtual_time import run_virtual
from voicebot.simulation.labels import Label, read_label
from voicebot.transports.inbox import Inbox

FIXTURES = Path("audio_fixtures")
RATE = config.LINE_RATE
SAMPLES = RATE * FRAME_MS // 1000
SHORTEST_MS = 20
TAIL_MS = 3000
MATCHED_MS = 500
"""A turn belongs to the utterance whose end is so near to its own."""


@dataclass(frozen=True, slots=True)
class Line:
    """What the network does."""

    loss: float
    jitter_ms: int
    """A packet takes up to so much longer than the quickest, evenly spread."""

    def __str__(self) -> str:
        return f"{self.loss:.0%} lost, 0-{self.jitter_ms} ms"


LINES = (
    Line(0.0, 0),
    Line(0.01, 30),
    Line(0.05, 30),
    Line(0.10, 30),
    Line(0.0, 60),
    Line(0.05, 60),
    Line(0.10, 60),
)


class PacketLeg:
    """A caller whose packets come as the line lets them; see `voicebot.call.leg.CallLeg`."""

    sample_rate = RATE
    dropped_frames = 0

    def __init__(self, pcm: bytes, line: Line, rng: np.random.Generator) -> None:
        self.playout: AudioSource | None = None
        self.on_key: Callable[[str], None] | None = None
        self._jitter = JitterBuffer(RATE)
        self._inbox = Inbox(RATE)
        padded = pcm + bytes(RATE * 2 * TAIL_MS // 1000)
        coded = g711.decode(g711.encode(padded, g711.Codec.ALAW), g711.Codec.ALAW)
        size = SAMPLES * 2
        packets = [coded[at : at + size] for at in range(0, len(coded), size)]
        lost = rng.random(len(packets)) < line.loss
        late = rng.integers(0, line.jitter_ms + 1, len(packets))
        self._arrivals = sorted(
            ((number + 1) * FRAME_MS + SHORTEST_MS + int(late[number]), number, packet)
            for number, packet in enumerate(packets)
            if not lost[number]
        )
        self._length_ms = len(packets) * FRAME_MS

    @property
    def statistics(self) -> LineStatistics:
        """What happened on the way."""
        return self._jitter.statistics

    async def incoming(self) -> AsyncIterator[AudioFrame]:
        """Yield what the line let through."""
        running = asyncio.create_task(self._run())
        try:
            async for frame in self._inbox.frames():
                yield frame
        finally:
            running.cancel()

    async def hang_up(self) -> None:
        """Close the line."""
        self._inbox.close()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        begin = loop.time()
        arrivals = iter(self._arrivals)
        packet = next(arrivals, None)
        for now in range(self._length_ms + 200):
            await asyncio.sleep(max(0.0, begin + now / 1000 - loop.time()))
            while packet is not None and packet[0] <= now:
                self._jitter.put(packet[1] * SAMPLES, packet[2], now)
                packet = next(arrivals, None)
                self._deliver(now)
            if now % FRAME_MS == 0:
                self._deliver(now)
                if self.playout is not None:
                    self.playout.pull()
        self._inbox.close()

    def _deliver(self, now: int) -> None:
        for frame in self._jitter.take(now):
            self._inbox.put(frame)


def latencies(record: CallRecord, label: Label) -> list[int]:
    """Return reply minus true end of speech for every answered utterance of the label."""
    found = []
    for said in label.said:
        for turn in record.turns:
            near = turn.speech_end_ms is not None and abs(turn.speech_end_ms - said.end_ms)
            if near is not False and near <= MATCHED_MS and turn.reply_ms is not None:
                found.append(turn.reply_ms - said.end_ms)
                break
    return found


def right(record: CallRecord, label: Label) -> bool:
    expected = label.expected
    return (
        tuple(turn.intent for turn in record.turns if turn.intent) == expected.intents
        and record.end_reason is expected.end_reason
        and all(record.outcome[name] == value for name, value in expected.outcome.items())
    )


async def over(
    line: Line, pcm: bytes, rng: np.random.Generator, session: CallSession, parts: Parts
) -> tuple[CallRecord, float]:
    leg = PacketLeg(pcm, line, rng)
    record, _ = await run_call(session, leg, parts)
    return record, leg.statistics.loss


def main(seeds: int = 3) -> None:
    print(conditions())
    model = bootstrap.load_model(None)
    script = load_script(config.DEMO_CAMPAIGN)
    labels = {path: read_label(path.with_suffix(".yaml")) for path in FIXTURES.glob("*.wav")}
    with tempfile.TemporaryDirectory() as cache:
        voice = bootstrap.prompt_voice("espeak", cache=Path(cache))
        parts = bootstrap.parts(model, voice, realtime=False)
        print("| line | calls right | latency p50 ms | p95 ms | concealed |")
        print("|---|---|---|---|---|")
        for line in LINES:
            outcomes, waits, concealed = [], [], []
            for seed in range(seeds):
                for path in sorted(labels):
                    label = labels[path]
                    bootstrap.prepare(voice, script, label.variables)
                    rng = np.random.default_rng([seed, len(path.stem), int(line.loss * 100)])
                    pcm = wav.read_mono(path, RATE)

                    session = CallSession(script, label.variables)
                    record, loss = run_virtual(over(line, pcm, rng, session, parts))
                    outcomes.append(right(record, label))
                    waits += latencies(record, label)
                    concealed.append(loss)
            low, high = np.percentile(waits, [50, 95], method="nearest")
            print(
                f"| {line} | {sum(outcomes)} of {len(outcomes)} | {low} | {high} "
                f"| {np.mean(concealed):.1%} |",
                flush=True,
            )


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:]))
