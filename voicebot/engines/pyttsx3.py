"""Speech by pyttsx3: whatever voice the operating system has, espeak on Linux.

pyttsx3 keeps one engine a process; after `save_to_file`, its `runAndWait` comes back while a text
of more than some ten seconds is still being made, and errors go nowhere. So each text is spoken by
a child process that waits for the end, that is stopped when it takes too long, and whose file is
measured before anybody hears it. The child costs 150 ms a text; the prompt cache pays it once.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as package_version
from pathlib import Path

from voicebot.audio.wav import read_mono
from voicebot.engines import pyttsx3_child
from voicebot.engines.espeak_spelling import VERSION as SPELLING
from voicebot.engines.pyttsx3_child import MISSING, NO_ENGINE, NO_VOICE, Task
from voicebot.errors import BadAudio, MissingPart, SynthesiserFailed
from voicebot.speech.text_normaliser import is_speakable, spoken

SAMPLE_RATE = 22050
"""Hz of espeak's files; files of other systems are brought to it."""
CHUNK_MS = 200
CHARACTER_MS = 260
"""How long espeak's Mandarin says a character at 175 words a minute, on the average."""
SHORTEST, LONGEST = 0.5, 1.6
"""What a file may last of that. Outside of it the text was cut short, or spelled out by a voice
that cannot read Chinese characters."""
PAUSE_MS = 700
"""What each punctuation mark may add, and both ends together."""


class Pyttsx3Synthesiser:
    """Mandarin by pyttsx3; any number of threads may speak at once, each in its own child."""

    def __init__(self, voice: str | None = None, *, rate: int = 175, timeout_s: float = 30) -> None:
        """`voice` is an id or language that pyttsx3 lists; the first Mandarin one when None.

        `rate` in words a minute. A text that takes more than `timeout_s` fails.
        """
        try:
            self._version = package_version("pyttsx3")
        except PackageNotFoundError as error:
            raise MissingPart(_HOW_TO_INSTALL) from error
        self._voice = voice
        self._rate = rate
        self._timeout_s = timeout_s

    @property
    def sample_rate(self) -> int:
        """See `Synthesiser`."""
        return SAMPLE_RATE

    @property
    def identity(self) -> str:
        """See `Synthesiser`."""
        voice = self._voice or "mandarin"
        return (
            f"pyttsx3 {self._version} {sys.platform} spelling={SPELLING} {voice} rate={self._rate}"
        )

    def synthesise(self, text: str) -> Iterator[bytes]:
        """See `Synthesiser`. The first chunk comes when the whole file is there."""
        words = spoken(text)
        if not is_speakable(words):
            raise SynthesiserFailed(f"there is nothing to say in {text[:40]!r}; write some words")
        with tempfile.TemporaryDirectory(prefix="voicebot-") as folder:
            file = Path(folder) / "said.wav"
            self._run(Task(words, str(file), self._voice, self._rate))
            pcm = checked(file, words, self._rate)
        size = SAMPLE_RATE * CHUNK_MS // 1000 * 2
        return iter([pcm[start : start + size] for start in range(0, len(pcm), size)])

    def _run(self, task: Task) -> None:
        try:
            child = subprocess.run(
                [sys.executable, "-m", pyttsx3_child.__name__],
                input=json.dumps(asdict(task)).encode(),
                capture_output=True,
                timeout=self._timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise SynthesiserFailed(
                f"pyttsx3 did not finish {task.text[:40]!r} within {self._timeout_s:g} s and was "
                "stopped; try the engine espeak, or a longer time"
            ) from error
        said = child.stderr.decode(errors="replace").strip()
        match child.returncode:
            case 0:
                return
            case code if code == MISSING:
                raise MissingPart(f"{_HOW_TO_INSTALL} ({said})")
            case code if code == NO_ENGINE:
                raise MissingPart(
                    f"pyttsx3 finds no speech engine on this system: {said}; "
                    "the engine espeak needs none"
                )
            case code if code == NO_VOICE:
                raise SynthesiserFailed(said)
            case code:
                last = said.splitlines()[-1] if said else "it left no message"
                raise SynthesiserFailed(f"pyttsx3 ended with code {code}: {last}")


_HOW_TO_INSTALL = "pyttsx3 is not installed: pip install 'voicebot[pyttsx3]'"


def checked(file: Path, words: str, rate: int) -> bytes:
    """Return the samples of a file that plausibly says `words`."""
    try:
        pcm = read_mono(file, SAMPLE_RATE)
    except BadAudio as error:
        raise SynthesiserFailed(
            f"pyttsx3 left no usable file for {words[:40]!r}: {error}"
        ) from error
    if not any(pcm):
        raise SynthesiserFailed(f"pyttsx3 made no sound for {words[:40]!r}; try another voice")
    milliseconds = len(pcm) // 2 * 1000 // SAMPLE_RATE
    characters = sum(character.isalnum() for character in words)
    # Letters of foreign words are not said one by one, so that they ask for no time.
    chinese = sum(not character.isascii() for character in words if character.isalnum())
    expected_ms = CHARACTER_MS * 175 / rate
    pauses = PAUSE_MS * (1 + len(words) - characters)
    shortest, longest = (
        chinese * expected_ms * SHORTEST,
        characters * expected_ms * LONGEST + pauses,
    )
    if not shortest <= milliseconds <= longest:
        raise SynthesiserFailed(
            f"pyttsx3 took {milliseconds} ms for the {characters} characters of {words[:40]!r}, "
            "which cannot be what they say; try another voice, or the engine espeak"
        )
    return pcm
