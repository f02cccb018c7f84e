"""Is an answer complete? The script knows what was asked, so silence alone need not tell."""

from collections.abc import Collection
from enum import Enum, auto

from voicebot.dialogue.wording import plain
from voicebot.speech.recogniser import UNKNOWN


class Completeness(Enum):
    """What the words so far say about the rest."""

    COMPLETE = auto()
    """They are an answer to what was asked."""
    UNKNOWN = auto()
    INCOMPLETE = auto()
    """They trail off; more is coming."""


TRAILING = (
    *(
        "那个",
        "这个",
        "就是",
        "就是说",
        "然后",
        "因为",
        "但是",
        "可是",
        "不过",
        "所以",
        "如果",
        "要是",
    ),
    *(
        "还有",
        "或者",
        "而且",
        "比如",
        "其实",
        "我想",
        "我要",
        "我觉得",
        "我是说",
        "主要是",
        "好像",
        "可能",
    ),
    *(
        "嗯",
        "呃",
        "额",
        "唔",
        "让我想想",
        "我想想",
        "我看看",
        "我看一下",
        "等一下",
        "稍等",
        "想一下",
    ),
    *("的话", "和", "跟", "把", "给", "在", "从", "对于", "关于"),
)
"""Words that a sentence does not end with: fillers, conjunctions, the beginnings of clauses."""

DIGITS = frozenset("零〇一二三四五六七八九幺两0123456789")
GROUP = 3
"""Digits in a row, at the end of a free answer, that may be one group of a longer number."""

ONE_CHARACTER_ANSWERS = frozenset("好行对是要嗯有成能会")
"""Said alone these are whole answers; 不, 没 and 别 are beginnings more often than not."""


def completeness(
    text: str, *, answered: bool, phrases: Collection[str] | None, digits: int | None = None
) -> Completeness:
    """Judge an answer in the middle of a silence.

    `answered`: the whole text means something that was asked. `phrases` is what the recogniser
    could hear, None for anything. `digits`: how many the answer has when that is known.
    """
    words = plain(text)
    if not words:
        return Completeness.UNKNOWN
    if digits is not None:
        return _number(words, digits)
    if answered and (len(words) > 1 or words in ONE_CHARACTER_ANSWERS):
        return Completeness.COMPLETE
    if UNKNOWN in text:
        return Completeness.UNKNOWN
    if words.endswith(TRAILING):
        return Completeness.INCOMPLETE
    if phrases is None:
        return Completeness.INCOMPLETE if _digits_at_end(words) >= GROUP else Completeness.UNKNOWN
    begun = any(len(phrase) > len(words) and phrase.startswith(words) for phrase in phrases)
    return Completeness.INCOMPLETE if begun else Completeness.UNKNOWN


def _number(words: str, digits: int) -> Completeness:
    said = sum(character in DIGITS for character in words)
    if said == 0:
        # A question or a refusal instead of the number.
        return Completeness.INCOMPLETE if words.endswith(TRAILING) else Completeness.UNKNOWN
    return Completeness.COMPLETE if said >= digits else Completeness.INCOMPLETE


def _digits_at_end(words: str) -> int:
    return len(words) - len(words.rstrip("".join(DIGITS)))
