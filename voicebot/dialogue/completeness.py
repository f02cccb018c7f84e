"""Is an answer complete? The script knows what was asked, so silence alone need not tell."""

from collections.abc import Collection
from enum import Enum, auto

from voicebot.dialogue.wording import plain


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

WHOLE = (
    *("不在", "不可能", "有可能"),
    *("余额", "金额", "名额"),
    *("要这个", "要那个", "就这个", "就那个"),
)
"""Ends of whole sentences that only look like one of those."""

HESITATION = ("那个", "这个", "就是")
"""After a whole answer: the caller looks for the words of what they want to add."""

THINKING = ("我想想", "让我想想", "我想一下", "想想", "我想")
"""The caller thinks; in some scripts it is an answer too, when nothing follows."""

HEARD_SHARE = 0.8
"""Of a number's digits: recognisers drop one sooner than callers do."""

HESITATIONS = ("那个", "这个", "就是", "嗯", "呃", "额", "我想想", "让我想想")
"""What a recogniser with a grammar must be able to hear besides the answers, or it takes the sound
for the answer that is least unlike it."""

DIGITS = frozenset("零〇一二三四五六七八九幺两0123456789")
GROUP = 3
"""Digits in a row, at the end of a free answer, that may be one group of a longer number."""

ONE_CHARACTER_ANSWERS = frozenset("好行对是要嗯有成能会")
"""Said alone these are whole answers; 不, 没 and 别 are beginnings more often than not."""


def completeness(
    text: str,
    *,
    answer: str | None,
    reacts: bool = False,
    phrases: Collection[str] | None,
    digits: int | None = None,
) -> Completeness:
    """Judge an answer in the middle of a silence.

    `answer` is the phrase that the whole text means, None when it means nothing that was asked;
    `reacts` tells whether some of the text does. `phrases` is what the recogniser could hear, None
    for anything. `digits`: how many the answer has when that is known.
    """
    words = plain(text)
    if not words:
        # Something was said, and it is no word yet.
        return Completeness.INCOMPLETE
    said = sum(character in DIGITS for character in words)
    if digits is not None and said:
        return _number(said, digits)
    if words.endswith(THINKING) and words not in (answer, *WHOLE):
        return Completeness.INCOMPLETE
    if answer is not None:
        return _answer(words, answer)
    if words.endswith(TRAILING) and not words.endswith(WHOLE):
        return Completeness.INCOMPLETE
    if phrases is None:
        return Completeness.INCOMPLETE if _digits_at_end(words) >= GROUP else Completeness.UNKNOWN
    # Where only answers can be heard, what is none is the beginning of one, or will be refused.
    return Completeness.UNKNOWN if reacts else Completeness.INCOMPLETE


def _answer(words: str, answer: str) -> Completeness:
    if words.endswith(HESITATION) and not answer.endswith(HESITATION):
        return Completeness.INCOMPLETE
    if words in THINKING:
        return Completeness.INCOMPLETE
    whole = len(words) > 1 or words in ONE_CHARACTER_ANSWERS
    return Completeness.COMPLETE if whole else Completeness.UNKNOWN


def _number(said: int, digits: int) -> Completeness:
    if said >= digits:
        return Completeness.COMPLETE
    return Completeness.UNKNOWN if said >= digits * HEARD_SHARE else Completeness.INCOMPLETE


def _digits_at_end(words: str) -> int:
    return len(words) - len(words.rstrip("".join(DIGITS)))
