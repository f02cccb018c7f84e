"""A tiny sentence grammar: rules of alternatives, expanded at random.

    rules.greeting = ["你好", "(喂|您好)[请问]", "{filler}你好"]

`{name}` is another rule (or a slot filled by a function), `(a|b)` a choice, `[x]` is said
half of the time. Alternatives of a rule are equally likely; write one twice to double it.
"""

import random
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Slot = Callable[[random.Random], str]
_INNERMOST = re.compile(r"\(([^()\[\]{}]*)\)|\[([^()\[\]{}]*)\]|\{(\w+)\}")
_MAXIMUM_EXPANSIONS = 400


class GrammarError(ValueError):
    """A rule refers to a name that does not exist, or never ends."""


@dataclass(frozen=True, slots=True)
class SentenceGrammar:
    """Rules by name, with functions for the open classes (numbers, dates, names)."""

    rules: dict[str, tuple[str, ...]]
    slots: dict[str, Slot]

    @classmethod
    def read(cls, path: Path, slots: dict[str, Slot]) -> "SentenceGrammar":
        """Read the `[rules]` table of a TOML file.

        Raises:
            GrammarError: all unknown names at once.
        """
        table = tomllib.loads(path.read_text("utf-8"))["rules"]
        rules = {name: tuple(alternatives) for name, alternatives in table.items()}
        faults = [
            f"{path.name}: {name}: unknown rule {{{used}}}"
            for name, alternatives in rules.items()
            for alternative in alternatives
            for used in re.findall(r"\{(\w+)\}", alternative)
            if used not in rules and used not in slots
        ]
        if faults:
            raise GrammarError("\n".join(faults))
        return cls(rules, slots)

    def expand(self, name: str, rng: random.Random) -> str:
        """One random sentence of a rule."""
        text = rng.choice(self.rules[name])
        for _ in range(_MAXIMUM_EXPANSIONS):
            match = _INNERMOST.search(text)
            if match is None:
                return text
            choice, optional, used = match.groups()
            if used is not None:
                slot = self.slots.get(used)
                new = slot(rng) if slot else rng.choice(self.rules[used])
            elif choice is not None:
                new = rng.choice(choice.split("|"))
            else:
                new = rng.choice((optional, ""))
            text = text[: match.start()] + new + text[match.end() :]
        raise GrammarError(f"{name}: does not end")
