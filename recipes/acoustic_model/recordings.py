"""Folders of labelled human speech.

A folder either has a `labels.tsv` (file, speaker, kind, text; kind `pinyin` or `hanzi`) or
its file names are the labels (`ni3hao3.wav`, `你好.mp3`). A recording belongs to the tests
or to training by a fixed hash of its file name, for ever.
"""

import csv
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from pypinyin import Style, lazy_pinyin
from scipy.signal import butter, sosfiltfilt

from recipes.acoustic_model.lexicon import Lexicon, is_hanzi
from recipes.acoustic_model.syllables import parse

STORED_RATE = 16_000
RUMBLE_HZ = 110.0  # speaker A's recordings rumble; it broke the first alignment
_SOUND = frozenset({".wav", ".mp3", ".flac", ".ogg"})


class LabelError(ValueError):
    """A folder of human speech cannot be used; the message lists every fault."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One file: who says what, in every way the text may be read."""

    path: Path
    speaker: str
    text: str
    readings: tuple[tuple[str, ...], ...]


def held_out(name: str, fifth: int) -> bool:
    """Whether a file belongs to the tests: every fifth by the hash of its name."""
    return hashlib.sha256(name.encode()).digest()[0] % 5 == fifth


def read_folder(folder: Path, lexicon: Lexicon) -> list[Recording]:
    """All recordings of a folder.

    Raises:
        LabelError: no recordings at all, or labels that cannot be read, all at once.
    """
    rows = _labelled(folder) if (folder / "labels.tsv").exists() else _named(folder)
    found, faults = [], []
    for line, (path, speaker, kind, text) in enumerate(rows, 2):
        readings = _readings(kind, text, lexicon)
        if not readings:
            faults.append(f"labels.tsv:{line}: {text!r} cannot be read as {kind}")
        elif not path.exists():
            faults.append(f"labels.tsv:{line}: no file {path.name}")
        else:
            found.append(Recording(path, speaker, text, readings))
    if not found:
        raise LabelError("\n".join([f"{folder.name}: no labelled recordings", *faults[:20]]))
    if len(faults) > 0.05 * len(found):
        raise LabelError("\n".join([f"{folder.name}: {len(faults)} bad labels", *faults[:20]]))
    return found


def _labelled(folder: Path) -> list[tuple[Path, str, str, str]]:
    with (folder / "labels.tsv").open(encoding="utf-8", newline="") as lines:
        table = csv.DictReader(lines, delimiter="\t")
        wanted = {"file", "speaker", "kind", "text"}
        if not wanted <= set(table.fieldnames or ()):
            raise LabelError(f"{folder.name}/labels.tsv: needs the columns {sorted(wanted)}")
        return [(folder / r["file"], r["speaker"], r["kind"], r["text"]) for r in table]


def _named(folder: Path) -> list[tuple[Path, str, str, str]]:
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _SOUND)
    kinds = ("hanzi" if is_hanzi(p.stem) else "pinyin" for p in files)
    return [(p, folder.name, k, p.stem) for p, k in zip(files, kinds, strict=True)]


def _readings(kind: str, text: str, lexicon: Lexicon) -> tuple[tuple[str, ...], ...]:
    if kind == "pinyin":
        candidates = [tuple(re.findall(r"[a-zü:]+[1-5]", text.lower()))]
    elif text in lexicon.entries:
        candidates = list(lexicon.entries[text].readings)
    else:
        toned = lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True, v_to_u=False)
        candidates = [tuple(toned)]
    kept = []
    inventory = set(lexicon.phone_set().phones) if candidates else set()
    for reading in candidates:
        try:
            phones = {p for s in reading for p in parse(s).phones}
        except ValueError:
            continue
        if reading and phones <= inventory:
            kept.append(reading)
    return tuple(kept)


def read_audio(path: Path) -> NDArray[np.float32]:
    """Mono at 16 kHz in the scale of 16-bit integers, rumble removed, level evened."""
    wave, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = soxr.resample(wave.mean(axis=1), rate, STORED_RATE)
    filtered = sosfiltfilt(butter(4, RUMBLE_HZ, "highpass", fs=STORED_RATE, output="sos"), mono)
    peak = float(np.abs(filtered).max()) + 1e-6
    return np.asarray(filtered / peak * 16_000, np.float32)
