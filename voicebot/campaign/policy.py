"""The calling rules of a region: data in a YAML file, so that a lawyer's answer needs no code.

docs/policy.md describes the file. A key that is not known is a fault, not ignored: a rule with a
slip of the pen must not be a rule less. Nobody is called by a policy that cannot be read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from itertools import pairwise
from pathlib import Path

import phonenumbers

from voicebot.campaign.calling_window import Hours, Week
from voicebot.campaign.day_kind import DayKind
from voicebot.campaign.frequency_cap import CalendarPeriod, Cap, Purpose
from voicebot.dialogue.document import Value, parse, suggest
from voicebot.errors import BadPolicy, BadScript, Problem

POLICIES = Path(__file__).parent / "policies"

CALLEE = "callee"
"""As the value of `holidays`: those of the country that the number belongs to."""

_HOURS = re.compile(r"(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)")
_PERIOD = re.compile(r"(\d{1,4}) (minute|hour|day)s?")
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may be called, when and how often, and what is kept of it."""

    name: str
    title: str
    holidays: str
    """A country's code, or `callee`."""
    consent: frozenset[Purpose]
    """Purposes that need a record of consent."""
    windows: Mapping[Purpose, Week]
    caps: tuple[Cap, ...]
    disclosure: tuple[str, ...]
    """The opening of a call must hold one of these: they say that a machine is speaking."""
    recording_notice: tuple[str, ...]
    """The opening must hold one of these too: they say that the call is recorded. None: it need
    not."""
    recordings: timedelta
    """How long recordings are kept."""
    records: timedelta
    """How long it is kept who was called and what was said, and why somebody was not called."""


def built_in_policies() -> tuple[str, ...]:
    """Return the regions that have a policy of their own."""
    return tuple(sorted(path.stem for path in POLICIES.glob("*.yaml")))


def load_policy(named: str | Path) -> Policy:
    """Return the policy of a region, such as `CN`, or of a file. Raises `BadPolicy`."""
    path = POLICIES / f"{named}.yaml"
    if str(named) not in built_in_policies():
        path = Path(named)
    try:
        data = path.read_bytes()
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        hint = f"name a file, or one of: {', '.join(built_in_policies())}"
        raise BadPolicy(Problem(str(named), what, hint=hint)) from error
    try:
        root = parse(data, str(path))
    except BadScript as error:
        raise BadPolicy(*error.problems) from error
    policy = _policy(root)
    if root.document.problems:
        raise BadPolicy(*root.document.problems)
    return policy


def _policy(root: Value) -> Policy:
    fields = root.fields(
        required=("policy", "holidays", "consent", "windows", "caps", "disclosure", "retention"),
        optional=("title", "recording_notice"),
    )
    kept = {}
    if "retention" in fields:
        kept = fields["retention"].fields(required=("recordings", "records"))
    return Policy(
        name=fields["policy"].text() if "policy" in fields else "",
        title=fields["title"].text() if "title" in fields else "",
        holidays=_country(fields["holidays"]) if "holidays" in fields else "",
        consent=frozenset(_purposes(fields["consent"])) if "consent" in fields else frozenset(),
        windows=_windows(fields["windows"]) if "windows" in fields else {},
        caps=_caps(fields["caps"]) if "caps" in fields else (),
        disclosure=fields["disclosure"].texts() if "disclosure" in fields else (),
        recording_notice=(
            fields["recording_notice"].texts() if "recording_notice" in fields else ()
        ),
        recordings=_length(kept["recordings"]) if "recordings" in kept else timedelta(0),
        records=_length(kept["records"]) if "records" in kept else timedelta(0),
    )


def _country(value: Value) -> str:
    country = value.text()
    if country != CALLEE and country not in phonenumbers.SUPPORTED_REGIONS:
        value.report(f'"{country}" is no country', f"write a code such as CN, or {CALLEE}")
    return country


def _purposes(value: Value) -> list[Purpose]:
    found = []
    for item in value.items():
        word = item.text()
        if word in tuple(Purpose):
            found.append(Purpose(word))
        else:
            item.report(f'"{word}" is no purpose of a call', suggest(word, list(Purpose)))
    return found


def _windows(value: Value) -> dict[Purpose, Week]:
    fields = value.fields(required=tuple(Purpose))
    return {Purpose(purpose): read_week(each) for purpose, each in fields.items()}


def read_week(value: Value) -> Week:
    """Read the hours of each kind of day; faults are noted."""
    fields = value.fields(required=tuple(DayKind))
    return Week(**{kind: _hours(each) for kind, each in fields.items()})


def _hours(value: Value) -> tuple[Hours, ...]:
    found = []
    for item in value.items():
        text = item.text()
        written = _HOURS.fullmatch(text)
        if not written:
            item.report(f'"{text}" is no time of day', "write 09:00-12:00, or [] for never")
            continue
        begin, end = _minutes(written[1], written[2]), _minutes(written[3], written[4])
        if max(begin, end) > 24 * 60 or int(written[2]) > 59 or int(written[4]) > 59:
            item.report(f'"{text}" is past midnight', "the last minute of a day is 24:00")
        elif begin >= end:
            item.report(f'"{text}" ends before it begins', "split it at midnight, 24:00")
        else:
            found.append(Hours(_clock(begin), _clock(end)))
    for one, other in pairwise(found):
        if one.end == time(0) or one.end > other.begin:
            value.report(f"{one} and {other} overlap or are not in order", "sort them")
    return tuple(found)


def _minutes(hours: str, minutes: str) -> int:
    return int(hours) * 60 + int(minutes)


def _clock(minutes: int) -> time:
    return time(minutes // 60 % 24, minutes % 60)


def _caps(value: Value) -> tuple[Cap, ...]:
    found = []
    for item in value.items():
        fields = item.fields(required=("calls", "within"), optional=("answered", "purpose"))
        if not {"calls", "within"} <= fields.keys():
            continue
        purposes = _purposes(fields["purpose"]) if "purpose" in fields else [None]
        answered = fields["answered"].text() if "answered" in fields else "no"
        if answered not in ("yes", "no"):
            fields["answered"].report(f'"{answered}" is neither yes nor no')
        found += [
            Cap(_count(fields["calls"]), _period(fields["within"]), answered == "yes", purpose)
            for purpose in purposes
        ]
    return tuple(found)


def _count(value: Value) -> int:
    text = value.text()
    if not re.fullmatch(r"[1-9]\d{0,3}", text):
        value.report(f'"{text}" is no number of calls', "write 1 or more")
        return 1
    return int(text)


def _period(value: Value) -> timedelta | CalendarPeriod:
    text = value.text()
    if text in tuple(CalendarPeriod):
        return CalendarPeriod(text)
    return _length(value)


def _length(value: Value) -> timedelta:
    text = value.text()
    written = _PERIOD.fullmatch(text)
    if not written or int(written[1]) == 0:
        calendar = ", ".join(CalendarPeriod)
        hint = f"write 1 hour, 7 days; where calls are counted also: {calendar}"
        value.report(f'"{text}" is no length of time', hint)
        return timedelta(days=1)
    return int(written[1]) * _UNITS[written[2]]
