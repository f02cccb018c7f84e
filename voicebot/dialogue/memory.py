"""What a conversation knows: the contact's variables, what was said, counted, found out."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping

from voicebot.dialogue.script import EMOTION, INTENT, PLACE, Script
from voicebot.dialogue.slots import SlotValue

MASK = "***"
"""What stands in records for what must not be kept."""


class Memory:
    """One conversation's values, by the names that the script gives them."""

    def __init__(self, script: Script, variables: Mapping[str, str], contact: str = "") -> None:
        """`contact` is who is called; the same one always gets the same experiments' variants."""
        self.variables = {**defaults(script), **variables}
        self.outcome = {name: field.default for name, field in script.outcome.items()}
        self.slots: dict[str, SlotValue] = {}
        self.counters = Counter(dict.fromkeys(script.counters, 0))
        self.results: dict[str, str] = {
            name: "" for hook in script.actions.values() for name in hook.gives
        }
        self.experiments = {
            name: sticky(name, variants, f"{script.name} {contact}")
            for name, variants in script.experiments.items()
        }
        self._private = script.private_names
        self.emotion = "neutral"
        self.intent = ""

    def values(self) -> dict[str, str]:
        """Return everything by name, as conditions and programs see it: canonical values."""
        return {
            **self.variables,
            **self.experiments,
            **{name: str(count) for name, count in self.counters.items()},
            **self.results,
            **{name: slot.value for name, slot in self.slots.items()},
            **self.outcome,
            EMOTION: self.emotion,
            INTENT: self.intent,
        }

    def spoken(self, text: str) -> str:
        """Fill the places of a prompt, slots as they are read back: 一三八…, 下周三下午."""
        said = {name: slot.spoken or slot.text for name, slot in self.slots.items()}
        return self._filled(text, {**self.values(), **said})

    def shown(self, text: str) -> str | None:
        """Fill the places of a prompt for the record; None when nothing in it is private."""
        if not self._private.intersection(PLACE.findall(text)):
            return None
        return self.spoken(PLACE.sub(lambda at: MASK if at[1] in self._private else at[0], text))

    def masked(self, values: Mapping[str, str]) -> dict[str, str]:
        """Return slots or outcome fields as they may be kept."""
        return {
            name: MASK if value and name in self._private else value
            for name, value in values.items()
        }

    def secrets(self) -> set[str]:
        """Return the private values as they were said, as they are kept and as they are read."""
        found = {self.outcome.get(name, "") for name in self._private}
        for name in self._private & self.slots.keys():
            slot = self.slots[name]
            found |= {slot.value, slot.text, slot.spoken}
        return found - {""}

    def canonical(self, text: str) -> str:
        """Fill the places of a value that is kept or sent to a program."""
        return self._filled(text, self.values())

    def record(self, fields: Mapping[str, str]) -> None:
        """Set outcome fields."""
        for name, value in fields.items():
            self.outcome[name] = self.canonical(value)

    def count(self, names: Iterable[str]) -> None:
        """Let counters go up by one."""
        self.counters.update(names)

    def forget(self, names: Iterable[str]) -> None:
        """Empty slots, and results of actions."""
        for name in names:
            self.slots.pop(name, None)
            if name in self.results:
                self.results[name] = ""

    @staticmethod
    def _filled(text: str, values: Mapping[str, str]) -> str:
        return PLACE.sub(lambda place: values.get(place[1], ""), text)


def defaults(script: Script) -> dict[str, str]:
    """Return the variables that need not be given."""
    return {name: each.default for name, each in script.variables.items() if each.default}


def sticky(experiment: str, variants: Mapping[str, int], key: str) -> str:
    """Return the variant that belongs to a key, with the odds of the weights."""
    digest = hashlib.sha256(f"{experiment} {key}".encode()).digest()
    point = int.from_bytes(digest[:8]) % (sum(variants.values()) or 1)
    for name, weight in variants.items():
        point -= weight
        if point < 0:
            return name
    return next(iter(variants))
