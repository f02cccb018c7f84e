"""One call's event loop: it carries events to the session and does what the session decides.

Everything here runs on one asyncio loop, real or virtual. Only the recogniser and the synthesiser
work elsewhere, behind executors. The session is never called while it is being called: what
happens meanwhile waits in a queue.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import replace
from functools import partial
from typing import Protocol, TypeVar, assert_never

from voicebot.audio.frame import FRAME_MS, AudioFrame, silence
from voicebot.call.events import (
    Action,
    Answered,
    CallerHungUp,
    CloseUtterance,
    DropUtterance,
    DtmfPressed,
    Event,
    HangUp,
    HookBroke,
    HookReturned,
    LineBroke,
    Ms,
    NothingCame,
    OpenUtterance,
    PausePrompt,
    Play,
    PromptBroke,
    Recognised,
    ReopenUtterance,
    ResumePrompt,
    RunHook,
    SpeechPaused,
    SpeechStarted,
    SpeechStirred,
    SpeechWavered,
    SpeechWentOn,
    StopPrompt,
)
from voicebot.call.leg import CallLeg
from voicebot.call.record import CallRecord
from voicebot.call.session import CallSession
from voicebot.dialogue.hook import HookCall
from voicebot.dialogue.script import EndReason
from voicebot.dialogue.step import Spoken
from voicebot.errors import NoMedia
from voicebot.runtime.ear import Ear
from voicebot.runtime.media import audio
from voicebot.runtime.playout import Playout
from voicebot.speech import detector
from voicebot.speech.detector import SpeechDetector
from voicebot.speech.echo import (
    COMPARED_MS,
    ECHO_CORRELATION,
    LONGEST_DELAY_MS,
    UNLIKE_CORRELATION,
    EchoTest,
)
from voicebot.speech.prosody import measure
from voicebot.speech.recogniser import Recogniser

log = logging.getLogger(__name__)

T = TypeVar("T")

RING_FRAMES = 100
"""The caller's last two seconds: a barge-in is recognised from before it was suspected, and an
utterance may open 1.5 s after it began (`undecided_ms`) with 300 ms of pre-roll."""

MAX_EVENTS = 500
"""Events waiting for the session. More means that the call is out of control: it ends."""

ECHO_FRAMES = (LONGEST_DELAY_MS + COMPARED_MS) // FRAME_MS
"""After the robot's last sound: as long as what is compared can hold an echo of it."""

UNLIKE_FRAMES = 3
"""That are surely no echo, before speech over a prompt is believed: an echo in noise is unlike
what was played for a frame or two."""
UNSURE_FRAMES = 12
"""The same that may be one or not."""

DEAF_FRAMES = 300 // FRAME_MS
"""The same in half duplex: the buffers of a loudspeaker and a microphone, and the room."""

PRIVATE_FRAMES = 1000 // FRAME_MS
"""After something private was asked for, silence is recorded for so long: the caller's last digit
may come when their answer was judged over."""

PROMPT_TIMEOUT_S = 10.0
"""The longest wait for the next piece of a prompt."""


class Voice(Protocol):
    """Where prompts get their audio."""

    def duration_ms(self, spoken: Spoken) -> Ms | None:
        """Return the prompt's length when all of it is at hand; never blocks."""
        ...

    def pieces(self, spoken: Spoken) -> Iterator[tuple[str, bytes]]:
        """Yield audio with the phrase that begins with it ("" within a phrase); may block."""
        ...


class Hooks(Protocol):
    """Where the shop's programs are asked."""

    def submit(self, call: HookCall) -> "Future[object]":
        """Return at once; the future gets the answer or raises."""
        ...


class Recorder(Protocol):
    """What keeps a call's sound; both sides begin when the call was answered."""

    def hear(self, pcm: bytes) -> None:
        """Take what came from the caller."""
        ...

    def say(self, pcm: bytes) -> None:
        """Take what was sent in the same 20 ms."""
        ...


class Recording:
    """Both sides of a call in memory."""

    def __init__(self) -> None:
        self.caller = bytearray()
        self.robot = bytearray()

    def hear(self, pcm: bytes) -> None:
        """See `Recorder`."""
        self.caller += pcm

    def say(self, pcm: bytes) -> None:
        """See `Recorder`."""
        self.robot += pcm


class CallDriver:
    """Runs one call from its answer to its end."""

    def __init__(
        self,
        session: CallSession,
        leg: CallLeg,
        *,
        detector: SpeechDetector,
        recogniser: Recogniser,
        voice: Voice,
        ears: Executor,
        voices: Executor,
        hooks: Hooks | None = None,
        half_duplex: bool = False,
        transfer: Callable[[], Awaitable[bool]] | None = None,
        recorder: Recorder | None = None,
        watch: Callable[[CallSession], None] = lambda session: None,
    ) -> None:
        """`ears` runs this call's recogniser and nothing else; `voices` is shared by all calls.
        `half_duplex` makes the robot deaf while it speaks, for a loudspeaker and a microphone
        without echo cancellation. `transfer` moves a caller whom the script hands over; without
        it the line is closed. `recorder` keeps the sound instead of `recording`. `watch` is called
        after every event, for who shows the call while it runs."""
        self._session = session
        self._leg = leg
        self._detector = detector
        self._voice = voice
        self._voices = voices
        self._hooks = hooks
        self._asking: asyncio.Task[None] | None = None
        self._watch = watch
        self._loop = asyncio.get_running_loop()
        self._begin_s = self._loop.time()
        self._ear = Ear(recogniser, ears, self._post_heard)
        self._playout = Playout(leg.sample_rate, self.post)
        self._half_duplex = half_duplex
        self._transfer = transfer
        self._echo = EchoTest(leg.sample_rate)
        self._quiet_frames = ECHO_FRAMES + 1
        """Since the robot's last sound: after these no echo of it can come any more."""
        self._doubted_at: int | None = None
        """First sample of speech that may be the robot's own voice."""
        self._unlike_frames = self._unsure_frames = 0
        """Of it: in which it surely was not, and in which it was not surely."""
        self._sharp = False
        """It began with its loudest moment."""
        self._utterance = bytearray()
        """The caller's audio since the open utterance began."""
        self._ring: deque[AudioFrame] = deque(maxlen=RING_FRAMES)
        self._events: deque[Event] = deque()
        self._handling = False
        self._timer: asyncio.TimerHandle | None = None
        self._speaking: asyncio.Task[None] | None = None
        self._done: asyncio.Future[None] = self._loop.create_future()
        self._quiet = silence(leg.sample_rate)
        self.recording = Recording()
        self._recorder = self.recording if recorder is None else recorder
        self._private_frames = 0
        """How much longer the caller is not recorded."""
        self._says_private = False
        """The prompt that was begun last reads something private back."""

    @property
    def now(self) -> Ms:
        """Milliseconds since the call was answered."""
        return round((self._loop.time() - self._begin_s) * 1000)

    async def run(self) -> CallRecord:
        """Carry the call to its end, whatever happens, and return its record."""
        self._leg.playout = self
        self._leg.on_key = lambda key: self.post(DtmfPressed(key))
        self.post(Answered())
        frames = self._loop.create_task(self._take_frames())
        try:
            await self._done
        finally:
            tasks = [task for task in (frames, self._speaking, self._asking) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._timer is not None:
                self._timer.cancel()
            self._ear.drop()
            self._leg.playout = self._leg.on_key = None
            await self._hang_up()
        record = self._session.record
        record.dropped_frames = self._leg.dropped_frames
        return record

    async def _hang_up(self) -> None:
        record = self._session.record
        try:
            if self._transfer is not None and record.end_reason is EndReason.TRANSFERRED:
                moved = await self._transfer()
                record.note(self.now, "transferred" if moved else "transfer_failed")
            await self._leg.hang_up()
        except Exception:
            # The call is over and its record matters more than its line.
            log.exception("the line could not be closed")

    def post(self, event: Event) -> None:
        """Give the session an event; from the loop's thread only."""
        if self._done.done():
            return
        if len(self._events) >= MAX_EVENTS:
            self._act(self._session.abort(f"more than {MAX_EVENTS} events wait", self.now))
            return
        self._events.append(event)
        if not self._handling:
            self._drain()

    def _post_heard(self, event: Event) -> None:
        """Add to what was recognised how it was said."""
        if isinstance(event, Recognised):
            event = replace(event, voice=measure(bytes(self._utterance), self._leg.sample_rate))
        self.post(event)

    def pull(self) -> bytes | None:
        """Give the transport its next frame, and keep it for the recording."""
        sent = self._playout.pull()
        audible = self._quiet if sent is None else sent
        self._quiet_frames = self._quiet_frames + 1 if sent is None else 0
        self._echo.play(audible)
        self._recorder.say(self._quiet if self._says_private else audible)
        return sent

    def _drain(self) -> None:
        self._handling = True
        try:
            while self._events:
                event = self._events.popleft()
                self._guarded(partial(self._session.handle, event))
        finally:
            self._handling = False
        self._guarded(self._show)
        self._set_timer()

    def _show(self, now: Ms) -> list[Action]:
        self._watch(self._session)
        return []

    def _guarded(self, decide: Callable[[Ms], list[Action]]) -> None:
        """Decide and act; a fault ends this call alone. The one supervisor of a call."""
        try:
            self._act(decide(self.now))
        except Exception as error:
            log.exception("the call failed")
            self._act(self._session.abort(f"{type(error).__name__}: {error}", self.now))

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._session.deadline
        if deadline is not None and not self._done.done():
            self._timer = self._loop.call_at(self._begin_s + deadline / 1000, self._expire)

    def _expire(self) -> None:
        self._timer = None
        self._handling = True
        try:
            self._guarded(self._session.handle_deadline)
        finally:
            self._handling = False
        self._drain()

    # The caller's audio

    async def _take_frames(self) -> None:
        try:
            async for frame in audio(self._leg):
                self._take_frame(frame)
        except NoMedia as error:
            log.warning("%s", error)
            self.post(NothingCame(str(error)))
        except Exception as error:
            log.exception("the line failed")
            self.post(LineBroke(f"{type(error).__name__}: {error}"))
        else:
            self.post(CallerHungUp())

    def _take_frame(self, frame: AudioFrame) -> None:
        self._recorder.hear(self._kept(frame.pcm))
        self._ring.append(frame)
        if self._ear.listening:
            self._feed(frame)
        self._echo.hear(frame.pcm)
        noticed = self._detector.process(self._audible(frame))
        if isinstance(noticed, detector.SpeechStarted):
            self._unlike_frames = self._unsure_frames = 0
            self._sharp = noticed.sharp
            self._believe(frame, noticed.position)
        elif self._doubted_at is None:
            self._report(noticed)
            if self._detector.stirring:
                self.post(SpeechStirred())
        elif isinstance(noticed, detector.SpeechPaused):
            self._doubted_at = None
        else:
            self._believe(frame, self._doubted_at)

    def _kept(self, pcm: bytes) -> bytes:
        """Return the caller's frame as it may be recorded: silence while it is private.

        That includes the echo of a prompt that reads something private back.
        """
        if self._session.private or self._says_private:
            self._private_frames = PRIVATE_FRAMES
        elif self._private_frames > 0:
            self._private_frames -= 1
        return pcm if self._private_frames == 0 else bytes(len(pcm))

    def _report(self, noticed: detector.Noticed | None) -> None:
        match noticed:
            case detector.SpeechWavered():
                self.post(SpeechWavered())
            case detector.SpeechWentOn():
                self.post(SpeechWentOn())
            case detector.SpeechPaused(position, held):
                self.post(SpeechPaused(self._at(position), held))
            case detector.SpeechStarted() | None:
                pass
            case _:
                assert_never(noticed)

    def _audible(self, frame: AudioFrame) -> AudioFrame:
        """Return the frame as the detector gets it."""
        if self._half_duplex and self._quiet_frames <= DEAF_FRAMES:
            return AudioFrame(self._quiet, frame.sample_rate, frame.position)
        return frame

    def _believe(self, frame: AudioFrame, position: int) -> None:
        """Report speech since `position`, unless it is the robot's own voice that comes back."""
        self._doubted_at = position
        if self._quiet_frames <= ECHO_FRAMES:
            correlation = self._echo.correlation
            if correlation >= ECHO_CORRELATION:
                self._unlike_frames = self._unsure_frames = 0
                self._doubted_at = frame.position
                return
            self._unsure_frames += 1
            self._unlike_frames += correlation < UNLIKE_CORRELATION
            if self._unlike_frames < UNLIKE_FRAMES and self._unsure_frames < UNSURE_FRAMES:
                return
        self._doubted_at = None
        self.post(SpeechStarted(self._at(position), self._sharp))

    def _at(self, position: int) -> Ms:
        """Turn a sample position of the caller's stream into the call's time.

        The last frame's end is now: the line's own delay is not known and not counted.
        """
        last = self._ring[-1]
        behind = last.start_ms + FRAME_MS - position * 1000 // last.sample_rate
        return max(0, self.now - behind)

    # Actions

    def _act(self, actions: list[Action]) -> None:
        for action in actions:
            self._do(action)

    def _do(self, action: Action) -> None:
        match action:
            case Play():
                self._says_private = action.spoken.shown is not None
                self._playout.begin(action.prompt, self._voice.duration_ms(action.spoken))
                if self._speaking is not None:
                    self._speaking.cancel()
                self._speaking = self._loop.create_task(self._speak(action))
            case PausePrompt():
                self._playout.pause()
            case ResumePrompt():
                self._playout.resume()
            case StopPrompt():
                self._playout.stop()
            case OpenUtterance():
                self._ear.open(action.utterance, action.phrases)
                self._utterance.clear()
                for frame in self._since(action.from_ms):
                    self._feed(frame)
            case CloseUtterance():
                self._ear.close()
            case ReopenUtterance():
                self._ear.reopen(action.utterance, action.phrases)
            case DropUtterance():
                self._ear.drop()
            case RunHook():
                if self._asking is not None:
                    self._asking.cancel()
                self._asking = self._loop.create_task(self._ask(action))
            case HangUp():
                self._playout.stop()
                if not self._done.done():
                    self._done.set_result(None)
            case _:
                assert_never(action)

    def _feed(self, frame: AudioFrame) -> None:
        self._ear.feed(frame.pcm)
        self._utterance += frame.pcm

    def _since(self, from_ms: Ms) -> list[AudioFrame]:
        if not self._ring:
            return []
        return [frame for frame in self._ring if self._at(frame.position) + FRAME_MS > from_ms]

    async def _speak(self, play: Play) -> None:
        try:
            pieces = self._voice.pieces(play.spoken)
            while True:
                async with asyncio.timeout(PROMPT_TIMEOUT_S):
                    piece = await self._blocking(lambda: next(pieces, None))
                if piece is None:
                    break
                phrase, pcm = piece
                wanted = await self._playout.write(
                    play.prompt, phrase, pcm, new_phrase=bool(phrase)
                )
                if not wanted:
                    return
        except TimeoutError:
            self.post(PromptBroke(play.prompt, f"no audio within {PROMPT_TIMEOUT_S:.0f} s"))
        except Exception as error:
            # The error may hold the text.
            detail = "" if play.spoken.shown is not None else f": {error}"
            log.warning("a prompt could not be spoken: %s%s", type(error).__name__, detail)
            self.post(PromptBroke(play.prompt, f"{type(error).__name__}{detail}"))
        else:
            self._playout.complete(play.prompt)

    async def _ask(self, action: RunHook) -> None:
        if self._hooks is None:
            self.post(HookBroke(action.hook, "this call has no programs to ask"))
            return
        try:
            answer = await asyncio.wrap_future(self._hooks.submit(action.call))
        except Exception as error:
            log.warning("an action failed: %s", error)
            self.post(HookBroke(action.hook, str(error) or type(error).__name__))
        else:
            self.post(HookReturned(action.hook, answer))

    async def _blocking(self, job: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._voices.submit(job))
