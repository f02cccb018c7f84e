"""Strings of digits and letters: telephone numbers (with 幺) and order numbers."""

import re
from collections.abc import Callable

import phonenumbers

from voicebot.dialogue.pinyin import syllables
from voicebot.dialogue.slots import letters, numbers
from voicebot.dialogue.slots.value import SlotValue

_SAID = {"零": "0", "〇": "0", "洞": "0", "一": "1", "幺": "1", "二": "2", "两": "2", "三": "3",
         "四": "4", "五": "5", "六": "6", "七": "7", "拐": "7", "八": "8", "九": "9",
         "勾": "9"}  # fmt: skip
_SOUNDS = {"ling": "0", "yao": "1", "yi": "1", "er": "2", "liang": "2", "san": "3", "si": "4",
           "wu": "5", "liu": "6", "qi": "7", "ba": "8", "jiu": "9"}  # fmt: skip
"""What a recogniser that took a digit for a homophone still wrote the sound of."""
_TIMES = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8}
_REPEATED = re.compile(f"([{''.join(_TIMES)}])个([零〇一幺二三四五六七八九])(?!个)")
"""四个八: 8888."""
_IGNORED = re.compile(
    r"[\s—,，。、.·]|空一?格|再[来一]个|停一下|然后|后面是?|接着|那个|嗯|呃|额|啊|就是|再|是(?=[零一幺二三四五六七八九0-9])"
    r"|(?:前面?|中间|后面?|最后|末尾|头)(?:的)?[两三四五六七八]位(?:数|号)?(?:是)?|(?:前[面边头]|中间|后[面边头]|最后)(?:是)?"
    r"|(?:区号|号码|手机|座机)(?:是)?|(?:大写|小写)的?|字母|加上?(?=[零一幺二三四五六七八九0-9A-Za-z])"
)
_HUNDREDS = re.compile(
    "[一二三四五六七八九]百(?:[零〇]?[一二三四五六七八九]十?[一二三四五六七八九]?)?"
)
"""一百三十八 for 138, as some begin their number."""
_TENS = re.compile("[一二三四五六七八九]?十[一二三四五六七八九]?")
"""二十四，六十八: digits in pairs."""
_EXTENSION = re.compile("(?:转|分机)(?:号)?(?=[零一幺二三四五六七八九0-9])")
_CLAUSE = re.compile("[，。、,;；]")
_DASH = re.compile("横杠|中杠|短横|杠|减号|—")

_TAIL = re.compile(
    "尾号|尾数|结尾|末尾|(?:后|最后|末|末尾|倒数)的?(?:这|那)?[两三四五六七八几]位|最后的?[三四五六几]个(?:数|号)|后头(?:的)?[两三四五六七八几]位"
    "|前[面头边][^，]{0,8}(?:不念|不记|不说|忘|长串)"
)
_NAMED_AFTER = re.compile("[^零〇一幺二两三四五六七八九0-9A-Za-z，]{2,3}的(?=[A-Z](?![a-z]))")
"""苹果的A: which letter is meant."""
LEAST_TWICE = 4
"""Characters of a number that is taken for said twice where it stands twice in a row."""
LONGEST_TAIL = 8
"""Digits that a caller may give of the end of an order number."""

_MOBILE = re.compile(r"1[3-9]\d{9}")
"""Of any network, also of one that is newer than the library's tables."""
MOBILE_DIGITS = 11


def phone(text: str) -> SlotValue | None:
    """Return a Chinese telephone number, digits alone; only one that can exist."""
    text = _EXTENSION.split(text)[0]
    for read in (_digits, _digits_by_sound):
        apart = [run for clause in _CLAUSE.split(text) for run in read(clause)]
        for digits, said in (*reversed(_mended(read(text))), *reversed(apart)):
            digits = _said_once("".join(each for each in digits if each.isdecimal()))
            number = digits.removeprefix("86") if len(digits) == MOBILE_DIGITS + 2 else digits
            if len(number) < 7:
                continue
            try:
                parsed = phonenumbers.parse(number, "CN")
            except phonenumbers.NumberParseException:
                continue
            mobile = _MOBILE.fullmatch(number)
            known = mobile or number.startswith(("400", "800"))
            if known or phonenumbers.is_valid_number(parsed):
                confidence = 0.95 if read is _digits else 0.75
                return SlotValue("phone", number, said, confidence, False, _grouped(number))
            local = 7 <= len(number) <= 8 and number[0] in "2345678"
            if local and read is _digits:
                return SlotValue("phone", number, said, 0.6, False, _grouped(number))
    return None


def order_number(text: str) -> SlotValue | None:
    """Return letters (capital) and digits in a row, at least three of which are digits.

    The end alone (尾号三八二七) has a star before it.
    """
    text = letters.spelled(_NAMED_AFTER.sub("", text))
    paired = _TENS.sub(lambda match: _written(match[0]), text)
    for read, words in ((_digits, text), (_digits, paired), (_digits_by_sound, text)):
        found = [
            (value, said)
            for value, said in _mended(_once(words, read))
            if sum(each.isdecimal() for each in value) >= 3
        ]
        if found:
            value, said = found[-1]
            if _TAIL.search(text) and len(value) <= LONGEST_TAIL:
                value = f"*{value}"
            confidence = 0.9 if read is _digits else 0.7
            return SlotValue("order_number", value, said, confidence, False, _grouped(value))
    return None


def _said_once(digits: str) -> str:
    """Return what was said twice, or begun again, once: 138 138 0013 8000."""
    half = len(digits) // 2
    if half >= 7 and digits[:half] == digits[half:]:
        return digits[half:]
    whole = digits[-MOBILE_DIGITS:]
    begun = digits[:-MOBILE_DIGITS]
    if begun and whole.startswith(begun) and _MOBILE.fullmatch(whole):
        return whole
    told, again = digits[:MOBILE_DIGITS], digits[MOBILE_DIGITS:]
    if 2 <= len(again) <= 8 and told.endswith(again) and _MOBILE.fullmatch(told):
        return told
    return digits


def _once(text: str, read: Callable[[str], list[tuple[str, str]]]) -> list[tuple[str, str]]:
    """Return the runs of `text`, of what was said twice (零零七三，零零七三) one.

    A recogniser writes no comma: four digits or more and the same again are one number, too.
    """
    clauses = [runs for clause in _CLAUSE.split(text) if (runs := read(clause))]
    if len(clauses) > 1 and clauses[-1] == clauses[-2][-1:]:
        return clauses[-1]
    return [_half(value, said) for value, said in read(text)]


def _half(value: str, said: str) -> tuple[str, str]:
    half = len(value) // 2
    twice = half >= LEAST_TWICE and len(set(value)) > 1 and value[:half] == value[half:]
    return (value[half:], said[len(said) // 2 :]) if twice else (value, said)


def _written(said: str) -> str:
    """Return 二十四 as 24, and what is no number as it is."""
    number = numbers.read(said)
    return said if number is None else str(int(number))


def _mended(runs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the runs; with a short one last, the one before ends in it instead.

    一三八零零一三八零零零，不对，最后四位是八零零一: the end was corrected.
    """
    if len(runs) < 2:
        return runs
    (before, said), (tail, _) = runs[-2:]
    if 2 <= len(tail) <= 4 and len(before) >= 7:
        return [*runs[:-2], (before[: -len(tail)] + tail, said)]
    return runs


def _digits(text: str) -> list[tuple[str, str]]:
    """Return the runs of digits and letters in `text`, each with the words it came from."""
    return _runs(text, lambda character: _SAID.get(character, ""))


def _digits_by_sound(text: str) -> list[tuple[str, str]]:
    return _runs(
        text,
        lambda character: _SAID.get(character) or _SOUNDS.get("".join(syllables(character)), ""),
    )


def _runs(text: str, digit: Callable[[str], str]) -> list[tuple[str, str]]:
    cleaned = _REPEATED.sub(lambda match: match[2] * _TIMES[match[1]], text)
    cleaned = _HUNDREDS.sub(lambda match: _written(match[0]), cleaned)
    cleaned = _IGNORED.sub("", _DASH.sub("-", cleaned))
    runs: list[tuple[str, str]] = []
    value = said = ""
    for character in (*cleaned, "。"):
        if character.isascii() and character.isalnum():
            piece = character.upper()
        elif character == "-" and value:
            piece = "-"
        else:
            piece = digit(character)
        if piece:
            value, said = value + piece, said + character
        elif value:
            runs.append((value.strip("-"), said))
            value = said = ""
    return runs


def _grouped(value: str) -> str:
    """Return the digits as they are read out, in groups that an ear can hold."""
    shown = value.removeprefix("*")
    if len(shown) == MOBILE_DIGITS and shown.isdecimal():
        groups = [shown[:3], shown[3:7], shown[7:]]
    else:
        groups = [shown[at : at + 4] for at in range(0, len(shown), 4)]
    return "，".join(numbers.each_digit(group) for group in groups)
