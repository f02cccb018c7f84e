"""Is an answer complete? The script knows what was asked, so silence alone need not tell.

The judgement is a likelihood, 0 to 1, that nothing follows; `silence_ms` turns it into the silence
that is waited for. Five values are known without a guess, and only words that no grammar expects
are guessed at (`voicebot.dialogue.sentence_end`), in between.
"""

import re
from bisect import bisect_left
from collections.abc import Collection
from functools import lru_cache

from voicebot.dialogue.pinyin import fuzzy, rhyme
from voicebot.dialogue.sentence_end import ends
from voicebot.dialogue.wording import plain, without_fillers
from voicebot.speech.recogniser import UNKNOWN as UNKNOWN_WORD

COMPLETE = 1.0
"""The words are an answer to what was asked."""
UNKNOWN = 0.7
"""Nothing tells; or they are an answer that callers like to add 吧 or 谢谢 to; or words of their
own that a sentence could end with."""
EXTENSIBLE = 0.35
"""They are an answer, and the beginning of a more exact one: 晚上, 晚上八点."""
OPEN_ENDED = 0.25
"""They are no answer, nor the beginning of one; or an adverb that is an answer when nothing
follows."""
INCOMPLETE = 0.0
"""They trail off; more is coming."""

TRAILING = (
    *(
        "那个",
        "这个",
        "就是",
        "就是说",
        "然后",
        "因为",
        "但是",
        "可是",
        "不过",
        "所以",
        "如果",
        "要是",
    ),
    *(
        "还有",
        "或者",
        "而且",
        "比如",
        "其实",
        "我想",
        "我要",
        "我觉得",
        "我是说",
        "主要是",
        "好像",
        "可能",
    ),
    *(
        "嗯",
        "呃",
        "额",
        "唔",
        "让我想想",
        "我想想",
        "我看看",
        "我看一下",
        "等一下",
        "稍等",
        "想一下",
    ),
    *("的话", "和", "跟", "把", "给", "在", "从", "对于", "关于"),
)
"""Words that a sentence does not end with: fillers, conjunctions, the beginnings of clauses."""

WHOLE = (
    *("不在", "不可能", "有可能"),
    *("余额", "金额", "名额"),
    *("要这个", "要那个", "就这个", "就那个"),
)
"""Ends of whole sentences that only look like one of those."""

ARRIVED = re.compile("才[^才]{1,3}到$")
"""过了三天才收到: what came late has come, and nothing is said of it but when."""

HESITATION = ("那个", "这个", "就是")
"""After a whole answer: the caller looks for the words of what they want to add."""

THINKING = ("我想想", "让我想想", "我想一下", "想想", "我想")
"""The caller thinks; in some scripts it is an answer too, when nothing follows."""

HEARD_SHARE = 0.8
"""Of a number's digits: recognisers drop one sooner than callers do."""

HESITATIONS = ("那个", "这个", "就是", "嗯", "呃", "额", "我想想", "让我想想")
"""What a recogniser with a grammar must be able to hear besides the answers, or it takes the sound
for the answer that is least unlike it."""

SHORT = 3
"""Characters of such an answer; one with more has said something exact already: 明天上午."""

CUT, WHOLE_SENTENCE = -0.5, 0.1
"""Log-odds of a guess that count as `INCOMPLETE` and as `UNKNOWN`; in between the silence falls
evenly. Of authors whom it had not heard one sentence in ten is under the first, and seven of ten
beginnings are."""
LEAST_GUESS = 0.2
"""No guess is as sure as a filler at the end."""

DIGITS = frozenset("零〇一二三四五六七八九幺两0123456789")
GROUP = 3
"""Digits in a row, at the end of a free answer, that may be one group of a longer number."""

ONE_CHARACTER_ANSWERS = frozenset("好行对是要嗯有成能会")
"""Said alone these are whole answers; 不, 没 and 别 are beginnings more often than not."""

UNLIKE_HUMS = tuple("好行对是要成没")
"""No 嗯 is taken for these, and some voices hold them like one."""

ONE_CHARACTER_BEGINNINGS = frozenset(
    "我你您他她它这那就还也都不没别先再等让给把想得从在跟因但如太很挺比最更"
)
"""Callers stop after these to think. Another character that is no answer is a filler or an answer
that was misheard: 喝 for 呃, 叫 for 要."""

MODIFIERS = ("当然", "随时", "随便", "暂时", "还是")
"""Answers that are more often the adverb of one: 当然可以, 随时都行."""

AFTERWARDS = re.compile("[的了啊呀呢哦嘛啦]+")
"""What follows an answer without a pause, if at all."""

ADDED = re.compile("(?:[的了啊呀呢哦嘛啦]|吧|谢谢[你您]?)+")
"""What may be added after a pause and changes nothing about an answer."""

_HESITATING = re.compile("^(?:嗯|呃|额|那个|这个|就是|让?我想想|我想)+")


def silence_ms(likelihood: float, complete_ms: int, unknown_ms: int, incomplete_ms: int) -> int:
    """Return the silence for a likelihood, in between for what is between `INCOMPLETE`,
    `UNKNOWN` and `COMPLETE`."""
    if likelihood >= UNKNOWN:
        share = (likelihood - UNKNOWN) / (COMPLETE - UNKNOWN)
        return round(unknown_ms + share * (complete_ms - unknown_ms))
    return round(incomplete_ms + likelihood / UNKNOWN * (unknown_ms - incomplete_ms))


def completeness(
    text: str,
    *,
    answer: str | None,
    reacts: bool = False,
    phrases: tuple[str, ...] | None,
    digits: int | None = None,
    held: bool = False,
) -> float:
    """Judge an answer in the middle of a silence.

    `answer` is the phrase that the whole text means, None when it means nothing that was asked;
    `reacts` tells whether some of the text does. `phrases` is what the recogniser could hear, None
    for anything. `digits`: how many the answer has when that is known. `held`: what sounded last
    was one held sound.
    """
    words = plain(text.replace(UNKNOWN_WORD, ""))
    if not words:
        # Something was said, and it is no word yet.
        return INCOMPLETE
    said = sum(character in DIGITS for character in words)
    if digits is not None and said:
        return _number(words, said, digits)
    judged = _judged(words, answer, phrases, reacts=reacts)
    if text.rstrip().endswith(UNKNOWN_WORD):
        # What sounded last was no word of an answer.
        judged = min(UNKNOWN, judged)
    if held and not words.endswith(UNLIKE_HUMS):
        # 嗯, whatever it was taken for; it may be an answer all the same.
        judged = min(OPEN_ENDED, judged)
    return judged


def _judged(
    words: str, answer: str | None, phrases: tuple[str, ...] | None, *, reacts: bool
) -> float:
    if _thinks(words) and words not in (answer, *WHOLE):
        return INCOMPLETE
    if answer is not None:
        return _answer(words, answer, phrases)
    if words.endswith(TRAILING) and not words.endswith(WHOLE):
        return INCOMPLETE
    if phrases is None:
        return _free(words)
    return _no_answer(words, phrases, reacts=reacts)


def _answer(words: str, answer: str, phrases: tuple[str, ...] | None) -> float:
    if words.endswith(HESITATION) and not answer.endswith(HESITATION):
        return INCOMPLETE
    if words in THINKING:
        return INCOMPLETE
    if words.endswith(MODIFIERS):
        return OPEN_ENDED
    said = _HESITATING.sub("", words) or words
    if len(said) == 1:
        return COMPLETE if said in ONE_CHARACTER_ANSWERS else UNKNOWN
    more = [] if phrases is None else _phrases(phrases).more(said)
    if any(not ADDED.fullmatch(each) for each in more):
        return EXTENSIBLE if len(said) <= SHORT else UNKNOWN
    return UNKNOWN if more else COMPLETE


def _thinks(words: str) -> bool:
    """Tell whether the caller thinks aloud, by sound: 我想箱 is 我想想 misheard."""
    sounds = fuzzy(words)
    return any(sounds[-len(each) :] == each for each in map(fuzzy, THINKING))


def _no_answer(words: str, phrases: tuple[str, ...], *, reacts: bool) -> float:
    """Judge what is no answer as a whole where only answers can be heard.

    Its end may be one, after a filler that was taken for a word (一可以), or the beginning of one.
    """
    known = _phrases(phrases)
    said = _HESITATING.sub("", words)
    if words in ONE_CHARACTER_ANSWERS:
        # With something that was no word: [unk]对 is 嗯对.
        return UNKNOWN
    if len(words) == 1 and words not in ONE_CHARACTER_BEGINNINGS:
        # 叫 is taken for the 要 that it rhymes with.
        return UNKNOWN if rhyme(words) in known.rhymes else OPEN_ENDED
    if len(words) == 1:
        return INCOMPLETE
    for start in range(len(said)):
        end = said[start:]
        # One character is more often a filler that was misheard than an answer of its own.
        alone = len(end) == 1 and start > 0
        if end in known and not alone:
            # After what callers say who think, or one syllable of it that was misheard (一可以),
            # an answer is as whole as any.
            return min(COMPLETE if start <= 1 else UNKNOWN, _answer(end, end, phrases))
        if known.begin_with(end) and not (alone and reacts):
            return INCOMPLETE
    return UNKNOWN if reacts else OPEN_ENDED


def _free(words: str) -> float:
    if _digits_at_end(words) >= GROUP or (len(words) == 1 and words not in ONE_CHARACTER_ANSWERS):
        return INCOMPLETE
    if words in ONE_CHARACTER_ANSWERS or words.endswith(WHOLE) or ARRIVED.search(words):
        return UNKNOWN
    share = (ends(words) - CUT) / (WHOLE_SENTENCE - CUT)
    return max(LEAST_GUESS, UNKNOWN * min(1.0, share))


def _number(words: str, said: int, digits: int) -> float:
    if said >= digits:
        return COMPLETE
    # Digits that were taken for other words are as long as digits.
    spoken = len(without_fillers(words)) if 2 * said >= digits else said
    return UNKNOWN if spoken >= digits * HEARD_SHARE else INCOMPLETE


def _digits_at_end(words: str) -> int:
    return len(words) - len(words.rstrip("".join(DIGITS)))


class _Phrases:
    """Phrases in order, so that those with a common beginning stand together."""

    def __init__(self, phrases: Collection[str]) -> None:
        self._sorted = sorted({plain(phrase) for phrase in phrases})
        self._all = frozenset(self._sorted)
        self.rhymes = frozenset(rhyme(each) for each in self._all & ONE_CHARACTER_ANSWERS) - {""}
        """Of answers of one syllable."""

    def __contains__(self, words: str) -> bool:
        return words in self._all

    def begin_with(self, words: str) -> bool:
        """Tell whether a longer phrase begins with these words."""
        return bool(self._longer(words))

    def more(self, words: str) -> list[str]:
        """Return what longer phrases say more than these words: 晚上 and 晚上八点."""
        found = []
        for phrase in self._longer(words):
            rest = phrase[len(words) :]
            # 可以可以 says no more than 可以, and 好的可以 gives an answer twice.
            if not (AFTERWARDS.fullmatch(rest) or set(rest) <= set(words) or rest in self._all):
                found.append(rest)
        return found

    def _longer(self, words: str) -> list[str]:
        first = bisect_left(self._sorted, words + " ")
        last = bisect_left(self._sorted, words + "\U0010ffff")
        return self._sorted[first:last]


@lru_cache(maxsize=256)
def _phrases(phrases: tuple[str, ...]) -> _Phrases:
    return _Phrases(phrases)
