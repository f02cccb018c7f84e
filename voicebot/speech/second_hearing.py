"""Hear an utterance again without the grammar, where the grammar did not have all of it.

A grammar makes a small model robust on a poor line, and deaf to what nobody foresaw. So what it
calls `[unk]` is decoded once more with the whole vocabulary, from the audio that was kept: on the
development set 4 % of the utterances need it with all shared intents in the grammar, more in a
state that expects little. docs/understanding.md has the figures.
"""

from collections.abc import Sequence
from dataclasses import replace

from voicebot.speech.recogniser import UNKNOWN, Recogniser, Transcript


def finish(recogniser: Recogniser, pcm: bytes, phrases: Sequence[str] | None) -> Transcript:
    """Close an utterance that was heard by `phrases`; `pcm` is all of it.

    Raises `RecogniserFailed`.
    """
    transcript = recogniser.finish()
    if phrases is None or UNKNOWN not in transcript.text:
        return transcript
    recogniser.listen(None)
    recogniser.accept(pcm)
    return replace(transcript, freely=recogniser.finish().text)
