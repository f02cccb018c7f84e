"""Stage `speech`: synthetic telephone speech with exact labels.

Each utterance draws its text, its synthesiser build, voice, rate, pitch, formants, pauses
and its telephone line.
"""

import logging
import random
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from recipes.acoustic_model import lexicon, noises, shards
from recipes.acoustic_model.augmentation import Line, Wave, degrade
from recipes.acoustic_model.config import Config
from recipes.acoustic_model.engines import Manner, installed
from recipes.acoustic_model.features import SAMPLE_RATE, frame_count
from recipes.acoustic_model.isolation import IsolatedSynthesiser, SynthesiserDiedError
from recipes.acoustic_model.labels import Segment, Speller, Voice, frame_labels, segments, written
from recipes.acoustic_model.text import Spoken, TextSource, callers

LOG = logging.getLogger(__name__)

# Voices that are a joke, a whisper or a machine: too far from any caller.
# fmt: off
UNLIKE_CALLERS = frozenset(
    {
        "Demonic",
        "UniRobot",
        "anikaRobot",
        "croak",
        "fast",
        "whisper",
        "whisperf",
        "Storm",
        "Tweaky",
        "AnxiousAndy",
        "robosoft",
        "robosoft2",
        "robosoft3",
        "robosoft4",
        "robosoft5",
        "robosoft6",
        "robosoft7",
        "robosoft8",
        "Mr serious",
    }
)
# fmt: on
# With these, or a pitch range above 70, eSpeak NG 1.51 writes past a buffer and dies.
FATAL_VOICES = frozenset({"rob", "announcer", "grandma"})
WIDEST_PITCH_RANGE = 65
NOTHING_SAID_SHARE = 0.04
TONE_BEFORE_SHARE = 0.08
_BABBLE_MEMORY = 24


def run(config: Config) -> None:
    """Make all missing shards of synthetic speech."""
    builds = installed(config.speech.builds)
    if not builds:
        raise SystemExit("no speech synthesiser found; install espeakng-loader")
    LOG.info("synthesisers: %s", ", ".join(b.name for b in builds))
    shards.make_missing(
        paths(config), partial(make_shard, config), config.speech.workers, "synthetic speech"
    )


def paths(config: Config) -> list[Path]:
    """Where the shards are."""
    folder = config.work / "shards" / "synthetic"
    return [folder / f"{i:03d}.npz" for i in range(config.speech.shards)]


def make_shard(config: Config, index: int, path: Path) -> None:
    """Speak one shard; what it holds depends on the seed and its index alone."""
    words = lexicon.load(config)
    speaker = Speaker(config, words)
    rng = random.Random(config.seed * 1_000 + index)
    noise = np.random.default_rng([config.seed, index])
    writer = shards.ShardWriter()
    dropped: Counter[str] = Counter()
    memory: list[Wave] = []
    line = Line()
    for _ in range(config.speech.utterances_per_shard):
        if noise.random() < NOTHING_SAID_SHARE:
            samples, labels = nothing_said(line, memory, noise)
            writer.add(samples, labels)
            continue
        utterance = speaker.utter(rng, noise)
        if isinstance(utterance, str):
            dropped[utterance] += 1
            continue
        wave, found = utterance
        wave, found = surround(wave, found, noise)
        labels_or_none = frame_labels(found, frame_count(len(wave)), speaker.phone_set)
        if labels_or_none is None:
            dropped["too fast"] += 1
            continue
        memory = [*memory[-_BABBLE_MEMORY:], wave]
        writer.add(degrade(wave, line, memory[:-1], noise), labels_or_none)
    speaker.close()
    if dropped.total() > 0.05 * config.speech.utterances_per_shard:
        LOG.warning("%s: dropped %s", path.name, dict(dropped))
    writer.write(path)


class Speaker:
    """All builds, with the voices that may be heard in training."""

    def __init__(self, config: Config, words: lexicon.Lexicon) -> None:
        self.phone_set = words.phone_set()
        self._text = TextSource(words, lexicon.sentence_grammar(), tuple(callers()))
        self._engines = []
        refused = UNLIKE_CALLERS | FATAL_VOICES | set(config.speech.held_out_voices)
        for build in installed(config.speech.builds):
            synthesiser = IsolatedSynthesiser(build)
            voices = [v for v in build.variants() if v not in refused]
            self._engines.append((synthesiser, Speller(synthesiser), voices))

    def utter(
        self, rng: random.Random, noise: np.random.Generator
    ) -> tuple[Wave, list[Segment]] | str:
        """One clean utterance at 8 kHz with its phones, or why it was dropped."""
        synthesiser, speller, voices = rng.choice(self._engines)
        spoken = self._text.draw(rng)
        manner = Manner(
            variant=rng.choice(voices),
            words_per_minute=rng.randint(110, 270),
            pitch=rng.randint(15, 85),
            pitch_range=rng.randint(15, WIDEST_PITCH_RANGE),
            word_gap=rng.choice((0, 0, 0, 0, 1, 2, 4, 8)),
        )
        warp = float(np.exp(noise.normal(0, 0.07)))
        joined = rng.random() < 0.5
        try:
            return say(synthesiser, speller, spoken, manner, joined=joined, warp=warp)
        except SynthesiserDiedError:
            return f"{synthesiser.build.name}: died"

    def close(self) -> None:
        """End the synthesisers."""
        for synthesiser, _, _ in self._engines:
            synthesiser.close()


def say(
    synthesiser: Voice,
    speller: Speller,
    spoken: Spoken,
    manner: Manner,
    *,
    joined: bool,
    warp: float,
) -> tuple[Wave, list[Segment]] | str:
    """Speak at 8 kHz; `warp` raises pitch, formants and tempo together."""
    text = ", ".join(written(clause, joined) for clause in spoken.clauses)
    speech = synthesiser.say(text, manner)
    found = segments(speech, spoken.syllables, speller)
    if found is None:
        return f"{synthesiser.build.name}: other phonemes"
    rate = speech.sample_rate * warp
    wave = soxr.resample(speech.samples.astype(np.float32), rate, SAMPLE_RATE, quality="LQ")
    scaled = [Segment(s.phone, s.start_ms / warp, s.end_ms / warp) for s in found]
    return np.asarray(wave, np.float32), scaled


def surround(
    wave: Wave, found: list[Segment], rng: np.random.Generator
) -> tuple[Wave, list[Segment]]:
    """Put silence, and now and then a line tone or music, around an utterance."""
    before = np.zeros(int(SAMPLE_RATE * rng.uniform(0.05, 0.6)), np.float32)
    if rng.random() < TONE_BEFORE_SHARE:
        count = int(SAMPLE_RATE * rng.uniform(0.2, 2.0))
        tone = noises.music(count, rng) if rng.random() < 0.4 else noises.call_tone(count, rng)
        level = float(np.abs(wave).mean()) * rng.uniform(0.2, 2.0)
        before = np.concatenate((tone * level, before)).astype(np.float32)
    after = np.zeros(int(SAMPLE_RATE * rng.uniform(0.1, 0.6)), np.float32)
    shift = len(before) * 1000 / SAMPLE_RATE
    moved = [Segment(s.phone, s.start_ms + shift, s.end_ms + shift) for s in found]
    return np.concatenate((before, wave, after)), moved


def nothing_said(
    line: Line, voices: list[Wave], rng: np.random.Generator
) -> tuple[Wave, NDArray[np.uint16]]:
    """A line without speech, all frames silence."""
    wave = noises.nothing_said(int(SAMPLE_RATE * rng.uniform(1.0, 5.0)), rng)
    samples = degrade(wave, line, [], rng)
    return samples, np.zeros(frame_count(len(samples)), np.uint16)
