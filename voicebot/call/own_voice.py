"""A caller's voice against their own first answers in this call.

Nobody is compared with anybody else: a deep, slow voice on a bad line is calm if it was so at the
start.
"""

import math
import statistics

from voicebot.dialogue.emotion import VoiceChange
from voicebot.dialogue.wording import plain
from voicebot.speech.prosody import Prosody

FIRST_ANSWERS = 2
"""Answers that show how the caller usually speaks."""

LEAST_SYLLABLES = 4
"""A rate of fewer says nothing: 好 can be long."""


class OwnVoice:
    """One caller's usual voice, learnt from the first answers."""

    def __init__(self) -> None:
        self._first: list[Prosody] = []
        self._rates: list[float] = []

    def change(self, voice: Prosody | None, text: str) -> VoiceChange | None:
        """Return how an answer differs from the first ones; None while these are being heard."""
        if voice is None:
            return None
        rate = _rate(voice, text)
        if len(self._first) < FIRST_ANSWERS:
            self._first.append(voice)
            if rate is not None:
                self._rates.append(rate)
            return None
        usual_hz = statistics.median(each.pitch_hz for each in self._first)
        usual_dbfs = statistics.median(each.level_dbfs for each in self._first)
        faster = 1.0
        if rate is not None and self._rates:
            faster = rate / statistics.median(self._rates)
        return VoiceChange(
            round(voice.level_dbfs - usual_dbfs, 1),
            round(12 * math.log2(voice.pitch_hz / usual_hz), 1),
            round(faster, 2),
        )


def _rate(voice: Prosody, text: str) -> float | None:
    """Return syllables a second, None when there are too few."""
    syllables = len(plain(text))
    if syllables < LEAST_SYLLABLES or voice.speech_ms <= 0:
        return None
    return syllables / voice.speech_ms * 1000
