"""From a file of personas to the typed model, with every fault at once.

personas:
  willing:
    about: 乐意回购的老顾客
    answer: answered              # no_answer, busy, rejected, power_off, empty, unreachable
    ring_ms: 6000
    voice: lin                    # see voices.py; drawn when left out
    line: {codec: alaw, noise: pink, snr_db: 10, level_dbfs: -24}
    greeting: {say: [喂？, 你好], after_ms: 300}
    patience: {ms: 9000, say: [喂？, 还在吗？]}
    replies:                      # by the script's state
      opening: 你说吧               # a text, or a mapping:
      ask_last: {say: [挺好的, 嗯<800>还不错], after_ms: 600-1200}
      offer: [太贵了吧, 那行吧]         # a list: the first visit, the second ...
      goodbye: {silent: yes}
    otherwise: {say: 什么？, hang_up: yes}
    repeats: 3
    truth: {order_no: "138520"}   # what is read back otherwise is denied
    goal: {end: finished, outcome: {interest: [yes, later]}}
everyone:                         # replies of whoever has none of their own at a place
  wait: 好的
"""

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from voicebot.audio.g711 import Codec
from voicebot.campaign.outcome import Disposition
from voicebot.dialogue.document import Value, parse, suggest
from voicebot.dialogue.script import EndReason, State
from voicebot.errors import BadInput, BadScript, Problem
from voicebot.simulation import utterance
from voicebot.simulation.line import LineSettings, Noise
from voicebot.simulation.persona import CONFIRM, WRONG, Goal, Patience, Persona, Reply, Span
from voicebot.simulation.utterance import Utterance
from voicebot.simulation.voices import VOICES

FILE = "personas.yaml"
"""In the campaign's folder."""

Choice = TypeVar("Choice", bound=StrEnum)

ANSWERS = {
    "answered": Disposition.ANSWERED_HUMAN,
    "no_answer": Disposition.NO_ANSWER,
    "busy": Disposition.BUSY,
    "rejected": Disposition.REJECTED,
    "power_off": Disposition.POWER_OFF,
    "empty": Disposition.EMPTY,
    "unreachable": Disposition.UNREACHABLE,
}

MAX_MS = 120_000
"""The longest time that a persona may name: no phone rings and nobody thinks for longer."""

_SPAN = re.compile(r"(\d+)(?:\s*-\s*(\d+))?")
_NO_CODEC = "none"


def load_personas(folder: Path, *, states: Mapping[str, State] | None = None) -> dict[str, Persona]:
    """Read a campaign's personas. Raises `BadInput` with every fault.

    `states` are the script's: replies name them, and the slots of their forms.
    """
    places = None if states is None else _all_places(states)
    path = folder / FILE
    try:
        data = path.read_bytes()
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        raise BadInput(Problem(str(path), what, hint="check the path")) from error
    try:
        root = parse(data, str(path))
    except BadScript as error:
        raise BadInput(*error.problems) from error
    fields = root.fields(required=("personas",), optional=("everyone",))
    everyone = _places(fields["everyone"], places) if "everyone" in fields else {}
    entries = fields["personas"].entries() if "personas" in fields else {}
    found = {name: _persona(name, value, places, everyone) for name, value in entries.items()}
    if "personas" in fields and not found:
        fields["personas"].report("names nobody", "add at least one persona")
    problems = root.document.problems
    if problems:
        raise BadInput(*sorted(problems, key=lambda problem: problem.line or 0))
    return found


def _all_places(states: Mapping[str, State]) -> list[str]:
    slots = [f"{name}.{slot}" for name, state in states.items() for slot in state.form]
    return [*states, *slots, *(f"{each}{end}" for each in slots for end in (CONFIRM, WRONG))]


def _persona(
    name: str,
    value: Value,
    states: Collection[str] | None,
    everyone: Mapping[str, tuple[Reply, ...]],
) -> Persona:
    fields = value.fields(optional=_PERSONA_KEYS)
    answer = Disposition.ANSWERED_HUMAN
    if "answer" in fields:
        text = fields["answer"].text()
        answer = ANSWERS.get(text, answer)
        if text not in ANSWERS:
            fields["answer"].report(f'"{text}" is no way to answer', suggest(text, ANSWERS))
    if answer is not Disposition.ANSWERED_HUMAN:
        for key in fields.keys() - {"about", "answer", "ring_ms"}:
            fields[key].report("is for somebody who picks up", "remove it")
    voice = fields["voice"].text() if "voice" in fields else None
    if voice is not None and voice not in VOICES:
        fields["voice"].report(f'there is no voice "{voice}"', suggest(voice, VOICES))
    plain = Persona(name)
    return Persona(
        name=name,
        about=fields["about"].text() if "about" in fields else "",
        answer=answer,
        ring_ms=_number(fields["ring_ms"], 0, MAX_MS) if "ring_ms" in fields else plain.ring_ms,
        voice=voice,
        line=_line(fields["line"]) if "line" in fields else plain.line,
        greeting=_greeting(fields["greeting"]) if "greeting" in fields else None,
        patience=_patience(fields["patience"]) if "patience" in fields else plain.patience,
        replies={
            **everyone,
            **(_places(fields["replies"], states) if "replies" in fields else {}),
        },
        otherwise=_visits(fields["otherwise"]) if "otherwise" in fields else (),
        repeats=_number(fields["repeats"], 1, 20) if "repeats" in fields else plain.repeats,
        truth=_texts(fields["truth"]) if "truth" in fields else {},
        goal=_goal(fields["goal"]) if "goal" in fields else None,
    )


_PERSONA_KEYS = (
    *("about", "answer", "ring_ms", "voice", "line", "greeting", "patience"),
    *("replies", "otherwise", "repeats", "truth", "goal"),
)


def _texts(value: Value) -> dict[str, str]:
    return {name: each.text() for name, each in value.entries().items()}


def _goal(value: Value) -> Goal:
    fields = value.fields(optional=("end", "outcome"))
    ends = fields["end"].texts() if "end" in fields else ()
    for end in ends:
        if end not in list(EndReason):
            fields["end"].report(f'no call ends with "{end}"', suggest(end, list(EndReason)))
    outcome = fields["outcome"].entries() if "outcome" in fields else {}
    if not ends and not outcome:
        value.report("wants nothing", "write {end: finished, outcome: {interest: yes}}")
    wanted = {name: ("",) if each.is_empty else each.texts() for name, each in outcome.items()}
    return Goal(ends, wanted)


def _places(value: Value, states: Collection[str] | None) -> Mapping[str, tuple[Reply, ...]]:
    places = value.entries()
    for place, each in places.items():
        if states is not None and place not in states:
            each.report(f'the script has no state "{place}"', suggest(place, states))
    return {place: _visits(each) for place, each in places.items()}


def _visits(value: Value) -> tuple[Reply, ...]:
    """Read a reply, or a list of them: one for each visit."""
    if value.is_list:
        return tuple(_reply(item) for item in value.items())
    return (_reply(value),)


def _reply(value: Value) -> Reply:
    if value.is_text:
        return Reply(_utterances(value))
    fields = value.fields(optional=("say", "after_ms", "barge_in_ms", "hang_up", "silent"))
    say = _utterances(fields["say"]) if "say" in fields else ()
    hang_up = "hang_up" in fields and _yes(fields["hang_up"])
    silent = "silent" in fields and _yes(fields["silent"])
    if silent and (say or hang_up):
        fields["silent"].report("contradicts what else is done here", "remove one of them")
    if not (hang_up or silent or "say" in fields):
        value.report("does nothing", "add `say: …`, `hang_up: yes` or `silent: yes`")
    if "barge_in_ms" in fields and "after_ms" in fields:
        fields["after_ms"].report("does not count with barge_in_ms", "remove one of them")
    return Reply(
        say,
        _span(fields["after_ms"]) if "after_ms" in fields else Reply().after_ms,
        _number(fields["barge_in_ms"], 0, MAX_MS) if "barge_in_ms" in fields else None,
        hang_up,
    )


def _greeting(value: Value) -> Reply:
    reply = _reply(value)
    if not reply.say or reply.barge_in_ms is not None:
        value.report("is no greeting", "write greeting: {say: 喂, after_ms: 400}")
    return reply


def _patience(value: Value) -> Patience:
    fields = value.fields(required=("ms",), optional=("say",))
    ms = _number(fields["ms"], 1000, MAX_MS) if "ms" in fields else Patience().ms
    return Patience(ms, _utterances(fields["say"]) if "say" in fields else ())


def _line(value: Value) -> LineSettings:
    fields = value.fields(optional=("codec", "level_dbfs", "noise", "snr_db"))
    plain = LineSettings()
    codec: Codec | None = plain.codec
    if "codec" in fields:
        codec = None if fields["codec"].text() == _NO_CODEC else _choice(fields["codec"], Codec)
    if "snr_db" in fields and "noise" not in fields:
        fields["snr_db"].report("needs a noise", f"add `noise: {Noise.PINK}`")
    return LineSettings(
        codec,
        _decibels(fields["level_dbfs"], -50, -10) if "level_dbfs" in fields else plain.level_dbfs,
        _choice(fields["noise"], Noise) if "noise" in fields else None,
        _decibels(fields["snr_db"], -5, 60) if "snr_db" in fields else plain.snr_db,
    )


def _utterances(value: Value) -> tuple[Utterance, ...]:
    found = []
    for item in value.items():
        text = item.text()
        try:
            found.append(utterance.parse(text))
        except ValueError as error:
            item.report(f'"{text}" cannot be said: {error}', "write 嗯<900>我想想")
    return tuple(found)


def _span(value: Value) -> Span:
    text = value.text()
    match = _SPAN.fullmatch(text)
    if match is not None:
        least = int(match[1])
        most = int(match[2] or least)
        if least <= most <= MAX_MS:
            return Span(least, most)
    value.report(f'"{text}" is no span of milliseconds', "write after_ms: 800 or 600-1200")
    return Reply().after_ms


def _number(value: Value, least: int, most: int) -> int:
    text = value.text()
    if text.isdecimal() and least <= int(text) <= most:
        return int(text)
    value.report(f'"{text}" is no whole number from {least} to {most}')
    return least


def _decibels(value: Value, least: float, most: float) -> float:
    text = value.text()
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if least <= number <= most:
        return number
    value.report(f'"{text}" is no number of decibels from {least:g} to {most:g}')
    return most


def _yes(value: Value) -> bool:
    text = value.text()
    if text not in ("yes", "no"):
        value.report(f'"{text}" is neither yes nor no')
    return text == "yes"


def _choice(value: Value, kind: type[Choice]) -> Choice | None:
    text = value.text()
    known = [each.value for each in kind]
    if text in known:
        return kind(text)
    value.report(f'"{text}" is not one of {", ".join(known)}', suggest(text, known))
    return None
