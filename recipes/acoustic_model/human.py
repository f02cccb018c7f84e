"""Stages `align` and `human`: human recordings become labelled telephone speech.

`align` finds the phones of every recording with the current network and drops the worst
ones. `human` joins recordings of one speaker into utterances, turns the speaker into other
people and sends them over random telephone lines.
"""

import json
import logging
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import soxr
import torch
from numpy.typing import NDArray
from rich.progress import track

from recipes.acoustic_model import lexicon, recordings, shards, voice_change
from recipes.acoustic_model.alignment import Alignment, align, energies, log_likelihoods
from recipes.acoustic_model.augmentation import Line, Wave, degrade
from recipes.acoustic_model.config import Config
from recipes.acoustic_model.features import SAMPLE_RATE, frame_count
from recipes.acoustic_model.labels import Segment, frame_labels
from recipes.acoustic_model.network import Network
from recipes.acoustic_model.speech import NOTHING_SAID_SHARE, nothing_said, surround
from recipes.acoustic_model.syllables import PhoneSet

LOG = logging.getLogger(__name__)
SINGLE_SHARE = 0.45
_LEVEL_MS = 60  # kept of the silence around an aligned recording
_BABBLE_MEMORY = 24
_CHUNK = 32  # recordings handed to a process at once


@dataclass(frozen=True, slots=True)
class Clip:
    """One aligned recording: 16 kHz audio and its phones."""

    speaker: str
    samples: NDArray[np.int16]
    segments: tuple[Segment, ...]


ROUNDS = (1, 2)


def paths(config: Config, turn: int) -> list[Path]:
    """Where the shards of a round of alignment are; the first round needs fewer."""
    folder = config.work / "shards" / f"human-{turn}"
    count = config.human.first_shards if turn == ROUNDS[0] else config.human.shards
    return [folder / f"{i:03d}.npz" for i in range(count)]


def training_recordings(config: Config) -> list[recordings.Recording]:
    """Every recording that training may hear."""
    words = lexicon.load(config)
    found = [r for f in config.human_folders for r in recordings.read_folder(f, words)]
    return [
        r
        for r in found
        if r.speaker not in config.human.exclude_speakers
        and not recordings.held_out(r.path.name, config.human.held_out_fifth)
    ]


def store(config: Config, turn: int) -> Path:
    """Decoded audio and alignments of a round, as one file."""
    return config.work / f"human-{turn}.npz"


def align_all(config: Config, turn: int, network: Network, priors: NDArray[np.float32]) -> None:
    """Stage `align-N`: decode the recordings and align them with this network."""
    if store(config, turn).exists():
        return
    found = training_recordings(config)
    phone_set = lexicon.load(config).phone_set()
    # As many processes as for speech, a thread each: the search is a loop in Python.
    with ProcessPoolExecutor(
        config.speech.workers, get_context("spawn"), _prepare, (network, priors, phone_set)
    ) as pool:
        aligned = pool.map(_aligned, found, chunksize=_CHUNK)
        kept = [each for each in track(aligned, "aligning", len(found)) if each is not None]
    kept.sort(key=lambda k: k[0])
    kept = kept[int(len(kept) * config.human.worst_share_dropped) :]
    if not kept:
        raise SystemExit("no human recording could be aligned")
    _report(kept)
    table = [
        {
            "speaker": recording.speaker,
            "name": recording.path.name,
            "score": score,
            "segments": [[s.phone, s.start_ms, s.end_ms] for s in alignment.segments],
        }
        for score, recording, _, alignment in kept
    ]
    partial_file = store(config, turn).with_suffix(".partial.npz")
    np.savez(
        partial_file,
        audio=np.concatenate([k[2] for k in kept]),
        ends=np.cumsum([len(k[2]) for k in kept]),
        table=np.frombuffer(json.dumps(table).encode(), np.uint8),
    )
    partial_file.replace(store(config, turn))


_Aligned = tuple[float, recordings.Recording, NDArray[np.int16], Alignment]
_worker: tuple[Network, NDArray[np.float32], PhoneSet]


def _prepare(network: Network, priors: NDArray[np.float32], phone_set: PhoneSet) -> None:
    """Give a worker process what every alignment needs."""
    global _worker
    torch.set_num_threads(1)
    _worker = network, priors, phone_set


def _aligned(recording: recordings.Recording) -> _Aligned | None:
    """Align one recording, in the reading that fits best; None when none does."""
    network, priors, phone_set = _worker
    wave = recordings.read_audio(recording.path)
    lower = np.asarray(soxr.resample(wave, recordings.STORED_RATE, SAMPLE_RATE), np.float32)
    likelihoods = log_likelihoods(network, lower, priors)
    energy = energies(lower, len(likelihoods))
    tried = (align(likelihoods, energy, reading, phone_set) for reading in recording.readings)
    best = max((a for a in tried if a is not None), key=lambda a: a.score, default=None)
    return None if best is None else (best.score, recording, wave.astype(np.int16), best)


def _report(kept: list[_Aligned]) -> None:
    durations: dict[str, list[float]] = {}
    for _, _, _, alignment in kept:
        for s in alignment.segments:
            kind = s.phone.split("_")[0] if "_" in s.phone else "finals"
            durations.setdefault(kind, []).append(s.end_ms - s.start_ms)
    text = ", ".join(f"{k} {np.median(v):.0f}" for k, v in sorted(durations.items()))
    LOG.info("aligned %d; median milliseconds: %s", len(kept), text)


def clips(config: Config, turn: int) -> list[Clip]:
    """What the stage `align` kept, trimmed to the speech."""
    with np.load(store(config, turn)) as data:
        audio, ends = data["audio"], data["ends"]
        table = json.loads(data["table"].tobytes())
    found, start = [], 0
    for row, end in zip(table, ends, strict=True):
        segments = [Segment(*s) for s in row["segments"]]
        first = max(0.0, segments[0].start_ms - _LEVEL_MS)
        last = segments[-1].end_ms + _LEVEL_MS
        rate = recordings.STORED_RATE / 1000
        part = audio[start + int(first * rate) : min(end, start + int(last * rate))]
        moved = tuple(Segment(s.phone, s.start_ms - first, s.end_ms - first) for s in segments)
        found.append(Clip(row["speaker"], part, moved))
        start = int(end)
    return found


def run(config: Config, turn: int) -> None:
    """Stage `human-N`: make all missing shards."""
    make = partial(make_shard, config, turn)
    shards.make_missing(paths(config, turn), make, config.speech.workers, "human speech")


def make_shard(config: Config, turn: int, index: int, path: Path) -> None:
    """One shard; what it holds depends on the seed, its index and the alignments alone."""
    rng = np.random.default_rng([config.seed, turn, index])
    phone_set = lexicon.load(config).phone_set()
    by_speaker: dict[str, list[Clip]] = {}
    for clip in clips(config, turn):
        by_speaker.setdefault(clip.speaker, []).append(clip)
    speakers = sorted(by_speaker)
    weights = np.sqrt([len(by_speaker[s]) for s in speakers])
    weights /= weights.sum()
    writer = shards.ShardWriter()
    memory: list[Wave] = []
    line = Line()
    for _ in range(config.human.utterances_per_shard):
        if rng.random() < NOTHING_SAID_SHARE:
            writer.add(*nothing_said(line, memory, rng))
            continue
        speaker = by_speaker[speakers[rng.choice(len(speakers), p=weights)]]
        wave, segments = surround(*join(speaker, rng), rng)
        labels = frame_labels(segments, frame_count(len(wave)), phone_set)
        if labels is None:
            continue
        memory = [*memory[-_BABBLE_MEMORY:], wave]
        writer.add(degrade(wave, line, memory[:-1], rng), labels)
    writer.write(path)


def join(speaker: list[Clip], rng: np.random.Generator) -> tuple[Wave, list[Segment]]:
    """One to eight recordings as the speech of one changed person."""
    count = 1 if rng.random() < SINGLE_SHARE else int(rng.integers(2, 9))
    change = voice_change.draw(rng)
    run_together = rng.random() < 0.6
    out = np.zeros(0, np.float32)
    found: list[Segment] = []
    for _ in range(count):
        clip = speaker[rng.integers(len(speaker))]
        part = voice_change.apply(clip.samples.astype(np.float32), change)
        part = part * np.float32(rng.uniform(0.6, 1.2))
        scale = len(part) * 1000 / SAMPLE_RATE / (len(clip.samples) * 1000 / 16_000)
        segments = [Segment(s.phone, s.start_ms * scale, s.end_ms * scale) for s in clip.segments]
        if not found:
            out, found = part, segments
            continue
        gap_ms = -rng.uniform(5, 30) if run_together else rng.exponential(120)
        if run_together:  # the silence that the recordings end and begin with goes too
            end = int(min(found[-1].end_ms, len(out) * 1000 / SAMPLE_RATE) * SAMPLE_RATE / 1000)
            out = out[: end + 40]
            begin = max(0, int(segments[0].start_ms * SAMPLE_RATE / 1000) - 40)
            part = part[begin:]
            segments = [_moved(s, -begin * 1000 / SAMPLE_RATE) for s in segments]
        out, shift_ms = _append(out, part, gap_ms)
        moved = [_moved(s, shift_ms) for s in segments]
        last = found[-1]
        if moved[0].start_ms < last.end_ms:
            middle = (moved[0].start_ms + last.end_ms) / 2
            found[-1] = Segment(last.phone, last.start_ms, middle)
            moved[0] = Segment(moved[0].phone, middle, moved[0].end_ms)
        found += moved
    return out, found


def _moved(segment: Segment, by_ms: float) -> Segment:
    return Segment(segment.phone, segment.start_ms + by_ms, segment.end_ms + by_ms)


def _append(left: Wave, right: Wave, gap_ms: float) -> tuple[Wave, float]:
    """Put `right` after `left` with a gap, or a cross-faded overlap when it is negative."""
    gap = int(gap_ms * SAMPLE_RATE / 1000)
    if gap >= 0:
        joined = np.concatenate((left, np.zeros(gap, np.float32), right))
        return joined, (len(left) + gap) * 1000 / SAMPLE_RATE
    overlap = min(-gap, len(left), len(right))
    fade = np.linspace(0, 1, overlap, dtype=np.float32)
    middle = left[len(left) - overlap :] * (1 - fade) + right[:overlap] * fade
    joined = np.concatenate((left[: len(left) - overlap], middle, right[overlap:]))
    return joined, (len(left) - overlap) * 1000 / SAMPLE_RATE
