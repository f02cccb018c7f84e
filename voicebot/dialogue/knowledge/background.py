"""What shops are asked in general: topics with their questions, and words that mean the same.

A shop's file names each thing once; callers name it as they like. These two files, which come with
voicebot, say which ways of naming belong together.
"""

from functools import lru_cache
from pathlib import Path

from voicebot.dialogue.features import WordGroups
from voicebot.dialogue.shared_intents import FOLDER
from voicebot.dialogue.wording import plain

TOPICS = FOLDER / "knowledge" / "topics.txt"
SYNONYMS = FOLDER / "knowledge" / "synonyms.txt"


@lru_cache(maxsize=1)
def topics() -> tuple[tuple[str, str], ...]:
    """Return pairs of a topic and a question about it."""
    return sections(TOPICS)


@lru_cache(maxsize=1)
def synonyms() -> WordGroups:
    """Return the groups of words that ask for the same."""
    return word_groups(SYNONYMS)


def sections(path: Path) -> tuple[tuple[str, str], ...]:
    """Read `= name` and the sentences below it, separated by spaces, as pairs of both."""
    found = []
    name = ""
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("="):
            name = line[1:].strip()
        elif not line.startswith("#"):
            found += [(name, plain(sentence)) for sentence in line.split()]
    return tuple(found)


def word_groups(path: Path) -> WordGroups:
    """Read `name: word word`."""
    groups = {}
    for line in path.read_text("utf-8").splitlines():
        name, colon, words = line.partition(":")
        if colon and not line.startswith("#"):
            groups[name] = tuple(words.split())
    return WordGroups(groups)
