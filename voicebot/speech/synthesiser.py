"""What the call needs of a text-to-speech engine."""

from collections.abc import Iterator
from typing import Protocol


class Synthesiser(Protocol):
    """Turns text into speech; blocking, called on a worker thread."""

    @property
    def sample_rate(self) -> int:
        """Hz of what `synthesise` yields."""
        ...

    @property
    def identity(self) -> str:
        """Engine, version, voice and settings: the same identity and text sound the same."""
        ...

    def synthesise(self, text: str) -> Iterator[bytes]:
        """Yield signed 16-bit little-endian mono samples as they are made.

        Raises `SynthesiserFailed`. An engine that produced nothing audible raises too.
        """
        ...
