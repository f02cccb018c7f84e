from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from tests.store.running import NOW, PHONE, add, new_campaign, new_contact
from voicebot.campaign.frequency_cap import PastCall, Purpose
from voicebot.campaign.gate import Block, Code, Consent, Facts, Line, judge
from voicebot.campaign.policy import load_policy
from voicebot.store.engine import Store
from voicebot.store.gate_facts import gate_facts, latest_record
from voicebot.store.tables import attempt, consent, decision, dnc, number_flag

CHINA = load_policy("CN")
LINE = Line(real=True)
HOUR = timedelta(hours=1)


def facts(store: Store, campaign_id: int, *contacts: int, now: datetime = NOW) -> dict[int, Facts]:
    with store.read() as connection:
        return gate_facts(connection, campaign_id, contacts, CHINA, LINE, now)


def test_what_is_known_of_a_contact_is_collected(store: Store) -> None:
    campaign_id = new_campaign(store, timezone="Asia/Tokyo", starts_at=NOW - HOUR)
    contact_id = new_contact(store, campaign_id, timezone="Asia/Seoul")
    add(store, consent, phone=PHONE, purpose="marketing", evidence="order", given_at=NOW - HOUR)
    add(
        store, dnc, phone=PHONE, scope="campaign", owner="repurchase", source="call", created_at=NOW
    )
    add(store, number_flag, phone=PHONE, flag="suspended", since=NOW)

    found = facts(store, campaign_id, contact_id)[contact_id]

    assert found == Facts(
        now=NOW,
        known_at=datetime(1970, 1, 1, tzinfo=UTC),
        phone=PHONE,
        purpose=Purpose.MARKETING,
        state="running",
        policy=CHINA,
        starts_at=NOW - HOUR,
        campaign_zone="Asia/Tokyo",
        contact_zone="Asia/Seoul",
        flags=["suspended"],
        consents=[Consent(Purpose.MARKETING, NOW - HOUR)],
        blocks=[Block("campaign")],
        past=[],
        line=LINE,
    )


def test_a_contact_without_consent_is_refused_and_with_it_allowed(store: Store) -> None:
    campaign_id = new_campaign(store)
    contact_id = new_contact(store, campaign_id)
    before = judge(facts(store, campaign_id, contact_id)[contact_id])
    add(store, consent, phone=PHONE, purpose="marketing", evidence="order", given_at=NOW - HOUR)

    after = judge(facts(store, campaign_id, contact_id)[contact_id])

    assert (before.code, after.code) == (Code.CONSENT_MISSING, Code.ALLOWED)


@pytest.mark.parametrize(
    ("entry", "concerns"),
    [
        ({"scope": "platform"}, True),
        ({"scope": "merchant", "owner": "default"}, True),
        ({"scope": "merchant", "owner": "another"}, False),
        ({"scope": "campaign", "owner": "repurchase"}, True),
        ({"scope": "campaign", "owner": "another"}, False),
        ({"scope": "platform", "removed_at": NOW}, False),
        ({"scope": "platform", "phone": "+8613800138001"}, False),
    ],
)
def test_an_entry_of_a_list_concerns_whom_it_names(
    store: Store, entry: dict[str, object], concerns: bool
) -> None:
    campaign_id = new_campaign(store)
    contact_id = new_contact(store, campaign_id)
    add(store, dnc, **{"phone": PHONE, "source": "import", "created_at": NOW, **entry})

    found = facts(store, campaign_id, contact_id)[contact_id]

    assert bool(found.blocks) is concerns


def test_consent_is_given_to_one_merchant(store: Store) -> None:
    campaign_id = new_campaign(store, merchant="coffee")
    contact_id = new_contact(store, campaign_id)
    add(
        store,
        consent,
        phone=PHONE,
        merchant="tea",
        purpose="marketing",
        evidence="order",
        given_at=NOW,
    )

    assert facts(store, campaign_id, contact_id)[contact_id].consents == []


def test_calls_of_all_campaigns_count_for_a_number(store: Store) -> None:
    one, other = new_campaign(store), new_campaign(store, name="other", purpose="service")
    contact_id = new_contact(store, one)
    calls = [
        {"contact_id": contact_id, "campaign_id": one, "purpose": "marketing", "dialed_at": NOW},
        {
            "contact_id": 99,
            "campaign_id": other,
            "purpose": "service",
            "dialed_at": NOW - HOUR,
            "answered_at": NOW - HOUR,
        },
        {
            "contact_id": 99,
            "campaign_id": other,
            "purpose": "service",
            "dialed_at": NOW - 2 * HOUR,
            "disposition": "UNKNOWN",
        },
        {
            "contact_id": 99,
            "campaign_id": other,
            "purpose": "service",
            "dialed_at": NOW - 3 * HOUR,
            "disposition": "LINE_ERROR",
            "uses_cap": False,
        },
        {"contact_id": 99, "campaign_id": other, "purpose": "service"},
        {
            "contact_id": 99,
            "campaign_id": other,
            "purpose": "service",
            "dialed_at": NOW - timedelta(days=60),
        },
        {
            "contact_id": 98,
            "campaign_id": other,
            "purpose": "service",
            "dialed_at": NOW,
            "phone": "+8613800138001",
        },
    ]
    for number, call in enumerate(calls):
        row = {"id": str(number), "number": number, "state": "done", "created_at": NOW}
        add(store, attempt, **{"phone": PHONE, **row, **call})

    found = facts(store, one, contact_id)[contact_id]

    assert found.past == [
        PastCall(NOW - 3 * HOUR, Purpose.SERVICE, answered=False, uses_cap=False),
        PastCall(NOW - 2 * HOUR, Purpose.SERVICE, answered=True),
        PastCall(NOW - HOUR, Purpose.SERVICE, answered=True),
        PastCall(NOW, Purpose.MARKETING, answered=False),
    ]


def test_a_thousand_contacts_are_asked_about_at_once(store: Store) -> None:
    campaign_id = new_campaign(store)
    contacts = [new_contact(store, campaign_id, phone="+8613800138000")]
    with store.write() as connection:
        for number in range(1100):
            phone = f"+861390000{number:04}"
            connection.execute(
                insert(consent).values(
                    phone=phone, purpose="marketing", evidence="order", given_at=NOW - HOUR
                )
            )
    contacts += [
        new_contact(store, campaign_id, phone=f"+861390000{number:04}")
        for number in range(0, 1100, 2)
    ]

    found = facts(store, campaign_id, *contacts)

    assert len(found) == 551
    assert sum(judge(each).allowed for each in found.values()) == 550


def test_the_clock_must_not_be_before_the_last_decision(store: Store) -> None:
    campaign_id = new_campaign(store)
    contact_id = new_contact(store, campaign_id)
    add(store, consent, phone=PHONE, purpose="marketing", evidence="order", given_at=NOW - HOUR)
    add(
        store,
        decision,
        campaign_id=campaign_id,
        contact_id=contact_id,
        phone=PHONE,
        at=NOW + HOUR,
        stage="feed",
        allowed=False,
        code="cap",
    )

    verdict = judge(facts(store, campaign_id, contact_id)[contact_id])

    assert verdict.code is Code.CLOCK_WRONG
    with store.read() as connection:
        assert latest_record(connection) == NOW + HOUR
