"""Phones in their word positions, their HMM states, and Kaldi's numbers for them.

Every phone but silence stands in four positions (`_B` begin, `_I` inside, `_E` end, `_S` a
word alone) that share outputs: vosk needs positions to know where words begin and end. State
number n (from 0, sorted by phone and state) has the self-loop 2n+1 and the forward arc 2n+2.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recipes.acoustic_model.kaldi import Reader, Writer
from recipes.acoustic_model.syllables import SILENCE, PhoneSet, states_of

POSITIONS = {"B": "begin", "I": "internal", "E": "end", "S": "singleton"}


@dataclass(frozen=True)
class Transitions:
    """The numbering that graph and acoustic model share."""

    phone_set: PhoneSet

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Phone names with positions; the Kaldi number of a phone is its index plus one."""
        spoken = (f"{p}@{x}" for p in self.phone_set.phones[1:] for x in POSITIONS)
        return (SILENCE, *spoken)

    @cached_property
    def triples(self) -> tuple[tuple[int, int, int], ...]:
        """(phone, state, output), sorted."""
        first = self.phone_set.first_states()
        return tuple(
            (number, state, first[name.split("@")[0]] + state)
            for number, name in enumerate(self.names, 1)
            for state in range(states_of(name.split("@")[0]))
        )

    @cached_property
    def _index(self) -> dict[tuple[int, int], int]:
        return {(phone, state): n for n, (phone, state, _) in enumerate(self.triples)}

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.names, 1)}

    @property
    def count(self) -> int:
        """How many transition numbers there are."""
        return 2 * len(self.triples)

    def states(self, phone: str, position: str | None = None) -> list[tuple[int, int]]:
        """(forward, self-loop) of each state of a phone."""
        name = phone if position is None else f"{phone}@{position}"
        number = self._numbers[name]
        indices = (self._index[number, s] for s in range(states_of(phone)))
        return [(2 * n + 2, 2 * n + 1) for n in indices]

    def word_boundary(self) -> str:
        """`graph/phones/word_boundary.int`."""
        lines = ["1 nonword"]
        for number, name in enumerate(self.names[1:], 2):
            lines.append(f"{number} {POSITIONS[name.split('@')[1]]}")
        return "\n".join(lines) + "\n"

    def phone_table(self) -> str:
        """`graph/phones.txt`: which vosk does not need, and whoever trains on does."""
        rows = enumerate(("<eps>", *self.names))
        return "".join(f"{name} {number}\n" for number, name in rows)

    def write(self, writer: Writer) -> None:
        """`<TransitionModel>`: one topology entry for one state, one for two."""
        counts = [states_of(name.split("@")[0]) for name in self.names]
        kinds = sorted(set(counts))
        writer.token("<TransitionModel>")
        writer.token("<Topology>")
        writer.int_vector(list(range(1, len(self.names) + 1)))
        writer.int_vector([-1, *(kinds.index(c) for c in counts)])
        writer.int32(len(kinds))
        for states in kinds:
            writer.int32(states + 1)
            for state in range(states):
                writer.int32(state)
                writer.int32(2)
                for target in (state, state + 1):
                    writer.int32(target)
                    writer.float32(0.5)
            writer.int32(-1)
            writer.int32(0)
        writer.token("</Topology>")
        writer.token("<Triples>")
        writer.int32(len(self.triples))
        for triple in self.triples:
            for value in triple:
                writer.int32(value)
        writer.token("</Triples>")
        writer.token("<LogProbs>")
        logs = np.full(self.count + 1, math.log(0.5), np.float32)
        logs[0] = 0.0
        writer.vector(logs)
        writer.token("</LogProbs>")
        writer.token("</TransitionModel>")


def read_triples(reader: Reader) -> list[tuple[int, int, int]]:
    """The triples of a `<TransitionModel>`; the reader then stands behind it."""
    reader.token("<TransitionModel>")
    reader.token("<Topology>")
    reader.int_vector()
    reader.int_vector()
    for _ in range(reader.int32()):
        for _ in range(reader.int32()):
            reader.int32()
            for _ in range(reader.int32()):
                reader.int32()
                reader.float32()
    reader.token("</Topology>")
    reader.token("<Triples>")
    count = reader.int32()
    triples = [(reader.int32(), reader.int32(), reader.int32()) for _ in range(count)]
    reader.token("</Triples>")
    reader.token("<LogProbs>")
    reader.vector()
    reader.token("</LogProbs>")
    reader.token("</TransitionModel>")
    return triples
