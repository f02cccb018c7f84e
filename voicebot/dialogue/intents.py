"""What did the caller mean? The surest evidence first; negation is never overlooked.

    hot words     of opt_out and transfer_human before all others; 不要转人工 is none
    patterns      of those two, since missing them is a harm
    phrases       the whole utterance is one: by text, by sound, or made of several
    patterns      of the other intents
    classifier    with the phrases that are close or contained, the other readings of the
                  recogniser, and what the state expects; its confidence is calibrated
    heard freely  what the recogniser is not sure of is judged by what it hears without the grammar
    no match

What the state does not react to may still be recognised, for the record: the conversation then
answers as to anything that it did not understand. Pure: nothing is remembered but indexes.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import exp, log

from voicebot.dialogue.classifier import UNRELATED, Classifier
from voicebot.dialogue.completeness import ONE_CHARACTER_BEGINNINGS
from voicebot.dialogue.evidence import GUARDED, Evidence
from voicebot.dialogue.negation import negations
from voicebot.dialogue.one_syllable import answered
from voicebot.dialogue.phrase_index import BESIDE_UNKNOWN, MADE_OF, Match
from voicebot.dialogue.reading import core
from voicebot.dialogue.script import Intent
from voicebot.dialogue.wording import plain
from voicebot.speech.recogniser import UNKNOWN, Transcript

RHYMES = 0.5
"""One syllable that was taken for a neighbour."""
OTHER_READING = 0.85
"""Factor for what only another reading of the recogniser says."""

READINGS = 4
"""Of one utterance are weighed; further ones change nothing and cost time."""

FIRST_READING = 0.6
"""What the best of several readings counts among them. How sure the words are tells nothing about
it: it is the chance that every one of them is right."""
FREELY = 2
"""Of the readings without the grammar are weighed, beside the one by the grammar."""
CLOSE_MARGIN = 0.05
"""Two intents nearer than this in confidence are not told apart by sound."""

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
        every = list(intents)
        self._evidence = Evidence(every)
        self._short = {
            intent.name: [each for each in intent.sentences if len(each) == 1] for intent in every
        }

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
        if len(core(transcript.freely)) < 2:
            return self._by_grammar(transcript, candidates, hot, classifier, expected)
        if plain(transcript.text) == plain(transcript.freely):
            # The grammar heard no other words, and has nothing to weigh against them.
            others = transcript.freely_alternatives[: FREELY - 1]
            same = replace(transcript, alternatives=others)
            return self._by_grammar(same, candidates, hot, classifier, expected)
        freely = self._understood(_freely(transcript), candidates, hot, classifier, expected)
        confidence = freely.confidence * OTHER_READING
        if expected:
            # Short answers that are expected are heard best by what is expected.
            alone = replace(transcript, alternatives=())
            found = self._by_grammar(alone, candidates, hot, classifier, expected)
            if found.intent in expected and (
                freely.intent not in expected or confidence < found.confidence
            ):
                return found
        reason = f"Without the grammar: {freely.reason}"
        return replace(freely, confidence=confidence, reason=reason)

    def _by_grammar(
        self,
        transcript: Transcript,
        candidates: Sequence[str],
        hot: Collection[str],
        classifier: Classifier | None,
        expected: Collection[str],
    ) -> Understanding:
        """Understand the words that were heard by the grammar, or as expected ones of a sound."""
        found = self._understood(transcript, candidates, hot, classifier, expected)
        if not found.whole and plain(transcript.text) in ONE_CHARACTER_BEGINNINGS:
            return Understanding(None, reason=f"{transcript.text} only begins to say something.")
        if found.intent is None:
            found = self._rhyming(transcript.text, expected) or found
        return found

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
            for match in self._evidence.near(reading, names):
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
            for match in self._evidence.certain(reading, names, hot):
                _keep(best, _lowered(match) if number else match)
            if not number and best:
                break
        return sorted(best.values(), key=lambda match: -match.score)

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
        rest = 1 - FIRST_READING
        shares = [FIRST_READING, *([rest / others] * others)] if others else [1.0]
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
        known = BESIDE_UNKNOWN if UNKNOWN in transcript.text else 1.0
        doubt = known * _weight(transcript)
        first = order[0]
        second = next((label for label in order[1:] if label != UNRELATED), None)
        confidence = shared[first] * doubt
        said = transcript.text
        if first == UNRELATED or shared[first] * known < ACCEPTED:
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


def _prior(label: str, names: Collection[str], expected: Collection[str]) -> float:
    if label == UNRELATED:
        return 1.0
    prior = GUARDED_PRIOR if label in GUARDED else 1.0
    if label in expected:
        return EXPECTED * prior
    return prior if label in names else UNREACHABLE


def _weight(transcript: Transcript) -> float:
    """Return how much a meaning counts that was found in words heard so surely."""
    return 0.5 + 0.5 * transcript.confidence


def _freely(transcript: Transcript) -> Transcript:
    """Return what was heard without the grammar first, and what was heard by it beside that."""
    by_grammar = transcript.text.replace(UNKNOWN, "")
    others = (by_grammar, *transcript.freely_alternatives[: FREELY - 1])
    return Transcript(transcript.freely, alternatives=tuple(filter(None, others)))


def _readings(transcript: Transcript) -> list[str]:
    """Return what may have been said, the likeliest first.

    需要 as another reading of 不需要 is the opposite, so readings agree in their negations.
    """
    spoken = negations(transcript.text)
    others = (each for each in transcript.alternatives if negations(each) == spoken)
    return [transcript.text, *others][:READINGS]


def _outdone(
    match: Match, readings: Sequence[str], names: Collection[str], classifier: Classifier | None
) -> bool:
    """Tell whether it is rather a guarded intent: 我要投诉，叫你上级 asks for a person."""
    if classifier is None or match.intent in GUARDED or match.phrase == plain(readings[0]):
        return False
    likely = classifier.probabilities([core(readings[0].replace(UNKNOWN, ""))])
    return any(likely.get(name, 0.0) >= OUTDONE for name in GUARDED if name in names)


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
    weight = _weight(transcript)
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
