"""Hear an utterance again without the grammar, where the grammar may not have had all of it.

A grammar makes a small model robust on a poor line, and deaf to what nobody foresaw: it finds its
own phrases in other words. So what it calls `[unk]`, or is not sure of, is decoded once more with
the whole vocabulary, from the audio that was kept. docs/understanding.md has the figures.
"""

from collections.abc import Sequence
from dataclasses import replace

from voicebot.speech.recogniser import UNKNOWN, Recogniser, Transcript

SURE = 0.985
"""Confidence from which on an answer by the grammar is not heard again. With all shared sentences
in the grammar half of what is said on the telephone is heard with less, and nine in ten with noise
10 dB under the voice. From 0.99 on, half as many again were heard twice, for no more understood."""


def finish(recogniser: Recogniser, pcm: bytes, phrases: Sequence[str] | None) -> Transcript:
    """Close an utterance that was heard by `phrases`; `pcm` is all of it.

    Raises `RecogniserFailed`.
    """
    transcript = recogniser.finish()
    sure = UNKNOWN not in transcript.text and transcript.confidence >= SURE
    if phrases is None or sure or not transcript.text:
        return transcript
    recogniser.listen(None)
    recogniser.accept(pcm)
    freely = recogniser.finish()
    return replace(transcript, freely=freely.text, freely_alternatives=freely.alternatives)
