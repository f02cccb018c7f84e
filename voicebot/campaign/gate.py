"""May this number be called now? The rules in their order, each a function of plain facts.

The first rule that refuses decides, and its code is what is stored. What is not known is a reason
not to call: an unknown zone, a policy that cannot be read, a clock that cannot be right. Nothing
here reads a clock or a database: `voicebot.store.gate_facts` collects the facts, under the lock in
which the call is then released.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from voicebot.campaign import calling_window
from voicebot.campaign.calling_window import Week
from voicebot.campaign.day_kind import NoCalendar, day_kind
from voicebot.campaign.frequency_cap import PastCall, Purpose, cap_ends
from voicebot.campaign.phone import country_of, is_customers_number, is_test_number, zones_of
from voicebot.campaign.policy import CALLEE, Policy

NO_CLOCK_BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
"""A machine without a battery for its clock wakes up in 1970 or on the day of its firmware."""

CLOCK_SLACK = timedelta(minutes=2)
"""Clocks of several machines differ by so much without harm."""

ASK_AGAIN = timedelta(minutes=5)
"""When a refusal may pass, but nobody can tell when."""

SEARCH_STEPS = 500
"""So many refusals in a row are followed in search of the next allowed moment."""


class Code(StrEnum):
    """Why a call is allowed or refused, as it is stored."""

    ALLOWED = "allowed"
    CLOCK_WRONG = "clock_wrong"
    POLICY_UNREADABLE = "policy_unreadable"
    CAMPAIGN_NOT_RUNNING = "campaign_not_running"
    CAMPAIGN_NOT_BEGUN = "campaign_not_begun"
    CAMPAIGN_OVER = "campaign_over"
    HELD_OUT = "held_out"
    NUMBER_INVALID = "number_invalid"
    NUMBER_FOR_TESTS = "number_for_tests"
    NUMBER_EMPTY = "number_empty"
    NUMBER_BARRED = "number_barred"
    CONSENT_MISSING = "consent_missing"
    CONSENT_NOT_BEGUN = "consent_not_begun"
    CONSENT_EXPIRED = "consent_expired"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    DNC_PLATFORM = "dnc_platform"
    DNC_MERCHANT = "dnc_merchant"
    DNC_CAMPAIGN = "dnc_campaign"
    ZONE_UNKNOWN = "zone_unknown"
    HOLIDAYS_UNKNOWN = "holidays_unknown"
    WINDOW_HOLIDAY = "window_holiday"
    WINDOW_BREAK = "window_break"
    WINDOW_CLOSED = "window_closed"
    WINDOW_NEVER = "window_never"
    CAP = "cap"
    CALLER_NUMBER_PURPOSE = "caller_number_purpose"
    CAPACITY_LINE = "capacity_line"
    CAPACITY_CAMPAIGN = "capacity_campaign"
    CAPACITY_TRUNK = "capacity_trunk"
    CAPACITY_RECOGNISER = "capacity_recogniser"


@dataclass(frozen=True, slots=True)
class Consent:
    """A record that somebody agreed to calls for a purpose."""

    purpose: Purpose
    given_at: datetime
    expires_at: datetime | None = None
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """An entry of a do-not-call list that concerns this campaign."""

    scope: str
    """`platform`, `merchant` or `campaign`."""
    expires_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """What a call would go out by."""

    real: bool
    """False for a simulated trunk, which may call the numbers that nobody has."""
    purposes: frozenset[Purpose] = frozenset()
    """What the caller number may carry; none listed: everything."""
    full: Code | None = None
    """The capacity that is used up, one of the `CAPACITY_` codes."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that decides about one call."""

    now: datetime
    known_at: datetime
    """The latest moment that anything was recorded at: a clock before it has been set back."""
    phone: str
    purpose: Purpose
    state: str
    """Of the campaign."""
    policy: Policy | None
    """None when it cannot be read."""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    campaign_zone: str | None = None
    contact_zone: str | None = None
    held_out: bool = False
    flags: Sequence[str] = ()
    """What calls taught about the number, such as `empty`."""
    consents: Sequence[Consent] = ()
    """Of this number to the campaign's merchant."""
    blocks: Sequence[Block] = ()
    past: Sequence[PastCall] = ()
    line: Line = Line(real=True)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule, or the whole gate, says."""

    code: Code
    detail: str = ""
    """For people; without the number."""
    next_at: datetime | None = None
    """When the rule may allow it; None when nobody can tell, or never."""
    final: bool = False
    """Time alone will not change it."""

    @property
    def allowed(self) -> bool:
        """Whether the number may be called."""
        return self.code is Code.ALLOWED

    def ask_again_at(self, now: datetime) -> datetime | None:
        """Return when a contact that was refused is looked at again; None: not by itself."""
        if self.final:
            return None
        return self.next_at or now + ASK_AGAIN


ALLOWED = Verdict(Code.ALLOWED)

Rule = Callable[[Facts], Verdict | None]
"""Returns why not, or None."""


def clock(facts: Facts) -> Verdict | None:
    """Refuse while the clock cannot be right."""
    if facts.now < NO_CLOCK_BEFORE:
        return Verdict(Code.CLOCK_WRONG, f"the clock says {facts.now:%Y-%m-%d}")
    if facts.now + CLOCK_SLACK < facts.known_at:
        behind = facts.known_at - facts.now
        what = f"the clock is {_told(behind)} behind what was recorded already"
        return Verdict(Code.CLOCK_WRONG, what, facts.known_at - CLOCK_SLACK)
    return None


def policy(facts: Facts) -> Verdict | None:
    """Refuse when the rules cannot be read."""
    return Verdict(Code.POLICY_UNREADABLE) if facts.policy is None else None


def campaign(facts: Facts) -> Verdict | None:
    """Refuse what is not running, outside its dates, or held out to measure the campaign's lift."""
    if facts.held_out:
        return Verdict(Code.HELD_OUT, "kept apart to measure what the calls bring", final=True)
    if facts.state != "running":
        return Verdict(Code.CAMPAIGN_NOT_RUNNING, f"the campaign is {facts.state}")
    if facts.starts_at is not None and facts.now < facts.starts_at:
        return Verdict(Code.CAMPAIGN_NOT_BEGUN, next_at=facts.starts_at)
    if facts.ends_at is not None and facts.now >= facts.ends_at:
        return Verdict(Code.CAMPAIGN_OVER)
    return None


_FLAGS = {
    "empty": (Code.NUMBER_EMPTY, "nobody has this number (空号)"),
    "barred": (Code.NUMBER_BARRED, "it takes no incoming calls"),
}
"""Flags that keep every campaign away. A number that was suspended (停机) may be in service again,
and one that an operator blocks be reached by another line: the campaign's retry sees to them."""


def number(facts: Facts) -> Verdict | None:
    """Refuse a number that cannot be a customer's, or that calls have shown to be none."""
    if facts.line.real and is_test_number(facts.phone):
        return Verdict(Code.NUMBER_FOR_TESTS, "a number for tests on a real line", final=True)
    if not is_customers_number(facts.phone):
        return Verdict(Code.NUMBER_INVALID, final=True)
    for flag in facts.flags:
        if flag in _FLAGS:
            return Verdict(*_FLAGS[flag], final=True)
    return None


def consent(facts: Facts) -> Verdict | None:
    """Refuse a purpose that needs consent when no record of it is in force."""
    if facts.policy is not None and facts.purpose not in facts.policy.consent:
        return None
    given = [each for each in facts.consents if each.purpose is facts.purpose]
    faults = [_consent_fault(each, facts.now) for each in given]
    if not faults:
        what = f"nothing shows that they agreed to {facts.purpose} calls"
        return Verdict(Code.CONSENT_MISSING, what, final=True)
    if None in faults:
        return None
    told = [each for each in faults if each is not None]
    return next((each for each in told if not each.final), told[-1])


def _consent_fault(each: Consent, now: datetime) -> Verdict | None:
    if each.withdrawn_at is not None and each.withdrawn_at <= now:
        return Verdict(Code.CONSENT_WITHDRAWN, f"on {each.withdrawn_at:%Y-%m-%d}", final=True)
    if each.expires_at is not None and each.expires_at <= now:
        return Verdict(Code.CONSENT_EXPIRED, f"on {each.expires_at:%Y-%m-%d}", final=True)
    if each.given_at > now + CLOCK_SLACK:
        return Verdict(Code.CONSENT_NOT_BEGUN, next_at=each.given_at - CLOCK_SLACK)
    return None


_SCOPES = {
    "platform": Code.DNC_PLATFORM,
    "merchant": Code.DNC_MERCHANT,
    "campaign": Code.DNC_CAMPAIGN,
}


def do_not_call(facts: Facts) -> Verdict | None:
    """Refuse who asked not to be called, or is on a list; the longest entry decides."""
    standing = [
        each for each in facts.blocks if each.expires_at is None or each.expires_at > facts.now
    ]
    if not standing:
        return None
    widest = min(standing, key=lambda each: list(_SCOPES).index(each.scope))
    for_ever = any(each.expires_at is None for each in standing)
    ends = None if for_ever else max(each.expires_at for each in standing if each.expires_at)
    return Verdict(_SCOPES[widest.scope], widest.reason, ends, final=for_ever)


def window(facts: Facts) -> Verdict | None:
    """Refuse outside the hours where the callee is; several zones must all have a decent hour."""
    if facts.policy is None:
        return None
    zones = callee_zones(facts)
    if not zones:
        return Verdict(
            Code.ZONE_UNKNOWN, "give the contact or the campaign a time zone", final=True
        )
    week = facts.policy.windows[facts.purpose]
    country = _calendar_country(facts, facts.policy)
    try:
        opens = calling_window.next_open(week, country, zones, facts.now)
        if opens == facts.now:
            return None
        if opens is None:
            what = "no hour in two months suits everywhere that they may be"
            return Verdict(Code.WINDOW_NEVER, what, final=True)
        return _closed(week, country, zones, facts.now, opens)
    except NoCalendar:
        return Verdict(Code.HOLIDAYS_UNKNOWN, f"no calendar of {country or '?'}", final=True)


def _closed(
    week: Week, country: str, zones: tuple[ZoneInfo, ...], now: datetime, opens: datetime
) -> Verdict:
    at = next(each for each in zones if not calling_window.is_open(week, country, each, now))
    local = now.astimezone(at)
    kind = day_kind(local.date(), country)
    clock_there = local.time().replace(tzinfo=None)
    before = any(each.begin > clock_there for each in week.on(kind))
    after = any(each.begin <= clock_there for each in week.on(kind))
    told = f"{local:%H:%M} on a {kind} in {at.key}"
    if not week.on(kind):
        return Verdict(Code.WINDOW_HOLIDAY, told, opens)
    return Verdict(Code.WINDOW_BREAK if before and after else Code.WINDOW_CLOSED, told, opens)


def _calendar_country(facts: Facts, policy: Policy) -> str:
    if policy.holidays != CALLEE:
        return policy.holidays
    return country_of(facts.phone) or ""


def callee_zones(facts: Facts) -> tuple[ZoneInfo, ...]:
    """Return where the callee may be: the contact's own column, else the number, else the campaign.

    Empty when unknown, or when what is written is no time zone.
    """
    if facts.contact_zone:
        names: Sequence[str] = (facts.contact_zone,)
    else:
        names = zones_of(facts.phone) or tuple(filter(None, (facts.campaign_zone,)))
    zones = [calling_window.zone(name) for name in names]
    return tuple(each for each in zones if each is not None) if None not in zones else ()


def caps(facts: Facts) -> Verdict | None:
    """Refuse who was called often enough; the cap that holds longest decides."""
    if facts.policy is None:
        return None
    zones = callee_zones(facts)
    ends = [
        (end, cap)
        for cap in facts.policy.caps
        if (end := cap_ends(cap, facts.purpose, facts.past, zones, facts.now)) is not None
    ]
    if not ends:
        return None
    end, cap = max(ends, key=lambda each: each[0])
    return Verdict(Code.CAP, str(cap), end)


def caller_number(facts: Facts) -> Verdict | None:
    """Refuse a purpose that the caller number must not carry."""
    carried = facts.line.purposes
    if not carried or facts.purpose in carried:
        return None
    return Verdict(Code.CALLER_NUMBER_PURPOSE, f"it carries {', '.join(sorted(carried))} only")


def capacity(facts: Facts) -> Verdict | None:
    """Refuse when a line, the campaign, the trunk or the recogniser has no place."""
    return None if facts.line.full is None else Verdict(facts.line.full)


RULES: tuple[Rule, ...] = (
    clock,
    policy,
    campaign,
    number,
    consent,
    do_not_call,
    window,
    caps,
    caller_number,
    capacity,
)
"""In the order in which they are asked."""


def judge(facts: Facts) -> Verdict:
    """Return the verdict of the first rule that refuses, or `ALLOWED`."""
    return next((verdict for rule in RULES if (verdict := rule(facts)) is not None), ALLOWED)


def explain(facts: Facts) -> list[tuple[str, Verdict]]:
    """Return what every rule says, in their order and by their names."""
    return [(rule.__name__, rule(facts) or ALLOWED) for rule in RULES]


def next_allowed(facts: Facts) -> datetime | None:
    """Return the first moment from now on at which the gate would allow this call.

    None when there is none, or when it hangs on what time alone does not bring: a campaign that is
    paused, consent that is missing, a number on a list.
    """
    for _ in range(SEARCH_STEPS):
        verdict = judge(facts)
        if verdict.allowed:
            return facts.now
        if verdict.next_at is None or verdict.next_at <= facts.now:
            return None
        facts = replace(facts, now=verdict.next_at)
    return None


def _told(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
