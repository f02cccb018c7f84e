import re

import pytest

from voicebot.dialogue.condition import comparisons, holds, parse

VALUES = {"found": "yes", "tries": "3", "order": "0123", "city": "上海", "none": "", "off": "no"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("found", True),
        ("none", False),
        ("off", False),
        ("nowhere", False),
        ("not none", True),
        ("found == yes", True),
        ("found != yes", False),
        ("tries >= 3 and tries < 4", True),
        ("tries > 3 or city == 上海", True),
        ("tries == 3.0", True),
        ("order == 123", False),
        ('city in [北京, "上海"]', True),
        ("city in (北京, 广州)", False),
        ("city not in （北京，广州） 且 found = yes", True),
        ("city contains 海", True),
        ("found <> yes", False),
        ("not (found == yes and tries < 3)", True),
        ("city > 3", False),
        ("none < 3", False),
        ("found == no or tries <= 3 and off", False),
    ],
)
def test_a_condition_holds_or_not(text: str, expected: bool) -> None:
    assert holds(parse(text), VALUES) is expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "ends where a field should stand"),
        ("found ==", "ends where a value should stand"),
        ("== yes", 'expected a field, not "="'),
        ("found yes", 'did not expect "yes"; join with and / or'),
        ("(found", 'expected ")", not the end'),
        ("city in 上海", 'expected "(", not "上海"'),
        ("and found", 'expected a field, not "and"'),
        ("found == and", 'expected a value, not "and"'),
        ("__import__('os')", 'did not expect "("'),
        ('city = "上海', "close the quotation mark"),
        ("city not 上海", 'expected "in" or "contains" after not'),
        ("a" * 4001, "longer than 4000"),
    ],
)
def test_what_is_no_condition_says_why(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        parse(text)


def test_every_name_of_a_condition_can_be_checked() -> None:
    names = [part.name for part in comparisons(parse("a == 1 and not (b or c in [x])"))]

    assert names == ["a", "b", "c"]
