"""Festivals, and days that shops have made ones: on which day of a year they are."""

from datetime import date, timedelta
from functools import lru_cache

WORDS = {
    "new_year": "元旦",
    "valentine": "情人节",
    "spring": "春节|过年|新年|大年初一|年初一",
    "spring_eve": "除夕|大年三十|年三十",
    "lantern": "元宵节?|正月十五",
    "women": "三八节|妇女节",
    "tomb": "清明节?",
    "labour": "五一(?:劳动节|节|假期)?|劳动节",
    "mothers": "母亲节",
    "children": "儿童节|六一(?!八)(?:节)?",
    "dragon": "端午节?",
    "fathers": "父亲节",
    "mid_year": "六一八",
    "teachers": "教师节",
    "moon": "中秋节?|八月十五",
    "national": "十一(?:假期|长假|黄金周)|国庆节?(?:假期)?",
    "winter": "冬至",
    "eleven": "双十一|双11|光棍节",
    "twelve": "双十二|双12",
    "christmas_eve": "平安夜",
    "christmas": "圣诞节?",
}
PATTERN = "|".join(f"(?P<{name}>{words})" for name, words in WORDS.items())
"""A group for each festival."""

_FIXED = {
    "new_year": (1, 1),
    "valentine": (2, 14),
    "women": (3, 8),
    "labour": (5, 1),
    "children": (6, 1),
    "mid_year": (6, 18),
    "teachers": (9, 10),
    "national": (10, 1),
    "eleven": (11, 11),
    "twelve": (12, 12),
    "christmas_eve": (12, 24),
    "christmas": (12, 25),
}
_SUNDAYS = {"mothers": (5, 2), "fathers": (6, 3)}
"""Month, and which of its Sundays."""
_HOLIDAYS = {"spring": "Chinese New Year (Spring Festival)", "tomb": "Tomb-Sweeping Day",
             "dragon": "Dragon Boat Festival", "moon": "Mid-Autumn Festival"}  # fmt: skip


def day(name: str, year: int) -> date | None:
    """Return the day of a festival (a key of `WORDS`), None where the calendar ends."""
    if name in _FIXED:
        return date(year, *_FIXED[name])
    if name in _SUNDAYS:
        month, which = _SUNDAYS[name]
        first = date(year, month, 1)
        return first + timedelta(6 - first.weekday() + 7 * (which - 1))
    if name == "winter":
        return date(year, 12, int(0.2422 * (year % 100) + 21.94) - year % 100 // 4)
    found = _lunar(year)
    if name in ("spring_eve", "lantern"):
        spring = found.get("spring")
        shift = timedelta(-1) if name == "spring_eve" else timedelta(14)
        return spring + shift if spring is not None else None
    return found.get(name)


@lru_cache(maxsize=16)
def _lunar(year: int) -> dict[str, date]:
    """Return the days of a year that follow the moon or the sun."""
    # Takes 0.3 s to import, and few callers speak of a festival.
    import holidays

    calendar = holidays.country_holidays("CN", years=year, language="en_US")
    names = {label: name for name, label in _HOLIDAYS.items()}
    found: dict[str, date] = {}
    for when, label in sorted(calendar.items()):
        for part in label.split("; "):
            if part in names:
                found.setdefault(names[part], when)
    return found
