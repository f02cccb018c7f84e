"""The test sets: what is said, by whom, over which line.

Unmatched: sentences written by hand, read by voices never heard in training, at 165 words a
minute. Matched: sentences of the grammar (other random draws than in training) in voices of
training. Human: the fifth of the recordings that training never hears.
"""

import random
import tomllib
from collections.abc import Callable
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


def people(found: list[recordings.Recording]) -> list[Item]:
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
        out = augmentation.at_level(wave, LEVEL_DB)
    else:
        out = augmentation.at_level(augmentation.telephone_band(wave), LEVEL_DB)
        if condition != "telephone":
            ratio = float(condition.split()[0])
            out = augmentation.mix(out, noises.coloured(len(out), 1.0, rng), ratio)
        out = augmentation.a_law(out)
    return np.clip(np.rint(out), -32_768, 32_767).astype("<i2").tobytes()


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
