"""What shops are asked in general: topics with their questions, and words that mean the same.

A shop's file names each thing once; callers name it as they like. These two files, which come with
voicebot, say which ways of naming belong together.
"""

from functools import lru_cache

from voicebot.dialogue.features import WordGroups
from voicebot.dialogue.shared_intents import FOLDER
from voicebot.dialogue.wording import plain

TOPICS = FOLDER / "knowledge" / "topics.txt"
SYNONYMS = FOLDER / "knowledge" / "synonyms.txt"


@lru_cache(maxsize=1)
def topics() -> tuple[tuple[str, str], ...]:
    """Return pairs of a topic and a question about it."""
    found = []
    topic = ""
    for line in TOPICS.read_text("utf-8").splitlines():
        if line.startswith("="):
            topic = line[1:].strip()
        elif not line.startswith("#"):
            found += [(topic, plain(question)) for question in line.split()]
    return tuple(found)


@lru_cache(maxsize=1)
def synonyms() -> WordGroups:
    """Return the groups of words that ask for the same."""
    groups = {}
    for line in SYNONYMS.read_text("utf-8").splitlines():
        name, colon, words = line.partition(":")
        if colon and not line.startswith("#"):
            groups[name] = tuple(words.split())
    return WordGroups(groups)
