"""Between a sound device's own sample rate and the line's, 20 ms at a time."""

from voicebot.audio.block_resample import BlockResampler
from voicebot.audio.frame import FRAME_MS


class DeviceRate:
    """Both directions of one device; for one thread. With equal rates it changes nothing."""

    def __init__(self, device_hz: int, line_hz: int) -> None:
        self.block = device_hz * FRAME_MS // 1000
        """Samples that the device exchanges at once."""
        self._same = device_hz == line_hz
        self._down = BlockResampler(device_hz, line_hz)
        self._up = BlockResampler(line_hz, device_hz)

    def heard(self, pcm: bytes) -> bytes:
        """Take a block from the microphone; return the line's frame."""
        return pcm if self._same else self._down.push(pcm)

    def to_say(self, frame: bytes) -> bytes:
        """Take a frame of the line; return a block for the loudspeaker."""
        return frame if self._same else self._up.push(frame)
