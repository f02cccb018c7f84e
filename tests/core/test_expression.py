import re

import pytest

from voicebot.dialogue.expression import comparisons, holds, parse

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
        ("", "is empty"),
        ("found = yes", "write == to compare"),
        ("found ==", "ends where a value is needed"),
        ("== yes", "stands where a name is needed"),
        ("found yes", '"yes" is not expected here'),
        ("(found", 'the end stands where ")" is needed'),
        ("city in 上海", 'stands where "[" is needed'),
        ("and found", "stands where a name is needed"),
        ("found == and", "stands where a value is needed"),
        ("__import__('os')", "cannot be read at"),
        ("found; tries", "cannot be read at"),
        ("a" * 201, "longer than 200"),
    ],
)
def test_what_is_no_condition_says_why(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        parse(text)


def test_every_name_of_a_condition_can_be_checked() -> None:
    names = [part.name for part in comparisons(parse("a == 1 and not (b or c in [x])"))]

    assert names == ["a", "b", "c"]
