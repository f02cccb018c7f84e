"""The conditions under which a clean recording is judged again: telephone and noise by number.

clean        as it was recorded
telephone    300-3400 Hz, A-law, 8 kHz, the voice at its nominal level
10dB         the telephone, in pink noise (a street, a car) 10 dB under the voice
"""

import re
from dataclasses import dataclass

import numpy as np

from voicebot.audio.levels import normalise
from voicebot.errors import BadInput, Problem
from voicebot.simulation.line import NOMINAL_DBFS, LineSettings, Noise, telephone_line

TELEPHONE_HZ = 8000
LOUDEST_DB, FAINTEST_DB = -20.0, 60.0
"""Signal-to-noise ratios that can be asked for; beyond them nothing is heard, or no noise."""

_RATIO = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*dB", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Condition:
    """One way in which recordings arrive."""

    name: str
    telephone: bool = False
    snr_db: float | None = None

    def rate(self, model_rate: int) -> int:
        """Return the Hz at which recordings are read for `arrive`."""
        return TELEPHONE_HZ if self.telephone else model_rate

    def arrive(self, pcm: bytes, rng: np.random.Generator) -> bytes:
        """Return a recording (signed 16-bit at `rate`) as it arrives."""
        if not self.telephone:
            return pcm
        settings = LineSettings()
        if self.snr_db is not None:
            settings = LineSettings(noise=Noise.PINK, snr_db=self.snr_db)
        line = telephone_line(TELEPHONE_HZ, settings, rng)
        return line(normalise(pcm, TELEPHONE_HZ, NOMINAL_DBFS))


def parse_conditions(text: str) -> list[Condition]:
    """Return what `clean,telephone,10dB` names. Raises `BadInput` with every wrong name."""
    found: dict[str, Condition] = {}
    problems = []
    for name in (part.strip() for part in text.split(",")):
        ratio = _RATIO.fullmatch(name)
        if name in ("clean", "telephone"):
            found[name] = Condition(name, telephone=name == "telephone")
        elif ratio is not None and LOUDEST_DB <= float(ratio[1]) <= FAINTEST_DB:
            shown = f"{float(ratio[1]):g}dB"
            found[shown] = Condition(shown, telephone=True, snr_db=float(ratio[1]))
        else:
            hint = f"known: clean, telephone, and {LOUDEST_DB:g}dB to {FAINTEST_DB:g}dB"
            problems.append(Problem("--condition", f'there is no condition "{name}"', hint=hint))
    if problems:
        raise BadInput(*problems)
    return list(found.values())
