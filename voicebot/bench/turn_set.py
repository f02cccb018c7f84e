"""The labelled set: what callers say, how they pause, and over which line.

A seed gives the whole set. Every kind of answer is said equally often in every condition, half of
the times without and half of the times with inner pauses of 300 to 1200 ms. Nothing is tuned to
what the robot takes for complete: a pause stands at any place where a `|` below allows one, or
after a filler, and some therefore follow words that are an answer already (可以|可以).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from voicebot.audio.g711 import Codec
from voicebot.simulation.line import NOMINAL_DBFS, LineSettings, Noise
from voicebot.simulation.utterance import Pause, Utterance
from voicebot.simulation.voices import choose

PAUSE_MS = (300, 1200)
"""Shortest and longest inner pause."""
THINKING_MS = (150, 900)
"""Between the question's last sample and the answer's first."""
SECOND_PAUSE = 0.3
"""Share of the turns with pauses that have two of them, where there is room."""
FILLER_FIRST = 0.5
"""Share of the turns with pauses in which the first one follows a filler."""
LEVELS_DBFS = (-30.0, -16.0)
"""Of callers on the telephone: quiet and far to loud and near."""
MOST_PAUSES = 2
NOISY_SNR_DB = 10.0

FILLERS = ("嗯", "呃", "那个", "就是", "我想想")
NOISES = (Noise.WHITE, Noise.PINK, Noise.BABBLE)


class Kind(StrEnum):
    """What sort of answer."""

    YES_NO = "yes_no"
    SYLLABLE = "one_syllable"
    CHOICE = "choice"
    SATISFACTION = "satisfaction"
    DATE = "date"
    NUMBER = "number"
    OPEN = "open"
    LONG = "long"


class Condition(StrEnum):
    """What is between the caller and the robot."""

    CLEAN = "clean"
    """The telephone's band, no codec, no noise."""
    TELEPHONE = "telephone"
    """A-law, levels of -30 to -16 dBFS, a line that hisses a little."""
    NOISY = "10 dB"
    """A-law, and white, pink or babble noise 10 dB under the voice."""


STATES = {
    Kind.YES_NO: "yes_no",
    Kind.SYLLABLE: "yes_no",
    Kind.CHOICE: "choice",
    Kind.SATISFACTION: "satisfaction",
    Kind.DATE: "date",
    Kind.NUMBER: "number",
    Kind.OPEN: "open",
    Kind.LONG: "open",
}
"""The state of the bench's script that asks for it."""

SAID = {
    Kind.YES_NO: (
        *("可以|可以", "好的|谢谢", "那|好吧", "嗯|可以", "没问题", "我|需要的", "当然|可以"),
        *("不用了|谢谢", "我|不需要", "暂时|不需要", "还是|算了", "没|兴趣", "不|感兴趣"),
    ),
    Kind.SYLLABLE: ("好", "行", "对", "是", "要", "成", "不", "没"),
    Kind.CHOICE: (
        *("上午|吧", "明天|上午", "下午|三点|以后", "明天|下午|吧", "晚上|都行", "明天|晚上|八点"),
        *("下班|以后|吧", "周末|吧", "随时|都可以", "什么时候|都行", "今天|下午", "星期六"),
    ),
    Kind.SATISFACTION: (
        *("挺|满意的", "很|好喝", "味道|不错", "还|可以", "没什么|问题", "非常|满意"),
        *("有点|苦了", "口感|一般", "味道|太淡了", "还没|来得及喝", "不怎么样", "没有|上次好"),
    ),
    Kind.OPEN: (
        *("包装|能好|一点", "希望|价格|便宜|一点", "发货|能快|一点", "味道|有点|淡"),
        *("多送|几包|小样", "没有|什么|意见", "客服|回答|太慢了", "袋子|不好|打开"),
    ),
    Kind.LONG: (
        "我上次买的豆子|味道挺好的|送过来的时候|袋子破了",
        "我觉得|你们的咖啡|还可以|价格|比别的店|贵了一点",
        "上个月|我买了两包|第一包很香|第二包|味道就淡了",
        "我家里|老人也喝|能不能|做一个|不那么苦的",
        "你们的快递|送得太慢了|我等了|一个星期|才收到",
        "其实|我平时|喝得不多|送朋友的时候|才会买一点",
    ),
}
"""By kind; `|` is where a speaker may stop to think. Dates and numbers are made up."""

_DIGITS = "零一二三四五六七八九"
_MONTHS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
_NO_ROOM = frozenset({Kind.SYLLABLE})
"""Kinds that are not split: only a filler can stand before their pause."""


@dataclass(frozen=True, slots=True)
class LabelledTurn:
    """One answer of one caller; everything that decides what it sounds like."""

    number: int
    kind: Kind
    condition: Condition
    utterance: Utterance
    voice: str
    line: LineSettings
    thinking_ms: int
    """From the question's last sample to the answer's first."""
    seed: int
    """Of the line's noise."""

    @property
    def state(self) -> str:
        """Return the state of the script that asks the question."""
        return STATES[self.kind]

    @property
    def paused(self) -> bool:
        """Whether the answer has an inner pause."""
        return any(isinstance(part, Pause) for part in self.utterance.parts)

    @property
    def spoken_first(self) -> str:
        """Return the words before the first pause; all of them when there is none."""
        return str(self.utterance.parts[0])

    @property
    def written(self) -> str:
        """Return words and pauses as `simulation.utterance` writes them."""
        return "".join(
            f"<{part.ms}>" if isinstance(part, Pause) else part for part in self.utterance.parts
        )


def turn_set(seed: int, each: int = 7) -> tuple[LabelledTurn, ...]:
    """Return `each` turns of every kind in every condition, with and without pauses: 48 x `each`.

    The order is shuffled, so that the first part of the set is a sample of it.
    """
    rng = np.random.default_rng(seed)
    turns = list(_turns(rng, each))
    order = rng.permutation(len(turns))
    return tuple(turns[index] for index in order)


def _turns(rng: np.random.Generator, each: int) -> Iterator[LabelledTurn]:
    number = 0
    for kind in Kind:
        for condition in Condition:
            for paused in (False, True):
                for _ in range(each):
                    number += 1
                    yield LabelledTurn(
                        number,
                        kind,
                        condition,
                        _utterance(rng, kind, paused=paused),
                        choose(rng),
                        line(rng, condition),
                        int(rng.integers(*THINKING_MS, endpoint=True)),
                        int(rng.integers(2**31)),
                    )


def _utterance(rng: np.random.Generator, kind: Kind, *, paused: bool) -> Utterance:
    groups = _groups(rng, kind)
    if not paused:
        return Utterance(("".join(groups),))
    if kind in _NO_ROOM or len(groups) == 1 or rng.random() < FILLER_FIRST:
        filler = FILLERS[int(rng.integers(len(FILLERS)))]
        parts: list[str | Pause] = [filler, _pause(rng)]
    else:
        first = int(rng.integers(1, len(groups)))
        parts = ["".join(groups[:first]), _pause(rng)]
        groups = groups[first:]
    if len(groups) > 1 and rng.random() < SECOND_PAUSE:
        second = int(rng.integers(1, len(groups)))
        parts += ["".join(groups[:second]), _pause(rng)]
        groups = groups[second:]
    return Utterance((*parts, "".join(groups)))


def _groups(rng: np.random.Generator, kind: Kind) -> list[str]:
    """Return what is said, cut where a pause may stand."""
    match kind:
        case Kind.DATE:
            month, day = _MONTHS[int(rng.integers(12))], int(rng.integers(1, 29))
            return [f"{month}月", f"{_day(day)}号"]
        case Kind.NUMBER:
            digits = "一五四" + "".join(_DIGITS[each] for each in rng.integers(0, 10, 8))
            return [digits[:3], digits[3:7], digits[7:]]
        case _:
            choices = SAID[kind]
            return choices[int(rng.integers(len(choices)))].split("|")


def _day(day: int) -> str:
    tens, units = divmod(day, 10)
    ten = ("", "十", "二十")[tens]
    return ten + (_DIGITS[units] if units else "")


def _pause(rng: np.random.Generator) -> Pause:
    return Pause(int(rng.integers(*PAUSE_MS, endpoint=True)))


def line(rng: np.random.Generator, condition: Condition) -> LineSettings:
    """Return a line of this condition."""
    match condition:
        case Condition.CLEAN:
            return LineSettings(codec=None)
        case Condition.TELEPHONE:
            level = float(np.round(rng.uniform(*LEVELS_DBFS), 1))
            return LineSettings(Codec.ALAW, level, Noise.WHITE, 35.0)
        case Condition.NOISY:
            noise = NOISES[int(rng.integers(len(NOISES)))]
            return LineSettings(Codec.ALAW, NOMINAL_DBFS, noise, NOISY_SNR_DB)
