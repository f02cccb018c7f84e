"""What is slow the first time is done before the first call."""

from pathlib import Path

from voicebot.dialogue.conversation import Conversation
from voicebot.dialogue.intents import index as intent_index
from voicebot.dialogue.knowledge.index import index
from voicebot.dialogue.loader import load_script
from voicebot.dialogue.warm_up import warm_up
from voicebot.speech.recogniser import Transcript

SUPPORT = Path(__file__).parents[2] / "campaigns" / "support"


def test_a_script_that_is_warm_has_its_indexes_already() -> None:
    index.cache_clear()
    intent_index.cache_clear()
    script = load_script(SUPPORT)
    warm_up(script)
    built = index.cache_info().misses, intent_index.cache_info().misses
    conversation = Conversation(script, {})
    conversation.begin()

    asked = Transcript("退货要运费吗")
    conversation.reaction(asked, conversation.understand(asked))

    assert built[0] == 1
    assert built[1] > 5
    assert (index.cache_info().misses, intent_index.cache_info().misses) == built
    assert index.cache_info().hits > 0
