"""Addresses, kept as text, and product names from a list."""

import re
from collections.abc import Sequence

from voicebot.dialogue.pinyin import fuzzy
from voicebot.dialogue.slots.value import SlotValue
from voicebot.dialogue.wording import plain

_BEFORE = re.compile(
    "^.*?(?:地址(?:是|改成|改到|改为|换成|换到|填|写)?|改到|改成|改为|换到|换成|送到|寄到|发到|送货到|寄去|我住在?|住在|我在|是在|新的?是|收货地是)(?:那个|这个|呃|嗯|在|我家)*"
)
_AFTER = re.compile(
    "(?:[吧啊呀哈呢了]|谢谢|麻烦了?|就行|就可以|就好|可以吗|行吗|好吗|这里|这边|那里|那边)+$"
)
_PLACE = re.compile(
    "[省市区县镇乡村路街道巷弄号楼栋幢座层单元室院苑园城厦店站校]|小区|大厦|广场|公寓|花园|开发区|胡同"
)

NEAR = 0.34
"""Edits for each syllable of a name that a recogniser may have made of it."""


def address(text: str) -> SlotValue | None:
    """Return the part of the text that is an address: at least two words for places."""
    said = text.strip("，。！？,.!? ")
    found = _BEFORE.sub("", said) or said
    found = _AFTER.sub("", found)
    marks = len(_PLACE.findall(found))
    if marks < 2 or len(found) < 5:
        return None
    found = "".join(each for each in found if each.isalnum())
    return SlotValue("address", found, found, min(0.95, 0.6 + 0.08 * marks), False, found)


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
