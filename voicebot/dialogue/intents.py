"""What did the caller mean? Hot words, then text, then sound; negation is never overlooked.

One reading of an utterance is tried in this order, and the first that applies decides:

    hot word      stands anywhere in it, unless a negation stands before: 不要转人工
    exact         is one of the phrases, fillers apart
    same sound    is one of the phrases in toneless, fuzzy pinyin: 点吃 for 电池
    made of       is nothing but phrases, one after the other, as a grammar lets them mix
    close         differs by a small part of its syllables, with as many negations, or
    contained     holds a phrase, with no negation before or right after it: the better of both

Then the other readings of the recogniser are tried, for less. Pure: nothing is remembered but
the indexes of the intents seen last.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from voicebot.dialogue.negation import begins_negated, has_negation, negations
from voicebot.dialogue.pinyin import fuzzy, split
from voicebot.dialogue.script import Intent
from voicebot.dialogue.wording import plain, without_fillers
from voicebot.speech.recogniser import UNKNOWN, Transcript

HOT = 1.0
EXACT = 1.0
SAME_SOUND = 0.92
MADE_OF = 0.9
CLOSE = 0.85
"""Less the distance, so at least 0.6."""
CONTAINED = 0.55
"""Plus up to 0.3 for the share of the utterance that the phrase is."""
BESIDE_UNKNOWN = 0.6
"""Factor for a phrase that stands beside speech that the grammar does not have."""
OTHER_READING = 0.85
"""Factor for what only another reading of the recogniser says."""

CLOSE_DISTANCE = 0.25
"""Edits for each syllable: one in four, or half of one in two."""
CLOSE_MARGIN = 0.05
"""Two intents nearer than this in confidence are not told apart by sound."""
SHORT_SHARE = 0.3
"""A phrase of two characters must be this much of an utterance that contains it."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """What an utterance means, and how sure that is."""

    intent: str | None
    confidence: float = 0.0
    """0 to 1: how well the words fit, weighted with the recogniser's own confidence."""
    runner_up: str | None = None
    """The next best intent, for tuning the script."""
    runner_up_confidence: float = 0.0
    phrase: str = ""
    """The phrase or hot word of the script that fits."""
    whole: bool = False
    """The phrase is all that was said, or a hot word decides. A phrase that is only held or
    nearly said is weak evidence where any words are an answer."""
    reason: str = ""
    """One English sentence, for the log."""


@dataclass(frozen=True, slots=True)
class _Phrase:
    intent: str
    text: str
    sound: tuple[str, ...]
    negations: int


@dataclass(frozen=True, slots=True)
class _Match:
    intent: str
    phrase: str
    score: float
    how: str


def understand(
    transcript: Transcript, candidates: Sequence[Intent], hot: Sequence[Intent]
) -> Understanding:
    """Find which of the `candidates`, or of the `hot` intents by their hot words, is meant."""
    return index(tuple(candidates), tuple(hot)).understand(transcript)


@lru_cache(maxsize=256)
def index(candidates: tuple[Intent, ...], hot: tuple[Intent, ...]) -> "IntentIndex":
    """Return the index of these intents; the last 256 sets (a script's states) are kept."""
    return IntentIndex(candidates, hot)


class IntentIndex:
    """The phrases of some intents, ready to be compared with what was heard."""

    def __init__(self, candidates: Sequence[Intent], hot: Sequence[Intent]) -> None:
        self._hot = [
            (intent.name, plain(word), fuzzy(plain(word)))
            for intent in hot
            for word in intent.hot_words
        ]
        self._phrases: list[_Phrase] = []
        self._by_text: dict[str, _Phrase] = {}
        self._by_sound: dict[tuple[str, ...], list[_Phrase]] = defaultdict(list)
        self._by_syllable: dict[str, dict[int, int]] = defaultdict(dict)
        """Syllable -> number of the phrase -> how often it is in there."""
        self._by_first: dict[str, list[_Phrase]] = defaultdict(list)
        for intent in candidates:
            for sentence in intent.sentences:
                self._add(intent.name, plain(sentence))
        for phrases in self._by_first.values():
            phrases.sort(key=lambda phrase: -len(phrase.text))

    def understand(self, transcript: Transcript) -> Understanding:
        """Find the intent of one utterance."""
        if not transcript.text.strip():
            return Understanding(None, reason="Nothing was said.")
        best: dict[str, _Match] = {}
        spoken = negations(transcript.text)
        for number, reading in enumerate((transcript.text, *transcript.alternatives)):
            if number and negations(reading) != spoken:
                continue  # 需要 as another reading of 不需要 is the opposite
            for match in self._reading(reading):
                if number:
                    how = f"in another reading, {match.how}"
                    match = replace(match, score=match.score * OTHER_READING, how=how)
                if match.intent not in best or match.score > best[match.intent].score:
                    best[match.intent] = match
        ranked = sorted(best.values(), key=lambda match: -match.score)
        return _judge(transcript, ranked)

    def _add(self, intent: str, text: str) -> None:
        phrase = _Phrase(intent, text, fuzzy(text), negations(text))
        if not text or text in self._by_text:
            return
        number = len(self._phrases)
        self._phrases.append(phrase)
        self._by_text[text] = phrase
        self._by_sound[phrase.sound].append(phrase)
        for syllable, count in Counter(phrase.sound).items():
            self._by_syllable[syllable][number] = count
        self._by_first[text[0]].append(phrase)

    def _reading(self, reading: str) -> list[_Match]:
        """Return what the first step that applies finds in one reading, at best one an intent."""
        segments = [plain(part) for part in reading.split(UNKNOWN)]
        hot = [match for segment in segments for match in self._hot_word(segment)]
        if hot:
            return hot
        if UNKNOWN in reading:
            return [match for segment in segments for match in self._beside_unknown(segment)]
        text = plain(reading)
        core = without_fillers(text)
        if not text:
            return []
        for form in dict.fromkeys((text, core)):
            if phrase := self._by_text.get(form):
                return [_Match(phrase.intent, phrase.text, EXACT, "is exactly")]
        for form in dict.fromkeys((text, core)):
            if found := self._same_sound(form):
                return found
        return self._made_of(core) or self._close(core) + self._contained(core)

    def _hot_word(self, text: str) -> Iterable[_Match]:
        for intent, word, sound in self._hot:
            at = text.find(word)
            how = "holds the hot word"
            if at < 0 and len(sound) > 2:
                at = _position(sound, fuzzy(text))
                how = "sounds as if it held the hot word"
            # A hot word with a negation of its own (别打了) is a refusal whatever precedes it.
            if at >= 0 and (negations(word) or not has_negation(text[:at])):
                yield _Match(intent, word, HOT if word in text else SAME_SOUND, how)

    def _beside_unknown(self, segment: str) -> Iterable[_Match]:
        phrase = self._by_text.get(segment) or self._by_text.get(without_fillers(segment))
        if phrase is not None and len(phrase.text) >= 2:
            yield _Match(phrase.intent, phrase.text, EXACT * BESIDE_UNKNOWN, "has, beside noise,")

    def _same_sound(self, text: str) -> list[_Match]:
        found = {phrase.intent: phrase for phrase in self._by_sound.get(fuzzy(text), ())}
        # Two intents that sound alike share what the sound is worth.
        score = SAME_SOUND if len(found) < 2 else SAME_SOUND / 2
        return [_Match(each.intent, each.text, score, "sounds like") for each in found.values()]

    def _made_of(self, text: str) -> list[_Match]:
        """Take `text` apart into phrases, the longest first; all of it or nothing."""
        rest, found = text, list[_Phrase]()
        while rest:
            phrase = next(
                (each for each in self._by_first[rest[0]] if rest.startswith(each.text)), None
            )
            if phrase is None:
                return []
            found.append(phrase)
            rest = without_fillers(rest[len(phrase.text) :], or_all=False)
        if len({phrase.intent for phrase in found}) > 1:
            return []
        longest = max(found, key=lambda phrase: len(phrase.text))
        return [_Match(longest.intent, longest.text, MADE_OF, "is made of phrases such as")]

    def _close(self, text: str) -> list[_Match]:
        sound, spoken = fuzzy(text), negations(text)
        shared: Counter[int] = Counter()
        for syllable, count in Counter(sound).items():
            for number, times in self._by_syllable.get(syllable, {}).items():
                shared[number] += min(count, times)
        best: dict[str, _Match] = {}
        for number, count in shared.items():
            phrase = self._phrases[number]
            longer = max(len(sound), len(phrase.sound))
            shorter = min(len(sound), len(phrase.sound))
            # A missing syllable costs a whole edit, one that is not shared at least half of one.
            if longer - shorter + (shorter - count) / 2 > CLOSE_DISTANCE * longer:
                continue
            if phrase.negations != spoken:
                continue
            distance = _distance(sound, phrase.sound) / longer
            score = CLOSE - distance
            if distance <= CLOSE_DISTANCE and (
                phrase.intent not in best or score > best[phrase.intent].score
            ):
                best[phrase.intent] = _Match(phrase.intent, phrase.text, score, "is close to")
        return list(best.values())

    def _contained(self, text: str) -> list[_Match]:
        best: dict[str, _Match] = {}
        for start, character in enumerate(text):
            for phrase in self._by_first.get(character, ()):
                length = len(phrase.text)
                share = length / len(text)
                if length < 2 or (length < 3 and share < SHORT_SHARE):
                    continue
                if not text.startswith(phrase.text, start):
                    continue
                if has_negation(text[:start]) or begins_negated(text[start + length :]):
                    continue
                score = CONTAINED + 0.3 * share
                if phrase.intent not in best or score > best[phrase.intent].score:
                    best[phrase.intent] = _Match(phrase.intent, phrase.text, score, "contains")
        return list(best.values())


def _judge(transcript: Transcript, ranked: list[_Match]) -> Understanding:
    """Choose the best match, or none when it does not stand out."""
    if not ranked:
        why = "The grammar does not have it" if UNKNOWN in transcript.text else "It fits no phrase"
        return Understanding(None, reason=f"{why}: {transcript.text}")
    weight = 0.5 + 0.5 * transcript.confidence
    first, second = ranked[0], ranked[1] if len(ranked) > 1 else None
    understanding = Understanding(
        first.intent,
        first.score * weight,
        second.intent if second else None,
        second.score * weight if second else 0.0,
        first.phrase,
        first.score >= MADE_OF,
        f"{transcript.text} {first.how} {first.phrase} of {first.intent}.",
    )
    if second is None or understanding.whole or first.score - second.score >= CLOSE_MARGIN:
        return understanding
    why = f"{transcript.text} could be {first.intent} ({first.phrase}) or {second.intent}"
    return replace(
        understanding,
        intent=None,
        confidence=0.0,
        phrase="",
        whole=False,
        reason=f"{why} ({second.phrase}).",
    )


def _position(part: tuple[str, ...], whole: tuple[str, ...]) -> int:
    """Return where `part` begins in `whole`, or -1."""
    spots = range(len(whole) - len(part) + 1)
    return next((spot for spot in spots if whole[spot : spot + len(part)] == part), -1)


def _distance(first: tuple[str, ...], second: tuple[str, ...]) -> float:
    """Return the edits from one row of syllables to the other; half of one for a near miss."""
    row = [float(column) for column in range(len(second) + 1)]
    for line, left in enumerate(first, 1):
        diagonal, row[0] = row[0], float(line)
        for column, right in enumerate(second, 1):
            best = min(row[column] + 1, row[column - 1] + 1, diagonal + _cost(left, right))
            diagonal, row[column] = row[column], best
    return row[-1]


@lru_cache(maxsize=4096)
def _cost(left: str, right: str) -> float:
    """Return 0 for the same syllable, 0.5 where the final agrees, else 1.

    Finals are what a small telephone model hears rightly; initials are not.
    """
    if left == right:
        return 0.0
    return 0.5 if split(left)[1] == split(right)[1] else 1.0
