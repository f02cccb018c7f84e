from datetime import timedelta

from sqlalchemy import update

from tests.store.rows import NOW, add, add_attempt, add_campaign, add_contact, add_order
from voicebot.campaign.segment import parse
from voicebot.store import tables
from voicebot.store.engine import Store
from voicebot.store.segments import Picked, pick

ANNA, BO, CHEN = "+8615400000001", "+8615400000002", "+8615400000003"


def picked(store: Store, campaign: int, text: str) -> list[Picked]:
    with store.read() as connection:
        return list(pick(connection, campaign, parse(text)))


def phones(store: Store, campaign: int, text: str) -> list[str]:
    return [each.phone for each in picked(store, campaign, text)]


def test_the_last_call_counts_and_brings_its_outcome_along(store: Store) -> None:
    campaign = add_campaign(store)
    anna = add_contact(store, campaign, ANNA, name="安娜", variables={"city": "杭州"}, attempts=2)
    add_attempt(store, campaign, anna, ANNA, 1, intention="E")
    last = add_attempt(
        store,
        campaign,
        anna,
        ANNA,
        2,
        disposition="ANSWERED_HUMAN",
        intention="A",
        outcome={"satisfied": "是"},
        replies=3,
    )

    found = picked(store, campaign, "intention = A and turns = 3 and attempts = 2")

    assert found == [Picked(anna, ANNA, "安娜", None, {"city": "杭州"}, last, {"satisfied": "是"})]
    assert phones(store, campaign, "intention = E") == []


def test_an_order_since_the_call_is_a_purchase_and_one_before_is_not(store: Store) -> None:
    campaign = add_campaign(store)
    for phone, placed in ((ANNA, NOW + timedelta(hours=3)), (BO, NOW - timedelta(hours=3))):
        contact = add_contact(store, campaign, phone)
        add_attempt(store, campaign, contact, phone, intention="B")
        add_order(store, phone, phone, placed)

    assert phones(store, campaign, "bought") == [ANNA]
    assert phones(store, campaign, "intention in (A, B) and not bought") == [BO]


def test_another_merchants_order_is_no_purchase(store: Store) -> None:
    campaign = add_campaign(store, merchant="tea")
    contact = add_contact(store, campaign, ANNA)
    add_attempt(store, campaign, contact, ANNA)
    add_order(store, "1", ANNA, NOW + timedelta(hours=1))

    assert phones(store, campaign, "bought") == []


def test_who_was_never_called_is_there_too(store: Store) -> None:
    campaign = add_campaign(store)
    add_contact(store, campaign, ANNA)

    assert phones(store, campaign, "attempts = 0 and not reached") == [ANNA]


def test_an_opt_out_stands_in_a_call_or_on_a_list_that_holds_here(store: Store) -> None:
    campaign = add_campaign(store)
    for phone in (ANNA, BO, CHEN):
        add_contact(store, campaign, phone)
    anna = 1
    add_attempt(store, campaign, anna, ANNA, end_reason="opted_out")
    for phone, owner in ((BO, "repurchase"), (CHEN, "another campaign")):
        add(
            store,
            tables.dnc,
            phone=phone,
            scope="campaign",
            owner=owner,
            source="operator",
            created_at=NOW,
        )

    assert phones(store, campaign, "opted_out") == [ANNA, BO]

    with store.write() as connection:
        connection.execute(update(tables.dnc).values(removed_at=NOW))

    assert phones(store, campaign, "opted_out") == [ANNA]


def test_a_call_that_is_still_going_on_says_nothing_yet(store: Store) -> None:
    campaign = add_campaign(store)
    contact = add_contact(store, campaign, ANNA)
    add_attempt(store, campaign, contact, ANNA, state="dialing", disposition=None)

    assert phones(store, campaign, "disposition = NO_ANSWER") == []


def test_days_are_those_of_the_campaigns_zone(store: Store) -> None:
    campaign = add_campaign(store)
    contact = add_contact(store, campaign, ANNA)
    # Half past midnight of the 3rd in Shanghai.
    late = NOW.replace(hour=16, minute=30)
    add_attempt(store, campaign, contact, ANNA, ended_at=late)

    assert phones(store, campaign, "ended_at = 2026-11-03") == [ANNA]
