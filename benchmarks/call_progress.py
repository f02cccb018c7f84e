"""How well early media and answers are told apart, by the real recogniser on synthesised sound.

    python -m benchmarks.call_progress [--voices 3]

Every wording of `voicebot.simulation.network` by each voice, clean at 16 bit, through a telephone
line, with pink noise 10 dB under the speech, and with a colour ring before and over it. Prints the
confusions, the tables of docs/call_progress.md, and the time it took of a core.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.conditions import conditions
from tests.adapters.speaking import RATE, speech
from voicebot import bootstrap
from voicebot.audio.frame import AudioFrame, frame_bytes
from voicebot.campaign import announcements
from voicebot.campaign.answering_machine import MachineDetector
from voicebot.campaign.early_media import Announced, ColourRing, EarlyMedia, Tone
from voicebot.campaign.outcome import Disposition
from voicebot.simulation import network, sounds
from voicebot.simulation.line import LineSettings, Noise, telephone_line
from voicebot.simulation.network import Ring
from voicebot.speech.tones import Signal

VOICES = ("lin", "zhao", "zhang", "chen", "gao")
LINES = {
    "clean": LineSettings(codec=None),
    "telephone": LineSettings(),
    "10 dB": LineSettings(noise=Noise.PINK, snr_db=10),
}
model = bootstrap.load_model(None)


def frames(pcm: bytes) -> Iterator[AudioFrame]:
    size = frame_bytes(RATE)
    for start in range(0, len(pcm) - size + 1, size):
        yield AudioFrame(pcm[start : start + size], RATE, start // 2)


def through(settings: LineSettings, pcm: bytes, seed: int) -> bytes:
    line = telephone_line(RATE, settings, np.random.default_rng(seed))
    return b"".join(line(frame.pcm) for frame in frames(pcm))


def early_media(pcm: bytes) -> str:
    """Return the disposition, the tone or `colour ring` that is noticed first, or `nothing`."""
    ear = EarlyMedia(model.recogniser(RATE), announcements.load())
    noticed = [each for frame in frames(pcm) for each in ear.hear(frame)] + ear.finish()
    announced = [each for each in noticed if isinstance(each, Announced)]
    if announced:
        return str(announced[0].disposition)
    tones = [each for each in noticed if isinstance(each, Tone)]
    if tones:
        return f"{tones[0].signal} tone"
    return "colour ring" if any(isinstance(each, ColourRing) for each in noticed) else "nothing"


def answered(pcm: bytes) -> tuple[str, int]:
    """Return who picked up, and after how many milliseconds that was known."""
    detector = MachineDetector(
        model.recogniser(RATE), bootstrap.speech_detector(), announcements.load()
    )
    for frame in frames(pcm):
        judged = detector.hear(frame)
        if judged is not None:
            human = judged.disposition is Disposition.ANSWERED_HUMAN
            return "person" if human else "machine", judged.at_ms
    return "nothing", 0


def quiet(ms: int) -> bytes:
    return bytes(RATE * ms // 1000 * 2)


class Table:
    """Right and all, by line and class, and what the wrong ones were taken for."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.right: Counter[tuple[str, str]] = Counter()
        self.all: Counter[tuple[str, str]] = Counter()
        self.wrong: Counter[tuple[str, str, str]] = Counter()

    def add(self, line: str, wanted: str, found: str) -> None:
        """Count one judgement."""
        self.all[line, wanted] += 1
        self.right[line, wanted] += found == wanted
        if found != wanted:
            self.wrong[line, wanted, found] += 1

    def show(self) -> None:
        """Print the table and the confusions."""
        lines = list(dict.fromkeys(line for line, _ in self.all))
        print(f"\n| {self.name} | {' | '.join(lines)} |\n|---|{'---|' * len(lines)}")
        for wanted in dict.fromkeys(wanted for _, wanted in self.all):
            cells = [f"{self.right[line, wanted]}/{self.all[line, wanted]}" for line in lines]
            print(f"| {wanted} | {' | '.join(cells)} |")
        shares = []
        for line in lines:
            total = sum(count for (at, _), count in self.all.items() if at == line)
            right = sum(count for (at, _), count in self.right.items() if at == line)
            shares.append(f"{right / total:.1%}")
        print(f"| all | {' | '.join(shares)} |")
        for (line, wanted, found), count in self.wrong.most_common():
            print(f"- {line}: {wanted} taken for {found}, {count} times")


def measure_early_media(voices: tuple[str, ...]) -> None:
    table = Table("early media")
    begin, heard_s = time.process_time(), 0.0

    def judge(line: str, wanted: str, pcm: bytes, seed: int) -> None:
        nonlocal heard_s
        settings = LINES.get(line, LINES["telephone"])
        heard_s += len(pcm) / 2 / RATE
        table.add(line, wanted, early_media(through(settings, pcm, seed)))

    for ring in (None, *Ring):
        for line in LINES if ring is None else [f"ring {ring}"]:
            for disposition, texts in network.ANNOUNCEMENTS.items():
                for number, (text, voice) in enumerate((t, v) for t in texts for v in voices):
                    rng = np.random.default_rng(number)
                    say = said(voice)
                    pcm = network.announcement(text, say, RATE, rng, ring)
                    judge(line, str(disposition), pcm, number)
    for line in LINES:
        for signal in Signal:
            for seed in range(5):
                judge(line, f"{signal} tone", network.tone(signal, RATE, 8000), seed)
        for seed in range(20):
            music = sounds.music(RATE, 20_000, np.random.default_rng(seed))
            judge(line, "colour ring", music, seed)
        for number, text in enumerate(network.SPOKEN_COLOUR_RINGS):
            for voice in voices:
                judge(line, "colour ring", speech(text, voice) + quiet(500), number)
    table.show()
    print(f"{(time.process_time() - begin) / heard_s:.1%} of a core while a line is listened to")


def measure_answers(voices: tuple[str, ...]) -> None:
    table = Table("answers")
    times: dict[str, list[int]] = {"person": [], "machine": []}
    for name, settings in LINES.items():
        for wanted, texts in (("person", network.PEOPLE), ("machine", network.MACHINES)):
            for number, (text, voice) in enumerate((t, v) for t in texts for v in voices):
                after = quiet(2500) if wanted == "person" else quiet(300) + network.beep(RATE)
                pcm = quiet(300 + number % 10 * 100) + speech(text, voice) + after + quiet(1500)
                found, at_ms = answered(through(settings, pcm, number))
                table.add(name, wanted, found)
                times[wanted].append(at_ms)
        for seed in range(5):
            beep = quiet(600) + network.beep(RATE, 400, 600 + 350 * seed) + quiet(1500)
            table.add(name, "machine", answered(through(settings, beep, seed))[0])
    table.show()
    for wanted, each in times.items():
        middle, late = np.percentile(each, [50, 95])
        print(f"{wanted}: known after {middle:.0f} ms (p50), {late:.0f} ms (p95) from the answer")


def said(voice: str) -> Callable[[str], bytes]:
    return lambda text: speech(text, voice)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--voices", type=int, default=3)
    voices = VOICES[: parser.parse_args().voices]
    print(conditions())
    measure_early_media(voices)
    measure_answers(voices)


if __name__ == "__main__":
    main()
