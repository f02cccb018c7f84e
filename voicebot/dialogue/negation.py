"""Negation in Chinese: 不需要 is no 需要, 没问题 is no refusal, 是不是 is a question."""

import re

_QUESTION = re.compile(r"(.)[不没](?=\1)|有没有|是否")
"""A-not-A: 要不要, 能不能, 有没有. The second half stays and is no negation."""

_NO_NEGATION = re.compile(
    "不好意思|不错|不客气|不过|没事|没问题|没错|没关系|差不多|了不起|对不起|不一定|不得不|特别|别的|别人"
    "|非常|不但|不仅|不管|不然|个别|分别|区别|级别|性别|告别|未来|无论|无糖"
)
"""Words with a 不, 没, 别, 非 or 无 that deny nothing."""

_NEGATION = re.compile("[不没别甭未勿莫无非]")


def negations(text: str) -> int:
    """Return how many negations stand in `text`."""
    return len(_NEGATION.findall(_denying(text)))


def has_negation(text: str) -> bool:
    """Tell whether anything is denied in `text`."""
    return negations(text) > 0


def begins_negated(text: str) -> bool:
    """Tell whether a negation is the first or second character: 了不, as in 好|了不用."""
    return bool(_NEGATION.search(_denying(text)[:2]))


def _denying(text: str) -> str:
    return _NO_NEGATION.sub("", _QUESTION.sub("", text))
