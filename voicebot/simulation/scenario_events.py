"""What happened in a call, and whether it is what a scenario expects."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from voicebot.call.record import CallRecord, PromptRecord
from voicebot.errors import Problem
from voicebot.simulation.scenario import Bound, Cue, Expected, Scenario, Since
from voicebot.simulation.scenario_caller import Begun

NAMES = {
    "prompt_paused": "pause",
    "prompt_resumed": "resume",
    "speech_started": "speech",
    "barge_in": "barge_in",
    "endpoint": "endpoint",
    "no_input": "no_input",
    "dtmf": "dtmf",
    "limit": "limit",
    "failed": "failed",
    "understood": "understood",
    "recognised": "recognised",
}
"""From the timeline's names to the scenario's."""

DETAILS = {
    "dtmf": "digit",
    "limit": "limit",
    "failed": "reason",
    "understood": "intent",
    "recognised": "text",
}
"""What of a timeline's moment a scenario can name."""

PROMPT_KINDS = ("prompt", "said", "interrupted")
"""A prompt's first sample, its last one, and where it broke off."""

KINDS = (*PROMPT_KINDS, *NAMES.values())

WITHOUT_DETAIL = frozenset({"pause", "resume", "speech", "barge_in", "endpoint", "no_input"})

NOTHING = "nothing"
"""As what was understood: no intent."""

_ORDER = ("barge_in", "said", "interrupted", "endpoint", "recognised", "understood", "prompt")
"""Of what happens in the same millisecond."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of a call."""

    at_ms: int
    what: str
    detail: str = ""
    prompt: PromptRecord | None = None

    def __str__(self) -> str:
        """`1234 ms  prompt: 您好`."""
        detail = f": {self.detail}" if self.detail else ""
        heard = ""
        if self.what == "interrupted" and self.prompt is not None:
            heard = f" (heard: {self.prompt.heard_text})"
        return f"{self.at_ms:6d} ms  {self.what}{detail}{heard}"


def events(record: CallRecord) -> list[Happened]:
    """Return what happened, in order."""
    found = [*_of_timeline(record), *_of_prompts(record)]
    order = {what: number for number, what in enumerate(_ORDER)}
    return sorted(found, key=lambda each: (each.at_ms, order.get(each.what, 0)))


def _of_timeline(record: CallRecord) -> Iterator[Happened]:
    for moment in record.timeline:
        what = NAMES.get(moment.what)
        if what is None:
            continue
        detail = ""
        if moment.what in DETAILS:
            named = moment.detail[DETAILS[moment.what]]
            detail = NOTHING if named is None else str(named)
        yield Happened(int(moment.detail.get("at_ms", moment.at_ms)), what, detail)


def _of_prompts(record: CallRecord) -> Iterator[Happened]:
    for turn in record.turns:
        for prompt in turn.prompts:
            if prompt.started_ms is None:
                continue
            yield Happened(prompt.started_ms, "prompt", prompt.text, prompt)
            if prompt.ended_ms is not None:
                what = "said" if prompt.complete else "interrupted"
                yield Happened(prompt.ended_ms, what, prompt.text, prompt)


def differences(
    scenario: Scenario, record: CallRecord, begun: Sequence[Begun], unbegun: Sequence[Cue]
) -> list[Problem]:
    """Return everything that is not as the scenario expects it."""
    happened = events(record)
    faults = _Faults(scenario.file)
    for cue in unbegun:
        faults.add(cue.line, "the call ended before this was due")
    at = 0
    forbidden: list[Expected] = []
    for expected in scenario.expected:
        if expected.never:
            forbidden.append(expected)
            continue
        place = next((n for n in range(at, len(happened)) if _is(expected, happened[n])), None)
        if place is None:
            faults.add(expected.line, f"{_told(expected)} did not come{_after(happened, at)}")
            # What was to follow is looked for all the same.
            continue
        faults.forbid(forbidden, happened[at:place])
        forbidden = []
        faults.check(expected, happened, place, begun)
        at = place + 1
    faults.forbid(forbidden, happened[at:])
    faults.forbid(scenario.never, happened)
    if scenario.end is not None and record.end_reason is not scenario.end:
        faults.add(None, f"the call ended with {record.end_reason}, not with {scenario.end}")
    for name, value in scenario.outcome.items():
        if record.outcome.get(name) != value:
            faults.add(None, f'{name} became "{record.outcome.get(name)}", not "{value}"')
    return faults.found


class _Faults:
    """Collects what is not as expected."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.found: list[Problem] = []

    def add(self, line: int | None, what: str) -> None:
        self.found.append(Problem(self._file, what, line))

    def forbid(self, forbidden: Sequence[Expected], happened: Sequence[Happened]) -> None:
        for expected in forbidden:
            for each in happened:
                if _is(expected, each):
                    self.add(expected.line, f"{_told(expected)} came at {each.at_ms} ms")

    def check(
        self, expected: Expected, happened: Sequence[Happened], place: int, begun: Sequence[Begun]
    ) -> None:
        event = happened[place]
        for bound in expected.bounds:
            since = _since(bound.since, happened[:place], event.at_ms, begun)
            if since is None:
                self.add(expected.line, f"there was no {bound.since} before {_told(expected)}")
            elif not _within(bound, event.at_ms - since):
                late = event.at_ms - since
                self.add(expected.line, f"{_told(expected)} came {late} ms after {bound.since}")
        heard = "" if event.prompt is None else event.prompt.heard_text
        if expected.heard not in heard:
            self.add(expected.line, f'"{heard}" was heard, without "{expected.heard}"')
        if expected.unheard and expected.unheard in heard:
            self.add(expected.line, f'"{heard}" was heard, with "{expected.unheard}"')


def _is(expected: Expected, event: Happened) -> bool:
    if expected.what != event.what:
        return False
    if expected.what in (*PROMPT_KINDS, "recognised"):
        return expected.detail in event.detail
    return expected.detail in ("", event.detail)


def _told(expected: Expected) -> str:
    return f"{expected.what}: {expected.detail}" if expected.detail else expected.what


def _after(happened: Sequence[Happened], at: int) -> str:
    return f" after {happened[at - 1]}" if at else ""


def _within(bound: Bound, after_ms: int) -> bool:
    least = 0 if bound.least_ms is None else bound.least_ms
    return after_ms >= least and (bound.most_ms is None or after_ms <= bound.most_ms)


def _since(
    since: Since, before: Sequence[Happened], at_ms: int, begun: Sequence[Begun]
) -> int | None:
    """Return what a time counts from: the last of its kind that began before the event."""
    match since:
        case Since.SPEECH | Since.SPEECH_STARTS:
            said = [each for each in begun if each.is_speech and each.start_ms < at_ms]
            if not said:
                return None
            return said[-1].end_ms if since is Since.SPEECH else said[-1].start_ms
        case Since.PROMPT | Since.PROMPT_STARTS:
            kinds = ("prompt",) if since is Since.PROMPT_STARTS else ("said", "interrupted")
            found = [each.at_ms for each in before if each.what in kinds]
            return found[-1] if found else None
