"""What of an utterance says what it means: without hesitation, courtesy and double negation.

嗯那个我我想退货谢谢 -> 我想退货        没有什么不满意的 -> 满意的
好的，啊不对，不要了 -> 不要了          喂你好我想查一下订单 -> 我想查一下订单
"""

import re
from functools import lru_cache

from voicebot.dialogue.dialect import standard
from voicebot.dialogue.negation import resolve
from voicebot.dialogue.wording import plain, without_fillers

STAMMER = re.compile(r"(?<!\w)(\w{1,2}?)\1+(?=\w{2})|([我你这那想要不])\2+(?=\w)")
"""我我我想退货, 不不方便: a beginning that was said twice."""

_GREETING = re.compile(
    "^(?:喂+|你好啊?|您好啊?|客服你好|哈喽|早上好|上午好|下午好|中午好|晚上好|不好意思|麻烦问一下|请问一下?"
    "|我想问一下|我问一下|问一下|打扰一下|那个)+"
)
_COURTESY = re.compile(
    "(?:谢谢(?:你们?|您|啊|了|哈|啦)*|多谢了?|感谢|麻烦(?:你|您)了|辛苦了?|不好意思(?:啊|哈)?|可以吗|行吗|好吗"
    "|好不好|行不行|可不可以)+$"
)
_REPAIR = re.compile(
    "(?:啊|哦|噢|呃|诶)?(?:不对不对|不是不是|啊不对?|哦不对?|噢不对?|呃不对?|等等不对|等一下不对|说错了|我说错了|讲错了|口误)"
)
"""Words that take back what was said before them. A bare 不对 or 不是 may be an answer."""

_ANSWER = re.compile(
    "^(?:嗯|好的?|可以|行|是的?|对的?|要|需要|不用了?|不要了?|不需要|没有)(?P<repair>不对|不是|算了)"
)
"""A whole answer that is taken back at once: 要，不对，不要."""

_THOUGHT = re.compile("^(?:嗯|呃|额|那个?)*让?我?再?想(?:想|一想|一下)+(?=[好行对要是不没]$)")
"""我想想，没: who thought, and then gave an answer of one syllable."""

LONGEST_TAKEN_BACK = 6
"""Characters before a repair; more is a sentence of its own, and what follows contradicts it."""


@lru_cache(maxsize=8192)
def core(text: str) -> str:
    """Return the part of `text` that carries its meaning; all of it when nothing else is left."""
    words = _THOUGHT.sub("", standard(plain(text)))
    fluent = STAMMER.sub(lambda found: found[1] or found[2], repaired(words))
    meant = resolve(without_fillers(fluent)) or fluent
    for pattern in (_GREETING, _COURTESY):
        rest = pattern.sub("", meant)
        # 谢谢 alone is thanks, 你好 a greeting.
        if len(rest) >= 2 or (rest and rest in "好行对是要嗯不没"):
            meant = rest
    return meant


def repaired(text: str) -> str:
    """Return what replaces what the caller took back: 要，啊不，不要 -> 不要."""
    answer = _ANSWER.match(text)
    if answer is not None and len(text) - answer.end() >= 2:
        return text[answer.end() :]
    found = list(_REPAIR.finditer(text))
    if not found:
        return text
    last = found[-1]
    before, after = text[: last.start()], text[last.end() :]
    return after if before and after and len(before) <= LONGEST_TAKEN_BACK else text


SHORTEST_CLAUSE = 3
"""Characters."""


def repaired_clauses(text: str) -> str:
    """Return `text` without a clause that is taken back: 我要退货，不对，我要换货."""
    parts = re.split(
        "(?:[，。、,]|^)(?:啊|哦|哎|呃|嗯)*(?:不对|不是|说错了|我说错了|错了)(?:不对|啊|我是说|应该是)?[，。、,]",
        text,
    )
    return parts[-1] if len(parts) > 1 and len(plain(parts[-1])) >= SHORTEST_CLAUSE else text
