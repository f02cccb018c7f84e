"""What did the caller mean? The surest evidence first; negation is never overlooked.

    hot words     of opt_out and transfer_human before all others; 不要转人工 is none
    patterns      of those two, since missing them is a harm
    phrases       the whole utterance is one: by text, by sound, or made of several
    patterns      of the other intents
    classifier    with the phrases that are close or contained, the other readings of the
                  recogniser, and what the state expects; its confidence is calibrated
    no match

What the state does not react to may still be recognised, for the record: the conversation then
answers as to anything that it did not understand. Pure: nothing is remembered but indexes.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import exp, log

from voicebot.dialogue.classifier import UNRELATED, Classifier
from voicebot.dialogue.completeness import ONE_CHARACTER_BEGINNINGS
from voicebot.dialogue.negation import has_negation, negations, without_harmless
from voicebot.dialogue.one_syllable import answered
from voicebot.dialogue.patterns import Pattern, compiled
from voicebot.dialogue.phrase_index import MADE_OF, SAME_SOUND, Match, PhraseIndex
from voicebot.dialogue.pinyin import fuzzy
from voicebot.dialogue.reading import core, repaired
from voicebot.dialogue.script import Intent
from voicebot.dialogue.wording import plain, without_fillers
from voicebot.speech.recogniser import UNKNOWN, Transcript

HOT = 1.0
PATTERN = 0.95
PATTERN_BY_SOUND = 0.85
RHYMES = 0.5
"""One syllable that was taken for a neighbour."""
OTHER_READING = 0.85
"""Factor for what only another reading of the recogniser says."""

READINGS = 4
"""Of one utterance are weighed; further ones change nothing and cost time."""

CLOSE_MARGIN = 0.05
"""Two intents nearer than this in confidence are not told apart by sound."""

GUARDED = ("opt_out", "transfer_human")
"""Missing one of these is a harm: their hot words and patterns come first, in this order."""

_DENIED_WISH = re.compile(
    "(?:不|别|甭|莫|没|没有|不用|不要|不必|不想|不需要|没必要|没说要?|没让你?|没叫你?|不是要?|谁要|谁说要?)"
    "(?:再|给|帮|替|我|你|您|们|去|来|急着|着急|先|想)*$"
)
"""What denies a wish for a person or for silence: right before it, whatever else is denied."""

NEGATION_REACHES = 5
"""Characters: 不 in 我不想说了你给我转人工 does not deny the end."""
_OWN_CLAUSE = ("我要", "我想", "请", "就要", "只要", "直接", "还是", "快", "你给我")
"""A wish begins here, whatever was denied before."""

RULE_WEIGHT = 1.0
"""How much a close or contained phrase adds to the logarithm of the classifier's share."""
GUARDED_PRIOR = 4.0
"""Of what is a harm to miss: rather asked once too often than not heard."""
OUTDONE = 0.5
"""Share of a guarded intent that outdoes another one's hot word or pattern."""
EXPECTED = 2.0
"""Prior of what the state itself asks for, beside what is possible anywhere."""
UNREACHABLE = 0.25
"""Prior of what the state does not react to."""
ACCEPTED = 0.25
"""Confidence under which nothing is taken as understood. The shares are of 36 intents: of what had
0.25 to 0.4, by an author whom the classifier did not know, half was right."""


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


def understand(
    transcript: Transcript,
    candidates: Sequence[Intent],
    hot: Sequence[Intent],
    *,
    classifier: Classifier | None = None,
    expected: Collection[str] = (),
) -> Understanding:
    """Find which of the `candidates`, or of the `hot` intents by their hot words, is meant.

    `expected` are the candidates that the state itself asks for. With a classifier, an intent
    that is no candidate may be found too.
    """
    engine = index(tuple(dict.fromkeys((*candidates, *hot))))
    return engine.understand(
        transcript,
        [intent.name for intent in candidates],
        [intent.name for intent in hot],
        classifier=classifier,
        expected=expected,
    )


@lru_cache(maxsize=256)
def index(intents: tuple[Intent, ...]) -> "IntentIndex":
    """Return the index of these intents; the last 256 sets (a script's states) are kept."""
    return IntentIndex(intents)


class IntentIndex:
    """Everything that a script's intents are recognised by, ready to be compared."""

    def __init__(self, intents: Iterable[Intent]) -> None:
        ordered = sorted(intents, key=lambda intent: _rank(intent.name))
        self._phrases = PhraseIndex(ordered)
        self._hot = [
            (intent.name, plain(word), fuzzy(plain(word)))
            for intent in ordered
            for word in intent.hot_words
        ]
        self._short = {
            intent.name: [each for each in intent.sentences if len(each) == 1] for intent in ordered
        }
        self._patterns: list[tuple[str, Pattern]] = [
            (intent.name, compiled(written)) for intent in ordered for written in intent.patterns
        ]

    def understand(
        self,
        transcript: Transcript,
        candidates: Sequence[str],
        hot: Collection[str],
        *,
        classifier: Classifier | None = None,
        expected: Collection[str] = (),
    ) -> Understanding:
        """Find the intent of one utterance."""
        if not transcript.text.strip():
            return Understanding(None, reason="Nothing was said.")
        found = self._understood(transcript, candidates, hot, classifier, expected)
        if not found.whole and plain(transcript.text) in ONE_CHARACTER_BEGINNINGS:
            return Understanding(None, reason=f"{transcript.text} only begins to say something.")
        if found.intent is None:
            found = self._rhyming(transcript.text, expected) or found
        if found.intent is not None or len(core(transcript.freely)) < 2:
            return found
        freely = Transcript(transcript.freely)
        again = self._understood(freely, candidates, hot, classifier, expected)
        confidence = again.confidence * OTHER_READING
        return replace(again, confidence=confidence, reason=f"Without the grammar: {again.reason}")

    def _understood(
        self,
        transcript: Transcript,
        candidates: Sequence[str],
        hot: Collection[str],
        classifier: Classifier | None,
        expected: Collection[str],
    ) -> Understanding:
        names = dict.fromkeys(candidates)
        readings = _readings(transcript)
        sure = self._sure(readings, names, hot)
        if sure and sure[0].score >= MADE_OF and not _outdone(sure[0], readings, names, classifier):
            return _judge(transcript, sure)
        best = _best(sure)
        for number, reading in enumerate(readings):
            for match in self._near(reading, names):
                _keep(best, _lowered(match) if number else match)
        ranked = sorted(best.values(), key=lambda match: -match.score)
        if classifier is None:
            return _judge(transcript, ranked)
        return self._classified(transcript, readings, ranked, names, classifier, expected)

    def _rhyming(self, text: str, expected: Collection[str]) -> Understanding | None:
        """Return the expected answer of one syllable that was taken for a neighbour."""
        words = plain(text)
        answer = answered(
            words, {name: self._short[name] for name in expected if name in self._short}
        )
        if answer is None:
            return None
        intent, phrase = answer
        reason = f"{words} rhymes with {phrase} of {intent}, which was asked for."
        return Understanding(intent, RHYMES, phrase=phrase, reason=reason)

    def _sure(
        self, readings: Sequence[str], names: Collection[str], hot: Collection[str]
    ) -> list[Match]:
        """Return what hot words, patterns and whole phrases say, the best first."""
        best: dict[str, Match] = {}
        for number, reading in enumerate(readings):
            for match in self._certain(reading, names, hot):
                _keep(best, _lowered(match) if number else match)
            if not number and best:
                break
        return sorted(best.values(), key=lambda match: -match.score)

    def _certain(
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

    def _near(self, reading: str, names: Collection[str]) -> list[Match]:
        if UNKNOWN in reading:
            return []
        text = without_fillers(plain(reading))
        return self._phrases.near(text, names) if text else []

    def _hot_words(self, text: str, names: Collection[str]) -> list[Match]:
        found: list[Match] = []
        for name, word, sound in self._hot:
            if name not in names:
                continue
            at = text.find(word)
            how = "holds the hot word"
            if at < 0 and len(sound) > 2:
                at = _position(sound, fuzzy(text))
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

    def _classified(
        self,
        transcript: Transcript,
        readings: Sequence[str],
        ranked: Sequence[Match],
        names: Collection[str],
        classifier: Classifier,
        expected: Collection[str],
    ) -> Understanding:
        """Weigh the classifier's opinion, what is close or contained, and what is expected."""
        texts = [text for each in readings if (text := core(each.replace(UNKNOWN, "")))]
        if not texts:
            return _judge(transcript, list(ranked))
        others = len(texts) - 1
        top = max(transcript.confidence, 0.5) if others else 1.0
        shares = [top, *([(1 - top) / others] * others)] if others else [1.0]
        likely = classifier.probabilities(texts, shares)
        rules = {match.intent: match for match in ranked}
        weighed = {
            label: log(max(share, 1e-9))
            + log(_prior(label, names, expected))
            + (RULE_WEIGHT * rules[label].score if label in rules else 0.0)
            for label, share in likely.items()
        }
        for match in ranked:
            # What the classifier does not know has only its phrases.
            weighed.setdefault(match.intent, log(0.02) + RULE_WEIGHT * match.score * 2)
        total = sum(exp(value) for value in weighed.values())
        order = sorted(weighed, key=lambda label: -weighed[label])
        shared = {label: exp(weighed[label]) / total for label in order}
        doubt = 0.6 if UNKNOWN in transcript.text else 1.0
        first = order[0]
        second = next((label for label in order[1:] if label != UNRELATED), None)
        confidence = shared[first] * doubt
        said = transcript.text
        if first == UNRELATED or confidence < ACCEPTED:
            nearest = next(label for label in order if label != UNRELATED)
            why = "means none of the intents" if first == UNRELATED else "is not clear enough"
            return Understanding(
                None,
                runner_up=nearest,
                runner_up_confidence=shared[nearest] * doubt,
                reason=f"{said} {why}; the nearest is {nearest} ({shared[nearest]:.2f}).",
            )
        fits = rules.get(first)
        why = f"the classifier is {likely.get(first, 0.0):.0%} sure that it means {first}"
        if fits is not None:
            why += f", and it {fits.how} {fits.phrase}"
        if first in expected:
            why += "; it is what was asked"
        elif first not in names:
            why += "; nothing follows from it here"
        return Understanding(
            first,
            confidence,
            second,
            shared[second] * doubt if second else 0.0,
            fits.phrase if fits else "",
            False,
            f"{said}: {why}.",
        )


def _rank(name: str) -> int:
    return GUARDED.index(name) if name in GUARDED else len(GUARDED)


def _prior(label: str, names: Collection[str], expected: Collection[str]) -> float:
    if label == UNRELATED:
        return 1.0
    prior = GUARDED_PRIOR if label in GUARDED else 1.0
    if label in expected:
        return EXPECTED * prior
    return prior if label in names else UNREACHABLE


def _readings(transcript: Transcript) -> list[str]:
    """Return what may have been said, the likeliest first.

    需要 as another reading of 不需要 is the opposite, so readings agree in their negations.
    """
    spoken = negations(transcript.text)
    others = (each for each in transcript.alternatives if negations(each) == spoken)
    return [transcript.text, *others][:READINGS]


def _denied(before: str) -> bool:
    """Tell whether a negation reaches to the end of `before`."""
    near = before[-NEGATION_REACHES:]
    at = max((near.rfind(each) for each in _OWN_CLAUSE), default=-1)
    return has_negation(near[max(at, 0) :] if at >= 0 else near)


def _outdone(
    match: Match, readings: Sequence[str], names: Collection[str], classifier: Classifier | None
) -> bool:
    """Tell whether it is rather a guarded intent: 我要投诉，叫你上级 asks for a person."""
    if classifier is None or match.intent in GUARDED or match.phrase == plain(readings[0]):
        return False
    likely = classifier.probabilities([core(readings[0].replace(UNKNOWN, ""))])
    return any(likely.get(name, 0.0) >= OUTDONE for name in GUARDED if name in names)


def _wish_denied(before: str) -> bool:
    """Tell whether the wish that begins after `before` is denied by its last words."""
    return bool(_DENIED_WISH.search(before))


def _lowered(match: Match) -> Match:
    how = f"in another reading, {match.how}"
    return replace(match, score=match.score * OTHER_READING, how=how)


def _best(matches: Iterable[Match]) -> dict[str, Match]:
    best: dict[str, Match] = {}
    for match in matches:
        _keep(best, match)
    return best


def _keep(best: dict[str, Match], match: Match) -> None:
    if match.intent not in best or match.score > best[match.intent].score:
        best[match.intent] = match


def _judge(transcript: Transcript, ranked: list[Match]) -> Understanding:
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
        first.score >= MADE_OF or first.intent in GUARDED,
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
