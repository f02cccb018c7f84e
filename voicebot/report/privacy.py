"""Telephone numbers hidden wherever they stand in what a call leaves behind.

The number's own field is the easy part. A contact's other columns repeat it, prompts speak it
from a variable, and callers say it digit by digit, which the recogniser writes in Chinese.
"""

import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import cache
from typing import TypeVar, cast

from voicebot.campaign.contacts import mask
from voicebot.campaign.outcome import Attempt

T = TypeVar("T")

_MOBILE = re.compile(r"(?<!\d)(?:\+?86[\s-]?)?1[3-9]\d(?:[\s-]?\d){8}(?!\d)")
"""A mainland mobile number in any common writing, whoever's it is. An order number of the same
shape is hidden too: of the two mistakes this is the harmless one."""

_DIGITS = {
    "0": "0零〇洞",
    "1": "1一幺妖",
    "2": "2二两",
    "3": "3三",
    "4": "4四",
    "5": "5五",
    "6": "6六",
    "7": "7七拐",
    "8": "8八",
    "9": "9九勾",
}
"""A digit as it is written and as the recogniser writes its spoken forms."""

_NOTHING = re.compile(r"(?!)")
SHORTEST = 8
"""Characters of the shortest writing of a number that is looked for in texts."""

_BETWEEN = r"[\s\-()（）]*"


def masked(attempt: Attempt) -> Attempt:
    """Return the attempt with every telephone number in it hidden but for its ends."""
    return _each_text(attempt, hider(attempt.contact.phone))


def masked_phone(phone: str) -> str:
    """Return a number as people are shown it: a mainland mobile without its country's code."""
    return mask(phone[3:] if len(phone) == 14 and phone.startswith("+86") else phone)


def hider(phone: str) -> Callable[[str], str]:
    """Return what hides `phone`, however it is written, and every mobile number in a text."""
    shortest = min(len(phone), SHORTEST)
    # Compiled when a text is long enough to hold a number; of a million rows few are.
    own = cache(lambda: _spellings(phone))

    def hide(text: str) -> str:
        if len(text) < shortest:
            return text
        return _MOBILE.sub(
            lambda found: mask(_plain(found[0])), own().sub(masked_phone(phone), text)
        )

    return hide


def _spellings(phone: str) -> re.Pattern[str]:
    digits = phone.removeprefix("+")
    # With or without the country's code it is the same customer.
    coded = phone.startswith("+86") or len(digits) == 13
    local = digits.removeprefix("86") if coded else digits
    if not local:
        # A caller who withholds the number.
        return _NOTHING
    # A caller's SIP name may have letters.
    parts = [f"[{_DIGITS[each]}]" if each in _DIGITS else re.escape(each) for each in local]
    return re.compile(rf"(?:\+{_BETWEEN})?(?:86{_BETWEEN})?" + _BETWEEN.join(parts))


def _plain(text: str) -> str:
    return re.sub(r"[\s-]", "", text)


def _each_text(value: T, hide: Callable[[str], str]) -> T:
    """Rebuild `value` with every string in it changed; the types stay as they are."""
    changed: object
    if isinstance(value, Enum):
        changed = value
    elif isinstance(value, str):
        changed = hide(value)
    elif isinstance(value, list | tuple):
        changed = type(value)(_each_text(each, hide) for each in value)
    elif isinstance(value, dict):
        changed = {hide(key): _each_text(each, hide) for key, each in value.items()}
    elif is_dataclass(value) and not isinstance(value, type):
        names = [each.name for each in fields(value)]
        changed = replace(value, **{name: _each_text(getattr(value, name), hide) for name in names})
    else:
        changed = value
    return cast("T", changed)
