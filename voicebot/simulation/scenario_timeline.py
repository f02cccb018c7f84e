"""What the caller of a scenario does and when, as it is written; see docs/scenarios.md."""

import re
from collections.abc import Callable
from pathlib import Path

from voicebot.dialogue.document import Value
from voicebot.simulation import scenario_units as units
from voicebot.simulation import sounds, utterance
from voicebot.simulation.line import NOMINAL_DBFS
from voicebot.simulation.scenario import (
    Act,
    Anchor,
    Cue,
    Lose,
    MakeNoise,
    PlayFile,
    Press,
    PutDown,
    Say,
    Sound,
    When,
)
from voicebot.simulation.utterance import Utterance

NOISE_MS = 3000
"""How long a noise lasts when nothing is said about it."""

ANY_PROMPT = "prompt"
ANCHORS = ("at", "over", "before", "after")
ACTS = ("say", "file", "noise", "press", "loss", "hang_up")

_PLACE = re.compile(r"(?P<prompt>.*?\S)\s+(?:at\s+)?(?P<time>\d+(?:\.\d+)?\s*(?:ms|s))")


def cue(value: Value, folder: Path) -> Cue:
    """Return one entry of the timeline; files are named from `folder`."""
    optional = (*ANCHORS, *ACTS, "voice", "level", "for", "times")
    fields = value.fields(optional=optional)
    when = units.one_key(value, fields, ANCHORS, "when it happens", "at: 1.2 s")
    what = units.one_key(value, fields, ACTS, "what happens", "say: 好的")
    number = value.document.line(value.path) or 0
    level_dbfs = units.level(fields["level"]) if "level" in fields else NOMINAL_DBFS
    act: Act = PutDown()
    if what:
        act = _ACTS[what](fields[what], fields, folder)
        _refuse_what_does_not_belong(what, fields)
    due = _when(when, fields[when]) if when else When(Anchor.AT, 0)
    return Cue(due, act, level_dbfs, number)


_BELONGS = {"voice": ("say",), "level": ("say", "file", "noise", "press"), "for": ("noise", "loss")}


def _refuse_what_does_not_belong(what: str, fields: dict[str, Value]) -> None:
    for key, acts in {**_BELONGS, "times": ("noise",)}.items():
        if key in fields and what not in acts:
            fields[key].report(f"does not go with {what}", f"it is for {' and '.join(acts)}")


_OWN = {
    ("over", "speech"): Anchor.OVER_SPEECH,
    ("after", "speech"): Anchor.AFTER_SPEECH,
    ("after", "noise"): Anchor.AFTER_NOISE,
}
"""What is no prompt's text but the caller's own sound."""


def _when(key: str, value: Value) -> When:
    if key == "at":
        return When(Anchor.AT, units.time(value))
    text = value.text()
    match = _PLACE.fullmatch(text)
    if match is None:
        value.report(f'"{text}" is no place', f"write {key}: prompt 0.4 s, or some of its text")
        return When(Anchor.AT, 0)
    prompt, offset_ms = match["prompt"], units.ms(value, match["time"])
    if (key, prompt) in _OWN:
        return When(_OWN[key, prompt], offset_ms)
    return When(Anchor(key), offset_ms, "" if prompt == ANY_PROMPT else prompt)


def _say(value: Value, fields: dict[str, Value], folder: Path) -> Act:
    words = Utterance(("",))
    try:
        words = utterance.parse(value.text())
    except ValueError as error:
        value.report(f'"{value.text()}" cannot be said: {error}', "write 嗯<900>我想想")
    return Say(words, units.voice(fields["voice"]) if "voice" in fields else None)


def _file(value: Value, fields: dict[str, Value], folder: Path) -> Act:
    path = folder / value.text()
    if not path.is_file():
        value.report("there is no such file", "name it from this file's place")
    return PlayFile(path)


def _noise(value: Value, fields: dict[str, Value], folder: Path) -> Act:
    sound = units.one_of(value, Sound, Sound.WHITE)
    length_ms = units.time(fields["for"]) if "for" in fields else NOISE_MS
    times = units.whole(fields["times"], 1, 20) if "times" in fields else 1
    if times > 1 and sound is not Sound.COUGH:
        fields["times"].report("is for a cough", "write `for: 3 s`")
    return MakeNoise(sound, length_ms, times)


def _press(value: Value, fields: dict[str, Value], folder: Path) -> Act:
    key = value.text()
    if key not in sounds.KEYS:
        value.report(f'there is no key "{key}"', f"known: {' '.join(sounds.KEYS)}")
    return Press(key)


def _loss(value: Value, fields: dict[str, Value], folder: Path) -> Act:
    return Lose(units.share(value), units.time(fields["for"]) if "for" in fields else NOISE_MS)


def _hang_up(value: Value, fields: dict[str, Value], folder: Path) -> Act:
    if value.text() != "yes":
        value.report(f'"{value.text()}" is not yes', "write hang_up: yes")
    return PutDown()


_ACTS: dict[str, Callable[[Value, dict[str, Value], Path], Act]] = {
    "say": _say,
    "file": _file,
    "noise": _noise,
    "press": _press,
    "loss": _loss,
    "hang_up": _hang_up,
}
