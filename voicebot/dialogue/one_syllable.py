"""Answers of one syllable that were taken for a neighbour: 叫 for 要, where 要 answers.

What a telephone lets through of one syllable is its rhyme; so an answer that the state expects is
found by it, if the rhyme leaves no doubt which one it is.
"""

from collections.abc import Iterable, Mapping

from voicebot.dialogue.completeness import ONE_CHARACTER_ANSWERS, ONE_CHARACTER_BEGINNINGS
from voicebot.dialogue.pinyin import rhyme

ANSWERS = ONE_CHARACTER_ANSWERS | frozenset("不没")


def answered(heard: str, answers: Mapping[str, Iterable[str]]) -> tuple[str, str] | None:
    """Return the intent and its phrase that `heard` rhymes with; None for none, or for two intents.

    `answers` are the phrases of the intents that the state asks for.
    """
    if len(heard) != 1 or heard in ONE_CHARACTER_BEGINNINGS or not rhyme(heard):
        return None
    found = {
        intent: phrase
        for intent, phrases in answers.items()
        for phrase in phrases
        if phrase in ANSWERS and rhyme(phrase) == rhyme(heard)
    }
    return next(iter(found.items())) if len(found) == 1 else None
