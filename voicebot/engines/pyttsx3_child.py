"""The process in which pyttsx3 speaks one text to a file; see `voicebot.engines.pyttsx3`.

It imports as little as it can: each text pays for it.
"""

import json
import sys
import threading
from dataclasses import dataclass

from voicebot.engines import espeak
from voicebot.engines.espeak_spelling import respelled

MISSING, NO_ENGINE, NO_VOICE = 3, 4, 5
"""Exit codes; standard error says the rest."""

_MANDARIN = ("cmn", "zh-cn", "zh_cn", "zh-hans", "mandarin", "chinese")
"""A Mandarin voice has one of these in its id, its languages or its name."""


@dataclass(frozen=True, slots=True)
class Task:
    """What comes on standard input, as JSON."""

    text: str
    file: str
    voice: str | None
    rate: int


def _speak(task: Task) -> int:
    """Speak to a file in this process, which does nothing else; return its exit code."""
    on_linux = sys.platform.startswith("linux")
    if on_linux:
        # pyttsx3 asks for libespeak-ng by name. Debian's reads no Chinese characters; ours does.
        espeak.lend()
    try:
        import pyttsx3
    except ImportError as error:
        print(error, file=sys.stderr)
        return MISSING
    try:
        engine = pyttsx3.init()
        listed = engine.getProperty("voices")
    except (RuntimeError, OSError, ImportError) as error:
        print(error, file=sys.stderr)
        return NO_ENGINE
    names = {voice.id: {voice.id, *map(str, voice.languages or ())} for voice in listed}
    if task.voice is None:
        found = [
            voice.id
            for voice in listed
            if any(mark in f"{names[voice.id]} {voice.name}".lower() for mark in _MANDARIN)
        ]
    else:
        found = [voice for voice in names if task.voice in names[voice]]
    if not found:
        wanted = "no Mandarin voice" if task.voice is None else f"no voice {task.voice!r}"
        print(f"pyttsx3 has {wanted}; it has {', '.join(names)}", file=sys.stderr)
        return NO_VOICE
    engine.setProperty("voice", found[0])
    engine.setProperty("rate", task.rate)
    finished = threading.Event()
    engine.connect("finished-utterance", lambda name, completed: finished.set())
    engine.save_to_file(
        respelled(task.text, inline_phonemes=False) if on_linux else task.text, task.file
    )
    engine.runAndWait()
    if on_linux:
        # The file is written by espeak's own thread. The parent's time limit is this wait's, too.
        finished.wait()
    return 0


if __name__ == "__main__":
    sys.exit(_speak(Task(**json.load(sys.stdin))))
