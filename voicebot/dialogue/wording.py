"""The written form in which phrases and what was heard are compared."""

import re
import unicodedata

_FILLERS = re.compile("嗯|呃|额|啊|哦|噢|喔|唉|欸|诶|哎")
_LEADING = re.compile("^(?:那个|这个|就是说|就是|那|喂)+")
_TRAILING = re.compile("(?:那个|这个|就是)+$")


def plain(text: str) -> str:
    """Return the letters and digits of `text` alone, half-width and in small letters."""
    normal = unicodedata.normalize("NFKC", text).lower()
    return "".join(character for character in normal if character.isalnum())


def without_fillers(text: str, *, or_all: bool = True) -> str:
    """Drop what people say while they think: 嗯, 呃, 那个.

    A text of fillers alone is returned as it is (嗯 is an answer), or empty without `or_all`.
    """
    core = _TRAILING.sub("", _LEADING.sub("", _FILLERS.sub("", text)))
    return core or (text if or_all else "")
