"""How people say digits, amounts, dates, times, codes, names and addresses.

Each function draws one spoken form, in characters, from the generator it is given.
"""

import random
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

from voicebot.dialogue.slots.letters import NAMES

DIGITS = "零一二三四五六七八九"
COURIERS = ("SF", "YT", "ZT", "STO", "JT", "JD", "DB", "ZTO", "YD", "TB", "DD", "NO")
_UNITS = ((10_000, "万"), (1_000, "千"), (100, "百"), (10, "十"))


def cardinal(value: int) -> str:
    """A whole number below a hundred million as it is read aloud: 1305 -> 一千三百零五."""
    if value < 10:
        return DIGITS[value]
    for size, name in _UNITS:
        if value < size:
            continue
        head, rest = divmod(value, size)
        text = ("" if size == 10 and head == 1 else cardinal(head)) + name
        if rest == 0:
            return text
        inner = cardinal(rest)
        if 10 <= rest < 20 and size > 10:
            inner = "一" + inner
        return text + ("零" if rest * 10 < size else "") + inner
    raise AssertionError("unreachable: every value of ten or more has a unit")


def digit_string(text: str, rng: random.Random) -> str:
    """Digits one by one; a speaker says 幺 for every 1 or for none."""
    one = rng.choice("一幺幺")
    return "".join(one if c == "1" else DIGITS[int(c)] for c in text)


def _random_digits(count: int, rng: random.Random) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def _digits_of(count: int) -> Callable[[random.Random], str]:
    return lambda rng: digit_string(_random_digits(count, rng), rng)


def phone(rng: random.Random) -> str:
    """A mobile number of eleven digits, sometimes with a pause between its groups."""
    number = "1" + rng.choice("3456789") + _random_digits(9, rng)
    spoken = digit_string(number, rng)
    if rng.random() < 0.4:
        return f"{spoken[:3]}，{spoken[3:7]}，{spoken[7:]}"
    return spoken


def code(lengths: Sequence[int], rng: random.Random) -> str:
    """An order or waybill number: digits, every fourth one behind one to three letters."""
    digits = digit_string(_random_digits(rng.choice(lengths), rng), rng)
    if rng.random() < 0.75:
        return digits
    letters = rng.choice((*COURIERS, *(rng.choice(list(NAMES)) for _ in COURIERS)))
    return "".join(NAMES[letter][0] for letter in letters) + digits


def amount(rng: random.Random) -> str:
    """A price: 三十九块九, 一百二十八元, 两千五."""
    value = rng.choice((rng.randint(1, 99), rng.randint(100, 999), rng.randint(1000, 9999)))
    if rng.random() < 0.3:
        value = max(10, value // 10 * 10)
    spoken = cardinal(value)
    if spoken.startswith("二") and value >= 100:
        spoken = "两" + spoken[1:]
    unit = rng.choice(("块", "块", "块钱", "元", "元"))
    if rng.random() < 0.25:
        return f"{spoken}块{DIGITS[rng.randint(1, 9)]}"
    return spoken + unit


def date(rng: random.Random) -> str:
    """A day of the year: 三月十五号."""
    return f"{cardinal(rng.randint(1, 12))}月{cardinal(rng.randint(1, 31))}{rng.choice('号号日')}"


def clock(rng: random.Random) -> str:
    """A time of day: 下午三点半."""
    part = rng.choice(("上午", "下午", "晚上", "早上", "中午", "", ""))
    hour = rng.randint(1, 12)
    spoken = "两" if hour == 2 else cardinal(hour)
    tail = rng.choice(
        ("", "", "半", "一刻", "十分", "二十", "四十五", "钟", "左右", "以后", "之前")
    )
    return f"{part}{spoken}点{tail}"


def slots(language: Path) -> dict[str, Callable[[random.Random], str]]:
    """The open classes that the sentence grammar refers to."""
    vocabulary: dict[str, str] = tomllib.loads(language.read_text("utf-8"))["vocabulary"]
    surnames, given = vocabulary["surnames"].split(), vocabulary["given"].split()
    places, roads = vocabulary["places"].split(), vocabulary["roads"].split()

    def person(rng: random.Random) -> str:
        return rng.choice(surnames) + rng.choice(given)

    def door(rng: random.Random) -> str:
        building = cardinal(rng.randint(1, 30)) + rng.choice(("栋", "号楼", "幢"))
        flat = digit_string(f"{rng.randint(1, 33)}0{rng.randint(1, 4)}", rng)
        room = rng.choice(("室", ""))
        return f"{building}{cardinal(rng.randint(1, 6))}单元{flat}{room}"

    def full_address(rng: random.Random) -> str:
        number = cardinal(rng.randint(1, 999))
        tail = door(rng) if rng.random() < 0.5 else ""
        return f"{rng.choice(places)}{rng.choice(roads)}{number}号{tail}"

    def count(rng: random.Random) -> str:
        value = rng.choice((rng.randint(1, 10), rng.randint(1, 10), rng.randint(11, 300)))
        return "两" if value == 2 else cardinal(value)

    return {
        "phone": phone,
        "amount": amount,
        "date": date,
        "clock": clock,
        "person": person,
        "door": door,
        "full_address": full_address,
        "count": count,
        "surname": lambda rng: rng.choice(surnames),
        "place": lambda rng: rng.choice(places),
        "road": lambda rng: rng.choice(roads),
        "digit": lambda rng: DIGITS[rng.randint(1, 9)],
        "digits": lambda rng: digit_string(_random_digits(rng.randint(2, 12), rng), rng),
        "four_digits": _digits_of(4),
        "six_digits": _digits_of(6),
        "post_code": _digits_of(6),
        "order_number": lambda rng: code((8, 10, 12, 16), rng),
        "tracking": lambda rng: code((10, 12, 13), rng),
        "tax_number": _digits_of(15),
        "street_number": lambda rng: cardinal(rng.randint(1, 999)),
        "size_number": lambda rng: cardinal(rng.randint(24, 48)),
        "round_amount": lambda rng: cardinal(
            rng.choice((5, 10, 20, 30, 50, 100, 200, 300, 500, 1000))
        ),
        "percent": lambda rng: f"百分之{cardinal(rng.randint(1, 100))}",
        "year": lambda rng: digit_string(str(rng.randint(2008, 2027)), rng).replace("幺", "一"),
        "height": lambda rng: f"一米{DIGITS[rng.randint(5, 9)]}{DIGITS[rng.randint(1, 9)]}",
        "weight": lambda rng: f"{cardinal(rng.randint(80, 220))}斤",
    }
