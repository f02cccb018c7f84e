"""Values in what a caller said: numbers, money, days and times, telephone numbers, names.

    extract("datetime", "明天，不对，后天晚上八点", now=now).value  ->  2026-11-29T20:00

| kind         | value                                                                        |
|--------------|------------------------------------------------------------------------------|
| number       | a decimal number: 320, 3.5; between 2..3; at least 1000.., at most ..300     |
| amount       | yuan, in the same form: 9.9                                                  |
| quantity     | a number in the same form; `unit` is the measure word                        |
| date         | 2026-12-02; first/last for several days (周末); open: 2027-02-07/.. (过年后) |
| time         | 20:30, or from/to for a part of the day: 晚上 18:00/24:00 (`times.PARTS`)    |
| datetime     | 2026-12-02T20:30, from/to for a part of the day; a date when no time is said |
| duration     | ISO 8601, weeks as days: P3D, PT30M, P14D, P1Y6M; between P3D..P5D           |
| phone        | digits: 13800138000                                                          |
| order_number | capital letters and digits; the end alone (尾号): *3827                      |
| address      | the words of the address                                                     |
| product      | the option that was named                                                    |
| rating       | 1 to 10: 8, 9.5, 6..7                                                        |
| satisfaction | very_dissatisfied, dissatisfied, neutral, satisfied, very_satisfied          |
| yes_no       | yes or no                                                                    |

What the caller took back does not count: the last value does. Days are counted from `now`, a
weekday without 上 or 下 is the next one; a bare 三点 is in the afternoon, 九点 in the morning.
"""

from collections.abc import Sequence
from datetime import datetime

from voicebot.dialogue.slots import (
    amounts,
    correction,
    dates,
    digits,
    durations,
    opinions,
    places,
    times,
)
from voicebot.dialogue.slots.satisfaction import satisfaction
from voicebot.dialogue.slots.value import SlotValue

__all__ = ["KINDS", "SlotValue", "extract"]

KINDS = (
    *("number", "amount", "quantity", "date", "time", "datetime", "duration", "phone"),
    *("order_number", "address", "product", "rating", "satisfaction", "yes_no"),
)


def extract(
    kind: str, text: str, *, now: datetime, options: Sequence[str] = ()
) -> SlotValue | None:
    """Return the value of `kind` in `text`, None when it has none.

    `now` is where relative days count from, in the caller's zone; `options` are the names for
    `product`. Raises `ValueError` for a kind that does not exist.
    """
    if kind not in KINDS:
        raise ValueError(f'no slot is of kind "{kind}"; kinds: {", ".join(KINDS)}')
    words = "".join(text.split())
    if kind == "yes_no":
        return opinions.yes_no(words)
    if kind == "address":
        return places.address(words)
    if kind in ("phone", "order_number") and (whole := _one(kind, words, now, options)):
        # The end alone may have been corrected.
        return whole
    pieces = correction.pieces(words)
    for number, piece in enumerate(pieces):
        if kind in ("time", "datetime") and number + 2 < len(pieces):
            piece = times.completed(piece, pieces[number + 1], now)
        found = _one(kind, piece, now, options)
        if found is not None:
            return found
    return None


def _one(kind: str, text: str, now: datetime, options: Sequence[str]) -> SlotValue | None:
    match kind:
        case "number":
            return amounts.number(text)
        case "amount":
            return amounts.amount(text)
        case "quantity":
            return amounts.quantity(text)
        case "date":
            return _date(text, now)
        case "time":
            return times.time_of_day(text, now)
        case "datetime":
            return times.moment(text, now)
        case "duration":
            return durations.duration(text)
        case "phone":
            return digits.phone(text)
        case "order_number":
            return digits.order_number(text)
        case "product":
            return places.product(text, options)
        case "rating":
            return opinions.rating(text)
        case _:
            return satisfaction(text)


def _date(text: str, now: datetime) -> SlotValue | None:
    found = dates.find(text, now.date())
    if not found:
        return None
    last = correction.meant(found, text)
    said = text[last.start : last.end]
    return SlotValue("date", last.value, said, 0.95, last.approximate, last.spoken())
