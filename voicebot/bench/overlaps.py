"""Sound over a prompt: callers who interrupt, callers who only listen, and noise."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from voicebot.audio.frame import FRAME_MS, SAMPLE_BYTES, frame_samples
from voicebot.bench.leg import FRAME_S, CallerLeg, Echo, Speaking
from voicebot.bench.rig import Endpointing, Rig
from voicebot.bench.turn_set import Condition, line
from voicebot.call.record import CallRecord
from voicebot.simulation.line import LineSettings, Noise
from voicebot.simulation.sounds import (
    babble,
    breathing,
    cough,
    door,
    music,
    phone_ring,
    scaled,
    steady,
)
from voicebot.simulation.utterance import Utterance
from voicebot.simulation.voices import choose

STATE = "story"
"""The script's state with the long prompt."""
NOISE_MS = 28_000
"""Longer than the opening and the prompt together."""
INTO_PROMPT_MS = (1000, 16_000)
"""When callers speak, counted from the first prompt's first sample past its opening."""
OPENING_MS = 5000
"""The opening, which only hot words interrupt, is over by then."""
WAIT_S = 4.0
"""So long after the sound's end a paused prompt must have gone on."""
FAR_DB = (-20.0, -6.0)
"""Of noise somewhere in the room against a caller's voice."""
NEAR_DB = (-10.0, 0.0)
"""Of noise that the caller makes."""

INTERRUPTIONS = (
    *("转人工", "别打了", "不要再打电话了", "我不需要", "不用了谢谢", "不感兴趣"),
    *("我没听清楚", "你等一下", "没兴趣", "现在不方便", "我在开会", "可以可以"),
)
BACKCHANNELS = ("嗯", "嗯嗯", "对", "哦", "好", "是的", "啊", "对对")
"""Said by people who listen."""

ECHO_DELAYS_MS = (60, 400)
ECHO_LEVELS_DB = (-24.0, -8.0)


class Overlap:
    """Names of what is not noise."""

    BARGE_IN = "barge-in"
    BACKCHANNEL = "backchannel"
    ECHO = "echo"


@dataclass(frozen=True, slots=True)
class MeasuredOverlap:
    """What one sound over one prompt did."""

    name: str
    """A noise, or one of `Overlap`."""
    condition: Condition | None
    text: str
    """What was said; nothing when it was noise."""
    sounded_ms: float
    """How long it was over the prompt."""
    lost: bool
    """The prompt was stopped for good: right for a barge-in, wrong for everything else."""
    pauses: int
    resumes: tuple[int, ...]
    """From each pause to the resumption, in ms."""
    disturbed: bool = False
    """The line's noise took the prompt before the caller spoke; nothing else was measured."""
    stop_ms: float | None = None
    """Of a barge-in: last audible sample of the prompt after the first one of the caller's."""
    late_ms: float = 0.0
    """The most that a frame of the call came late, where the clock is real."""


NoiseSound = Callable[[Rig, np.random.Generator], bytes]
"""Makes `NOISE_MS` of a noise at a voice's level."""


def _through(make: Callable[[int, np.random.Generator], bytes], every_ms: int) -> NoiseSound:
    """Return a short sound again and again, at uneven intervals around `every_ms`."""

    def sound(rig: Rig, rng: np.random.Generator) -> bytes:
        rate = rig.sample_rate
        track = bytearray()
        while len(track) < rate * NOISE_MS // 1000 * SAMPLE_BYTES:
            gap_ms = int(rng.integers(every_ms // 2, every_ms * 3 // 2))
            track += make(rate, rng) + bytes(rate * gap_ms // 1000 * SAMPLE_BYTES)
        return bytes(track)

    return sound


NOISES: dict[str, tuple[NoiseSound, tuple[float, float]]] = {
    "white": (lambda rig, rng: steady(Noise.WHITE, rig.sample_rate, NOISE_MS, rng), FAR_DB),
    "pink": (lambda rig, rng: steady(Noise.PINK, rig.sample_rate, NOISE_MS, rng), FAR_DB),
    "hum": (lambda rig, rng: steady(Noise.HUM, rig.sample_rate, NOISE_MS, rng), FAR_DB),
    "babble": (lambda rig, rng: babble(rig.sample_rate, NOISE_MS, rng, rig.people()), FAR_DB),
    "music": (lambda rig, rng: music(rig.sample_rate, NOISE_MS, rng), FAR_DB),
    "phone ring": (lambda rig, rng: phone_ring(rig.sample_rate, NOISE_MS, rng), FAR_DB),
    "door": (_through(door, 3000), FAR_DB),
    "cough": (_through(cough, 3000), NEAR_DB),
    "breathing": (lambda rig, rng: breathing(rig.sample_rate, NOISE_MS, rng), NEAR_DB),
}
"""What sounds over a prompt, and how loud."""


async def measure_barge_in(rig: Rig, endpointing: Endpointing, seed: int) -> MeasuredOverlap:
    """Interrupt the prompt, in a voice, on a line and at a moment that the seed gives."""
    return await _speak(rig, endpointing, seed, Overlap.BARGE_IN, INTERRUPTIONS)


async def measure_backchannel(rig: Rig, endpointing: Endpointing, seed: int) -> MeasuredOverlap:
    """Say that one listens."""
    return await _speak(rig, endpointing, seed, Overlap.BACKCHANNEL, BACKCHANNELS)


async def _speak(
    rig: Rig, endpointing: Endpointing, seed: int, name: str, texts: tuple[str, ...]
) -> MeasuredOverlap:
    rng = np.random.default_rng(seed)
    text = texts[seed % len(texts)]
    condition = tuple(Condition)[seed // len(texts) % len(Condition)]
    speaking = Speaking(
        await rig.apart(partial(rig.speech, choose(rng), Utterance((text,)))),
        into_prompt_ms=OPENING_MS + int(rng.integers(*INTO_PROMPT_MS)),
        offset_samples=int(rng.integers(frame_samples(rig.sample_rate))),
    )
    record, leg, _ = await rig.call(
        STATE, endpointing, line(rng, condition), seed, speaking, _heard_out
    )
    return _measured(name, condition, text, record, leg)


async def measure_noise(
    rig: Rig, endpointing: Endpointing, name: str, seed: int
) -> MeasuredOverlap:
    """Let one of `NOISES` sound over the whole prompt."""
    rng = np.random.default_rng(seed)
    sound, levels_db = NOISES[name]
    made = await rig.apart(partial(sound, rig, rng))
    pcm = await rig.apart(partial(scaled, made, float(rng.uniform(*levels_db))))
    record, leg, _ = await rig.call(
        STATE, endpointing, LineSettings(), seed, Speaking(pcm), _heard_out
    )
    return _measured(name, None, "", record, leg)


async def measure_echo(rig: Rig, endpointing: Endpointing, seed: int) -> MeasuredOverlap:
    """Send the robot's own voice back."""
    rng = np.random.default_rng(seed)
    echo = Echo(
        int(rng.integers(*ECHO_DELAYS_MS)) // FRAME_MS * FRAME_MS,
        float(rng.uniform(*ECHO_LEVELS_DB)),
    )
    quiet = Speaking(bytes(rig.sample_rate * NOISE_MS // 1000 * SAMPLE_BYTES))
    hiss = LineSettings(noise=Noise.WHITE, snr_db=35.0)
    record, leg, _ = await rig.call(STATE, endpointing, hiss, seed, quiet, _heard_out, echo)
    return _measured(Overlap.ECHO, None, "", record, leg)


def _heard_out(leg: CallerLeg, now: float) -> bool:
    """The caller puts the phone down when the prompt is over or does not go on."""
    if leg.prompt_ended_s is not None:
        return True
    return leg.end_s is not None and now > leg.end_s + WAIT_S


def _measured(
    name: str, condition: Condition | None, text: str, record: CallRecord, leg: CallerLeg
) -> MeasuredOverlap:
    lost = record.turns[0].barge_in
    paused_ms: int | None = None
    pauses = 0
    resumes: list[int] = []
    for moment in record.timeline:
        if moment.what == "prompt_paused":
            pauses += 1
            paused_ms = moment.at_ms
        elif moment.what == "prompt_resumed" and paused_ms is not None:
            resumes.append(moment.at_ms - paused_ms)
    if leg.begin_s is None or leg.end_s is None:
        late_ms = leg.latest_s * 1000
        return MeasuredOverlap(
            name,
            condition,
            text,
            0.0,
            lost,
            pauses,
            tuple(resumes),
            disturbed=True,
            late_ms=late_ms,
        )
    begin, end = leg.begin_s, leg.end_s
    story_s = leg.answered_s + (record.turns[0].prompts[-1].started_ms or 0) / 1000
    # A prompt that was held up before it was stopped fell silent then; what follows is the reply.
    ended = leg.prompt_ended_s
    prompt_end = FRAME_S + max(
        (at for at in leg.heard if ended is None or at <= ended), default=0.0
    )
    return MeasuredOverlap(
        name,
        condition,
        text,
        max(0.0, min(end, prompt_end) - max(begin, story_s)) * 1000,
        lost,
        pauses,
        tuple(resumes),
        stop_ms=(prompt_end - begin) * 1000 if lost and name == Overlap.BARGE_IN else None,
        late_ms=leg.latest_s * 1000,
    )
