"""满意度: five levels, told by a linear model from the way people say how they liked something.

    satisfaction("箱子一打开全是碎渣").value  ->  dissatisfied

Words alone do not tell: 好得很呐，买一次坏一次. The model (`satisfaction.bin`, made by
`recipes.understanding satisfaction`) sees what the classifier of the intents sees.
"""

import re
from functools import lru_cache
from typing import cast

from voicebot.dialogue.classifier import UNRELATED
from voicebot.dialogue.features import WordGroups, features, numbered
from voicebot.dialogue.linear import Linear, shipped
from voicebot.dialogue.reading import core
from voicebot.dialogue.slots.value import SlotValue
from voicebot.dialogue.wording import plain

MODEL = "satisfaction.bin"

SPOKEN = {
    "very_satisfied": "非常满意",
    "satisfied": "满意",
    "neutral": "一般",
    "dissatisfied": "不满意",
    "very_dissatisfied": "非常不满意",
}
"""How each level is read back."""

_CONCLUSION = re.compile(
    "(?:总的来[说讲看]|总体(?:来[说讲看]|上|而言)?|整体(?:来[说讲看]|上|而言)?|综合(?:来[说讲看]|起来)?|总之)(?=.{2})"
)


LEAST = 0.5
"""Below this share the level is a guess, and asking again is better."""


def satisfaction(text: str) -> SlotValue | None:
    """Return one of five levels, very_dissatisfied to very_satisfied; None for no judgement.

    Raises `BadScript` when the model's file is damaged.
    """
    words = core(_concluded(plain(text)))
    if not words:
        return None
    model, groups = _model()
    shares = model.shares(model.scores(numbered(features(words, groups))))
    best = int(shares.argmax())
    level = model.labels[best]
    if level == UNRELATED or shares[best] < LEAST:
        return None
    return SlotValue("satisfaction", level, words, float(shares[best]), False, SPOKEN[level])


def _concluded(text: str) -> str:
    """Return what follows 总的来说, which is the judgement whatever was said before."""
    conclusion = list(_CONCLUSION.finditer(text))
    return text[conclusion[-1].end() :] if conclusion else text


@lru_cache(maxsize=1)
def _model() -> tuple[Linear, WordGroups]:
    model = shipped(__package__, MODEL)
    groups = cast("dict[str, list[str]]", model.about["groups"])
    return model, WordGroups({name: tuple(words) for name, words in groups.items()})
