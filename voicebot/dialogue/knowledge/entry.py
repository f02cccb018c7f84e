"""One question that callers ask, and what is said about it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """A question in its variants, with one answer."""

    question: str
    """As the shop writes it; the entry's name in records and evaluations."""
    answer: str
    """What is said; may hold `{variable}` places."""
    variants: tuple[str, ...] = ()
    """Other ways to ask the same."""
    file: str = ""
    line: int = 0

    @property
    def questions(self) -> tuple[str, ...]:
        """The question and its variants, each once."""
        return tuple(dict.fromkeys((self.question, *self.variants)))
