"""Which campaign answers which number, and when.

routes:
  - called: "4001"                    # the number as the trunk names it; * is any other
    campaign: campaigns/support       # from this file's place
    variables: {shop: 山谷咖啡}
    hours: {workday: [09:00-12:00, 13:30-21:00], weekend: [10:00-18:00], holiday: []}
    closed: campaigns/message         # answers outside the hours
    transfer_to: sip:1000@192.0.2.20  # where 转人工 goes; without it the call just ends
    hand_over: bridge                 # or transfer, the default: the line itself moves
    people: 2                         # how many persons there are: others wait
    unanswered: campaigns/message     # answers when no person does
    call_back: callbacks              # the store's campaign that calls back who asks for it
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from voicebot.campaign.calling_window import Week, is_open, zone
from voicebot.campaign.policy import read_week
from voicebot.dialogue.document import Value, parse
from voicebot.errors import BadInput, BadScript, Problem

ANY_NUMBER = "*"


DEFAULT_ZONE = "Asia/Shanghai"
DEFAULT_COUNTRY = "CN"
"""Whose holidays count."""


class HandOver(StrEnum):
    """How a caller reaches a person."""

    TRANSFER = "transfer"
    """Their line is moved there; we are out of it."""
    BRIDGE = "bridge"
    """We call the person and connect both: works on every trunk, and can tell when nobody
    answers."""


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """When a number is answered by its own campaign."""

    week: Week
    zone: ZoneInfo
    country: str

    def open_at(self, now: datetime) -> bool:
        """Tell whether `now`, an aware moment, is within the hours."""
        return is_open(self.week, self.country, self.zone, now)


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table."""

    called: str
    campaign: Path
    transfer_to: str | None = None
    """The person's SIP address."""
    variables: Mapping[str, str] = field(default_factory=dict)
    hours: OpeningHours | None = None
    """Always, when None."""
    closed: Path | None = None
    """The campaign that answers outside the hours."""
    hand_over: HandOver = HandOver.TRANSFER
    unanswered: Path | None = None
    """The campaign that goes on when no person answers."""
    call_back: str | None = None
    """The store's campaign that calls back who asks for it."""
    people: int | None = None
    """How many persons there are behind `transfer_to`; others wait, the urgent ones first."""


def load_routes(path: Path) -> tuple[Route, ...]:
    """Read a route table. Raises `BadInput` with every fault."""
    try:
        data = path.read_bytes()
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        raise BadInput(Problem(str(path), what, hint="check the path")) from error
    try:
        root = parse(data, str(path))
    except BadScript as error:
        raise BadInput(*error.problems) from error
    fields = root.fields(required=("routes",))
    values = fields["routes"].items() if "routes" in fields else []
    routes = [_route(value, path.parent) for value in values]
    first: dict[str, int] = {}
    for value, route in zip(values, routes, strict=True):
        line = root.document.line(value.path) or 0
        if route.called and first.setdefault(route.called, line) != line:
            value.report(f'"{route.called}" is routed twice, first on line {first[route.called]}')
    if root.document.problems:
        raise BadInput(*root.document.problems)
    return tuple(routes)


def _route(value: Value, folder: Path) -> Route:
    fields = value.fields(
        required=("called", "campaign"),
        optional=(
            "variables",
            "hours",
            "zone",
            "country",
            "closed",
            "transfer_to",
            "hand_over",
            "unanswered",
            "call_back",
            "people",
        ),
    )
    texts = {
        name: each.text() for name, each in fields.items() if name not in ("variables", "hours")
    }
    person = texts.get("transfer_to")
    if person is not None and not person.startswith("sip:"):
        fields["transfer_to"].report(f'"{person}" is no SIP address', "write sip:USER@HOST")
    if ("hours" in fields) != ("closed" in fields):
        value.report("`hours` and `closed` go together", "say who answers outside the hours")
    for name in ("hand_over", "unanswered"):
        if name in fields and person is None:
            fields[name].report(
                "nobody is named to hand over to", "add `transfer_to: sip:USER@HOST`"
            )
    variables = fields["variables"].entries() if "variables" in fields else {}
    closed, unanswered = texts.get("closed"), texts.get("unanswered")
    return Route(
        texts.get("called", ""),
        folder / texts.get("campaign", ""),
        person,
        {name: each.text() for name, each in variables.items()},
        _hours(fields),
        None if closed is None else folder / closed,
        _hand_over(fields),
        None if unanswered is None else folder / unanswered,
        texts.get("call_back"),
        _people(fields),
    )


def _hours(fields: Mapping[str, Value]) -> OpeningHours | None:
    named = fields["zone"].text() if "zone" in fields else DEFAULT_ZONE
    there = zone(named)
    if there is None:
        fields["zone"].report(f'there is no time zone "{named}"', "write one like Asia/Shanghai")
        there = ZoneInfo(DEFAULT_ZONE)
    if "hours" not in fields:
        return None
    country = fields["country"].text() if "country" in fields else DEFAULT_COUNTRY
    return OpeningHours(read_week(fields["hours"]), there, country)


def _hand_over(fields: Mapping[str, Value]) -> HandOver:
    if "hand_over" not in fields:
        return HandOver.TRANSFER
    written = fields["hand_over"].text()
    if written not in list(HandOver):
        fields["hand_over"].report(f'"{written}" is no way to hand over', "transfer or bridge")
        return HandOver.TRANSFER
    return HandOver(written)


def _people(fields: Mapping[str, Value]) -> int | None:
    if "people" not in fields:
        return None
    written = fields["people"].text()
    if not (written.isdecimal() and int(written) > 0):
        fields["people"].report(f'"{written}" is no number of people', "write people: 2")
    elif _hand_over(fields) is not HandOver.BRIDGE:
        what = "can be counted only when the person is called from here"
        fields["people"].report(what, "add `hand_over: bridge`")
    else:
        return int(written)
    return None


def find_route(routes: Sequence[Route], called: str) -> Route | None:
    """Return the route of a number, else that of any number."""
    by_number = {route.called: route for route in routes}
    return by_number.get(called) or by_number.get(ANY_NUMBER)
