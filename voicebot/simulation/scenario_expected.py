"""What must happen in a scenario, as it is written; see docs/scenarios.md."""

import re

from voicebot.dialogue.document import Value, suggest
from voicebot.simulation import scenario_events
from voicebot.simulation import scenario_units as units
from voicebot.simulation.scenario import Bound, Expected, Since

_BOUND = re.compile(r"(?P<time>.*?\S)\s+after\s+(?P<since>.*)")


def expectation(value: Value, *, never: bool = False) -> Expected:
    """Return one event that must come; with `never`, that must not."""
    number = value.document.line(value.path) or 0
    if value.is_text:
        return Expected(_event(value, value.text()), "", number, never)
    details = tuple(kind for kind in scenario_events.KINDS if _has_detail(kind))
    optional = ("event", "never", *details, "within", "not_before", "heard", "unheard")
    fields = value.fields(optional=optional)
    if "never" in fields and fields.keys() == {"never"}:
        return expectation(fields["never"], never=True)
    kinds = ("event", *details)
    kind = units.one_key(value, fields, kinds, "what must happen", "prompt: 您好")
    if kind is None:
        return Expected("", "", number, never)
    what, detail = kind, fields[kind].text()
    if kind == "event":
        what, detail = _event(fields[kind], detail), ""
    bounds = [_bound(key, fields[key]) for key in ("within", "not_before") if key in fields]
    if never and bounds:
        value.report("is bound in time and must never come", "leave out the time")
    for key in ("heard", "unheard"):
        if key in fields and what not in ("said", "interrupted"):
            fields[key].report("is for `said` and `interrupted`", "move it there")
    return Expected(
        what,
        detail,
        number,
        never,
        tuple(bound for bound in bounds if bound is not None),
        fields["heard"].text() if "heard" in fields else "",
        fields["unheard"].text() if "unheard" in fields else "",
    )


def _has_detail(kind: str) -> bool:
    return kind not in scenario_events.WITHOUT_DETAIL


def _event(value: Value, name: str) -> str:
    if name not in scenario_events.KINDS:
        known = sorted(scenario_events.WITHOUT_DETAIL)
        value.report(f'there is no event "{name}"', suggest(name, known, everything=True))
    return name


def _bound(key: str, value: Value) -> Bound | None:
    text = value.text()
    match = _BOUND.fullmatch(text)
    if match is None or match["since"] not in set(Since):
        known = ", ".join(Since)
        value.report(f'"{text}" is no bound', f"write {key}: 700 ms after one of {known}")
        return None
    time, since = units.ms(value, match["time"]), Since(match["since"])
    return Bound(None, time, since) if key == "within" else Bound(time, None, since)
