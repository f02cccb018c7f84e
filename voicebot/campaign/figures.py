"""A campaign in numbers: counted cells come in, shares with their denominators go out.

The store counts (`voicebot.store.figures`), since a million attempts are not to be carried around;
what the counts mean is decided here.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from voicebot.campaign.attribution import Lift, Model
from voicebot.campaign.outcome import Disposition, Intention
from voicebot.campaign.statistics import Difference, Share, difference
from voicebot.dialogue.script import EndReason

ANSWERED = frozenset({Disposition.ANSWERED_HUMAN, Disposition.ANSWERED_MACHINE})
LINE_FAULTS = frozenset({Disposition.LINE_ERROR, Disposition.BLOCKED, Disposition.UNKNOWN})
"""Not the customer's doing: left out of the real connect rate."""
LIKELY = frozenset({Intention.A, Intention.B})

SLOT = timedelta(minutes=15)
"""In which the store counts by time: every time zone is a whole number of them from UTC."""

STAGES = ("imported", "eligible", "dialled", "answered", "human", "talked", "likely", "action")
"""How far a contact came, then `ordered`; each is part of the one before.

eligible: neither held out nor refused by the gate for good. talked: the caller replied. likely:
intention A or B. action: of those, the script came to its end or the customer was put through.
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """Dialled attempts that are alike."""

    number: int
    """Of the contact's attempts."""
    disposition: str
    version: str
    end_reason: str
    intention: str
    replied: bool
    count: int
    talk_ms: int = 0
    minutes: int = 0
    """As operators bill: each call's begun minutes."""
    cost_cents: int = 0


@dataclass(frozen=True, slots=True)
class SlotCell:
    """Dialled attempts of one quarter of an hour."""

    at: datetime
    dialled: int
    answered: int
    likely: int


@dataclass(frozen=True, slots=True)
class ContactCell:
    """Contacts that came equally far, and why no further."""

    stage: str
    reason: str
    count: int
    ordered: int = 0


@dataclass(frozen=True, slots=True)
class StateCell:
    """What happened in one state of the script: calls in which it happened."""

    state: str
    event: str
    count: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Everything that the store counted."""

    campaign: str
    title: str
    purpose: str
    zone: tzinfo
    first_at: datetime | None
    last_at: datetime | None
    calls: Sequence[Cell] = ()
    slots: Sequence[SlotCell] = ()
    contacts: Sequence[ContactCell] = ()
    states: Sequence[StateCell] = ()
    lift: Lift = field(default_factory=lambda: Lift(Share(0, 0), Share(0, 0)))
    orders_by_version: Mapping[str, Share] = field(default_factory=dict)
    """Contacts that ordered, of those that a version was chosen for."""
    attributed: Mapping[Model, tuple[float, float]] = field(default_factory=dict)
    """Orders and cents that this campaign's conversations are owed."""
    orders: int = 0
    """Of the campaign's contacts, since they were first called or the campaign was made."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the funnel, in contacts."""

    stage: str
    share: Share
    """Of the step before."""
    drops: tuple[tuple[str, int], ...]
    """Why contacts came no further than the step before, the most frequent first."""


@dataclass(frozen=True, slots=True)
class Rate:
    """One rate with what it is a share of, in words of `voicebot.report.labels`."""

    name: str
    of: str
    share: Share


@dataclass(frozen=True, slots=True)
class Variant:
    """One version of the script."""

    version: str
    dialled: int
    likely: Share
    """Of the conversations."""
    hung_up: Share
    ordered: Share
    """Of its contacts."""
    likely_more: Difference | None
    """Than the first version's."""
    ordered_more: Difference | None


@dataclass(frozen=True, slots=True)
class StateRow:
    """One state of the script."""

    state: str
    reached: int
    no_match: Share
    no_input: Share
    hung_up: Share


@dataclass(frozen=True, slots=True)
class Retry:
    """What the first, second ... attempt of contacts came to."""

    number: int
    answered: Share
    likely: Share
    """Of the dialled."""


@dataclass(frozen=True, slots=True)
class Money:
    """What the calls cost; None where no price is known."""

    minutes: int
    cents: int | None
    per_minute: float | None
    """Of talk, in cents."""
    per_likely: float | None
    per_order: float | None
    """By the last-touch model."""


@dataclass(frozen=True, slots=True)
class CampaignFigures:
    """A campaign at a glance."""

    counts: Counts
    dialled: int
    funnel: tuple[Step, ...]
    rates: tuple[Rate, ...]
    dispositions: tuple[tuple[str, int], ...]
    end_reasons: tuple[tuple[str, int], ...]
    intentions: tuple[tuple[Intention, int], ...]
    talk_ms: int | None
    """The mean of conversations."""
    hours: Mapping[tuple[int, int], SlotCell]
    """By weekday (Monday 0) and hour of the campaign's zone."""
    days: tuple[tuple[str, SlotCell], ...]
    retries: tuple[Retry, ...]
    states: tuple[StateRow, ...]
    variants: tuple[Variant, ...]
    money: Money


def figures(counts: Counts, cents_per_minute: float | None = None) -> CampaignFigures:
    """Work a campaign's counts out.

    `cents_per_minute` prices begun minutes where the attempts themselves have no cost.
    """
    cells = counts.calls
    dialled = _sum(cells)
    human = [each for each in cells if each.disposition == Disposition.ANSWERED_HUMAN]
    people = _sum(human)
    return CampaignFigures(
        counts=counts,
        dialled=dialled,
        funnel=_funnel(counts.contacts),
        rates=_rates(cells),
        dispositions=_ranked(cells, lambda each: each.disposition),
        end_reasons=_ranked(human, lambda each: each.end_reason),
        intentions=_intentions(cells),
        talk_ms=sum(each.talk_ms for each in human) // people if people else None,
        hours=_hours(counts),
        days=_days(counts),
        retries=_retries(cells),
        states=_states(counts.states),
        variants=_variants(counts),
        money=_money(counts, cents_per_minute),
    )


def _sum(cells: Iterable[Cell], holds: Callable[[Cell], bool] = lambda each: True) -> int:
    return sum(each.count for each in cells if holds(each))


def _is_likely(cell: Cell) -> bool:
    return cell.intention in LIKELY


def _rates(cells: Sequence[Cell]) -> tuple[Rate, ...]:
    dialled = _sum(cells)
    answered = [each for each in cells if each.disposition in ANSWERED]
    human = [each for each in answered if each.disposition == Disposition.ANSWERED_HUMAN]
    sound = _sum(cells, lambda each: each.disposition not in LINE_FAULTS)
    got, people = _sum(answered), _sum(human)

    def ended(reason: EndReason) -> int:
        return _sum(human, lambda each: each.end_reason == reason)

    return (
        Rate("connect", "dialled", Share(got, dialled)),
        Rate("real_connect", "dialled_sound", Share(got, sound)),
        Rate("human", "dialled", Share(people, dialled)),
        Rate("valid_talk", "answered", Share(_sum(human, lambda each: each.replied), got)),
        Rate("intention", "answered", Share(_sum(human, _is_likely), got)),
        Rate("completion", "human", Share(ended(EndReason.FINISHED), people)),
        Rate("transfer", "human", Share(ended(EndReason.TRANSFERRED), people)),
        Rate("opt_out", "human", Share(ended(EndReason.OPTED_OUT), people)),
    )


def _funnel(cells: Sequence[ContactCell]) -> tuple[Step, ...]:
    """Each cell says how far its contacts came; a drop stands at the step they did not take."""
    place = {stage: number for number, stage in enumerate(STAGES)}
    reached = [
        sum(each.count for each in cells if place[each.stage] >= number)
        for number in range(len(STAGES))
    ]
    steps = []
    for number, stage in enumerate(STAGES):
        before = reached[number - 1] if number else reached[0]
        drops: Counter[str] = Counter()
        for each in cells:
            if number and place[each.stage] == number - 1:
                drops[each.reason] += each.count
        steps.append(Step(stage, Share(reached[number], before), tuple(drops.most_common())))
    last = [each for each in cells if each.stage == STAGES[-1]]
    ordered = sum(each.ordered for each in last)
    none = reached[-1] - ordered
    without = (("no_order", none),) if none else ()
    return (*steps, Step("ordered", Share(ordered, reached[-1]), without))


def _ranked(cells: Sequence[Cell], key: Callable[[Cell], str]) -> tuple[tuple[str, int], ...]:
    counted: Counter[str] = Counter()
    for each in cells:
        counted[key(each)] += each.count
    return tuple(counted.most_common())


def _intentions(cells: Sequence[Cell]) -> tuple[tuple[Intention, int], ...]:
    counted = dict(_ranked(cells, lambda each: each.intention))
    return tuple((grade, counted.get(grade, 0)) for grade in Intention)


def _hours(counts: Counts) -> dict[tuple[int, int], SlotCell]:
    found: dict[tuple[int, int], SlotCell] = {}
    for slot in counts.slots:
        local = slot.at.astimezone(counts.zone)
        key = local.weekday(), local.hour
        found[key] = _joined(found.get(key), slot)
    return found


def _days(counts: Counts) -> tuple[tuple[str, SlotCell], ...]:
    found: dict[str, SlotCell] = {}
    for slot in sorted(counts.slots, key=lambda each: each.at):
        day = slot.at.astimezone(counts.zone).date().isoformat()
        found[day] = _joined(found.get(day), slot)
    return tuple(found.items())


def _joined(one: SlotCell | None, other: SlotCell) -> SlotCell:
    if one is None:
        return other
    return SlotCell(
        one.at,
        one.dialled + other.dialled,
        one.answered + other.answered,
        one.likely + other.likely,
    )


def _retries(cells: Sequence[Cell]) -> tuple[Retry, ...]:
    found = []
    for number in sorted({each.number for each in cells}):
        these = [each for each in cells if each.number == number]
        dialled = _sum(these)
        found.append(
            Retry(
                number,
                Share(_sum(these, lambda each: each.disposition in ANSWERED), dialled),
                Share(_sum(these, _is_likely), dialled),
            )
        )
    return tuple(found)


def _states(cells: Sequence[StateCell]) -> tuple[StateRow, ...]:
    counted = {(each.state, each.event): each.count for each in cells}
    rows = []
    for state in dict.fromkeys(each.state for each in cells):
        reached = counted.get((state, "reached"), 0)
        shares = [
            Share(counted.get((state, event), 0), reached)
            for event in ("no_match", "no_input", "hung_up")
        ]
        rows.append(StateRow(state, reached, *shares))
    return tuple(sorted(rows, key=lambda row: -row.reached))


def _variants(counts: Counts) -> tuple[Variant, ...]:
    versions = sorted({each.version for each in counts.calls} | set(counts.orders_by_version))
    found: list[Variant] = []
    for version in versions:
        these = [each for each in counts.calls if each.version == version]
        human = [each for each in these if each.disposition == Disposition.ANSWERED_HUMAN]
        people = _sum(human)
        likely = Share(_sum(human, _is_likely), people)
        ordered = counts.orders_by_version.get(version, Share(0, 0))
        first = found[0] if found else None
        hung_up = _sum(human, lambda each: each.end_reason == EndReason.CALLER_HUNG_UP)
        found.append(
            Variant(
                version,
                _sum(these),
                likely,
                Share(hung_up, people),
                ordered,
                None if first is None else difference(likely, first.likely),
                None if first is None else difference(ordered, first.ordered),
            )
        )
    return tuple(found)


def _money(counts: Counts, cents_per_minute: float | None) -> Money:
    minutes = sum(each.minutes for each in counts.calls)
    kept = sum(each.cost_cents for each in counts.calls)
    cents: int | None = kept or None
    if cents is None and cents_per_minute is not None:
        cents = round(minutes * cents_per_minute)
    talk_minutes = sum(each.talk_ms for each in counts.calls) / 60_000
    likely = _sum(counts.calls, _is_likely)
    orders = counts.attributed.get(Model.LAST_TOUCH, (0.0, 0.0))[0]

    def per(what: float) -> float | None:
        return cents / what if cents is not None and what else None

    return Money(minutes, cents, per(talk_minutes), per(likely), per(orders))
