"""A call over this computer's own microphone and loudspeaker, through PortAudio.

sounddevice is imported where it is needed: only who talks to the robot on this computer needs it.
PortAudio calls back on a thread of its own, every 20 ms, with what the microphone heard and a place
for what the loudspeaker is to say; between that thread and the event loop lie short queues.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from voicebot.audio.frame import FRAME_MS, AudioFrame, silence
from voicebot.audio.jitter import LineStatistics
from voicebot.call.leg import AudioSource
from voicebot.errors import LineFailed, MissingPart
from voicebot.transports.device_rate import DeviceRate
from voicebot.transports.inbox import Inbox

log = logging.getLogger(__name__)

LINE_RATE = 8000
DEVICE_RATES = (LINE_RATE, 48000, 16000, 44100)
"""Hz, in the order in which they are tried: most sound systems convert, a bare device does not."""
WRONG_RATE = -9997
"""PortAudio's code for a rate that a device refuses."""
SPOKEN_FRAMES = 3
"""What waits for the loudspeaker, 60 ms: enough for an event loop that wakes late."""
RESTARTS = 3
"""How often devices that stop by themselves are opened again in a call: PortAudio gives up over
PulseAudio now and then, mostly when they have just been opened."""
LATENCY_S = 0.1
"""Of the devices' own buffers: with PortAudio's least one, a busy computer stutters."""


@dataclass(frozen=True, slots=True)
class Device:
    """One way into or out of the computer."""

    number: int
    name: str
    inputs: int
    """Channels."""
    outputs: int
    default_input: bool
    default_output: bool


class EchoCanceller(Protocol):
    """Takes the loudspeaker's sound out of the microphone's, 20 ms at a time."""

    def cancel(self, heard: bytes, played: bytes, delay_ms: int) -> bytes:
        """Return what was heard without what was played `delay_ms` before."""
        ...


def devices() -> tuple[Device, ...]:
    """Return the audio devices; none on a server.

    Raises `MissingPart` when the package or PortAudio is not installed.
    """
    sound = _sounddevice()
    first_input, first_output = sound.default.device
    return tuple(
        Device(
            number,
            str(each["name"]),
            int(each["max_input_channels"]),
            int(each["max_output_channels"]),
            number == first_input,
            number == first_output,
        )
        for number, each in enumerate(sound.query_devices())
    )


def microphones() -> tuple[str, ...]:
    """Return the names of the input devices; see `devices`."""
    return tuple(each.name for each in devices() if each.inputs > 0)


class LocalLeg:
    """See `voicebot.call.leg.CallLeg`. Make one in a running event loop, and `open` it."""

    sample_rate = LINE_RATE

    def __init__(self, canceller: EchoCanceller | None = None) -> None:
        self.playout: AudioSource | None = None
        self.on_key: Callable[[str], None] | None = None
        self._canceller = canceller
        self._inbox = Inbox(LINE_RATE)
        self._loop = asyncio.get_running_loop()
        self._stream: Any = None
        self._devices: tuple[int | None, int | None] = (None, None)
        self._opened = 0
        """How often."""
        self._opening: asyncio.Task[None] | None = None
        self._spoken: deque[bytes] = deque(maxlen=SPOKEN_FRAMES)
        """Appended to by the loop's thread, taken from by PortAudio's: a deque allows both."""
        self._rate = DeviceRate(LINE_RATE, LINE_RATE)
        self._quiet = silence(LINE_RATE)
        self._received = 0
        self._late = 0

    @property
    def dropped_frames(self) -> int:
        """Frames that were not taken in time."""
        return self._inbox.dropped

    @property
    def statistics(self) -> LineStatistics:
        """What PortAudio could not keep up with counts as late."""
        return LineStatistics(received=self._received, late=self._late)

    def open(self, microphone: int | None = None, loudspeaker: int | None = None) -> None:
        """Begin to hear and to speak, on the default devices when None. Raises `LineFailed`."""
        sound = _sounddevice()
        self._devices = microphone, loudspeaker
        self._opened += 1
        for rate in DEVICE_RATES:
            self._rate = DeviceRate(rate, LINE_RATE)
            try:
                self._stream = sound.RawStream(
                    samplerate=rate,
                    blocksize=self._rate.block,
                    device=(microphone, loudspeaker),
                    channels=1,
                    dtype="int16",
                    latency=LATENCY_S,
                    callback=self._exchange,
                    finished_callback=partial(self._stopped, self._opened),
                )
                self._stream.start()
            except (sound.PortAudioError, ValueError) as error:
                if rate != DEVICE_RATES[-1] and WRONG_RATE in error.args:
                    continue
                raise LineFailed(
                    f"the microphone or the loudspeaker cannot be used: {error}; "
                    "choose others from `voicebot talk --list`"
                ) from error
            return

    def incoming(self) -> AsyncIterator[AudioFrame]:
        """Yield what the microphone hears, until the line is closed."""
        return self._inbox.frames()

    async def hang_up(self) -> None:
        """Let what was said be heard, and close the devices; harmless when they are closed."""
        stream, self._stream = self._stream, None
        self._inbox.close()
        if stream is not None:
            await asyncio.sleep(SPOKEN_FRAMES * FRAME_MS / 1000 + float(stream.latency[1]))
            await asyncio.to_thread(stream.close)

    def press(self, key: str) -> None:
        """Take a key of the computer's keyboard as one of a telephone's."""
        if self.on_key is not None and not self._inbox.closed:
            self.on_key(key)

    def _exchange(self, heard: Any, to_say: Any, frames: int, times: Any, status: Any) -> None:
        """Give PortAudio the next 20 ms and take the last 20; on its thread."""
        spoken = self._spoken.popleft() if self._spoken else self._quiet
        to_say[:] = self._rate.to_say(spoken)
        pcm = self._rate.heard(bytes(heard))
        if self._canceller is not None:
            delay_s = times.outputBufferDacTime - times.inputBufferAdcTime
            pcm = self._canceller.cancel(pcm, spoken, round(1000 * max(0.0, delay_s)))
        try:
            self._loop.call_soon_threadsafe(self._deliver, pcm, bool(status))
        except RuntimeError:
            # The loop has ended; the stream is closed with it.
            return

    def _stopped(self, opened: int) -> None:
        """Note that the devices, the `opened`th ones, exchange nothing more; on PortAudio's
        thread."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stopped_by_itself, opened)

    def _stopped_by_itself(self, opened: int) -> None:
        if not self._inbox.closed and opened == self._opened:
            stream, self._stream = self._stream, None
            self._opening = self._loop.create_task(self._open_again(stream))

    async def _open_again(self, stopped: Any) -> None:
        if stopped is not None:
            await asyncio.to_thread(stopped.close)
        if self._inbox.closed:
            return
        try:
            if self._opened > RESTARTS:
                raise LineFailed("the microphone or the loudspeaker stopped working")
            log.warning("the microphone or the loudspeaker stopped; they are opened again")
            self.open(*self._devices)
        except LineFailed as error:
            self._inbox.close(error)

    def _deliver(self, pcm: bytes, late: bool) -> None:
        """Take one frame and have the next one ready; on the loop's thread."""
        self._received += 1
        self._late += late
        self._inbox.put(pcm)
        if self._inbox.closed:
            return
        spoken = self.playout.pull() if self.playout else None
        self._spoken.append(self._quiet if spoken is None else spoken)


def _sounddevice() -> Any:
    try:
        import sounddevice
    except ImportError as error:
        raise MissingPart('not installed: pip install "voicebot[local]"') from error
    except OSError as error:
        raise MissingPart("PortAudio is missing: apt-get install libportaudio2") from error
    return sounddevice
