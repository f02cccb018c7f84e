"""From a scenario's YAML file to the typed model, with every fault at once; see docs/scenarios.md.

about: 客户在问题说到一半时回答
script: scripts/offer.yaml         # beside this file; or a campaign's folder
variables: {name: 王女士}
caller: lin                        # a voice, see voices.py
line: {codec: alaw, level: -22 dBFS, noise: pink at 15 dB, echo: 200 ms at -12 dB, loss: 2 %}
limits: {call: 60 s, turns: 6, answer: 8 s}
timeline:
  - {over: 方便吗 at 1.2 s, say: 不需要}
  - {after: prompt 0.4 s, say: 嗯<900>我想想, voice: liu, level: -30 dBFS}
  - {before: prompt 0.1 s, noise: cough}
  - {after: speech 0.5 s, noise: music, for: 4 s}
  - {at: 20 s, hang_up: yes}
expect:
  - prompt: 方便吗
  - {event: pause, within: 300 ms after speech starts}
  - {interrupted: 方便吗, heard: 请问, unheard: 方便吗}
  - {understood: deny, within: 700 ms after speech, not_before: 300 ms after speech}
  - never: resume
never: [no_input]
end: finished
outcome: {interest: no}
"""

from pathlib import Path

from voicebot.audio.g711 import Codec
from voicebot.call.session import CallSettings
from voicebot.call.turn_settings import TurnSettings
from voicebot.dialogue.document import Value, parse
from voicebot.dialogue.script import EndReason
from voicebot.errors import BadInput, BadScript, Problem
from voicebot.simulation import scenario_units as units
from voicebot.simulation.line import LineSettings, Noise
from voicebot.simulation.scenario import CallerLine, Echo, Scenario
from voicebot.simulation.scenario_expected import expectation
from voicebot.simulation.scenario_timeline import cue
from voicebot.simulation.voices import VOICES

LEAST_ECHO_MS = 20
"""A frame: what is being played just now cannot come back yet."""


def load_scenario(path: Path) -> Scenario:
    """Read one scenario. Raises `BadInput` with every fault."""
    try:
        root = parse(path.read_bytes(), str(path))
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        raise BadInput(Problem(str(path), what, hint="check the path")) from error
    except BadScript as error:
        raise BadInput(*error.problems) from error
    found = _scenario(root, path)
    problems = root.document.problems
    if problems:
        raise BadInput(*sorted(problems, key=lambda problem: problem.line or 0))
    return found


def _scenario(root: Value, path: Path) -> Scenario:
    fields = root.fields(
        required=("about", "script", "timeline", "expect", "end"),
        optional=("variables", "caller", "line", "limits", "never", "outcome"),
    )

    def entries(key: str) -> dict[str, Value]:
        return fields[key].entries() if key in fields else {}

    def items(key: str) -> list[Value]:
        return fields[key].items() if key in fields and not fields[key].is_empty else []

    script = path.parent / (fields["script"].text() if "script" in fields else "")
    if "script" in fields and not script.exists():
        fields["script"].report("there is no such file or folder", "name it from this file's place")
    if "expect" in fields and not items("expect"):
        fields["expect"].report("expects nothing", "write what must happen")
    return Scenario(
        file=str(path),
        about=fields["about"].text() if "about" in fields else "",
        script=script,
        variables={name: each.text() for name, each in entries("variables").items()},
        voice=units.voice(fields["caller"]) if "caller" in fields else sorted(VOICES)[0],
        line=_line(fields["line"]) if "line" in fields else CallerLine(),
        settings=_limits(fields["limits"]) if "limits" in fields else CallSettings(),
        cues=tuple(cue(each, path.parent) for each in items("timeline")),
        expected=tuple(expectation(each) for each in items("expect")),
        never=tuple(expectation(each, never=True) for each in items("never")),
        end=units.one_of(fields["end"], EndReason, None) if "end" in fields else None,
        outcome={name: each.text() for name, each in entries("outcome").items()},
    )


def _line(value: Value) -> CallerLine:
    fields = value.fields(optional=("codec", "level", "noise", "echo", "loss"))
    plain = LineSettings()
    codec: Codec | None = plain.codec
    if "codec" in fields:
        without = fields["codec"].text() == "none"
        codec = None if without else units.one_of(fields["codec"], Codec, plain.codec)
    noise, snr_db = plain.noise, plain.snr_db
    if "noise" in fields:
        kind, level = units.at_level(fields["noise"], "pink at 15 dB")
        noise = units.one_of(fields["noise"], Noise, None, text=kind)
        snr_db = level if level is not None else snr_db
    level_dbfs = plain.level_dbfs
    if "level" in fields:
        level_dbfs = units.level(fields["level"])
    echo = None
    if "echo" in fields:
        delay, level = units.at_level(fields["echo"], "200 ms at -12 dB")
        delay_ms = units.ms(fields["echo"], delay, least=LEAST_ECHO_MS)
        echo = None if level is None else Echo(delay_ms, level)
    loss = units.share(fields["loss"]) if "loss" in fields else 0.0
    return CallerLine(LineSettings(codec, level_dbfs, noise, snr_db), echo, loss)


def _limits(value: Value) -> CallSettings:
    fields = value.fields(optional=("call", "turns", "answer"))
    plain = CallSettings()
    turns = TurnSettings()
    if "answer" in fields:
        turns = TurnSettings(utterance_ms=units.time(fields["answer"]))
    return CallSettings(
        turns=turns,
        max_call_ms=units.time(fields["call"]) if "call" in fields else plain.max_call_ms,
        max_turns=units.whole(fields["turns"], 1, 100) if "turns" in fields else plain.max_turns,
    )
