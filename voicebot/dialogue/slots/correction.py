"""Self-correction: 明天，不对，后天. What was taken back does not count."""

import re
from collections.abc import Sequence
from typing import Protocol, TypeVar

MARKER = re.compile(
    "(?:啊|哦|噢|呃|嗯|唉|诶|呦|哟)*(?:"
    "不对不对|不是不是|不对啊|不不不|不不|啊不|哦不|噢不|呃不|等等不对|等一下不对|等下不对"
    "|我?说错了|说错|我?讲错了|口误|搞错了|弄错了|记错了|更正一下|更正|纠正一下|我是说|我的意思是"
    "|不对|不是|应该是|改成|换成|还是改|算了"
    ")(?:啊|吧|的|哈)?"
)
"""What separates a value from the one that replaces it."""

_CONTRAST = re.compile(
    "(?:是|要|就)(?P<meant>[^是不]{1,12})(?:而)?(?:不是|不要)(?P<denied>.{1,12})$"
)
"""是三百不是五百: the second value is denied, not corrected."""


_REASON = re.compile(
    "(?:点钟?)?(?:我们?|俺们?|咱们?|就|还|都|可)*(?:(?:要|得)(?:去|上|出|开|陪|走|接|带|赶|做|参加)|有(?:个|事|课|会|面试|手术|饭局)"
    "|(?:锁|关|睡|困|下班|打烊|歇|走|出发)|(?:师傅)?都?(?:没空|没时间|不得空|不行|不在|排满|不方便|满了)|人?在(?:外地|外面|出差)|出差|人在|一家人?|要(?:穿|吃|用|送人)的?|那天(?:我|要|有)|这天(?:我|要|有))"
)
"""What follows a value that is only why another one was named: 八点半，我九点有个面试."""
_BESIDE = re.compile("[，。](?:上[回次]|以前|原来|这个?月(?:就|只|一共)|再[早晚]|过了)")
"""How a clause begins whose value is not the one that counts."""


class Placed(Protocol):
    """A value with its place in the text."""

    @property
    def start(self) -> int:
        """Where it begins."""
        ...

    @property
    def end(self) -> int:
        """Where it ends."""
        ...


Value = TypeVar("Value", bound=Placed)


def meant(values: Sequence[Value], text: str) -> Value:
    """Return the last of the values, unless it only comes with a reason: 八点半，我九点有个面试.

    `values` stand in the order of `text` and are at least one.
    """
    found = values[0]
    for value in values[1:]:
        comma = max(text.rfind(mark, found.start, value.start) for mark in "，。")
        aside = _REASON.match(text, value.end) or _BESIDE.match(text, comma)
        if comma < 0 or not aside:
            found = value
    return found


def pieces(text: str) -> list[str]:
    """Return the parts between correction markers, the last said first, the whole at the end.

    A value is looked for in the last part first: what stands after a marker replaces what stands
    before. 是三百不是五百 denies what comes last.
    """
    contrast = _CONTRAST.search(text)
    if contrast:
        return [contrast["meant"], text[: contrast.start("denied")]]
    parts = [part for part in MARKER.split(text) if part.strip("，。")]
    if len(parts) < 2:
        return [text]
    return [*reversed(parts), text]
