"""Ratings, and plain yes or no."""

import re
from dataclasses import replace
from decimal import Decimal

from voicebot.dialogue.dialect import standard
from voicebot.dialogue.negation import negations, resolve, without_question
from voicebot.dialogue.pinyin import fuzzy, syllables
from voicebot.dialogue.reading import repaired, repaired_clauses
from voicebot.dialogue.slots import numbers
from voicebot.dialogue.slots.value import SlotValue
from voicebot.dialogue.wording import plain, without_fillers

_FULL = re.compile("(?<![不没]打)(?<![不没]给)满分(?!(?:就|都)?(?:不|没|免|算了))|十全十美|一百分")
_SCORE = re.compile(
    "(?P<number>[零一二两三四五六七八九十点0-9.]{1,4})分(?P<half>半)?(?!满意|好|喜欢|不(?!能|是)|感谢|钟|之(?!间)|开心|高兴)"
)
_TO = re.compile("到|至|-")
_AMONG = re.compile("(?P<low>[一二两三四五六七八九])(?:到|至)(?P<high>[二三四五六七八九十])分")
_NO_CHOICE = re.compile("没有?(?:零|负)分")
"""一分，没有零分可选: who would give less if that were possible."""
_SCALE = re.compile(
    "(?:从)?[一零]分?到十分?|(?:满分|总分|最高)(?:是)?十分|十分(?:制|满分)|满分是?十"
)
"""Which scores there are: no score itself."""
_CHANGE = re.compile("(?:(?P<less>扣|差|少|减)|加)(?:了|掉|个|上)?$")
"""What stands before points that are taken or added: 十分扣两分."""
HIGHEST = 10
_BY_SOUND = {"ba": 8, "jiu": 9, "qi": 7, "liu": 6, "si": 4, "san": 3, "shi": 10}
"""Scores of one syllable, by what a recogniser that took a homophone still wrote the sound of."""

_NOT_HEARD = re.compile(
    "(?:没|不|未)(?:太|大|怎么)?听(?:清楚?|见|到|懂|明白)|听不(?:清|见|懂|明白)|再说一(?:遍|次)|什么意思"
)
_ASKS_FIRST = re.compile(
    "(?<![不别])(?<!不需)(?:得|要)先?(?:问|商量|看看|考虑)|(?<![不别用必要得])先(?:问|商量|考虑|想想)|要不要|问问我"
)
"""Who has not decided yet."""
_ASKED_BACK = re.compile(
    "(?:怎么|我?怎么可能|哪能|哪会|岂能|为什么|为啥|干嘛|谁说|凭什么)(?:会|能|可能|就)?不(?P<wish>要|用|可以|行|好|想|愿意|同意|需要|能)?"
    "|能不(?P<other>要|行|好|想|愿意)吗"
)
"""怎么会不要呢: a question that denies a denial."""
_YES = re.compile(
    "^(?:好|可以|行|对|是|要|嗯|需要|没问题|没错|愿意|乐意|同意|方便|有(?!点)|能|会|成|当然|必须|确认|正确|想|ok|没事"
    "|中|得|确定|肯定|麻烦|已经收到|那就|就|给我|来一|来个|帮我|发|寄|送|妥|准|收到|记得|也行|也可以|都行|都可以|没意见|求之不得)"
    "|我?觉得(?:可以|行|好)|(?:可以|没问题|同意|愿意|没意见|方便|行)(?:的|啊|吧|呀)?$"
)
_NO = re.compile(
    "不|没|别|甭|得了|算了|拒绝|取消|免了|拉倒|错了|哪有|怎么可能|才怪|休想|打住|未|无"
)
_HARMLESS = re.compile(
    "不错|没问题|没有问题|没错|没事|没关系|不介意|不要紧|没意见|不反对|没毛病|错不了|不用说|没什么不|无所谓|不客气|不好意思|没话说"
)
_POLITE = re.compile(
    "谢谢(?:你|您|啊|了)?|不好意思|没关系|没事(?:的|儿)?|不客气|麻烦(?:你|您)了|辛苦(?:你|您)?了"
)
_CLAUSE = re.compile("[，。！？；、,.!?;]+|但是|可是|不过|然后|只是")


def rating(text: str) -> SlotValue | None:
    """Return a score from 1 to 10."""
    text = _NO_CHOICE.sub("", _SCALE.sub("", text))
    if _FULL.search(text):
        return _rating(str(HIGHEST), "满分", 1.0)
    every = list(_SCORE.finditer(text))
    scores = [each for each in every if not _CHANGE.search(text[: each.start()])]
    if scores and (changed := _changed(scores[-1], every)):
        return changed
    among = _AMONG.search(text)
    if among and (row := _between(among)):
        return row
    if scores:
        found = numbers.find(scores[-1]["number"])
        said, confidence = scores[-1][0], 0.95
        if found and scores[-1]["half"]:
            found = [replace(found[-1], value=found[-1].value + Decimal("0.5"))]
        if len(scores) > 1 and (to := _TO.fullmatch(text[scores[-2].end() : scores[-1].start()])):
            first = numbers.find(scores[-2]["number"])
            if first and found and first[-1].value < found[-1].value:
                found = [replace(first[-1], high=found[-1].value)]
                said = scores[-2][0] + to[0] + said
    else:
        found = [] if "分" in text and not re.search("[0-9点]", text) else numbers.find(text)
        said, confidence = text, 0.8
    if not found and (digit := _BY_SOUND.get("".join(syllables(plain(text))))):
        # 吧, where a score was asked for, is 八.
        return _rating(str(digit), text, 0.6)
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


def _changed(score: re.Match[str], every: list[re.Match[str]]) -> SlotValue | None:
    """Return 本来十分，扣两分 as 8; None where nothing is taken or added after the score."""
    value = numbers.read(score["number"])
    text = score.string
    changes = [each for each in every if each.start() > score.start()]
    if value is None or not changes:
        return None
    for each in changes:
        change, points = _CHANGE.search(text[: each.start()]), numbers.read(each["number"])
        if change is None or points is None:
            return None
        if change["less"] and value + points == HIGHEST:
            return None  # 八分，扣两分在物流上 says why it is not ten
        value += -points if change["less"] else points
    said = text[score.start() : changes[-1].end()]
    return _rating(numbers.plain(value), said, 0.8) if 1 <= value <= HIGHEST else None


def _between(among: re.Match[str]) -> SlotValue | None:
    """Return 八到九分 as 8..9."""
    low, high = (numbers.read(among[name]) for name in ("low", "high"))
    if low is None or high is None or low >= high:
        return None
    value = f"{numbers.plain(low)}..{numbers.plain(high)}"
    return SlotValue("rating", value, among[0], 0.6, True, among[0])


def _rating(value: str, said: str, confidence: float) -> SlotValue:
    spoken = "两" if value == "2" else numbers.spoken(Decimal(value))
    return SlotValue("rating", value, said, confidence, False, f"{spoken}分")


def yes_no(text: str) -> SlotValue | None:
    """Return yes or no: 不用了谢谢 is no, 没问题 yes, 不是不想要 yes.

    Of several clauses the last that says either counts: 好是好，不过我不要.
    """
    if _NOT_HEARD.search(text) or _ASKS_FIRST.search(text):
        return None
    decided: SlotValue | None = None
    for clause in _CLAUSE.split(repaired_clauses(text)):
        found = _clause(_POLITE.sub("", plain(clause)))
        if found is not None:
            decided = found
    return decided or _clause(plain(text)) or _SHORT.get(fuzzy(plain(text)))


_SHORT = {
    fuzzy(said): SlotValue("yes_no", value, said, 0.7, False, spoken)
    for value, spoken, answers in (
        ("yes", "是", ("是的", "对的", "好的", "要的", "行的", "可以", "可以的", "收到了")),
        ("no", "不", ("不是", "不用", "不要", "没有", "不行", "不对", "没收到")),
    )
    for said in answers
}
"""Whole answers, by their sound: 似的 for 是的."""


def _clause(text: str) -> SlotValue | None:
    if text in ("嗯", "嗯嗯", "哦", "噢"):
        return SlotValue("yes_no", "yes", text, 0.7, False, "是")
    words = without_fillers(resolve(repaired(standard(text))))
    if not words:
        return None
    kept = _ASKED_BACK.sub(lambda found: found["wish"] or found["other"] or "好", words)
    kept = _HARMLESS.sub("好", without_question(kept))
    if negations(kept) % 2 or (_NO.search(kept) and not negations(kept)):
        return SlotValue("yes_no", "no", words, 0.9, False, "不")
    if _YES.search(kept):
        return SlotValue("yes_no", "yes", words, 0.9, False, "是")
    if _NO.search(kept):
        return SlotValue("yes_no", "no", words, 0.7, False, "不")
    return None
