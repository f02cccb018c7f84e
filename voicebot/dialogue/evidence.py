"""What the words of one reading say by themselves: hot words, phrases, patterns.

Negation is never overlooked: 不要转人工 asks for no person.
"""

import re
from collections.abc import Collection, Iterable

from voicebot.dialogue.negation import has_negation, negations, without_harmless
from voicebot.dialogue.patterns import Pattern, compiled
from voicebot.dialogue.phrase_index import SAME_SOUND, Match, PhraseIndex
from voicebot.dialogue.pinyin import fuzzy
from voicebot.dialogue.reading import core, repaired
from voicebot.dialogue.script import Intent
from voicebot.dialogue.wording import plain, without_fillers
from voicebot.speech.recogniser import UNKNOWN

GUARDED = ("opt_out", "transfer_human")
"""Missing one of these is a harm: their hot words and patterns come first, in this order."""

HOT = 1.0
PATTERN = 0.95
PATTERN_BY_SOUND = 0.85

_DENIED_WISH = re.compile(
    "(?:不|别|甭|莫|没|没有|不用|不要|不必|不想|不需要|没必要|没说要?|没让你?|没叫你?|不是要?|谁要|谁说要?)"
    "(?:再|给|帮|替|我|你|您|们|去|来|急着|着急|先|想)*$"
)
"""What denies a wish for a person or for silence: right before it, whatever else is denied."""

NEGATION_REACHES = 5
"""Characters: 不 in 我不想说了你给我转人工 does not deny the end."""
_OWN_CLAUSE = ("我要", "我想", "请", "就要", "只要", "直接", "还是", "快", "你给我")
"""A wish begins here, whatever was denied before."""


class Evidence:
    """The hot words, phrases and patterns of some intents, ready to be compared."""

    def __init__(self, intents: Iterable[Intent]) -> None:
        ordered = sorted(intents, key=lambda intent: _rank(intent.name))
        self._phrases = PhraseIndex(ordered)
        self._hot = [
            (intent.name, word, _joined(sounds) if len(sounds := fuzzy(word)) > 2 else "")
            for intent in ordered
            for word in map(plain, intent.hot_words)
        ]
        self._patterns: list[tuple[str, Pattern]] = [
            (intent.name, compiled(written)) for intent in ordered for written in intent.patterns
        ]

    def certain(
        self, reading: str, names: Collection[str], hot: Collection[str]
    ) -> Iterable[Match]:
        """Return what the first step that applies finds in one reading."""
        segments = [plain(part) for part in reading.split(UNKNOWN)]
        guarded = [name for name in GUARDED if name in hot or name in names]
        for name in guarded:
            for segment in segments:
                found = self._hot_words(segment, [name] if name in hot else [])
                found = found or self._matching(segment, [name])
                if found:
                    return found[:1]
        found = [each for part in segments for each in self._hot_words(part, hot)]
        if found:
            return found
        if UNKNOWN in reading:
            return [each for part in segments for each in self._phrases.beside_unknown(part, names)]
        text = plain(reading)
        if not text:
            return []
        for form in dict.fromkeys((text, repaired(text), core(text))):
            found = self._phrases.whole(form, without_fillers(form), names)
            if found:
                return found
        others = [name for name in names if name not in GUARDED]
        return self._matching(core(text), others)

    def near(self, reading: str, names: Collection[str]) -> list[Match]:
        """Return the phrases that one reading nearly is, or holds."""
        if UNKNOWN in reading:
            return []
        text = without_fillers(plain(reading))
        return self._phrases.near(text, names) if text else []

    def _hot_words(self, text: str, names: Collection[str]) -> list[Match]:
        found: list[Match] = []
        sounds = _joined(fuzzy(text))
        for name, word, sound in self._hot:
            if name not in names:
                continue
            at = text.find(word)
            how = "holds the hot word"
            if at < 0 and sound:
                at = _position(sound, sounds)
                how = "sounds as if it held the hot word"
            # A hot word with a negation of its own (别打了) is a refusal whatever precedes it.
            denied = _denied if name not in GUARDED else _wish_denied
            if at >= 0 and (negations(word) or not denied(text[:at])):
                found.append(Match(name, word, HOT if word in text else SAME_SOUND, how))
        return found

    def _matching(self, text: str, names: Collection[str]) -> list[Match]:
        """Return the first pattern of each intent that stands in the text."""
        found: dict[str, Match] = {}
        # 别 in 别人 and 特别 denies nothing, and must not begin 别打.
        words = without_harmless(text)
        for name, pattern in self._patterns:
            if name not in names or name in found:
                continue
            span, score, how = pattern.search(words), PATTERN, "has the form of"
            if span is None:
                span, score = pattern.search_sound(words), PATTERN_BY_SOUND
                how = "sounds like the form of"
            if span is None:
                continue
            start, end = span
            denied = _denied if name not in GUARDED else _wish_denied
            if negations(words[start:end]) or not denied(words[:start]):
                found[name] = Match(name, words[start:end], score, how)
        return list(found.values())


def _rank(name: str) -> int:
    return GUARDED.index(name) if name in GUARDED else len(GUARDED)


def _denied(before: str) -> bool:
    """Tell whether a negation reaches to the end of `before`."""
    near = before[-NEGATION_REACHES:]
    at = max((near.rfind(each) for each in _OWN_CLAUSE), default=-1)
    return has_negation(near[max(at, 0) :] if at >= 0 else near)


def _wish_denied(before: str) -> bool:
    """Tell whether the wish that begins after `before` is denied by its last words."""
    return bool(_DENIED_WISH.search(before))


def _position(part: str, whole: str) -> int:
    """Return the number of the syllable of `whole` at which `part` begins, or -1."""
    at = whole.find(part)
    return whole.count(" ", 1, at + 1) if at >= 0 else -1


def _joined(sounds: Iterable[str]) -> str:
    """Return syllables as one text, in which whole syllables can be found: ` ren gong `."""
    return f" {' '.join(sounds)} "
