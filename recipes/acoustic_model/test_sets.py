"""The test sets: what is said, by whom, over which line.

Unmatched: sentences written by hand, read by voices never heard in training, at 165 words a
minute. Matched: sentences of the grammar (other random draws than in training) in voices of
training. Human: the fifth of the recordings that training never hears.
"""

import random
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import soxr

from recipes.acoustic_model import augmentation, lexicon, noises, recordings
from recipes.acoustic_model.augmentation import Wave
from recipes.acoustic_model.engines import Build, Manner, Speech, Synthesiser, installed
from recipes.acoustic_model.features import SAMPLE_RATE
from recipes.acoustic_model.lexicon import is_hanzi
from recipes.acoustic_model.spoken_numbers import DIGITS

SENTENCES = Path(__file__).with_name("test_sentences.txt")
TEST_WORDS_PER_MINUTE = 165
CONDITIONS = ("clean", "telephone", "+10 dB", "+5 dB")
# What lines do besides band and noise; each on the telephone.
ROUGH = (
    "mu-law",
    "quiet (-45 dBFS)",
    "clipped by half",
    "5 % of packets lost",
    "reverberation",
    "babble 10 dB below",
    "babble 5 dB below",
    "0 dB",
    "beside the speaker, 10 dB",
    "beside the speaker, 5 dB",
)
EDGE_S = 0.3
LEVEL_DB = -20.0

_PHRASES = tomllib.loads(Path(__file__).with_name("test_phrases.toml").read_text("utf-8"))
PHRASES = tuple(_PHRASES["phrases"].split())
OUTSIDE = tuple(_PHRASES["outside"].split())
ANNOUNCEMENTS: dict[str, list[str]] = _PHRASES["announcements"]


@dataclass(frozen=True, slots=True)
class Item:
    """One test utterance, clean, at 8 kHz."""

    text: str
    wave: Wave
    voice: str


def unmatched(build: Build, voices: tuple[str, ...]) -> list[Item]:
    """The hand-written sentences in each held-out voice."""
    lines = SENTENCES.read_text("utf-8").splitlines()
    sentences = [s for s in lines if s and not s.startswith("#")]
    speak = _reader(build)
    return [
        Item(s, speak(s, v), v)
        for i, s in enumerate(sentences)
        for j, v in enumerate(voices)
        if (i + j) % 2 == 0 or len(voices) == 1
    ]


def phrases(build: Build, voices: tuple[str, ...], texts: tuple[str, ...]) -> list[Item]:
    """Each text in each voice."""
    speak = _reader(build)
    return [Item(t, speak(t, v), v) for t in texts for v in voices]


def announcements(build: Build, voices: tuple[str, ...]) -> list[tuple[str, Item]]:
    """Network announcements with their class."""
    speak = _reader(build)
    return [
        (kind, Item(t, speak(t, v), v))
        for kind, texts in ANNOUNCEMENTS.items()
        for t in texts
        for v in voices
    ]


def numbers(build: Build, voices: tuple[str, ...], count: int, seed: int) -> list[Item]:
    """Eleven-digit strings in words, 1 as 幺 or 一."""
    rng = random.Random(seed)
    speak = _reader(build)
    items = []
    for i in range(count):
        digits = "1" + "".join(rng.choice("0123456789") for _ in range(10))
        one = "幺" if i % 2 else "一"
        text = "".join(one if d == "1" else DIGITS[int(d)] for d in digits)
        voice = voices[i % len(voices)]
        items.append(Item(text, speak(text, voice), voice))
    return items


def matched(build: Build, voices: tuple[str, ...], count: int, seed: int) -> list[Item]:
    """Unseen draws of the sentence grammar, in voices of training."""
    rng = random.Random(seed)
    grammar = lexicon.sentence_grammar()
    speak = _reader(build)
    items = []
    for i in range(count):
        text = grammar.expand("sentence", rng)
        voice = voices[i % len(voices)]
        items.append(Item("".join(c for c in text if is_hanzi(c)), speak(text, voice), voice))
    return items


def people(found: Sequence[recordings.Recording]) -> list[Item]:
    """Human recordings as test utterances."""
    items = []
    for recording in found:
        wave = recordings.read_audio(recording.path)
        lower = np.asarray(soxr.resample(wave, recordings.STORED_RATE, SAMPLE_RATE), np.float32)
        items.append(Item(recording.text, _edged(lower), recording.speaker))
    return items


def in_condition(wave: Wave, condition: str, seed: int) -> bytes:
    """The utterance as 16-bit samples, over the line of a condition."""
    rng = np.random.default_rng(seed)
    if condition == "clean":
        return _samples(augmentation.at_level(wave, LEVEL_DB))
    if condition == "reverberation":
        wave = _reverberant(wave, rng)
    out = augmentation.at_level(augmentation.telephone_band(wave), LEVEL_DB)
    match condition:
        case "telephone" | "mu-law" | "reverberation" | "5 % of packets lost":
            pass
        case "quiet (-45 dBFS)":
            out = augmentation.at_level(out, -45.0)
        case "clipped by half":
            limit = np.abs(out).max() / 2
            out = np.clip(out, -limit, limit)
        case "babble 10 dB below" | "babble 5 dB below":
            ratio = float(condition.split()[1])
            people = int(rng.integers(3, 9))
            others = augmentation.babble(len(out), list(_bystanders()), people, rng)
            out = augmentation.mix(out, augmentation.telephone_band(others), ratio)
        case "beside the speaker, 10 dB" | "beside the speaker, 5 dB":
            ratio = float(condition.split()[-2])
            background = augmentation.telephone_band(noises.coloured(len(out), 1.0, rng))
            out = augmentation.mix(out, background, ratio)
        case _:
            ratio = float(condition.split()[0])
            out = augmentation.mix(out, noises.coloured(len(out), 1.0, rng), ratio)
    out = augmentation.mu_law(out) if condition == "mu-law" else augmentation.a_law(out)
    if condition == "5 % of packets lost":
        out = _with_gaps(out, rng)
    return _samples(out)


def _samples(wave: Wave) -> bytes:
    return np.clip(np.rint(wave), -32_768, 32_767).astype("<i2").tobytes()


def _reverberant(wave: Wave, rng: np.random.Generator) -> Wave:
    """A hard room: 0.4 s until the reflections are 60 dB down, as loud as the voice together."""
    count = int(0.4 * SAMPLE_RATE)
    tail = rng.standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    tail /= np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    return np.asarray(np.convolve(wave, tail)[: len(wave)], np.float32)


def _with_gaps(wave: Wave, rng: np.random.Generator) -> Wave:
    """One packet of 20 ms in twenty is silence."""
    out = wave.copy()
    for start in range(0, len(out), 160):
        if rng.random() < 0.05:
            out[start : start + 160] = 0
    return out


@cache
def _bystanders() -> tuple[Wave, ...]:
    """Other people's talk: sentences outside every test, in two voices of training."""
    lines = Path(__file__).with_name("dev_sentences.txt").read_text("utf-8").splitlines()
    speak = _reader(test_build())
    texts = [s for s in lines if s and not s.startswith("#")][:12]
    return tuple(speak(t, ("f2", "m3")[i % 2]) for i, t in enumerate(texts))


STRETCHES = 10
_STRETCH = 6 * SAMPLE_RATE


def _tone(*hertz: float, on_s: float, off_s: float) -> Callable[[np.random.Generator], Wave]:
    def make(rng: np.random.Generator) -> Wave:
        tone = noises.gated_tone(_STRETCH, hertz, on_s, off_s)
        return np.roll(tone, int(rng.integers(_STRETCH)))

    return make


def _keys(rng: np.random.Generator) -> Wave:
    """A row of DTMF keys."""
    keys = [
        noises.gated_tone(_STRETCH // 12, (low, high), 0.12, 0.4)
        for low, high in zip(
            rng.choice((697.0, 770.0, 852.0, 941.0), 12),
            rng.choice((1209.0, 1336.0, 1477.0), 12),
            strict=True,
        )
    ]
    return np.concatenate(keys)


def _colour_ring(rng: np.random.Generator) -> Wave:
    """A song over its accompaniment: a voice without words that slides from note to note."""
    notes = 220 * 2 ** (rng.choice((0, 2, 4, 5, 7, 9, 12), 15) / 12)
    hertz = np.interp(np.arange(_STRETCH), np.linspace(0, _STRETCH, 15), notes)
    hertz *= 1 + 0.02 * np.sin(2 * np.pi * 5.5 * np.arange(_STRETCH) / SAMPLE_RATE)
    phase = 2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE
    voice = sum(np.sin(k * phase) / k for k in range(1, 9))
    return np.asarray(noises.music(_STRETCH, rng) + voice, np.float32)


# China's tones (450 Hz), and what else is on a line before anybody speaks.
NOTHING_SAID: dict[str, Callable[[np.random.Generator], Wave]] = {
    "ringback": _tone(450.0, on_s=1.0, off_s=4.0),
    "busy": _tone(450.0, on_s=0.35, off_s=0.35),
    "DTMF": _keys,
    "hold music": lambda rng: noises.music(_STRETCH, rng),
    "colour ring": _colour_ring,
    "pink noise": lambda rng: noises.coloured(_STRETCH, 1.0, rng),
    "street": lambda rng: noises.street(_STRETCH, rng),
    "mains hum": lambda rng: noises.hum(_STRETCH, rng),
}


def stretch(make: Callable[[np.random.Generator], Wave], number: int) -> bytes:
    """Six seconds of it on the telephone, -35 to -15 dBFS."""
    rng = np.random.default_rng([11, number])
    wave = make(rng)
    level = 10 ** (rng.uniform(-35, -15) / 20) * augmentation.FULL_SCALE
    wave = wave * np.float32(level / (np.sqrt(np.mean(wave**2)) + 1e-9))
    return _samples(augmentation.a_law(augmentation.telephone_band(wave)))


def test_build() -> Build:
    """The synthesiser of the tests: the one the robot itself speaks with."""
    found = installed(("loader",))
    if not found:
        raise SystemExit("install espeakng-loader for the test sets")
    build = found[0]
    return Build(build.name, build.library, build.data, "cmn")


@cache
def _loaded(build: Build) -> Synthesiser:
    """Loaded once: the library does not survive being initialised over and over."""
    return Synthesiser(build)


def _reader(build: Build) -> Callable[[str, str], Wave]:
    """Speaks characters at 8 kHz."""
    synthesiser = _loaded(build)

    def speak(text: str, voice: str) -> Wave:
        speech: Speech = synthesiser.say(text, Manner(voice, TEST_WORDS_PER_MINUTE))
        samples = speech.samples.astype(np.float32)
        lower = soxr.resample(samples, speech.sample_rate, SAMPLE_RATE)
        return _edged(np.asarray(lower, np.float32))

    return speak


def _edged(wave: Wave) -> Wave:
    edge = np.zeros(int(EDGE_S * SAMPLE_RATE), np.float32)
    return np.concatenate((edge, wave, edge))
