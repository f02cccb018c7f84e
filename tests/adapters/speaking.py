"""What the robot and its callers say, as sound."""

from functools import cache

from voicebot.engines.espeak import EspeakSynthesiser
from voicebot.simulation.utterance import Utterance
from voicebot.simulation.voices import VOICES, CallerSpeech

RATE = 8000


@cache
def speech(text: str, name: str | None = None) -> bytes:
    """Return what the robot says, or the caller of that name, at the nominal level."""
    if name is None:
        return CallerSpeech(EspeakSynthesiser(), RATE)(Utterance((text,))).pcm
    voice = VOICES[name]
    synthesiser = EspeakSynthesiser(
        variant=voice.variant, rate=voice.rate, pitch=voice.pitch, pitch_range=voice.pitch_range
    )
    return CallerSpeech(synthesiser, RATE, tract=voice.tract)(Utterance((text,))).pcm
