"""Addresses, kept as text, and product names from a list."""

import re
from collections.abc import Sequence

from voicebot.dialogue.pinyin import fuzzy
from voicebot.dialogue.slots.correction import MARKER
from voicebot.dialogue.slots.value import SlotValue
from voicebot.dialogue.wording import plain

_LEADING = re.compile(
    "^(?:嗯|呃|额|啊|哦|那个|好的?|你好|你|您|请|麻烦(?:你|您)?|帮我|给我|帮忙|记一下|听好|我说|我报给你|这样"
    "|(?:把)?(?:我的?|新的?|收货|送货|收件|家庭|公司|单位|详细|具体|快递|包裹|东西|货)*地址(?:要)?(?:是|改成(?!都)|改到|改为|换成(?!都)|换到|填|写|在|就是)?"
    "|(?:要|想|直接|重新|都|可以|还是|就)?(?:改成(?!都)|改到|改为|改送到?|改寄到?|换成(?!都)|换到|送到|寄到|发到|送货到|寄去|送去|寄往|填|写)"
    "|(?:现在|目前|已经)(?=是|在|住|搬)|(?:已经)?搬到了?|(?:还是|就|直接)?(?:寄|送|发)(?:到)?(?:我?(?:妈|爸|公司|单位|家)(?:里|那儿|那里|那边)?)(?:吧|，)"
    "|我?们?家?(?:现在|目前|就)?(?:住在?|住的是)|我家(?:是|在)|我(?:这边)?(?:是)?在|我们?(?:公司|单位)(?:是)?在|(?:位置|地方)(?:是)?在|应该是|就是|(?:新的)?是|在|搁|发(?=.{2,4}(?:省|市|区|县|工业园))"
    ")+"
)
_AFTER = re.compile(
    "(?:[吧啊呀哈呢了哦嘛]|谢谢(?:你|您)?|麻烦(?:你|您)?了?|(?:就)?(?:行|可以|好)了?|可以吗|可好|就中|就找得到|行吗|好吗|对吗|这里|这边|那里|那边"
    "|(?:就)?(?:送|寄|发)(?:到)?(?:这|那)(?:里|儿|边)?(?:就行)?|别(?:送|寄)错了?|收)+$"
)
_FILLER = re.compile(
    "门牌号?是?(?=[零一二两三四五六七八九十百幺])|小区(?:叫做?|名字是?)|介个|嗯+|呃+|额(?!济)|那个|这个(?![客小]|店|地)|就是说|就是(?!在)|[啊哦噢]?对了|然后(?:是)?|啊|哦|唉|诶|哎"
)
_PLACE = re.compile(
    "[省市区县镇乡村路街道巷弄号楼栋幢座层单元室院苑园城厦店站校]|小区|大厦|广场|公寓|花园|开发区|胡同"
)

NEAR = 0.34
"""Edits for each syllable of a name that a recogniser may have made of it."""


_NUMERAL = "[零〇一二两三四五六七八九十百千0-9]"
_NUMBERED = re.compile(f"{_NUMERAL}(?:号|楼|栋|幢|座|单元|室|院|门|弄|巷|街|路|大道|村|组|层|区)")
_STREET = re.compile(
    "(?:路|街|道|巷|弄|村|镇|乡|区|县|市|省|小区|花园|公寓|大厦|广场|苑|新村|家园|府|城)"
)
_BEFORE = re.compile(
    "[是在寄送吧了我你您呢喂]|(?<![报达])到|一下|地址|公司|单位|家里|[那这](?:儿|里|边)|楼下|门口|前台|改成|换成|改为|换为|就写|填|叫做?"
)
"""What stands before an address, and in the names of few places."""
SHORTEST = 5
"""Characters of an address."""
_ANEW = re.compile("(?:实际(?:上)?|现在|正确的|其实)(?:应该)?(?:是|在)")
_AFTERWARDS = re.compile(
    "(?:收件人|收货人|联系人|电话|手机|写我|(?:就|是)?这个地址|你(?:就|给|送|寄|发|记)|别(?:寄|送|发)|不要(?:寄|送|发)|谢谢|麻烦|记(?:一下|住|好)了?|听清).*$"
)
_ASIDE = re.compile(
    "几[号栋楼层]|来着|什么|多少|怎么|哪|记[住好]|听好|乡下|老家|^(?:没有?|别|不要|不是.)"
    "|^(?:你|您|恁|快递|东西|包裹|到了|放)(?!.*[市区县路街])"
)
"""A clause of an address that is none of it: 几号来着; 快递放菜鸟驿站也行."""
_LANDMARK = re.compile("(?:对面|旁边|隔壁|附近|门口|楼下|后面|前面|[东南西北]边|那个)儿?$")
_NAME = re.compile("[^我你您他的了是对嗯不没再好]{2,5}")
"""A place that is said without what it is, before the rest: 无锡，滨湖区."""
_TOWN = re.compile("[省市县镇]|(?<!小)(?<!园)区")
_CITY = re.compile(
    "(?P<town>(?:^|[，寄送在]|到)[^是到寄送在址的该实就还不位置方司区家边改给我你这那次回上下前，]{2})"
    "是(?=[^是，]{1,4}(?:区|县|镇|街道|路|大道))"
)
"""杭州是西湖区: a recogniser knows few towns, and 是 is said oftener than 市."""
_DENIED = re.compile("(?:而)?不是(?:原来的?|以前的?)?[^，。]*$")


def address(text: str) -> SlotValue | None:
    """Return the part of the text that is an address: at least two words for places."""
    text = _clauses(_without_denied(_CITY.sub(r"\g<town>市", text)))
    parts = [_bare(part) for part in MARKER.split(text)]
    parts = [part for part in parts if part]
    found = parts[0] if parts else ""
    for part in parts[1:]:
        found = _corrected(found, part)
    if (begun := _NUMBERED.match(found)) and found[: begun.end()] in found[begun.end() :]:
        # 二单元，西湖区…二单元四零三: the part that was corrected is said again in its place.
        found = found[begun.end() :]
    marks = len(_PLACE.findall(found))
    if marks < 2 or len(found) < SHORTEST:
        return None
    found = "".join(each for each in found if each.isalnum())
    return SlotValue("address", found, found, min(0.95, 0.6 + 0.08 * marks), False, found)


def _clauses(text: str) -> str:
    """Return the clauses that are part of an address, and those that take some of it back."""
    clauses = re.split("[，。,]", text)
    if len(clauses) == 1:
        return text
    kept: list[str] = []
    for number, clause in enumerate(clauses):
        later = clauses[number + 1 :]
        following = "，".join(later)
        named = _NAME.fullmatch(clause) and re.search(f"{_PLACE.pattern}|{_NUMERAL}", following)
        numeral = re.fullmatch(f"(?:{_NUMERAL}|幺)+", clause)
        belongs = _PLACE.search(clause) or _LANDMARK.search(clause) or numeral or named
        again = clause in kept or any(each.startswith(clause.rstrip("的")) for each in later)
        aside = _ASIDE.search(clause)
        if (MARKER.search(clause) and not aside) or (belongs and not again and not aside):
            kept.append(clause)
    return "，".join(kept)


def _without_denied(text: str) -> str:
    """Return 是六十六号不是六十八号 without what it is not."""
    denied = _DENIED.search(text)
    if denied and denied.start() and _NUMBERED.search(text[: denied.start()]):
        before = text[: denied.start()]
        if re.search("是|要|改|寄|送", before) and before[-1] != "，":
            return before
    return text


def _bare(said: str) -> str:
    """Return what is left of a part without what surrounds an address."""
    words = _FILLER.sub("", "".join(each for each in said if each.isalnum()))
    words = _LEADING.sub("", words)
    streets = list(_STREET.finditer(words))
    if streets:
        # 写成文一路了，实际是文二路三十号: the last one is begun anew.
        anew = [found.end() for found in _ANEW.finditer(words) if found.end() < streets[-1].start()]
        words = words[anew[-1] :] if anew else words
        street = _STREET.search(words)
        before = list(_BEFORE.finditer(words, 0, street.start())) if street else []
        words = words[before[-1].end() :] if before else words
    after = _AFTERWARDS.search(words, SHORTEST)
    return _AFTER.sub("", words[: after.start()] if after else words)


def _corrected(before: str, after: str) -> str:
    """Return an address whose end, or all of it, was replaced: …三号楼，不对，五号楼."""
    mark = _PLACE.search(after)
    if mark is None:
        number = re.search(f"(?:{_NUMERAL}|幺){{2,}}(?=[^幺{_NUMERAL[1:-1]}]{{0,2}}$)", before)
        if number and re.fullmatch(f"(?:{_NUMERAL}|幺)+", after):  # 五零二，啊不，四零二
            return before[: number.start()] + after + before[number.end() :]
        return before
    if len(_PLACE.findall(after)) >= max(3, len(_PLACE.findall(before))):
        # What was corrected is the street, and the town stays.
        town = list(_TOWN.finditer(before)) if not _TOWN.search(after) else []
        return (before[: town[-1].end()] if town else "") + after
    same = [found for found in _PLACE.finditer(before) if found[0] == mark[0]]
    if not same and not _TOWN.search(after):
        return before + after
    if not same:
        return after if len(after) >= len(before) else before
    last = same[-1]
    earlier = [found.end() for found in _PLACE.finditer(before) if found.end() <= last.start()]
    start = max(earlier, default=0)
    rest = before[last.end() :] if len(_PLACE.findall(after)) == 1 else ""
    return before[:start] + after + rest


def product(text: str, options: Sequence[str]) -> SlotValue | None:
    """Return the option that was named, by text or by sound; None when two fit as well."""
    words = plain(text)
    exact = [option for option in options if plain(option) in words]
    if exact:
        longest = max(exact, key=lambda each: (len(each), words.rfind(plain(each))))
        return SlotValue("product", longest, longest, 0.95, False, longest)
    sound = fuzzy(words)
    ranked = sorted(
        ((_distance(fuzzy(plain(option)), sound), option) for option in options),
        key=lambda pair: pair[0],
    )
    if not ranked or ranked[0][0] > NEAR:
        return _by_part(words, options)
    if len(ranked) > 1 and ranked[1][0] - ranked[0][0] < 0.05:
        return _by_part(words, options)
    best = ranked[0][1]
    return SlotValue("product", best, words, 0.9 - ranked[0][0], False, best)


def _by_part(words: str, options: Sequence[str]) -> SlotValue | None:
    """Return the only option that shares a run of two syllables or more with the text."""
    sound = fuzzy(words)
    shares = {option: _longest_run(fuzzy(plain(option)), sound) for option in options}
    ranked = sorted(shares, key=lambda option: -shares[option])
    if not ranked or shares[ranked[0]] < 2:
        return None
    if len(ranked) > 1 and shares[ranked[1]] == shares[ranked[0]]:
        return None
    return SlotValue("product", ranked[0], words, 0.65, False, ranked[0])


def _longest_run(first: tuple[str, ...], second: tuple[str, ...]) -> int:
    best = 0
    row = [0] * (len(second) + 1)
    for left in first:
        diagonal = 0
        for column, right in enumerate(second, 1):
            diagonal, row[column] = row[column], diagonal + 1 if left == right else 0
            best = max(best, row[column])
    return best


def _distance(name: tuple[str, ...], sound: tuple[str, ...]) -> float:
    """Return the edits, for each syllable of `name`, to the part of `sound` that is nearest."""
    row = [0.0] * (len(sound) + 1)
    for line, left in enumerate(name, 1):
        diagonal, row[0] = row[0], float(line)
        for column, right in enumerate(sound, 1):
            best = min(row[column] + 1, row[column - 1] + 1, diagonal + (left != right))
            diagonal, row[column] = row[column], best
    return min(row) / max(len(name), 1)
