"""What a slot holds once it is filled."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SlotValue:
    """One value that was said."""

    kind: str
    value: str
    """Canonical; see `voicebot.dialogue.slots`."""
    text: str
    """The words it was read from."""
    confidence: float = 1.0
    """0 to 1: how surely these words stand for this value."""
    approximate: bool = False
    """The caller did not mean exactly this: 三百左右, 月底."""
    spoken: str = ""
    """Natural Chinese to read it back with: 您说的是{spoken}，对吗？"""
    unit: str = ""
    """The measure word of a quantity: 箱."""
