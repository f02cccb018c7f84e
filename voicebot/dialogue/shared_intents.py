"""The intents that every script may name without writing them: grammars/shared.yaml."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from voicebot.dialogue import document, schema
from voicebot.dialogue.classifier import UNRELATED
from voicebot.dialogue.document import Value
from voicebot.dialogue.features import WordGroups
from voicebot.dialogue.phrase_file import read_phrases
from voicebot.dialogue.script import Intent
from voicebot.errors import BadScript, Problem

PACKAGED = Path(__file__).parent.parent / "grammars"
"""Where an installed voicebot has the shared grammars."""

FOLDER = PACKAGED if PACKAGED.is_dir() else Path(__file__).parents[2] / "grammars"
"""In a source checkout they stand beside the package."""

FILE = "shared.yaml"
EXAMPLES = "examples"
WORDS = "words.txt"
MISHEARINGS = "heard.tsv"


class SharedIntents(Mapping[str, Intent]):
    """Intents by name, each read when it is first asked for: most scripts name a few."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        path = folder / FILE
        try:
            root = document.parse(path.read_bytes(), str(path))
        except OSError as error:
            what = f"cannot be read ({error.strerror})"
            hint = "it belongs to voicebot: install it again"
            raise BadScript(Problem(str(path), what, hint=hint)) from error
        fields = root.fields(required=("intents",))
        self._values = fields["intents"].entries() if "intents" in fields else {}
        self._read: dict[str, Intent] = {}
        if root.document.problems:
            raise BadScript(*root.document.problems)

    def __getitem__(self, name: str) -> Intent:
        if name not in self._read:
            self._read[name] = self._intent(name, self._values[name])
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def _intent(self, name: str, value: Value) -> Intent:
        intent = schema.intent(value, self._folder, set())
        if value.document.problems:
            raise BadScript(*value.document.problems)
        return replace(intent, examples=examples(name, self._folder))


@lru_cache(maxsize=1)
def shared_intents() -> Mapping[str, Intent]:
    """Return the shared intents by name. Raises `BadScript` when their files are damaged."""
    return SharedIntents(FOLDER)


def examples(name: str, folder: Path = FOLDER) -> tuple[str, ...]:
    """Return the examples of a shared intent, or of `unrelated`."""
    return read_phrases(str(folder / EXAMPLES / f"{name}.txt"), lambda phrase: ())


@lru_cache(maxsize=1)
def unrelated() -> tuple[str, ...]:
    """Return what callers say that means none of the shared intents."""
    return examples(UNRELATED)


@lru_cache(maxsize=1)
def word_groups() -> WordGroups:
    """Return the groups of words that mean nearly the same."""
    words: dict[str, list[str]] = {}
    for name, line in _pairs(FOLDER / WORDS, ":"):
        words.setdefault(name, []).extend(line.split())
    return WordGroups({name: tuple(each) for name, each in words.items()})


@lru_cache(maxsize=1)
def mishearings() -> tuple[tuple[str, str], ...]:
    """Return pairs of what was said and what the bundled recogniser wrote."""
    return tuple(_pairs(FOLDER / MISHEARINGS, "\t"))


def _pairs(path: Path, between: str) -> Iterator[tuple[str, str]]:
    for line in path.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            first, _, second = line.partition(between)
            yield first, second
