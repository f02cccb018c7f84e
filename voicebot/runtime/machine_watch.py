"""A leg that finds out who picked up while the conversation is already going on.

    leg = WatchedLeg(leg, detector, executor, reaction)
    record, recording = await run_call(session, leg, parts)
    judged = await leg.finish()

The call runs on the watched leg as on any other and waits for nothing: a person hears the script at
once. When a machine is found the conversation ends as if it had hung up, and the machine gets
`reaction`: the line is closed, or a message is left after the beep.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor

from voicebot.audio.frame import FRAME_MS, AudioFrame, frame_bytes
from voicebot.call.leg import AudioSource, CallLeg
from voicebot.campaign.answering_machine import Judged, MachineDetector, Reaction, is_beep
from voicebot.campaign.outcome import Disposition
from voicebot.errors import EngineFailed, LineFailed
from voicebot.speech.detector import level_dbfs
from voicebot.speech.tones import ToneDetector

log = logging.getLogger(__name__)

CHUNK_FRAMES = 5

BEEP_WAIT_MS = 20_000
"""The longest greeting that is waited for; then the message is not left."""
SILENCE_MS = 2000
"""A mailbox without a beep is silent for as long when it records."""
SILENT_DBFS = -45.0
LINGER_MS = 400
"""The line stays open so long after the message: its end is still on the way, and a mailbox cuts
off what comes last."""


class WatchedLeg:
    """See `voicebot.call.leg.CallLeg`."""

    def __init__(
        self,
        leg: CallLeg,
        detector: MachineDetector,
        executor: Executor,
        reaction: Reaction = Reaction.HANG_UP,
        message: bytes = b"",
    ) -> None:
        """`executor` runs the detector, one job at a time. `message` is what is left after the
        beep, at the leg's rate."""
        self._leg = leg
        self._detector = detector
        self._executor = executor
        self._reaction = reaction
        self._message = message
        self._deaf = False
        """The detector broke: whoever it is counts as a person."""
        self._chunk: list[AudioFrame] = []
        self._taken_over = False
        self.judged: Judged | None = None
        self.left_message = False

    @property
    def playout(self) -> AudioSource | None:
        """Pulled every 20 ms once set."""
        return self._leg.playout

    @playout.setter
    def playout(self, source: AudioSource | None) -> None:
        self._leg.playout = source

    @property
    def on_key(self) -> Callable[[str], None] | None:
        """Called for every key that the other side presses."""
        return self._leg.on_key

    @on_key.setter
    def on_key(self, call: Callable[[str], None] | None) -> None:
        self._leg.on_key = call

    @property
    def sample_rate(self) -> int:
        """Hz, both directions."""
        return self._leg.sample_rate

    @property
    def dropped_frames(self) -> int:
        """Frames that were not taken in time."""
        return self._leg.dropped_frames

    async def incoming(self) -> AsyncIterator[AudioFrame]:
        """Yield the other side's audio until it hangs up or turns out to be a machine."""
        frames = self._leg.incoming()
        async for frame in frames:
            self._watch(frame)
            if self._taken_over:
                return
            yield frame

    async def hang_up(self) -> None:
        """Close the line, unless a message is still to be left: then `finish` does."""
        if not (self._taken_over and self._reaction is Reaction.LEAVE_MESSAGE):
            await self._leg.hang_up()

    async def finish(self) -> Judged | None:
        """Do what is left to do with a machine and close the line; return who picked up."""
        if self._taken_over and self._reaction is Reaction.LEAVE_MESSAGE:
            try:
                await self._leave_message()
            except LineFailed as error:
                log.info("the machine's line broke: %s", error)
            self._leg.playout = None
        await self._leg.hang_up()
        return self.judged

    def _watch(self, frame: AudioFrame) -> None:
        if self.judged is not None or self._deaf:
            return
        self._chunk.append(frame)
        if len(self._chunk) < CHUNK_FRAMES:
            return
        chunk, self._chunk = self._chunk, []
        future = asyncio.wrap_future(self._executor.submit(self._hear, chunk))
        future.add_done_callback(self._heard)

    def _hear(self, frames: list[AudioFrame]) -> Judged | None:
        found = [judged for frame in frames if (judged := self._detector.hear(frame)) is not None]
        return found[0] if found else None

    def _heard(self, done: "asyncio.Future[Judged | None]") -> None:
        if done.cancelled():
            return
        error = done.exception()
        if error is not None:
            if not isinstance(error, EngineFailed):
                log.error("the machine detector failed", exc_info=error)
            self._deaf = True
            return
        judged = done.result()
        if judged is None or self.judged is not None:
            return
        self.judged = judged
        human = judged.disposition is Disposition.ANSWERED_HUMAN
        self._taken_over = not human and self._reaction is not Reaction.GO_ON

    async def _leave_message(self) -> None:
        if not self._message or not await self._beep():
            return
        player = _Message(self._message, self._leg.sample_rate)
        self._leg.playout = player
        after_ms = 0
        async for _ in self._leg.incoming():
            self.left_message = player.done
            after_ms += FRAME_MS if player.done else 0
            if after_ms > LINGER_MS:
                return

    async def _beep(self) -> bool:
        """Wait for the beep, or for the silence of a mailbox that has none."""
        tones = ToneDetector()
        waited_ms = quiet_ms = 0
        async for frame in self._leg.incoming():
            tones.process(frame)
            waited_ms += FRAME_MS
            quiet_ms = 0 if level_dbfs(frame.pcm) > SILENT_DBFS else quiet_ms + FRAME_MS
            if is_beep(tones.last) or quiet_ms >= SILENCE_MS:
                return True
            if waited_ms >= BEEP_WAIT_MS:
                return False
        return False


class _Message:
    """Plays a message once."""

    def __init__(self, pcm: bytes, sample_rate: int) -> None:
        self._pcm = pcm
        self._size = frame_bytes(sample_rate)
        self._at = 0

    @property
    def done(self) -> bool:
        """Whether all of it was played."""
        return self._at >= len(self._pcm)

    def pull(self) -> bytes | None:
        """Return the next frame, filled up with silence at the end."""
        if self.done:
            return None
        frame = self._pcm[self._at : self._at + self._size]
        self._at += self._size
        return frame.ljust(self._size, b"\0")
