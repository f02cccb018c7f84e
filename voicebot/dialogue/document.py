"""A YAML file as its author wrote it: scalars stay text, every value knows its line and path.

YAML read plainly turns `on: {yes: thanks}` into True and `9:30` into 570; so the node tree is
walked instead, and whoever reads a value says what it should be. Faults are collected, never
raised, so that one run finds them all.
"""

import difflib
import re
import warnings
from collections.abc import Collection
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from voicebot.errors import BadScript, Problem

MAX_BYTES = 1_000_000
"""A script is some kilobytes; this much is another file by mistake."""


@dataclass(slots=True)
class Document:
    """One file: where everything stands, and what is wrong with it so far."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    """What works, but not well."""
    lines: dict[str, int] = field(default_factory=dict)
    """By path, for checks that look at the finished script."""

    def line(self, path: str) -> int | None:
        """Return the line of `path`, or of the nearest thing around it that is known."""
        while path and path not in self.lines:
            path = path.rpartition(".")[0] if path[-1] != "]" else path.rpartition("[")[0]
        return self.lines.get(path)

    def report(self, path: str, what: str, hint: str = "", line: int | None = None) -> None:
        """Note a fault."""
        where = line if line is not None else self.line(path)
        self.problems.append(Problem(self.file, what, where, path, hint))

    def warn(self, path: str, what: str, hint: str = "") -> None:
        """Note something that works, but not well."""
        self.warnings.append(Problem(self.file, what, self.line(path), path, hint))


@dataclass(frozen=True, slots=True)
class Value:
    """One value of the file."""

    document: Document
    node: Node
    path: str

    @property
    def is_text(self) -> bool:
        """Whether it is a single word or text."""
        return isinstance(self.node, ScalarNode)

    @property
    def is_list(self) -> bool:
        """Whether it is a list."""
        return isinstance(self.node, SequenceNode)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written, as in `reason:`."""
        return isinstance(self.node, ScalarNode) and not str(self.node.value).strip()

    def report(self, what: str, hint: str = "") -> None:
        """Note a fault of this value."""
        self.document.report(self.path, what, hint)

    def text(self) -> str:
        """Return the text as written, or note what it is instead and return nothing."""
        if self.is_text:
            return str(self.node.value).strip()
        self.report(f"is {self._kind()}, but a text is needed here")
        return ""

    def items(self) -> list["Value"]:
        """Return a list's values; a single text counts as a list of one."""
        if isinstance(self.node, SequenceNode):
            return [
                self._at(node, f"{self.path}[{number}]", node.start_mark.line + 1)
                for number, node in enumerate(self.node.value, 1)
            ]
        if self.is_text:
            return [self]
        self.report(f"is {self._kind()}, but a list is needed here", "write it as [a, b]")
        return []

    def texts(self) -> tuple[str, ...]:
        """Return a list's texts, each once, without empty ones."""
        found = (item.text() for item in self.items())
        return tuple(dict.fromkeys(text for text in found if text))

    def entries(self) -> dict[str, "Value"]:
        """Return what stands under each key; a key that stands twice is a fault."""
        if self.is_empty:
            return {}
        if not isinstance(self.node, MappingNode):
            what = f"is {self._kind()}, but `key: value` lines are needed here"
            self.report(what, "indent them under the key")
            return {}
        found: dict[str, Value] = {}
        for key_node, node in self.node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode):
                what = "a list or mapping cannot be a key"
                self.document.report(self.path, what, "quote texts that begin with [ or {", line)
                continue
            key = str(key_node.value)
            path = f"{self.path}.{key}" if self.path else key
            if key in found:
                first = self.document.lines[path]
                what = f'the key "{key}" stands twice, first on line {first}'
                self.document.report(path, what, "remove or rename one of them", line)
                continue
            found[key] = self._at(node, path, line)
        return found

    def fields(
        self, *, required: Collection[str] = (), optional: Collection[str] = ()
    ) -> dict[str, "Value"]:
        """Return the entries whose keys are known; note the unknown and the missing ones."""
        entries = self.entries()
        known = (*required, *optional)
        for key, value in entries.items():
            if key not in known:
                value.report(f'unknown key "{key}"', suggest(key, known, everything=True))
        unreadable = not isinstance(self.node, MappingNode) and not self.is_empty
        for key in () if unreadable else required:
            if key not in entries:
                self.report(f'the key "{key}" is missing', f"add `{key}:` here")
        return {key: value for key, value in entries.items() if key in known}

    def _at(self, node: Node, path: str, line: int) -> "Value":
        self.document.lines[path] = line
        return Value(self.document, node, path)

    def _kind(self) -> str:
        if isinstance(self.node, MappingNode):
            return "a mapping (`key: value`)"
        if isinstance(self.node, SequenceNode):
            return "a list"
        return "a text" if str(self.node.value).strip() else "empty"


def parse(data: bytes, file: str) -> Value:
    """Return the root of a YAML file. Raises `BadScript` when it cannot be read at all."""
    if len(data) > MAX_BYTES:
        what = f"has {len(data):,} bytes; {MAX_BYTES:,} are the most"
        raise BadScript(Problem(file, what, hint="is it really a script?"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        hint = f"save it as UTF-8{' (it looks like GB18030)' if _is_gb18030(data) else ''}"
        raise BadScript(Problem(file, "is not UTF-8 here", line, hint=hint)) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an anchor used twice is no fault of a script
            node = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = mark.line + 1 if mark else None
        what = f"is not YAML here: {error.problem or error.context}"
        raise BadScript(Problem(file, what, at, hint=_yaml_hint(text, at))) from error
    except YAMLError as error:
        what = f"is not YAML: {' '.join(str(error).split())}"
        raise BadScript(Problem(file, what, hint="is it a text file?")) from error
    except RecursionError:
        hint = "is it really a script?"
        raise BadScript(Problem(file, "is nested too deeply", hint=hint)) from None
    if node is None:
        raise BadScript(Problem(file, "is empty", 1, hint="docs/script.md has an example"))
    document = Document(file)
    document.lines[""] = node.start_mark.line + 1
    return Value(document, node, "")


def suggest(word: str, known: Collection[str], *, everything: bool = False) -> str:
    """Return a hint with the known word most like `word`; with `everything`, else all of them."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    if close:
        return f'did you mean "{close[0]}"?'
    if not known:
        return "none is defined"
    return f"known: {', '.join(known)}" if everything or len(known) <= 12 else ""


def _yaml_hint(text: str, line: int | None) -> str:
    lines = text.splitlines()
    shown = lines[line - 1] if line is not None and line <= len(lines) else ""
    if "\t" in shown:
        return "indent with spaces, not with tabs"
    if re.search(r"^[\s-]*(\S+:\s+)?\{\w+\}\s*\S", shown):
        return 'a text that begins with a {place} needs quotes: "{name}您好"'
    if "：" in shown:
        return "a full-width colon ： is text; after a key write : and a space"
    return "check indentation, colons, brackets and quotes on this line and the one before"


def _is_gb18030(data: bytes) -> bool:
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return True
