"""Putting one call together: a session, a leg, and engines of its own."""

from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from voicebot.call.leg import CallLeg
from voicebot.call.record import CallRecord
from voicebot.call.session import CallSession
from voicebot.runtime.driver import CallDriver, Hooks, Recorder, Recording, Voice
from voicebot.speech.detector import SpeechDetector
from voicebot.speech.recogniser import Recogniser


@dataclass(frozen=True, slots=True)
class Parts:
    """What calls are made of. The callables make one for each call."""

    detector: Callable[[], SpeechDetector]
    recogniser: Callable[[int], Recogniser]
    """By the line's rate in Hz."""
    voice: Voice
    ears: Callable[[], Executor]
    """A thread for the call's recogniser; shut down with the call."""
    voices: Executor
    """Threads for synthesis, shared by all calls."""
    hooks: Hooks | None = None
    """Where the shop's programs are asked; without it every action fails."""


async def run_call(
    session: CallSession,
    leg: CallLeg,
    parts: Parts,
    watch: Callable[[CallSession], None] = lambda session: None,
    transfer: Callable[[], Awaitable[bool]] | None = None,
    recorder: Recorder | None = None,
    half_duplex: bool = False,
) -> tuple[CallRecord, Recording]:
    """Run one answered call to its end; `transfer` moves a caller whom the script hands over.

    Without a `recorder` the sound is in the recording that is returned."""
    ears = parts.ears()
    try:
        driver = CallDriver(
            session,
            leg,
            detector=parts.detector(),
            recogniser=parts.recogniser(leg.sample_rate),
            voice=parts.voice,
            ears=ears,
            voices=parts.voices,
            hooks=parts.hooks,
            watch=watch,
            transfer=transfer,
            recorder=recorder,
            half_duplex=half_duplex,
        )
        return await driver.run(), driver.recording
    finally:
        # The recogniser may be in the middle of a job; the loop does not wait for it.
        ears.shutdown(wait=False, cancel_futures=True)
