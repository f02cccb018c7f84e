"""From phoneme times to one network output for every 10 ms frame.

espeak names its phonemes differently in every build, so each build's spelling of every
syllable is learnt by letting it speak that syllable alone. An utterance whose phonemes do
not match is dropped and counted: silent loss of data is the classic trap here (`-ong` is one
phoneme with its coda, and a table made by hand forgot it).

Frames follow Kaldi's `snip-edges`: frame t is centred at 0.01 t + 0.0125 s.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recipes.acoustic_model.engines import Build, Manner, Speech
from recipes.acoustic_model.syllables import PhoneSet, parse, states_of

FRAME_MS = 10
CENTRE_MS = 12.5
STEP_FRAMES = 3  # the network is evaluated every third frame: each state needs that many
CLOSURE_MS = 90  # a shorter gap before an initial is its closure, not a pause

LabelArray = NDArray[np.uint16]


class Voice(Protocol):
    """Anything that speaks: a synthesiser, in this process or another."""

    build: Build

    def say(self, text: str, manner: Manner) -> Speech:
        """Speak with phoneme times."""
        ...


@dataclass(frozen=True, slots=True)
class Segment:
    """One phone from `start_ms` to `end_ms`."""

    phone: str
    start_ms: float
    end_ms: float


_NAME_LENGTH = 4  # espeak's mnemonics have at most four letters; some builds leave rubbish after


def _clean(name: str) -> str:
    return name.lstrip("'\",%=")[:_NAME_LENGTH]


def _is_pause(name: str) -> bool:
    return name.startswith("_") or not name


def _is_foreign(name: str) -> bool:
    """A mark such as `(en)`: the text was not read as Chinese."""
    return name.startswith("(")


class Speller:
    """How one build spells syllables, learnt from the build itself."""

    def __init__(self, synthesiser: Voice) -> None:
        self._synthesiser = synthesiser
        self._table: dict[str, frozenset[tuple[str, ...]]] = {}

    def spellings(self, pinyin: str) -> frozenset[tuple[str, ...]]:
        """The phoneme strings that a toneless syllable may come out as."""
        letters = pinyin.rstrip("12345")
        if letters not in self._table:
            found = set()
            for tone in "15":
                speech = self._synthesiser.say(_written(letters + tone), Manner("m1"))
                names = tuple(_clean(n) for _, n in speech.phonemes if not _is_pause(n))
                if names and not any(_is_foreign(n) for n in names):
                    found.add(names)
            self._table[letters] = frozenset(found)
        return self._table[letters]


def _written(pinyin: str) -> str:
    """As the pinyin voices read it: nü, not nv; but ju, qu, xu, yu."""
    return pinyin.replace("v", "ü")


def written(words: tuple[tuple[str, ...], ...], joined: bool) -> str:
    """One clause as espeak is to read it, the syllables of a word joined or apart.

    A word with ü is always read apart: joined, some builds spell it out in English.
    """
    return " ".join(
        ("" if joined and not any("v" in s for s in word) else " ").join(_written(s) for s in word)
        for word in words
    )


def segments(speech: Speech, syllables: tuple[str, ...], speller: Speller) -> list[Segment] | None:
    """Phones with their times, silences left out; None when the phonemes do not match."""
    end_ms = len(speech.samples) * 1000 / speech.sample_rate
    times = [t for t, _ in speech.phonemes] + [end_ms]
    spoken = [
        (_clean(name), float(times[i]), float(times[i + 1]))
        for i, (_, name) in enumerate(speech.phonemes)
        if not _is_pause(name)
    ]
    found: list[Segment] = []
    position = 0
    for pinyin in syllables:
        match = _match(spoken, position, speller.spellings(pinyin))
        if match == 0:
            return None
        part = spoken[position : position + match]
        position += match
        phones = parse(pinyin).phones
        if len(phones) == 2 and len(part) == 1:
            return None
        cut = part[1][1] if len(phones) == 2 else part[0][1]
        start = part[0][1]
        if found and start - found[-1].end_ms < CLOSURE_MS:
            if len(phones) == 2:
                start = found[-1].end_ms
            else:
                found[-1] = Segment(found[-1].phone, found[-1].start_ms, start)
        if len(phones) == 2:
            found.append(Segment(phones[0], start, cut))
        found.append(Segment(phones[-1], cut, part[-1][2]))
    return found if position == len(spoken) else None


def _match(
    spoken: list[tuple[str, float, float]], position: int, spellings: frozenset[tuple[str, ...]]
) -> int:
    """Length of the longest spelling found at this position, 0 for none."""
    best = 0
    for spelling in spellings:
        names = tuple(name for name, _, _ in spoken[position : position + len(spelling)])
        if names == spelling:
            best = max(best, len(spelling))
    return best


def frame_labels(found: list[Segment], frames: int, phone_set: PhoneSet) -> LabelArray | None:
    """One output number a frame; every state lasts at least `STEP_FRAMES` frames.

    None when the utterance is too short for its phones.
    """
    first = phone_set.first_states()
    runs: list[tuple[int, float, float]] = []
    previous = 0.0
    for segment in found:
        if segment.start_ms > previous:
            runs.append((0, previous, segment.start_ms))
        count = states_of(segment.phone)
        step = (segment.end_ms - segment.start_ms) / count
        for i in range(count):
            start = segment.start_ms + i * step
            runs.append((first[segment.phone] + i, start, start + step))
        previous = segment.end_ms
    states = [state for state, _, _ in runs] + [0]
    edges = [max(0, round((start - CENTRE_MS) / FRAME_MS)) for _, start, _ in runs]
    edges.append(max(0, round((previous - CENTRE_MS) / FRAME_MS)))
    return _fill(states, edges, frames)


def _fill(states: list[int], edges: list[int], frames: int) -> LabelArray | None:
    """Write runs into frames, widening runs that are too short at their neighbours' cost."""
    ends = [*edges[1:], frames]
    for i in range(len(states) - 1):  # forwards: push the end of a short run
        ends[i] = max(ends[i], (ends[i - 1] if i else 0) + STEP_FRAMES)
    limit = frames
    for i in range(len(states) - 1, 0, -1):  # backwards: keep room for what follows
        needed = STEP_FRAMES if states[i] or i < len(states) - 1 else 0
        limit = min(limit - needed, ends[i - 1])
        ends[i - 1] = limit
    if ends and ends[0] < STEP_FRAMES and states[0]:
        return None
    labels = np.zeros(frames, np.uint16)
    start = 0
    for state, end in zip(states, ends, strict=True):
        if end - start < (STEP_FRAMES if state else 0):
            return None
        labels[start:end] = state
        start = end
    return labels
