"""Voice activity by the detector of the WebRTC project."""

from collections.abc import Callable

import webrtcvad

from voicebot.audio.frame import AudioFrame


def webrtc_vad(aggressiveness: int = 2) -> Callable[[AudioFrame], bool]:
    """Return a classifier of 20 ms frames for one stream; it remembers the frames before.

    `aggressiveness` is 0 (calls much speech) to 3. At 2 it keeps the quiet ends of Mandarin
    syllables; the detector's level test takes away what noise it still lets through.
    """
    vad = webrtcvad.Vad(aggressiveness)
    return lambda frame: bool(vad.is_speech(frame.pcm, frame.sample_rate))
