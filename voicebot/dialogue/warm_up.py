"""Doing once, before the first call, what is slow the first time.

The first question to a knowledge base builds its index and loads the libraries for it: two to four
seconds, in which no other call of the process would be heard or answered.
"""

from datetime import UTC, datetime

from voicebot.dialogue.form import Form
from voicebot.dialogue.knowledge.index import index
from voicebot.dialogue.listener import Listener
from voicebot.dialogue.memory import Memory
from voicebot.dialogue.script import Script
from voicebot.speech.recogniser import Transcript

SENTENCE = Transcript("请问明天下午三点能不能送到")
"""Says something to everything that looks for days, numbers, questions and yes or no."""


def warm_up(script: Script) -> None:
    """Listen once in every state of a script. Takes some tenths of a second, seconds with a
    knowledge base."""
    if script.knowledge is not None:
        index(script.knowledge.entries).answer(SENTENCE.text)
    examples = {name: each.example for name, each in script.variables.items()}
    memory = Memory(script, examples)
    listener = Listener(script, Form(script, memory, datetime(2026, 1, 1, 9, tzinfo=UTC)))
    for state in script.states.values():
        if not state.listens:
            continue
        listener.state = state
        listener.form.leave()
        if state.form:
            listener.form.advance(state)
        listener.completeness(SENTENCE, listener.understand(SENTENCE))
