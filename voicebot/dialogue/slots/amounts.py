"""Money and counted things: 三百二, 九块九, 三包, 半斤."""

import re
from decimal import Decimal

from voicebot.dialogue.slots import numbers
from voicebot.dialogue.slots.value import SlotValue

_DIGIT = "[零一二两三四五六七八九0-9]"
_YUAN = re.compile(
    rf"(?P<before>(?:大概|大约|差不多|将近|接近|快|估计|可能|也就|约|不到|不超过|最多|顶多|撑死)*)"
    rf"(?P<yuan>{numbers.NUMBER}|好?几[十百千万]?|[十百千]几|[一两]?[百千万](?:把|八十))(?P<about>[多来几]?)(?:块钱|元钱|块|元|圆)"
    rf"(?:零(?={_DIGIT}[毛角]))?(?P<jiao>{_DIGIT})?(?:[毛角])?(?P<fen>{_DIGIT})?分?(?P<after>多一点|多|左右|出头|上下|的样子)?"
)
_JIAO = re.compile(rf"(?P<jiao>{_DIGIT})[毛角](?P<fen>{_DIGIT})?分?")

MEASURES = (
    "公斤|千克|毫升|公升|平方米?|平米|厘米|公分|包|袋|盒|箱|瓶|罐|桶|件|个|只|双|条|张|把|台|部|套|支|枝|本|块|斤|克|升|份|单|组"
    "|对|打|提|卷|片|颗|粒|杯|听|顶|床|副|款|束|串|篮|筐|米|码|人|口|位|笔|样|种|碗|盘|碟|捆|扎|排|板|锅|朵|株|盆|匹|间|座|趟|回|次|吨|钱|尺|寸|幅|根|面|架|辆|节|段|勺|顿|瓣|管|滴|平|页|册|枚|盏|沓|壶|坛|笼|团|筒|堆|车"
)
_COUNTED = re.compile(rf"[大小整满]?(?P<measure>{MEASURES})")
_LIANG = re.compile(
    f"(?P<number>[一二三四五六七八九十半]+)(?P<measure>两)(?!{numbers.NUMERAL}|{MEASURES})"
)
"""二两: the weight, fifty grams each, and no number."""
_HALF_MORE = re.compile(rf"(?<!{numbers.NUMERAL})(?P<measure>斤|里|尺)半")
"""斤半: one and a half."""
_BOTH = {"俩": 2, "仨": 3}
"""Numbers with their measure word: 来俩."""

_NO_MONEY = re.compile("[个下次件套双]")
"""给我推一个: what is counted is no money."""


def amount(text: str) -> SlotValue | None:
    """Return an amount in yuan: the last one that has a unit, else the last number."""
    found = list(_YUAN.finditer(text))
    if found:
        match = found[-1]
        yuan = numbers.find(match["yuan"] + match["about"]) or numbers.find(match["yuan"])
        if yuan:
            value = yuan[0].value
            for key, share in (("jiao", Decimal("0.1")), ("fen", Decimal("0.01"))):
                if match[key]:
                    value += (numbers.read(match[key]) or 0) * share
            about = bool(match["before"] or match["after"] or match["about"])
            whole = [each for each in numbers.find(text) if each.end >= match.start("yuan")]
            found_in = whole[0] if whole else yuan[0]
            if found_in.high is not None or found_in.bound:
                value = found_in.value if found_in.high is not None else value
                return _money(value, match[0], True, number=found_in)
            return _money(value, match[0], about or yuan[0].approximate)
    jiao = list(_JIAO.finditer(text))
    if jiao:
        value = (numbers.read(jiao[-1]["jiao"]) or 0) * Decimal("0.1")
        value += (numbers.read(jiao[-1]["fen"] or "零") or 0) * Decimal("0.01")
        return _money(value, jiao[-1][0], False)
    bare = [each for each in numbers.find(text) if not _NO_MONEY.match(text, each.end)]
    bare = bare or numbers.find(text)
    if not bare:
        return None
    last = bare[-1]
    said = text[last.start : last.end]
    return _money(last.value, said, last.approximate, 0.8, number=last)


def quantity(text: str) -> SlotValue | None:
    """Return how many of something: the last number with a measure word, else the last number."""
    weighed = _weighed(text)
    if weighed is not None:
        return weighed
    found = numbers.find(text)
    counted = [(each, _COUNTED.match(text, each.end)) for each in found]
    for number, measure in reversed(counted):
        if measure is not None:
            value = number.value
            end = measure.end()
            if text[end : end + 1] == "半":
                value, end = value + Decimal("0.5"), end + 1
            said = text[number.start : end]
            low = "两" if value == 2 else numbers.spoken(value)
            whole = value % 1 == 0 and not number.approximate
            spoken = f"{low}{measure['measure']}" if whole else said
            return SlotValue(
                "quantity",
                number.canonical(value),
                said,
                0.95,
                number.approximate,
                spoken,
                measure["measure"],
            )
    if not found:
        return None
    last = found[-1]
    said = text[last.start : last.end]
    if said in _BOTH:
        return SlotValue("quantity", str(_BOTH[said]), said, 0.9, False, said, "个")
    return SlotValue(
        "quantity",
        last.canonical(),
        said,
        0.7,
        last.approximate,
        numbers.spoken(last.value),
    )


def _weighed(text: str) -> SlotValue | None:
    """Return 二两 and 斤半, whose numbers stand in no usual way."""
    liang, half_more = _LIANG.search(text), _HALF_MORE.search(text)
    match = liang or half_more
    count = numbers.read(liang["number"]) if liang else Decimal("1.5")
    if match is None or count is None:
        return None
    said = match[0]
    return SlotValue("quantity", numbers.plain(count), said, 0.95, False, said, match["measure"])


_AND_HALF = re.compile(f"(?<={numbers.NUMERAL})[码岁度号寸层天年]半")
"""四十二码半: a half of what stands before it."""
_DEGREES = re.compile(f"(?<={numbers.NUMERAL})度(?=[一二三四五六七八九](?!{numbers.NUMERAL}))")
"""三十六度八: the point is said by the unit."""


def number(text: str) -> SlotValue | None:
    """Return the last number of the text."""
    text = _DEGREES.sub("点", _AND_HALF.sub("点五", text))
    found = numbers.find(text)
    if not found:
        return None
    last = found[-1]
    said = text[last.start : last.end]
    value = last.canonical()
    return SlotValue("number", value, said, 0.9, last.approximate, numbers.spoken(last.value))


def _money(
    value: Decimal,
    said: str,
    about: bool,
    confidence: float = 0.95,
    *,
    number: numbers.Number | None = None,
) -> SlotValue:
    spoken = numbers.spoken(value)
    if value % 1:
        yuan, cents = divmod(round(value * 100), 100)
        jiao, fen = divmod(int(cents), 10)
        spoken = f"{numbers.spoken(Decimal(yuan))}块" if yuan else ""
        spoken += f"{numbers.spoken(Decimal(jiao))}毛" if jiao else "零" if yuan else ""
        spoken += f"{numbers.spoken(Decimal(fen))}分" if fen else ""
    else:
        spoken = ("两" if value == 2 else spoken) + "元"
    canonical = numbers.plain(value) if number is None else number.canonical()
    if canonical != numbers.plain(value):
        spoken = said
    elif about:
        spoken = f"大约{spoken}"
    return SlotValue("amount", canonical, said, confidence, about, spoken)
