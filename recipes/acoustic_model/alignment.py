"""Forced alignment: where each phone of a known text lies in a recording.

Viterbi at 10 ms over the network's own posteriors (the 30 ms network evaluated at three
offsets). Silence is optional at the ends and between syllables, and is favoured where the
signal is weak; every initial has a least duration, without which the first alignments give
stops and fricatives a single frame.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from recipes.acoustic_model.features import mfcc
from recipes.acoustic_model.labels import CENTRE_MS, FRAME_MS, STEP_FRAMES, Segment
from recipes.acoustic_model.network import Network
from recipes.acoustic_model.syllables import MINIMUM_FRAMES, SILENCE, PhoneSet, parse, states_of

PRIOR_SCALE = 0.7
QUIET_DB, LOUD_DB, ENERGY_BONUS = 32.0, 16.0, 2.0
_IMPOSSIBLE = -1e30

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Phones with times and the mean log score of a frame."""

    segments: tuple[Segment, ...]
    score: float


@dataclass(frozen=True, slots=True)
class _Unit:
    phone: str
    state: int
    minimum: int
    optional: bool


def log_likelihoods(network: Network, samples: FloatArray, priors: FloatArray) -> FloatArray:
    """(10 ms frames, states): scaled likelihoods from the network at three offsets."""
    with torch.inference_mode():
        out: FloatArray = network.log_posteriors(torch.from_numpy(mfcc(samples))).numpy()
    return out - PRIOR_SCALE * priors


def align(
    likelihoods: FloatArray,
    energy_db: FloatArray,
    pinyin: tuple[str, ...],
    phone_set: PhoneSet,
) -> Alignment | None:
    """The best path; None when the recording is too short for the text."""
    scores = likelihoods.copy()
    peak = np.percentile(energy_db, 95)
    scores[:, 0] += ENERGY_BONUS * (energy_db < peak - QUIET_DB)
    scores[:, 0] -= ENERGY_BONUS * (energy_db > peak - LOUD_DB)
    units = _units(pinyin, phone_set)
    states = np.repeat([u.state for u in units], [u.minimum for u in units])
    owner = np.repeat(np.arange(len(units)), [u.minimum for u in units])
    entries = np.r_[True, owner[1:] != owner[:-1]]
    exits = np.r_[owner[1:] != owner[:-1], True]
    path = _viterbi(scores[:, states], owner, entries, exits, units)
    if path is None:
        return None
    positions, total = path
    return Alignment(_segments(owner[positions], units), total / len(scores))


def energies(samples: FloatArray, frames: int) -> FloatArray:
    """Level of each 25 ms frame in decibels."""
    starts = np.arange(frames)[:, None] * 80 + np.arange(200)[None, :]
    power = np.mean(np.square(samples[np.minimum(starts, len(samples) - 1)]), axis=1)
    return np.asarray(10 * np.log10(power + 1.0), np.float32)


def _units(pinyin: tuple[str, ...], phone_set: PhoneSet) -> list[_Unit]:
    first = phone_set.first_states()
    silence = _Unit(SILENCE, 0, 1, True)
    units = [silence]
    for text in pinyin:
        syllable = parse(text)
        for phone in syllable.phones:
            for i in range(states_of(phone)):
                minimum = MINIMUM_FRAMES[syllable.initial] if "_" in phone else STEP_FRAMES
                units.append(_Unit(phone, first[phone] + i, minimum, False))
        units.append(silence)
    return units


def _viterbi(
    scores: FloatArray,
    owner: NDArray[np.intp],
    entries: NDArray[np.bool_],
    exits: NDArray[np.bool_],
    units: list[_Unit],
) -> tuple[NDArray[np.intp], float] | None:
    """Left to right through sub-states; only the last one of a unit may repeat."""
    count = len(owner)
    index = np.arange(count)
    skip_from = np.full(count, -1)
    for i in np.flatnonzero(entries):
        before = owner[i] - 1
        if before >= 1 and units[before].optional:
            skip_from[i] = np.flatnonzero(owner == before - 1)[-1]
    can_skip = skip_from >= 0
    best = np.full(count, _IMPOSSIBLE)
    best[0] = scores[0, 0]
    first_spoken = int(np.flatnonzero(owner == 1)[0])
    best[first_spoken] = scores[0, first_spoken]
    back = np.zeros((len(scores), count), np.int32)
    for t in range(1, len(scores)):
        stay = np.where(exits, best, _IMPOSSIBLE)
        move = np.r_[_IMPOSSIBLE, best[:-1]]
        skip = np.where(can_skip, best[skip_from], _IMPOSSIBLE)
        source = np.where(move > stay, index - 1, index)
        value = np.maximum(move, stay)
        source = np.where(skip > value, skip_from, source)
        best = np.maximum(value, skip) + scores[t]
        back[t] = source
    last_spoken = int(np.flatnonzero(owner == len(units) - 2)[-1])
    end = count - 1 if best[count - 1] > best[last_spoken] else last_spoken
    if best[end] < _IMPOSSIBLE / 2:
        return None
    path = np.empty(len(scores), np.intp)
    total, position = float(best[end]), end
    for t in range(len(scores) - 1, -1, -1):
        path[t] = position
        position = int(back[t, position])
    return path, total


def _segments(owners: NDArray[np.intp], units: list[_Unit]) -> tuple[Segment, ...]:
    found: list[Segment] = []
    for owner in dict.fromkeys(owners.tolist()):
        where = np.flatnonzero(owners == owner)
        start = float(where[0] * FRAME_MS + CENTRE_MS - FRAME_MS / 2)
        end = float((where[-1] + 1) * FRAME_MS + CENTRE_MS - FRAME_MS / 2)
        phone = units[owner].phone
        if phone == SILENCE:
            continue
        second_state = owner > 0 and units[owner - 1].phone == phone and "_" not in phone
        same = second_state and units[owner].state == units[owner - 1].state + 1
        if same and found and found[-1].phone == phone:
            found[-1] = Segment(phone, found[-1].start_ms, end)
        else:
            found.append(Segment(phone, start, end))
    return tuple(found)
