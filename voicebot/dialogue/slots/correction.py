"""Self-correction: 明天，不对，后天. What was taken back does not count."""

import re

MARKER = re.compile(
    "(?:啊|哦|噢|呃|嗯|唉|诶)*(?:"
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


def pieces(text: str) -> list[str]:
    """Return the parts between correction markers, the last said first, the whole at the end.

    A value is looked for in the last part first: what stands after a marker replaces what stands
    before. 是三百不是五百 denies what comes last.
    """
    contrast = _CONTRAST.search(text)
    if contrast:
        return [contrast["meant"], text[: contrast.start("denied")]]
    parts = [part for part in MARKER.split(text) if part]
    if len(parts) < 2:
        return [text]
    return [*reversed(parts), text]
