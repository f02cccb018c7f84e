"""Somebody calls: what the shop knows of them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.store.rows import add_campaign, add_contact, add_order
from voicebot.store.callers import known_caller, spoken_day
from voicebot.store.engine import Store

SHANGHAI = ZoneInfo("Asia/Shanghai")
PHONE = "+8615400000001"


def known(store: Store, number: str) -> dict[str, str]:
    with store.read() as connection:
        return known_caller(connection, number, "CN", SHANGHAI)


def test_the_last_import_and_the_last_order_are_known_whatever_the_number_s_form(
    store: Store,
) -> None:
    old, new = add_campaign(store, "old"), add_campaign(store, "new")
    add_contact(store, old, PHONE, name="老名字", variables={"product": "红茶"})
    add_contact(store, new, PHONE, name="王女士", variables={"city": "杭州", "product": ""})
    add_order(store, "A1", PHONE, datetime(2026, 10, 1, tzinfo=UTC))
    # Already the 12th in Shanghai.
    add_order(store, "A2", PHONE, datetime(2026, 11, 11, 20, tzinfo=UTC))

    for number in (PHONE, "15400000001", "0086 154 0000 0001"):
        assert known(store, number) == {
            "name": "王女士",
            "city": "杭州",
            "order_no": "A2",
            "last_order": "十一月十二号",
        }


@pytest.mark.parametrize("number", ["15400000002", "anonymous", "", "10086"])
def test_nothing_is_known_of_a_stranger(number: str, store: Store) -> None:
    assert known(store, number) == {}


@pytest.mark.parametrize(
    ("day", "said"),
    [("2026-01-01", "一月一号"), ("2026-10-10", "十月十号"), ("2026-12-31", "十二月三十一号")],
)
def test_a_day_is_written_as_it_is_said(day: str, said: str) -> None:
    assert spoken_day(datetime.fromisoformat(day)) == said
