"""How does the caller feel: negative, neutral or positive, from words and from sound.

Words decide where they say it; the voice alone (louder, higher, faster than this caller was at the
start of this call) makes neutral words negative only when it is raised in two ways at once: a bad
line or a child in the room changes one.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from voicebot.dialogue.mood_model import nearness
from voicebot.dialogue.negation import resolve
from voicebot.dialogue.wording import plain


class Mood(StrEnum):
    """Three levels."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


@dataclass(frozen=True, slots=True)
class Emotion:
    """How an answer sounds, and why that is believed."""

    mood: Mood
    score: float = 0.0
    """-1, furious, to 1, delighted."""
    reason: str = ""
    """One English sentence, for the log."""


@dataclass(frozen=True, slots=True)
class VoiceChange:
    """One answer's voice against the caller's own first answers."""

    louder_db: float = 0.0
    higher_semitones: float = 0.0
    faster: float = 1.0
    """Syllables a second, as a ratio."""


NEGATIVE_WORDS: dict[str, float] = {
    "气死": 0.9, "火大": 0.8, "恼火": 0.8, "生气": 0.7, "愤怒": 0.9, "发火": 0.7, "忍无可忍": 0.9,
    "受够": 0.8, "受不了": 0.7, "烦死": 0.8, "烦人": 0.7, "好烦": 0.7, "真烦": 0.7, "太烦": 0.7,
    "烦不烦": 0.8, "有完没完": 0.8, "没完没了": 0.8, "有病": 0.9, "神经病": 1.0, "滚": 1.0,
    "混蛋": 1.0, "王八蛋": 1.0, "他妈的": 1.0, "傻逼": 1.0, "笨死": 0.8, "蠢": 0.7, "垃圾": 0.9,
    "坑人": 0.8, "坑爹": 0.8, "骗子": 0.9, "骗人": 0.8, "忽悠": 0.7, "欺骗": 0.8, "黑店": 0.9,
    "奸商": 0.9, "无良": 0.8, "不要脸": 1.0, "无语": 0.6, "服了你们": 0.6, "什么玩意": 0.8,
    "什么破": 0.7, "破玩意": 0.7, "破东西": 0.7, "搞什么": 0.6, "搞什么鬼": 0.7, "什么态度": 0.8,
    "骚扰": 0.7, "投诉": 0.6, "举报": 0.7, "消协": 0.7, "起诉": 0.8, "曝光": 0.7, "差评": 0.6,
    "赔偿": 0.5, "太差": 0.6, "真差": 0.6, "差劲": 0.7, "糟糕": 0.6, "糟透": 0.8, "太烂": 0.7,
    "真烂": 0.7, "失望": 0.6, "过分": 0.7, "离谱": 0.7, "坑": 0.4, "不像话": 0.7, "不负责任": 0.7,
    "恶心": 0.8, "没人管": 0.6, "没人理": 0.6, "推来推去": 0.7, "踢皮球": 0.7, "敷衍": 0.6,
    "拖了": 0.3, "等了半天": 0.5, "等这么久": 0.6, "等了好久": 0.4, "等了这么久": 0.6,
    "都几天了": 0.5, "说了多少遍": 0.8, "说了几遍": 0.6, "跟你说了": 0.4, "听不懂人话": 0.9,
    "听不懂吗": 0.7, "又坏了": 0.5, "又错了": 0.5, "着急": 0.3, "急死": 0.6,
}  # fmt: skip
"""Anger, insult, complaint, threat: how much a word weighs where it is not denied."""

POSITIVE_WORDS: dict[str, float] = {
    "太好了": 0.8, "太棒": 0.9, "真棒": 0.8, "很棒": 0.7, "真不错": 0.7, "很不错": 0.6,
    "挺不错": 0.5, "非常满意": 0.8, "很满意": 0.6, "挺满意": 0.5, "满意": 0.4, "喜欢": 0.5,
    "开心": 0.7, "高兴": 0.6, "好喝": 0.4, "好吃": 0.4, "好用": 0.4, "很香": 0.4, "挺香": 0.4,
    "真香": 0.5, "赞": 0.5, "点赞": 0.7, "辛苦了": 0.5, "辛苦你": 0.4, "太感谢": 0.8,
    "非常感谢": 0.7, "谢谢你啊": 0.3, "谢谢你们": 0.4, "多谢": 0.4, "感谢": 0.4, "你真好": 0.7,
    "服务好": 0.6, "服务很好": 0.6, "态度好": 0.6, "态度很好": 0.6, "贴心": 0.6, "周到": 0.6,
    "专业": 0.5, "靠谱": 0.5, "划算": 0.4, "物超所值": 0.7, "惊喜": 0.6, "好评": 0.5,
    "推荐给": 0.5, "回头客": 0.5, "完美": 0.7, "哈哈": 0.5,
}  # fmt: skip

AMPLIFIERS = re.compile("太|真|非常|特别|超|极|死了|透了|简直|到底|究竟")

DISLIKE = re.compile(
    "不满意|不喜欢|不好用|不好喝|不好吃|不靠谱|不划算|不高兴|不开心|不专业|没法用|不行啊"
)
"""A denied pleasure is a displeasure."""

DENIED = re.compile("(?:不|没|没有|不会|不是|别|不用|无)(?:怎么|太|什么|很|是|要|想|再)?$")
"""Before a word: it is not meant."""

CERTAIN = 0.35
"""From here on a score is a mood."""
UNCERTAIN = 0.3
"""The most of a score that is none."""

OUTRIGHT = 0.8
"""Words of this weight need no others: 混蛋."""

KNOWN, CALM = 0.4, 0.1
"""What a word that is known counts beside what the whole is like, and how much more than calm it
must be; chosen with parts of grammars/moods.txt left out."""

LOUD_DB, HIGH_SEMITONES, FAST = 5.0, 3.0, 1.3
"""A voice that is raised, against the same caller's first answers: about what separates reading
from an agitated reading of the same text; one alone is no proof."""


def judge(text: str, voice: VoiceChange | None = None) -> Emotion:
    """Return the mood of one answer."""
    words = plain(resolve(text))
    bad, bad_words = _weigh(words, NEGATIVE_WORDS)
    good, good_words = _weigh(words, POSITIVE_WORDS)
    for match in DISLIKE.finditer(words):
        bad = max(bad, 0.6)
        bad_words.append(match[0])
    raised = _raised(voice)
    if AMPLIFIERS.search(words):
        bad, good = bad * 1.2, good * 1.2
    score = _score(words, bad, good) if words else 0.0
    if len(raised) >= 2 and score < CERTAIN:
        score = min(score, 0.0) - 0.4
    score = max(-1.0, min(1.0, score))
    why = [f"says {', '.join(dict.fromkeys(found))}" for found in (bad_words, good_words) if found]
    if raised:
        why.append(f"speaks {', '.join(raised)} than at the start")
    if not why and abs(score) >= CERTAIN:
        why = ["talks like one who is angry" if score < 0 else "talks like one who is pleased"]
    reason = f"The caller {' and '.join(why)}." if why else "Nothing in the words or the voice."
    if score <= -CERTAIN:
        return Emotion(Mood.NEGATIVE, round(score, 2), reason)
    if score >= CERTAIN:
        return Emotion(Mood.POSITIVE, round(score, 2), reason)
    return Emotion(Mood.NEUTRAL, round(score, 2), reason)


def _score(words: str, bad: float, good: float) -> float:
    """Return -1 to 1 from the words that are known and from what the whole is like."""
    if bad >= OUTRIGHT:
        return -bad
    if bad >= CERTAIN:
        good = 0.0
    near = nearness(words)
    negative = near[Mood.NEGATIVE] + KNOWN * bad
    positive = near[Mood.POSITIVE] + KNOWN * good
    neutral = near[Mood.NEUTRAL] + CALM
    if max(negative, positive) <= neutral:
        return max(-UNCERTAIN, min(UNCERTAIN, positive - negative))
    lead = max(negative, positive) - neutral
    return CERTAIN + lead if positive > negative else -CERTAIN - lead


def trend(scores: list[float]) -> float:
    """Return how the mood moves over a call: the mean of its second half less that of the first."""
    if len(scores) < 2:
        return 0.0
    half = len(scores) // 2
    first, last = scores[:half], scores[-half:]
    return round(sum(last) / len(last) - sum(first) / len(first), 2)


def _weigh(words: str, weights: dict[str, float]) -> tuple[float, list[str]]:
    """Return the heaviest word that is meant, a little more for each further one."""
    found: list[tuple[float, str]] = []
    for word, weight in weights.items():
        at = words.find(word)
        if at >= 0 and not DENIED.search(words[:at]):
            found.append((weight, word))
    # 太好了 holds 好: the longer word speaks for both.
    found = [
        each for each in found if not any(each[1] in other[1] and each != other for other in found)
    ]
    if not found:
        return 0.0, []
    found.sort(reverse=True)
    return found[0][0] + 0.1 * (len(found) - 1), [word for _, word in found]


def _raised(voice: VoiceChange | None) -> list[str]:
    if voice is None:
        return []
    found = []
    if voice.louder_db >= LOUD_DB:
        found.append("louder")
    if voice.higher_semitones >= HIGH_SEMITONES:
        found.append("higher")
    if voice.faster >= FAST:
        found.append("faster")
    return found
