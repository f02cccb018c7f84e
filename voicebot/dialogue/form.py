"""Filling a form: which slot is asked for, what an answer fills, what is read back.

An answer may fill several slots at once (后天下午，两包云南小粒), the one that is asked for before
the others. A slot with `confirm` is read back; the caller says yes, no, or the right value at once.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from voicebot.dialogue.condition import holds
from voicebot.dialogue.memory import Memory
from voicebot.dialogue.script import ANY_WORDS, Counts, Script, Slot, State
from voicebot.dialogue.slots import SlotValue, extract
from voicebot.dialogue.wording import plain, without_fillers

SURE = 0.6
"""Confidence of a yes or a no that is found in other words."""

TRIES = 3
"""Times that a caller may refuse what is read back; then the form has failed."""

UNASKED = frozenset(
    {"amount", "quantity", "date", "time", "datetime", "phone", "order_number", "product"}
)
"""Kinds whose values are told from other words, so that they count before they are asked for. A
number may be anything, and 好 is no satisfaction unless somebody asked."""

NUMBERS = frozenset({"phone", "order_number"})
"""Kinds whose digits can be counted."""

NUMERALS = "零〇一二两三四五六七八九十百千万半0123456789"

FINISHED_AT_ONCE = frozenset({"rating", "satisfaction", "yes_no", "phone", "quantity", "product"})
"""Kinds whose value is whole once there is one; to 明天 the hour may still be added."""


@dataclass(frozen=True, slots=True)
class Filled:
    """An answer that fills slots, or corrects the one that was read back."""

    values: Mapping[str, SlotValue]
    counts: Counts = Counts.NOTHING


@dataclass(frozen=True, slots=True)
class ReadBack:
    """An answer to 您说的是……，对吗？"""

    right: bool
    counts: Counts = Counts.NOTHING


class Form:
    """Where one conversation stands in the form of a state."""

    def __init__(self, script: Script, memory: Memory, now: datetime) -> None:
        self._script = script
        self._memory = memory
        self._now = now
        self._unconfirmed: list[str] = []
        self._refused: Counter[str] = Counter()
        self.slot: Slot | None = None
        """What is being asked for, or read back."""
        self.confirming = False

    @property
    def failed(self) -> bool:
        """Whether the caller refused too often."""
        return self.slot is not None and self._refused[self.slot.name] >= TRIES

    def leave(self) -> None:
        """Stop asking."""
        self.slot, self.confirming = None, False

    def advance(self, state: State) -> bool:
        """Turn to what is to be read back or asked next; False when nothing is left."""
        for name in self._unconfirmed:
            if name in state.form:
                self.slot, self.confirming = self._script.slots[name], True
                return True
        self.slot = next((each for each in self._needed(state)), None)
        self.confirming = False
        return self.slot is not None

    def fill(self, values: Mapping[str, SlotValue]) -> None:
        """Keep what was said."""
        for name, value in values.items():
            self._memory.slots[name] = value
            if self._script.slots[name].confirm is not None and name not in self._unconfirmed:
                self._unconfirmed.append(name)

    def settle(self, *, right: bool) -> None:
        """Take a yes or a no to what was read back."""
        if self.slot is None:
            return
        self._unconfirmed.remove(self.slot.name)
        if not right:
            self._memory.forget([self.slot.name])
            self._refused[self.slot.name] += 1

    def forget(self, names: Collection[str]) -> None:
        """Empty slots, so that they are asked for again."""
        self._memory.forget(names)
        for name in names:
            self._refused[name] = 0
        self._unconfirmed = [name for name in self._unconfirmed if name not in names]

    def heard(self, text: str, state: State) -> dict[str, SlotValue]:
        """Return the slots of `state` that an answer fills; changes nothing."""
        if self.confirming and self.slot is not None:
            new = self._extract(self.slot, text)
            old = self._memory.slots.get(self.slot.name)
            wrong = new is None or (old is not None and new.value == old.value)
            return {} if wrong or new is None else {self.slot.name: new}
        found: dict[str, SlotValue] = {}
        rest = text
        needed = self._needed(state)
        for slot in sorted(needed, key=lambda each: each is not self.slot):
            if slot is not self.slot and slot.kind not in UNASKED:
                continue
            value = self._extract(slot, rest)
            if value is not None and (slot is self.slot or _plainly(value)):
                found[slot.name] = value
                rest = rest.replace(value.text, "，", 1)
        return found

    def repeats(self, text: str) -> bool:
        """Whether the caller says again what was just read back, which is a yes."""
        if self.slot is None or not self.confirming:
            return False
        new = self._extract(self.slot, text)
        old = self._memory.slots.get(self.slot.name)
        return new is not None and old is not None and new.value == old.value

    def judged(self, text: str) -> bool | None:
        """Return whether an answer to what is read back means yes; None when it tells neither."""
        said = extract("yes_no", text, now=self._now)
        return None if said is None or said.confidence < SURE else said.value == "yes"

    def words(self, text: str) -> dict[str, SlotValue]:
        """Return the asked slot filled with the words themselves, if it takes any."""
        if self.slot is None or self.slot.kind != ANY_WORDS or self.confirming:
            return {}
        said = without_fillers(plain(text))
        return {self.slot.name: SlotValue(ANY_WORDS, text, text, spoken=text)} if said else {}

    def _needed(self, state: State) -> list[Slot]:
        """Return the slots of a state that are still empty, those whose `when` holds."""
        values = self._memory.values()
        slots = [self._script.slots[name] for name in state.form]
        return [
            slot
            for slot in slots
            if slot.name not in self._memory.slots
            and (slot.when is None or holds(slot.when, values))
        ]

    def _extract(self, slot: Slot, text: str) -> SlotValue | None:
        if slot.kind == ANY_WORDS:
            return None
        value = extract(slot.kind, text, now=self._now, options=slot.options)
        wanted = slot.hearing.digits
        if value is not None and wanted is not None and slot.kind in NUMBERS:
            # One digit less or more was misheard, or more is to come.
            whole = sum(character.isalnum() for character in value.value) == wanted
            return value if whole else None
        return value


def _plainly(value: SlotValue) -> bool:
    """Tell whether a value stands for itself where nobody asked: 一包, not the 一 of 一点."""
    return value.kind != "quantity" or value.text[-1:] not in NUMERALS
