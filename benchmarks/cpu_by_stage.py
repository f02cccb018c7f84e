"""Where does the CPU time of a minute of call audio go?

    python -m benchmarks.cpu_by_stage

Replays every fixture twice in virtual time with a new prompt cache: the first pass synthesises,
the second one finds its prompts. Each stage is timed by the thread's CPU clock around its calls;
the rest is the event loop, the driver and the record.
"""

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.conditions import conditions
from voicebot import bootstrap, config
from voicebot.audio import wav
from voicebot.call.session import CallSession
from voicebot.dialogue import conversation
from voicebot.dialogue.loader import load_script
from voicebot.dialogue.script import Script
from voicebot.engines.espeak import EspeakSynthesiser
from voicebot.engines.vosk import VoskModel
from voicebot.runtime.call_runner import Parts, run_call
from voicebot.runtime.prompt_cache import PromptCache
from voicebot.runtime.virtual_time import run_virtual
from voicebot.runtime.voice import PromptVoice
from voicebot.speech.detector import SpeechDetector
from voicebot.speech.recogniser import Recogniser, Transcript
from voicebot.transports.replay import ReplayLeg

FIXTURES = Path("audio_fixtures")

spent: defaultdict[str, float] = defaultdict(float)


def timed(stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the CPU time of each call to its stage."""

    def call(*args: Any, **kwargs: Any) -> Any:
        begin = time.thread_time()
        try:
            return function(*args, **kwargs)
        finally:
            spent[stage] += time.thread_time() - begin

    return call


class TimedRecogniser:
    """A recogniser on a clock."""

    def __init__(self, recogniser: Recogniser) -> None:
        self.listen = timed("recogniser", recogniser.listen)
        self.accept: Callable[[bytes], str] = timed("recogniser", recogniser.accept)
        self.finish: Callable[[], Transcript] = timed("recogniser", recogniser.finish)


class TimedSynthesiser:
    """A synthesiser on a clock; it gives a text at once, so that nothing else is timed."""

    def __init__(self) -> None:
        self._synthesiser = EspeakSynthesiser()
        self.sample_rate = self._synthesiser.sample_rate
        self.identity = self._synthesiser.identity
        self._all = timed("synthesis", lambda text: list(self._synthesiser.synthesise(text)))

    def synthesise(self, text: str) -> Iterator[bytes]:
        """Say it."""
        yield from self._all(text)


def timed_detector() -> SpeechDetector:
    """Return a detector on a clock."""
    detector = bootstrap.speech_detector()
    detector.process = timed("detector", detector.process)  # type: ignore[method-assign]
    return detector


def one_pass(script: Script, model: VoskModel, voice: PromptVoice) -> float:
    """Replay all fixtures; return the minutes of calls."""
    variables = {name: each.example for name, each in script.variables.items()}
    made = bootstrap.parts(model, voice, realtime=False)
    parts: Parts = replace(
        made,
        detector=timed_detector,
        recogniser=lambda rate: TimedRecogniser(model.recogniser(rate)),
    )
    minutes = 0.0
    for recording in sorted(FIXTURES.glob("*.wav")):
        pcm = wav.read_mono(recording, config.LINE_RATE)
        bootstrap.prepare(voice, script, variables)

        async def call(pcm: bytes = pcm) -> float:
            leg = ReplayLeg(pcm, config.LINE_RATE)
            record, _ = await run_call(CallSession(script, variables), leg, parts)
            return record.duration_ms / 60_000

        minutes += run_virtual(call())
    return minutes


def main() -> None:
    print(conditions())
    names = vars(conversation)
    names["understand"] = timed("intents", names["understand"])
    model = bootstrap.load_model(None)
    script = load_script(config.DEMO_CAMPAIGN)
    with tempfile.TemporaryDirectory() as folder:
        voice = PromptVoice(PromptCache(Path(folder), TimedSynthesiser(), config.LINE_RATE))
        for title in ("prompts new", "prompts cached"):
            spent.clear()
            begin = time.process_time()
            minutes = one_pass(script, model, voice)
            total = time.process_time() - begin
            print(f"\n{title}: {minutes:.1f} minutes of calls, ms of CPU for each minute")
            for stage in ("detector", "recogniser", "intents", "synthesis"):
                print(f"  {stage:12} {spent[stage] * 1000 / minutes:8.1f}")
            rest = total - sum(spent.values())
            print(f"  {'all else':12} {rest * 1000 / minutes:8.1f}")
            print(f"  {'together':12} {total * 1000 / minutes:8.1f}")


if __name__ == "__main__":
    main()
