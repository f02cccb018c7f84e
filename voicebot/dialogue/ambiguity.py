"""Phrases that could mean two things in one state."""

from voicebot.dialogue.document import Document
from voicebot.dialogue.pinyin import fuzzy
from voicebot.dialogue.script import Script, State

SHOWN_PHRASES = 3
"""Of the phrases that two intents share."""


def report_ambiguity(script: Script, document: Document) -> None:
    """Report phrases that two intents of one state share, each pair of intents once."""
    seen: set[tuple[str, str]] = set()
    for state in script.states.values():
        if not state.listens:
            continue
        names = [name for name in script.transitions(state) if name in script.intents]
        for index, second in enumerate(names):
            for first in names[:index]:
                if {first, second} <= script.borrowed:
                    # No author of a script can mend what is shared; its own tests judge it.
                    continue
                if (first, second) not in seen and (second, first) not in seen:
                    seen.add((first, second))
                    _pair(script, document, state, first, second)


def _pair(script: Script, document: Document, state: State, first: str, second: str) -> None:
    one, other = script.intents[first], script.intents[second]
    own = second if second in state.on else first
    path = f"states.{state.name}.on.{own}" if own in state.on else f"anywhere.{own}"
    both = [phrase for phrase in one.sentences if phrase in set(other.sentences)]
    if both:
        what = f"{_some(both)} could be {first} or {second}"
        document.report(path, what, "keep each phrase in one of them")
    for hot, cold in ((one, other), (other, one)):
        hidden = [each for each in cold.sentences if any(word in each for word in hot.hot_words)]
        if hidden and not set(hidden) <= set(both):
            what = f"{_some(hidden)} of {cold.name} holds a hot word of {hot.name}"
            document.report(path, what, "the hot word always wins: remove the phrase")
    sounds = {fuzzy(phrase): phrase for phrase in one.sentences}
    alike = [
        f"{sounds[fuzzy(phrase)]}/{phrase}"
        for phrase in other.sentences
        if fuzzy(phrase) in sounds and phrase not in both
    ]
    if alike:
        what = f"{_some(alike)} sound alike, but are {first} and {second}"
        document.warn(path, what, "longer phrases are told apart better")


def _some(phrases: list[str]) -> str:
    shown = ", ".join(f'"{phrase}"' for phrase in phrases[:SHOWN_PHRASES])
    more = len(phrases) - SHOWN_PHRASES
    return f"{shown} and {more} more" if more > 0 else shown
