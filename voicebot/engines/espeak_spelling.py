"""Spellings that make espeak-ng 1.52 say what its Mandarin dictionary reads wrongly.

Found by comparing its phonemes for the 25,000 most frequent words of jieba's dictionary with
pypinyin; kept to what a shop says to its customers. Pinyin with a tone is read well where it stands
apart from its neighbours.
"""

import re

VERSION = 1
"""To be raised with every change here: what was said before is then said anew."""

_PHONEMES = {
    "S;ong55": "兄凶胸匈汹芎",
    "S;ong35": "雄熊",
    "tS;hong35": "穷琼穹邛茕",
    "tS;ong214": "窘炯迥",
}
"""Its pinyin lacks xiong, qiong and jiong, and spells their letters in English."""

_WORDS = {
    "便宜": "pian2 yi5",
    "农行": "nong2 hang2",
    "曝光": "bao4 guang1",
    "角色": "jue2 se4",
    "似的": "shi4 de5",
    "差一点": "cha4 yi4 dian3",
    "(?<!商)贾": "jia3",
    "还(?=款|钱|货|清|贷)": "huan2",
    "(?<=[产货原源属])地(?![区址])": "di4",
}

_SURNAMES = {
    "曾": "zeng1", "单": "shan4", "任": "ren2", "解": "xie4", "仇": "qiu2", "华": "hua4",
    "区": "ou1", "查": "zha1", "翟": "zhai2", "乐": "yue4", "朴": "piao2", "缪": "miao4",
    "覃": "qin2", "盖": "ge3", "尉迟": "yu4 chi2", "万俟": "mo4 qi2",
}  # fmt: skip
"""Characters that are read otherwise in a name than in a word."""
_BEFORE_NAME = "(?:^|(?<=[^一-鿿])|(?<=[是叫找给跟的]))"
_AFTER_NAME = "(?=[一-鿿]{0,2}(?:先生|女士|小姐|老师|经理))"

_SPELLINGS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), spelling)
    for pattern, spelling in (
        *((word, f" {pinyin} ") for word, pinyin in _WORDS.items()),
        *(
            (f"{_BEFORE_NAME}{surname}{_AFTER_NAME}", f" {pinyin} ")
            for surname, pinyin in _SURNAMES.items()
        ),
        # The dictionary writes what ends in 儿 with an r that the pinyin rules do not know.
        ("([这那哪])儿", r"\1里"),
        ("(?<=[会点下块份事味玩])儿(?![子女童媳])", ""),
        ("儿", " er2 "),
    )
)
_INLINE = {
    character: f"[[{phonemes}]]"
    for phonemes, characters in _PHONEMES.items()
    for character in characters
}


def respelled(text: str, *, inline_phonemes: bool) -> str:
    """Return `text` as espeak reads it rightly.

    Without `inline_phonemes` (the flag espeakPHONEMES) nothing helps xiong, qiong and jiong.
    """
    for pattern, spelling in _SPELLINGS:
        text = pattern.sub(spelling, text)
    if inline_phonemes:
        text = "".join(_INLINE.get(character, character) for character in text)
    return text
