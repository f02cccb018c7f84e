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


_DOUBLE = re.compile(
    "(?:也|又|倒|并|我|真|其实)*"
    "(?:没有?(?:什么|啥|任何|哪里|哪儿|说过?|讲)?(?:地方|东西)?(?:是)?(?:让我|叫我)?不(?![是对用])"
    "|不是(?:说|很|太|特别|完全)?不(?![是对])"
    "|不是没(?P<have>有)?"
    "|(?:不能|不得|不会|不可能|没法|没办法|不可以)不"
    "|[别甭](?:跟我说)?不(?![是对要用]))"
)
"""没有什么不满意, 不是不想要, 不能不: two negations that are none."""


def resolve(text: str) -> str:
    """Take double negations out: 没有什么不满意的 -> 满意的, 不是不想要 -> 想要."""
    return _DOUBLE.sub(lambda match: match["have"] or "", text)


def negations(text: str) -> int:
    """Return how many negations stand in `text`."""
    return len(_NEGATION.findall(_denying(text)))


def has_negation(text: str) -> bool:
    """Tell whether anything is denied in `text`."""
    return negations(text) > 0


def without_harmless(text: str) -> str:
    """Return `text` with what only looks like a negation (别人, 是不是) replaced, as long."""
    asked = _QUESTION.sub(lambda match: (match[1] or "・") + "・" * (len(match[0]) - 1), text)
    return _NO_NEGATION.sub(lambda match: "・" * len(match[0]), asked)


def without_question(text: str) -> str:
    """Return `text` with 要不要 as 要."""
    return _QUESTION.sub("", text)


def begins_negated(text: str) -> bool:
    """Tell whether a negation is the first or second character: 了不, as in 好|了不用."""
    return bool(_NEGATION.search(_denying(text)[:2]))


def _denying(text: str) -> str:
    return _NO_NEGATION.sub("", _QUESTION.sub("", text))
