"""Where a prompt may be cut: the places at which a listener expects a pause."""

import re

SHORTEST = 5
"""Characters with a sound in the shortest phrase: 好的， is said together with what follows."""

# A comma or a stop between digits belongs to the number: 3.5, 1,299.
_CLAUSE = re.compile(
    r"""(?: [^。！？；，…!?;,\n] | (?<=\d),(?=\d) )*
        (?: [。！？；，…!?;\n] | ,(?!\d) | (?<!\d),(?=\d) | $ )
        (?: [。！？；，…!?;\n”’」』）)"'\s] | ,(?!\d) )*""",
    re.VERBOSE,
)


def phrases(text: str) -> tuple[str, ...]:
    """Cut `text` at its clauses; together the phrases are the text.

    A prompt that was interrupted goes on with the phrase in which it stopped.
    """
    joined: list[str] = []
    waiting = ""
    for clause in _CLAUSE.findall(text):
        waiting += clause
        if _sounds(waiting) >= SHORTEST:
            joined.append(waiting)
            waiting = ""
    if waiting and joined:
        joined[-1] += waiting
    elif waiting:
        joined.append(waiting)
    return tuple(joined)


def _sounds(text: str) -> int:
    return sum(character.isalnum() for character in text)
