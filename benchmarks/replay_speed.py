"""How much faster than real time is a replay?

    python -m benchmarks.replay_speed [RUNS]

Replays every fixture in one process with the bundled model, after one replay that fills the
prompt cache; prints audio seconds over wall seconds for each, and percentiles over all.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.conditions import conditions
from voicebot import bootstrap, config
from voicebot.audio import wav
from voicebot.dialogue.loader import load_script

FIXTURES = Path("audio_fixtures")


def main(runs: int = 5) -> None:
    print(conditions())
    model = bootstrap.load_model(None)
    script = load_script(config.DEMO_CAMPAIGN)
    variables = {name: each.example for name, each in script.variables.items()}
    with tempfile.TemporaryDirectory() as cache:
        voice = bootstrap.prompt_voice("espeak", cache=Path(cache))
        ratios: list[float] = []
        for recording in sorted(FIXTURES.glob("*.wav")):
            seconds = len(wav.read_mono(recording, config.LINE_RATE)) / 2 / config.LINE_RATE
            bootstrap.replay(recording, script, variables, model, voice)
            own = []
            for _ in range(runs):
                begin = time.perf_counter()
                record, _ = bootstrap.replay(recording, script, variables, model, voice)
                spent = time.perf_counter() - begin
                own.append(min(seconds, record.duration_ms / 1000) / spent)
            ratios += own
            print(f"{recording.name:32} {seconds:6.1f} s  {np.median(own):6.0f} x real time")
    low, middle, high = np.percentile(ratios, [5, 50, 95])
    print(f"all: p5 {low:.0f} x, median {middle:.0f} x, p95 {high:.0f} x ({len(ratios)} replays)")


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:]))
