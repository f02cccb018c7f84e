"""The caller of a scenario: does each cue in its turn, at the sample that it is due.

When the robot's prompts begin and end is read from the call's record while the call runs. One cue
waits at a time: the next one is looked at when it has begun, so cues stand in the file in the
order in which they happen, and their sounds may overlap.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from voicebot.audio import wav
from voicebot.audio.frame import FRAME_MS, SAMPLE_BYTES, frame_samples
from voicebot.call.leg import CallLeg
from voicebot.call.record import CallRecord, PromptRecord
from voicebot.call.session import CallSession
from voicebot.simulation import sounds
from voicebot.simulation.line import DELAY_MS, NOMINAL_DBFS, Noise, telephone_line
from voicebot.simulation.scenario import (
    Anchor,
    Cue,
    Echo,
    Lose,
    MakeNoise,
    PlayFile,
    Press,
    PutDown,
    Say,
    Scenario,
    Sound,
    When,
)
from voicebot.simulation.voices import Rendering

Speakers = Callable[[str], Rendering]
"""Returns who speaks with a voice of this name."""

Samples = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Begun:
    """One cue that began; times as the robot hears them, in milliseconds of the call."""

    cue: Cue
    start_ms: int
    end_ms: int
    """First sample after it."""

    @property
    def is_speech(self) -> bool:
        """Whether the caller said something."""
        return isinstance(self.cue.act, Say | PlayFile)


class ScenarioCaller:
    """One caller in one call."""

    def __init__(
        self,
        scenario: Scenario,
        leg: CallLeg,
        *,
        speakers: Speakers,
        babble: Sequence[bytes],
        rng: np.random.Generator,
        press: Callable[[str], None],
    ) -> None:
        """`babble` are people in the background, at the leg's rate; `press` tells the robot's
        transport of a key."""
        self._scenario = scenario
        self._leg = leg
        self._speakers = speakers
        self._babble = babble
        self._rng = rng
        self._press = press
        self._line = telephone_line(leg.sample_rate, scenario.line.settings, rng, babble)
        self._mouth = _Mouth(leg.sample_rate, scenario.line.echo)
        self._waiting = list(scenario.cues)
        self._waits_since_ms = 0
        self._speaks_since_ms = self._spoke_ms = 0
        """First and last sample of what was said last, in the caller's own stream."""
        self._sounded_ms = 0
        """Last sample of whatever was begun last."""
        self._loss_ends_ms = 0
        self._loss = 0.0
        self._session: CallSession | None = None
        self.begun: list[Begun] = []
        """Every cue that began, in order."""

    @property
    def unbegun(self) -> Sequence[Cue]:
        """Cues whose time did not come."""
        return self._waiting

    def follow(self, session: CallSession) -> None:
        """Look at the call after every event."""
        self._session = session

    def to_robot(self, pcm: bytes) -> bytes:
        """Carry one of the caller's frames over the line."""
        arrived = self._line(pcm)
        losing = self._mouth.now_ms <= self._loss_ends_ms
        share = max(self._scenario.line.loss, self._loss if losing else 0.0)
        if share and self._rng.random() < share:
            return bytes(len(arrived))
        return arrived

    async def run(self) -> None:
        """Stay on the line until either side hangs up."""
        self._leg.playout = self._mouth
        try:
            if self._begin_what_is_due():
                return
            async for frame in self._leg.incoming():
                self._mouth.hear(frame.pcm)
                if self._begin_what_is_due():
                    break
        finally:
            await self._leg.hang_up()

    def _begin_what_is_due(self) -> bool:
        """Begin every cue of the coming frame; tell whether the caller has hung up."""
        while self._waiting:
            due_ms = self._due_ms(self._waiting[0].when)
            if due_ms is None or due_ms >= self._mouth.now_ms + FRAME_MS:
                return False
            cue = self._waiting.pop(0)
            if isinstance(cue.act, PutDown):
                return True
            self._begin(cue, max(due_ms, self._mouth.now_ms))
        return False

    def _due_ms(self, when: When) -> int | None:
        """Return when a cue is due; None while what it waits for has not happened."""
        match when.anchor:
            case Anchor.AT:
                return when.offset_ms
            case Anchor.OVER_SPEECH:
                return self._speaks_since_ms + when.offset_ms
            case Anchor.AFTER_SPEECH:
                return self._spoke_ms + when.offset_ms
            case Anchor.AFTER_NOISE:
                return self._sounded_ms + when.offset_ms
            case Anchor.OVER | Anchor.BEFORE:
                return self._within_prompt(when)
            case Anchor.AFTER:
                ended = self._prompt_end(when.prompt)
                return None if ended is None else ended + when.offset_ms
            case _:
                assert_never(when.anchor)

    def _within_prompt(self, when: When) -> int | None:
        for prompt, length_ms in _started(self._record):
            if when.prompt not in prompt.text or prompt.started_ms is None:
                continue
            over = when.anchor is Anchor.OVER
            if not over and length_ms is None:
                continue
            due = prompt.started_ms + (
                when.offset_ms if over else (length_ms or 0) - when.offset_ms
            )
            missed = prompt.ended_ms is not None and due > prompt.ended_ms
            if due >= self._waits_since_ms and not missed:
                return due
        return None

    def _prompt_end(self, text: str) -> int | None:
        record = self._record
        if record is None:
            return None
        prompts = [prompt for turn in record.turns for prompt in turn.prompts]
        ends = (
            prompt.ended_ms
            for prompt in (prompts if text else prompts[-1:])
            if text in prompt.text and prompt.complete and prompt.ended_ms is not None
        )
        return next((end for end in ends if end >= self._waits_since_ms), None)

    @property
    def _record(self) -> CallRecord | None:
        return None if self._session is None else self._session.record

    def _begin(self, cue: Cue, at_ms: int) -> None:
        self._waits_since_ms = at_ms
        pcm = b""
        if isinstance(cue.act, Lose):
            self._loss, self._loss_ends_ms = cue.act.share, at_ms + cue.act.length_ms
            end_ms = self._loss_ends_ms
        else:
            pcm = sounds.scaled(self._sound(cue), cue.level_dbfs - NOMINAL_DBFS)
            self._mouth.add(pcm, at_ms)
            end_ms = at_ms + len(pcm) // SAMPLE_BYTES * 1000 // self._leg.sample_rate
        begun = Begun(cue, at_ms + DELAY_MS, end_ms + DELAY_MS)
        self._sounded_ms = end_ms
        if begun.is_speech:
            self._speaks_since_ms, self._spoke_ms = at_ms, end_ms
        if isinstance(cue.act, Press):
            self._press(cue.act.key)
        self.begun.append(begun)

    def _sound(self, cue: Cue) -> bytes:
        rate = self._leg.sample_rate
        match cue.act:
            case Say(utterance, voice):
                return self._speakers(voice or self._scenario.voice)(utterance).pcm
            case PlayFile(path):
                return wav.read_mono(path, rate)
            case MakeNoise():
                return self._noise(cue.act)
            case Press(key):
                return sounds.dtmf(rate, key)
            case Lose() | PutDown():
                return b""
            case _:
                assert_never(cue.act)

    def _noise(self, noise: MakeNoise) -> bytes:
        rate, length_ms, rng = self._leg.sample_rate, noise.length_ms, self._rng
        match noise.sound:
            case Sound.WHITE | Sound.PINK | Sound.HUM | Sound.BABBLE:
                kind = Noise(noise.sound.value)
                return sounds.steady(kind, rate, length_ms, rng, self._babble)
            case Sound.MUSIC:
                return sounds.music(rate, length_ms, rng)
            case Sound.COUGH:
                return sounds.cough(rate, rng, times=noise.times)
            case Sound.DOOR:
                return sounds.door(rate, rng)
            case Sound.RING:
                return sounds.phone_ring(rate, length_ms, rng)
            case Sound.BREATHING:
                return sounds.breathing(rate, length_ms, rng)
            case Sound.BUSY:
                return sounds.busy_tone(rate, length_ms)
            case Sound.RINGBACK:
                return sounds.ringback(rate, length_ms)
            case _:
                assert_never(noise.sound)


def _started(record: CallRecord | None) -> Iterator[tuple[PromptRecord, int | None]]:
    """Yield the prompts that began, each with its length where that was known then."""
    if record is None:
        return
    lengths = {
        moment.at_ms: moment.detail["duration_ms"]
        for moment in record.timeline
        if moment.what == "prompt_started"
    }
    for turn in record.turns:
        for prompt in turn.prompts:
            if prompt.started_ms is not None:
                yield prompt, lengths.get(prompt.started_ms)


class _Mouth:
    """What goes out, a frame a pull: all sounds of the moment together, and the echo."""

    def __init__(self, sample_rate: int, echo: Echo | None) -> None:
        self._rate = sample_rate
        self._size = frame_samples(sample_rate)
        self._position = 0
        self._sounds: list[tuple[int, Samples]] = []
        """First sample's position, and the rest of the sound."""
        self._echo = echo

    @property
    def now_ms(self) -> int:
        """When the next frame begins."""
        return self._position * 1000 // self._rate

    def add(self, pcm: bytes, at_ms: int) -> None:
        """Let a sound begin within the next frame or later."""
        samples = np.frombuffer(pcm, "<i2").astype(np.float64)
        self._sounds.append((at_ms * self._rate // 1000, samples))

    def hear(self, pcm: bytes) -> None:
        """Take the robot's frame that belongs to the last one sent."""
        if self._echo is not None and any(pcm):
            delay = self._echo.delay_ms * self._rate // 1000
            samples = np.frombuffer(pcm, "<i2") * 10 ** (self._echo.level_db / 20)
            self._sounds.append((self._position - self._size + delay, samples))

    def pull(self) -> bytes:
        """Return the next frame."""
        frame = np.zeros(self._size)
        begin, end = self._position, self._position + self._size
        for start, samples in self._sounds:
            first, last = max(start, begin), min(start + len(samples), end)
            if first < last:
                frame[first - begin : last - begin] += samples[first - start : last - start]
        self._sounds = [each for each in self._sounds if each[0] + len(each[1]) > end]
        self._position = end
        return np.clip(np.rint(frame), -32768, 32767).astype("<i2").tobytes()
