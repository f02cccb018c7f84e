"""Orders of the shop, to be attributed to calls: rows of a file, checked one by one."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from voicebot.campaign.columns import PHONE, Rejected, check_header, people
from voicebot.campaign.lists import NotAMoment, parse_moment
from voicebot.campaign.table_file import TableFile
from voicebot.errors import Problem

MEANINGS = {
    "phone": PHONE,
    "order_no": ("order_no", "order", "order_id", "订单号", "订单编号"),
    "placed_at": ("placed_at", "time", "date", "下单时间", "付款时间", "时间", "日期"),
    "amount": ("amount", "total", "金额", "订单金额", "实付金额"),
    "product": ("product", "商品", "商品名称"),
}
MOST_CENTS = 10**12
"""Ten thousand million yuan is a number in the wrong column."""

_AMOUNT = re.compile(r"[¥￥]?\s*(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?\s*元?")


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order."""

    line: int
    phone: str
    order_no: str
    placed_at: datetime
    amount_cents: int
    product: str


def order_rows(table: TableFile, region: str, zone: ZoneInfo) -> Iterator[OrderRow | Rejected]:
    """Return the rows of a list of orders; times without an offset are in `zone`.

    Raises `BadContacts` at once when a column is missing.
    """
    header = check_header(table, MEANINGS, ("phone", "order_no", "placed_at", "amount"))
    return _order_rows(table, header, region, zone)


def parse_amount(written: str) -> int:
    """Return cents from `128`, `1,299.50` or `¥128元`. Raises `ValueError`."""
    found = _AMOUNT.fullmatch(written)
    if found is None:
        raise ValueError(f"{written!r} is no amount")
    amount = Decimal(found[1].replace(",", "") + (found[2] or ""))
    cents = int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))
    if cents > MOST_CENTS:
        raise ValueError(f"{written!r} is no amount of an order")
    return cents


def _order_rows(
    table: TableFile, header: Sequence[str], region: str, zone: ZoneInfo
) -> Iterator[OrderRow | Rejected]:
    for each in people(table, header, region):
        if isinstance(each, Rejected):
            yield each
            continue
        fields = dict(zip(header, each.row, strict=True))
        problems: list[Problem] = []
        placed_at, cents = None, 0
        try:
            placed_at = parse_moment(fields["placed_at"], zone)
        except NotAMoment:
            what = f'"{fields["placed_at"]}" is no date'
            hint = "write 2026-11-27 09:30"
            problems.append(Problem(table.name, what, each.line, "placed_at", hint))
        try:
            cents = parse_amount(fields["amount"])
        except ValueError:
            what = f'"{fields["amount"]}" is no amount of money'
            hint = "write 128 or 1,299.50"
            problems.append(Problem(table.name, what, each.line, "amount", hint))
        if not fields["order_no"]:
            problems.append(Problem(table.name, "is empty", each.line, "order_no"))
        if problems or placed_at is None:
            yield Rejected(each.line, each.row, tuple(problems))
        else:
            product = fields.get("product", "")
            yield OrderRow(each.line, each.phone, fields["order_no"], placed_at, cents, product)
