"""What the real recogniser makes of sentences that simulated callers say over a telephone line."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from voicebot import bootstrap, config
from voicebot.engines.vosk import VoskModel
from voicebot.simulation.line import LineSettings, Noise, telephone_line
from voicebot.simulation.utterance import Utterance
from voicebot.simulation.voices import CallerSpeech, CallerVoice
from voicebot.speech import second_hearing
from voicebot.speech.recogniser import Transcript

AROUND_MS = 300
"""Of the line without a voice, before and after each sentence, as a call has it."""

LEARNED_FROM = (
    CallerVoice("f1", 160, 52, 45, 1.04),
    CallerVoice("m2", 165, 42, 50, 0.93),
    CallerVoice("f5", 180, 62, 65, 1.08),
    CallerVoice("m7", 145, 38, 35, 0.95),
)
"""Whose mistakes the classifier may learn from."""

TESTED_WITH = (
    CallerVoice("f4", 160, 45, 50, 1.0),
    CallerVoice("m6", 165, 48, 50, 1.0),
    CallerVoice("f4", 175, 60, 60, 1.05),
    CallerVoice("m6", 150, 40, 45, 0.95),
)
"""Speakers that neither the recogniser nor the classifier was trained with."""

CLEAN = LineSettings()
NOISY = LineSettings(noise=Noise.PINK, snr_db=10)


@dataclass(slots=True)
class Hearing:
    """Says sentences and has them recognised, one voice after the other."""

    model: VoskModel
    voices: Sequence[CallerVoice]
    settings: LineSettings = CLEAN

    def sound(self, number: int, text: str) -> bytes:
        """Return sentence `number` as it comes out of the line."""
        voice = self.voices[number % len(self.voices)]
        speech = CallerSpeech(
            bootstrap.caller_synthesiser(voice), config.LINE_RATE, tract=voice.tract
        )(Utterance((text,)))
        silence = bytes(2 * config.LINE_RATE * AROUND_MS // 1000)
        line = telephone_line(config.LINE_RATE, self.settings, np.random.default_rng(number))
        return line(silence + speech.pcm + silence)

    def hear(self, pcm: bytes, phrases: Sequence[str] | None = None) -> Transcript:
        """Return what is recognised, of `phrases` or of anything, as a call does."""
        ear = self.model.recogniser(config.LINE_RATE)
        ear.listen(phrases)
        step = 2 * config.LINE_RATE * 60 // 1000
        for at in range(0, len(pcm), step):
            ear.accept(pcm[at : at + step])
        return second_hearing.finish(ear, pcm, phrases)
