"""How well the real recogniser understands a voice: the error rate of toneless syllables.

Tones and homophones are left out: a small model writes 员 for 元, which says nothing about the
voice.
"""

import re
from functools import cache
from pathlib import Path

from pypinyin import lazy_pinyin

import voicebot
from voicebot.audio.resample import resample
from voicebot.engines.vosk import VoskModel

_PIECE_MS = 100
SENTENCES = (
    "您好，请问是张三先生吗？",
    "我是咖啡店的自动语音助理，想了解一下您上次购买的咖啡豆。",
    "现在有一张优惠券可以送给您，您愿意要吗？",
    "请问您对我们的服务满意吗？",
    "您什么时候方便，我们再打给您？",
    "好的，谢谢您，祝您生活愉快，再见。",
    "对不起，我没有听清楚，请您再说一遍。",
    "您的订单已经发货，预计明天送到。",
    "这款咖啡豆的价格是一百二十八元，今天可以便宜二十元。",
    "如果不想再接到我们的电话，请说不要再打。",
    "我帮您转接人工客服，请稍等。",
    "不好意思打扰您了。",
)
"""What a robot says in a day."""


@cache
def _model() -> VoskModel:
    return VoskModel(Path(voicebot.__file__).parent / "models" / "cn")


def heard(pcm: bytes, rate: int, line_rate: int) -> str:
    """Return what a call on a line of `line_rate` Hz understands, any words allowed."""
    quiet = bytes(line_rate)
    on_line = quiet + resample(pcm, rate, line_rate) + quiet
    recogniser = _model().recogniser(line_rate)
    recogniser.listen(None)
    size = line_rate * _PIECE_MS // 1000 * 2
    for start in range(0, len(on_line), size):
        recogniser.accept(on_line[start : start + size])
    return recogniser.finish().text


def syllables(text: str) -> list[str]:
    """Return the toneless pinyin of the Chinese characters in `text`."""
    return [str(each) for each in lazy_pinyin(re.sub("[^一-鿿]", "", text))]


def sounds_in(words: str, text: str) -> bool:
    """Tell whether `words` sound in `text`, homophones and tones left out."""
    return " ".join(syllables(words)) in " ".join(syllables(text))


def errors(said: str, understood: str) -> int:
    """Return the syllables that were changed, left out or added (Levenshtein)."""
    row = list(range(len(syllables(understood)) + 1))
    for count, expected in enumerate(syllables(said), 1):
        diagonal, row[0] = row[0], count
        for place, found in enumerate(syllables(understood), 1):
            changed = diagonal + (expected != found)
            diagonal, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, changed)
    return row[-1]
