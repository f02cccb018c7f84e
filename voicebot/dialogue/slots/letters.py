"""Latin letters as they are spoken, and as a recogniser of Chinese writes them.

An order number that is spelled out (西 弟 二零二六) comes back in characters that sound like the
letters' names. E is left out, since it sounds like 一, and R, which sounds like 啊.
"""

import re
from collections.abc import Mapping

NAMES: Mapping[str, tuple[str, ...]] = {
    "A": ("诶", "欸"),
    "B": ("逼", "必", "币", "毕", "避"),
    "C": ("西", "希", "吸"),
    "D": ("弟", "低", "帝", "滴", "迪"),
    "F": ("艾弗", "爱福", "爱夫", "爱服"),
    "G": ("鸡", "寄", "基"),
    "H": ("艾曲", "诶吃", "爱曲", "爱去"),
    "J": ("杰", "街"),
    "K": ("凯", "剋"),
    "L": ("艾勒", "艾楼", "爱乐", "爱了"),
    "M": ("艾姆", "爱母", "爱木"),
    "N": ("恩",),
    "O": ("欧",),
    "P": ("屁", "批", "皮"),
    "Q": ("扣", "丘", "秋", "球"),
    "S": ("艾斯", "爱思", "爱死"),
    "T": ("踢", "替", "梯"),
    "U": ("优",),
    "V": ("微", "威"),
    "W": ("达不溜", "大不留", "大不六", "打不留", "的不溜"),
    "X": ("艾克斯", "爱克斯", "爱可思"),
    "Y": ("歪", "外"),
    "Z": ("贼", "泽"),
}
"""What each is written as; what is likeliest to be in a recogniser's vocabulary comes first."""

SPOKEN = tuple(name for names in NAMES.values() for name in names[:2])
"""What a recogniser is to listen for: with a level and with a falling tone, as people differ."""

MOST = 4
"""Letters before the digits of an order number."""

_LETTER = {name: letter for letter, names in NAMES.items() for name in names}
_DIGIT = "零〇一幺二两三四五六七八九0-9"
_NAME = "|".join(sorted(_LETTER, key=len, reverse=True))
_SPELLED = re.compile(f"(?:{_NAME}|[A-Za-z]){{1,{MOST}}}(?=(?:横?杠|-)?[{_DIGIT}]{{2}})")
_AMONG_DIGITS = re.compile(f"(?<=[{_DIGIT}]{{2}})(?:{_NAME})(?=[{_DIGIT}]{{2}})")
_EACH = re.compile(_NAME)


_AS_OF = re.compile(f"(?P<first>[的杰接街结截])的(?=[{_DIGIT}]{{2}})")
"""DD and JD, whose D a recogniser takes for the commonest of all words."""


def spelled(text: str) -> str:
    """Return `text` with the names of letters that stand before, or among, digits as letters."""

    def letters(found: re.Match[str]) -> str:
        return _EACH.sub(lambda name: _LETTER[name[0]], found[0])

    text = _AS_OF.sub(lambda found: "弟弟" if found["first"] == "的" else "杰弟", text)
    return _AMONG_DIGITS.sub(letters, _SPELLED.sub(letters, text))
