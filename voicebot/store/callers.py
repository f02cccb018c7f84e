"""What the shop knows of somebody who calls."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from voicebot.campaign.phone import NotAPhone, parse_phone
from voicebot.store.tables import contact, shop_order

DIGITS = "零一二三四五六七八九十"


def known_caller(connection: Connection, number: str, region: str, at: ZoneInfo) -> dict[str, str]:
    """Return what is known of a number, by the names that scripts use; nothing of a stranger.

    The columns of the contact that was imported last, and of the last order `order_no`, `product`
    and `last_order` (its day, as it is said).
    """
    try:
        phone = parse_phone(number, region)
    except NotAPhone:
        return {}
    person = connection.execute(
        select(contact.c.name, contact.c.variables)
        .where(contact.c.phone == phone)
        .order_by(contact.c.id.desc())
        .limit(1)
    ).first()
    order = connection.execute(
        select(shop_order.c.order_no, shop_order.c.product, shop_order.c.placed_at)
        .where(shop_order.c.phone == phone)
        .order_by(shop_order.c.placed_at.desc())
        .limit(1)
    ).first()
    known: dict[str, str] = {}
    if person is not None:
        known = {name: str(value) for name, value in person.variables.items() if value}
        known |= {"name": person.name} if person.name else {}
    if order is not None:
        known["order_no"] = order.order_no
        known["last_order"] = spoken_day(order.placed_at.astimezone(at))
        known |= {"product": order.product} if order.product else {}
    return known


def spoken_day(day: datetime) -> str:
    """Return a day as one says it: 十一月二十七号."""
    return f"{_number(day.month)}月{_number(day.day)}号"


def _number(value: int) -> str:
    tens, ones = divmod(value, 10)
    if tens == 0:
        return DIGITS[ones]
    return f"{DIGITS[tens] if tens > 1 else ''}十{DIGITS[ones] if ones else ''}"
