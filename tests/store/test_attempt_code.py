"""An attempt's code tells all of what it was made from, on both databases."""

from itertools import zip_longest

from sqlalchemy import select

from tests.store.rows import NOW, add_attempt, add_campaign, add_contact
from voicebot.campaign.outcome import Disposition, Intention
from voicebot.dialogue.script import EndReason
from voicebot.store.attempt_code import Alike, code, decoded
from voicebot.store.engine import Store
from voicebot.store.tables import attempt


def test_every_word_comes_back(store: Store) -> None:
    campaign = add_campaign(store, "spring")
    person = add_contact(store, campaign, "+8613800138000")
    told = [
        Alike(number, str(kind or "BUSY"), str(end or ""), str(grade or ""), bool(number % 2))
        for number, (kind, end, grade) in enumerate(
            zip_longest(Disposition, EndReason, Intention), 1
        )
    ]
    for each in told:
        add_attempt(
            store,
            campaign,
            person,
            "+8613800138000",
            id=f"1:1:{each.number}",
            number=each.number,
            disposition=each.disposition,
            end_reason=each.end_reason or None,
            intention=each.intention or None,
            replies=int(each.replied),
            dialed_at=NOW,
            ended_at=NOW,
        )

    with store.read() as connection:
        rows = connection.execute(select(code(connection)).order_by(attempt.c.number))
        assert [decoded(each) for each in rows.scalars()] == told


def test_what_is_not_known_is_told_as_nothing(store: Store) -> None:
    campaign = add_campaign(store, "spring")
    person = add_contact(store, campaign, "+8613800138000")
    add_attempt(store, campaign, person, "+8613800138000", disposition="BUSY", number=1000)

    with store.read() as connection:
        told = connection.execute(select(code(connection))).scalar_one()

    assert decoded(told) == Alike(1000, "BUSY", "", "", False)
