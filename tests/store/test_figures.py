"""Counting a campaign in both databases, and what the counts come to."""

from datetime import timedelta

import pytest

from benchmarks.campaign_data import fill
from tests.store.rows import NOW, add, add_attempt, add_campaign, add_contact, add_order
from voicebot.campaign.attribution import Model
from voicebot.campaign.figures import CampaignFigures, figures
from voicebot.campaign.statistics import Share
from voicebot.store import tables
from voicebot.store.engine import Store
from voicebot.store.figures import counts

PHONES = [f"+8615400000{number:03d}" for number in range(20)]


def report(store: Store, campaign: int, cents: float | None = None) -> CampaignFigures:
    with store.read() as connection:
        return figures(counts(connection, campaign), cents)


def talked(**more: object) -> dict[str, object]:
    return {
        "disposition": "ANSWERED_HUMAN",
        "end_reason": "finished",
        "intention": "B",
        "replies": 2,
        "answered_at": NOW + timedelta(seconds=10),
        "ring_ms": 10_000,
        "talk_ms": 61_000,
        "states": ["greet reached", "offer reached", "offer no_match"],
        **more,
    }


def test_the_funnel_says_how_far_contacts_came_and_why_no_further(store: Store) -> None:
    campaign = add_campaign(store)
    ids = [add_contact(store, campaign, phone) for phone in PHONES[:6]]
    add_contact(store, campaign, PHONES[6], held_out=True)
    add_contact(store, campaign, PHONES[7], state="done", state_reason="consent_missing")
    add_contact(store, campaign, PHONES[8])
    # Twice not reached, the last time busy; a machine; somebody who said nothing; and so on.
    add_attempt(store, campaign, ids[0], PHONES[0], 1)
    add_attempt(store, campaign, ids[0], PHONES[0], 2, disposition="BUSY")
    add_attempt(store, campaign, ids[1], PHONES[1], disposition="ANSWERED_MACHINE", intention="E")
    add_attempt(
        store,
        campaign,
        ids[2],
        PHONES[2],
        **talked(replies=0, intention="D", end_reason="no_input"),
    )
    add_attempt(store, campaign, ids[3], PHONES[3], **talked(intention="C"))
    add_attempt(store, campaign, ids[4], PHONES[4], 1, **talked())
    add_attempt(store, campaign, ids[4], PHONES[4], 2)
    add_attempt(store, campaign, ids[5], PHONES[5], **talked(intention="A"))
    add_order(store, "1", PHONES[5], NOW + timedelta(days=1))

    steps = {step.stage: step for step in report(store, campaign).funnel}

    assert [step.share.count for step in steps.values()] == [9, 7, 6, 5, 4, 3, 2, 2, 1]
    assert dict(steps["eligible"].drops) == {"held_out": 1, "consent_missing": 1}
    assert steps["dialled"].drops == (("waiting", 1),)
    assert steps["answered"].drops == (("BUSY", 1),)
    assert steps["human"].drops == (("machine", 1),)
    assert steps["talked"].drops == (("no_input", 1),)
    assert steps["likely"].drops == (("C", 1),)
    assert steps["ordered"].drops == (("no_order", 1),)


def test_rates_name_what_they_are_a_share_of(store: Store) -> None:
    campaign = add_campaign(store)
    ends: list[dict[str, object]] = [
        {"disposition": "NO_ANSWER"},
        {"disposition": "LINE_ERROR"},
        {"disposition": "ANSWERED_MACHINE"},
        talked(),
        talked(end_reason="opted_out", intention="F"),
        talked(end_reason="transferred", intention="A"),
    ]
    for number, more in enumerate(ends):
        contact = add_contact(store, campaign, PHONES[number])
        add_attempt(store, campaign, contact, PHONES[number], **more)
    add_attempt(store, campaign, 1, PHONES[0], 2, disposition="FILTERED", dialed_at=None)
    add_attempt(store, campaign, 2, PHONES[1], 2, state="dialing", disposition=None)

    found = {rate.name: (rate.share, rate.of) for rate in report(store, campaign).rates}

    assert found == {
        "connect": (Share(4, 6), "dialled"),
        "real_connect": (Share(4, 5), "dialled_sound"),
        "human": (Share(3, 6), "dialled"),
        "valid_talk": (Share(3, 4), "answered"),
        "intention": (Share(2, 4), "answered"),
        "completion": (Share(1, 3), "human"),
        "transfer": (Share(1, 3), "human"),
        "opt_out": (Share(1, 3), "human"),
    }


def test_hours_and_days_are_those_of_the_campaigns_zone(store: Store) -> None:
    campaign = add_campaign(store)
    contact = add_contact(store, campaign, PHONES[0])
    # 23:59 and 00:01 in Shanghai, a Monday and a Tuesday.
    late = NOW.replace(hour=15, minute=59)
    add_attempt(store, campaign, contact, PHONES[0], 1, dialed_at=late)
    add_attempt(
        store, campaign, contact, PHONES[0], 2, **talked(dialed_at=late + timedelta(minutes=2))
    )

    found = report(store, campaign)

    assert [day for day, _ in found.days] == ["2026-11-02", "2026-11-03"]
    assert {key: (slot.dialled, slot.answered) for key, slot in found.hours.items()} == {
        (0, 23): (1, 0),
        (1, 0): (1, 1),
    }


def test_retries_states_and_minutes_are_counted(store: Store) -> None:
    campaign = add_campaign(store)
    contact = add_contact(store, campaign, PHONES[0])
    add_attempt(store, campaign, contact, PHONES[0], 1)
    add_attempt(store, campaign, contact, PHONES[0], 2, **talked())

    found = report(store, campaign, cents=10)

    assert [(each.number, each.answered) for each in found.retries] == [
        (1, Share(0, 1)),
        (2, Share(1, 1)),
    ]
    offer = next(each for each in found.states if each.state == "offer")
    assert (offer.reached, offer.no_match, offer.hung_up) == (1, Share(1, 1), Share(0, 1))
    assert (found.money.minutes, found.money.cents, found.money.per_likely) == (2, 20, 20)
    assert found.money.per_minute == pytest.approx(20 / (61 / 60))


def test_costs_that_the_calls_have_come_before_a_price(store: Store) -> None:
    campaign = add_campaign(store)
    contact = add_contact(store, campaign, PHONES[0])
    add_attempt(store, campaign, contact, PHONES[0], **talked(cost_cents=33))

    assert report(store, campaign, cents=10).money.cents == 33
    assert report(store, campaign).money.cents == 33


def test_versions_are_compared_with_the_first(store: Store) -> None:
    campaign = add_campaign(store)
    for number in (1, 2):
        version = add(
            store,
            tables.script_version,
            campaign_id=campaign,
            number=number,
            label=f"v{number}",
            hash=str(number),
            created_at=NOW,
        )
        phone = PHONES[number]
        contact = add_contact(store, campaign, phone, script_version_id=version)
        grade = talked(intention="C" if number == 1 else "A", script_version_id=version)
        add_attempt(store, campaign, contact, phone, **grade)
        if number == 2:
            add_order(store, "1", phone, NOW + timedelta(hours=1))

    first, second = report(store, campaign).variants

    assert (first.version, first.likely, first.ordered) == ("v1", Share(0, 1), Share(0, 1))
    assert (second.version, second.likely, second.ordered) == ("v2", Share(1, 1), Share(1, 1))
    assert first.likely_more is None
    assert second.likely_more is not None
    assert second.likely_more.value == 1
    assert not second.likely_more.is_sure, "one call each tells nothing"


def test_an_order_is_shared_with_the_conversations_of_other_campaigns(store: Store) -> None:
    autumn, winter = add_campaign(store, "autumn"), add_campaign(store, "winter")
    other = add_campaign(store, "tea", merchant="tea")
    for campaign, days in ((autumn, 8), (winter, 1), (other, 0.5)):
        contact = add_contact(store, campaign, PHONES[0])
        at = NOW - timedelta(days=days)
        add_attempt(store, campaign, contact, PHONES[0], **talked(answered_at=at))
    add_order(store, "1", PHONES[0], NOW, cents=30_000)

    owed = report(store, autumn).counts.attributed

    assert owed[Model.LAST_TOUCH] == (0, 0)
    assert owed[Model.LINEAR] == (0.5, 15_000)
    assert owed[Model.TIME_DECAY][0] == pytest.approx(1 / 3)
    assert owed[Model.TIME_DECAY][1] == pytest.approx(10_000)


def test_who_was_held_out_and_bought_anyway_is_taken_off(store: Store) -> None:
    campaign = add_campaign(store)
    for number in range(10):
        contact = add_contact(store, campaign, PHONES[number], held_out=number >= 6)
        if number == 0:
            add_attempt(store, campaign, contact, PHONES[0], **talked())
        if number in (0, 1, 2, 6):
            add_order(store, str(number), PHONES[number], NOW + timedelta(days=2))
    add_order(store, "before", PHONES[7], NOW - timedelta(days=2))

    lift = report(store, campaign).counts.lift

    assert (lift.called, lift.held_out) == (Share(3, 6), Share(1, 4))


def test_a_campaign_without_a_single_call_has_a_report_too(store: Store) -> None:
    campaign = add_campaign(store)

    found = report(store, campaign, cents=10)

    assert found.dialled == 0
    assert [step.share for step in found.funnel] == [Share(0, 0)] * 9
    assert found.talk_ms is None


def test_a_drawn_campaign_adds_up(store: Store) -> None:
    campaign = fill(store, 400)

    found = report(store, campaign)

    steps = [step.share.count for step in found.funnel]
    assert steps == sorted(steps, reverse=True)
    assert steps[0] == 400
    for before, step in zip(found.funnel, found.funnel[1:], strict=False):
        assert before.share.count - step.share.count == sum(count for _, count in step.drops)
    assert sum(count for _, count in found.dispositions) == found.dialled
    assert sum(slot.dialled for _, slot in found.days) == found.dialled
    assert sum(slot.dialled for slot in found.hours.values()) == found.dialled
