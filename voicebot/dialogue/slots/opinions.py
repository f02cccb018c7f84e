"""Ratings, 满意度 and plain yes or no."""

import re
from decimal import Decimal

from voicebot.dialogue.negation import negations, resolve
from voicebot.dialogue.slots import numbers
from voicebot.dialogue.slots.value import SlotValue
from voicebot.dialogue.wording import plain, without_fillers

_FULL = re.compile("满分|十全十美")
_SCORE = re.compile(r"(?P<number>[零一二两三四五六七八九十点0-9]{1,4}|十)分")
HIGHEST = 10

_SATISFACTION = (
    (
        "very_dissatisfied",
        "非常不满意",
        "(?:非常|特别|很|极其|太|十分|相当)不满意|极不满意"
        "|(?:太|非常|特别|真)(?:差|烂|糟糕?|垃圾)|差劲|糟透|烂透|气死|垃圾",
    ),
    (
        "dissatisfied",
        "不满意",
        "不(?:太|怎么|是很|是太|大)?(?:满意|好用?|行|喜欢|理想)|没那么(?:满意|好)"
        "|(?:有点|比较|挺)(?:差|失望|糟糕?)|失望|不咋(?:地|样|的)|没达到",
    ),
    (
        "neutral",
        "一般",
        "一般|还行|还可以|凑合|马马虎虎|普通|就那样|不好不坏|过得去|中等|说不上|差不多吧",
    ),
    (
        "very_satisfied",
        "非常满意",
        "(?:非常|特别|很|十分|相当|超|超级|太)(?:满意|好|喜欢|棒|不错)|完美"
        "|挑不出(?:毛病|问题)|没得说|好极了|满意极了|太棒",
    ),
    ("satisfied", "满意", "满意|挺好|不错|蛮好|喜欢|可以的?|好用|还好|没问题|好的|没毛病|挺棒"),
)
"""Level, how it is read back, and its words; the first that fits counts."""

_YES = re.compile(
    "^(?:好|可以|行|对|是|要|嗯|需要|没问题|没错|愿意|同意|方便|有|能|成|当然|必须|确认|正确|想|ok|没事"
    "|中|得|确定|肯定|麻烦你|那就)"
)
_NO = re.compile("不|没|别|甭|算了|拒绝|取消|免了|拉倒|错了")
_HARMLESS = re.compile(
    "不错|没问题|没错|没事|没关系|不客气|不好意思|不介意|没意见|不反对|没毛病|错不了|不用说"
)


def rating(text: str) -> SlotValue | None:
    """Return a score from 1 to 10."""
    if _FULL.search(text):
        return _rating(str(HIGHEST), "满分", 0.95)
    scores = list(_SCORE.finditer(text))
    if scores:
        found = numbers.find(scores[-1]["number"])
        said, confidence = scores[-1][0], 0.95
    else:
        found = numbers.find(text)
        said, confidence = text, 0.8
    if (
        not found
        or not 1 <= found[-1].value <= HIGHEST
        or found[-1].value % 1 not in (0, Decimal("0.5"))
    ):
        return None
    last = found[-1]
    low = numbers.plain(last.value)
    if last.high is not None:
        return SlotValue("rating", f"{low}..{numbers.plain(last.high)}", said, 0.6, True, said)
    return _rating(low, said, confidence)


def _rating(value: str, said: str, confidence: float) -> SlotValue:
    spoken = "两" if value == "2" else numbers.spoken(Decimal(value))
    return SlotValue("rating", value, said, confidence, False, f"{spoken}分")


def satisfaction(text: str) -> SlotValue | None:
    """Return one of five levels, very_dissatisfied to very_satisfied."""
    meant = resolve(plain(text))
    for level, spoken, pattern in _SATISFACTION:
        found = list(re.finditer(pattern, meant))
        if found:
            return SlotValue("satisfaction", level, found[-1][0], 0.9, False, spoken)
    return None


def yes_no(text: str) -> SlotValue | None:
    """Return yes or no: 不用了谢谢 is no, 没问题 yes, 不是不想要 yes."""
    words = without_fillers(resolve(plain(text)))
    if not words:
        return None
    kept = _HARMLESS.sub("好", words)
    if negations(kept) % 2 or (_NO.search(kept) and not negations(kept) and "算了" in kept):
        return SlotValue("yes_no", "no", words, 0.9, False, "不")
    if _YES.search(kept) and not _NO.search(kept):
        return SlotValue("yes_no", "yes", words, 0.9, False, "是")
    if plain(text) in ("嗯", "嗯嗯", "哦", "噢"):
        return SlotValue("yes_no", "yes", plain(text), 0.7, False, "是")
    if _NO.search(kept):
        return SlotValue("yes_no", "no", words, 0.7, False, "不")
    return None
