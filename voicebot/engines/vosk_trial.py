"""Loading a model in a process of its own, which a broken one may end without harm.

Kaldi ends the process over some faults and reads past its memory over others; so a model that
nobody has used yet is loaded, and hears a second of noise, in a child. The child also measures:
a process that has loaded other things before cannot tell what a model takes.
"""

import json
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from voicebot.engines import vosk_folder
from voicebot.engines.vosk import VoskModel
from voicebot.engines.vosk_vocabulary import vocabulary_size
from voicebot.errors import BadModel

TIMEOUT_S = 600
"""The largest Chinese model takes about a minute from a slow disk."""
_NOISE_S = 1
_BAD = 3
"""Exit code: standard error says what is wrong with the model."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a model is and takes."""

    sample_rate: int
    words: int
    """Of its vocabulary."""
    takes_grammar: bool
    """Whether a grammar can be given for each utterance."""
    load_s: float
    memory_mb: float | None
    """What loading added to the process; None where the system does not tell."""


def try_model(folder: Path, timeout_s: float = TIMEOUT_S) -> Trial:
    """Load a model in a child process and let it hear something. Raises `BadModel`."""
    vosk_folder.check(folder)
    try:
        child = subprocess.run(
            [sys.executable, "-m", __name__, str(folder)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        what = f"did not load within {timeout_s:g} s"
        raise vosk_folder.bad(folder, what, "it may be too large for this machine") from error
    said = child.stderr.decode(errors="replace").strip()
    if child.returncode == 0:
        return Trial(**json.loads(child.stdout.decode().splitlines()[-1]))
    if child.returncode == _BAD:
        raise BadModel(*vosk_folder.bad(folder, said, "get it again").problems)
    if child.returncode == -signal.SIGKILL:
        what = "was stopped by the system while it was loaded"
        raise vosk_folder.bad(folder, what, "it is probably larger than this machine's memory")
    last = said.splitlines()[-1][:200] if said else "without a word"
    what = f"ends the process that loads it (code {child.returncode}): {last}"
    raise vosk_folder.bad(folder, what, "it is damaged; get it again")


def _measured(folder: Path) -> Trial:
    before = _resident_mb()
    began = time.perf_counter()
    model = VoskModel(folder)
    load_s = time.perf_counter() - began
    after = _resident_mb()
    takes_grammar = vosk_folder.has_runtime_graph(folder)
    noise = np.random.default_rng(1).normal(0, 1000, model.sample_rate * _NOISE_S)
    pcm = noise.astype("<i2").tobytes()
    for phrases in (None, ("好",)) if takes_grammar else (None,):
        recogniser = model.recogniser(model.sample_rate)
        recogniser.listen(phrases)
        recogniser.accept(pcm)
        recogniser.finish()
    grown = None if before is None or after is None else after - before
    return Trial(model.sample_rate, vocabulary_size(folder), takes_grammar, load_s, grown)


def _resident_mb() -> float | None:
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return None
    lines = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(lines[0].split()[1]) * 1024 / 1e6 if lines else None


if __name__ == "__main__":
    try:
        print(json.dumps(asdict(_measured(Path(sys.argv[1])))))
    except BadModel as fault:
        print(fault.problems[0].what, file=sys.stderr)
        sys.exit(_BAD)
