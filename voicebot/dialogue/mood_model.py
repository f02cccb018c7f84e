"""Which mood do the words of an answer go with? Learnt from grammars/moods.txt.

The regression of `knowledge.meaning`, with three moods for topics: 等得花儿都谢了 has no word that
is angry by itself.
"""

from functools import lru_cache

from voicebot.dialogue.knowledge.background import sections, topics, word_groups
from voicebot.dialogue.knowledge.meaning import Meaning
from voicebot.dialogue.shared_intents import FOLDER
from voicebot.dialogue.wording import plain

MOODS = FOLDER / "moods.txt"
WORDS = FOLDER / "mood_words.txt"

QUESTIONS_EACH = 8
"""Every eighth question of the topics is learnt as neutral: asking is no mood."""

ANGRY_TOPICS = ("complaint", "compensation", "elsewhere")
"""Whose questions are not."""


@lru_cache(maxsize=1)
def moods() -> Meaning:
    """Return what is known of moods (some tenths of a second, once)."""
    asked = [question for topic, question in topics() if topic not in ANGRY_TOPICS]
    neutral = [("neutral", question) for question in asked[::QUESTIONS_EACH]]
    return Meaning((*sections(MOODS), *neutral), word_groups(WORDS))


def nearness(text: str) -> dict[str, float]:
    """Return how near an answer is to each mood, about 0 to 1."""
    model = moods()
    found = model.nearness(model.weigh(plain(text)))
    return dict(zip(model.topics, found.tolist(), strict=True))
