"""JSGF grammars, expanded to the sentences they stand for.

    #JSGF V1.0 UTF-8 zh;
    grammar yes_no;
    public <yes> = 好 [的 | 啊] | 可以 <tail>;     // comments are allowed
    <tail> = [的] [啊 | 呀];

pyjsgf reads each alternative. Rules and their outermost alternatives are taken apart here, since
pyjsgf recurses once for each alternative of a set (about 40 are too deep for Python) and knows no
line numbers. Imports are not supported: a rule refers to rules of its own file.
"""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from voicebot.errors import BadScript, Problem

with warnings.catch_warnings():
    # pyjsgf 1.9 calls pyparsing by names that pyparsing 3.3 has renamed.
    warnings.simplefilter("ignore", DeprecationWarning)
    import jsgf
    from jsgf.parser import ParseException

MAX_PHRASES = 2000
"""Sentences of one rule. A state hears all its phrases at once, and a recogniser's run-time
grammar of some thousand sentences takes longer to build than a caller waits."""

MAX_REPEATS = 2
"""`+` and `*` stand for at most this many times: nobody says a word of an answer thrice."""

MAX_DEPTH = 20
"""Rules within rules; more is taken for a circle."""

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_HEADER = re.compile(r"#JSGF\s+V\d[\d.]*[^;\n]*;?")
_GRAMMAR = re.compile(r"grammar\s+[\w.\-]+\Z")
_RULE = re.compile(r"(?:public\s+)?<\s*([\w.\-]+)\s*>\s*=(.*)\Z", re.DOTALL)
_WEIGHT = re.compile(r"\A\s*/\s*[\d.]+\s*/")


@dataclass(frozen=True, slots=True)
class Grammar:
    """One JSGF file, its rules not yet parsed."""

    file: str
    rules: dict[str, tuple[int, str]]
    """By name: the line that the rule begins on, and what stands right of its `=`."""

    def expand(self, rule: str) -> tuple[str, ...]:
        """Return every sentence of `rule`, each once, without spaces. Raises `BadScript`."""
        if rule not in self.rules:
            known = ", ".join(sorted(self.rules)) or "none"
            raise self._bad(None, f'has no rule "{rule}"', f"its rules: {known}")
        sentences = self._rule(rule, ())
        found = tuple(sentence for sentence in sentences if sentence)
        if not found:
            raise self._bad(rule, "stands for no words at all", "give it at least one phrase")
        return found

    def _rule(self, rule: str, within: tuple[str, ...]) -> tuple[str, ...]:
        if rule in within or len(within) > MAX_DEPTH:
            way = " -> ".join((*within, rule))
            raise self._bad(within[0], f"refers to itself ({way})", "break the circle")
        found: dict[str, None] = {}
        for alternative in _alternatives(self.rules[rule][1]):
            expansion = self._parse(rule, alternative)
            found.update(dict.fromkeys(self._sentences(expansion, rule, (*within, rule))))
            self._limit(rule, len(found))
        return tuple(found)

    def _parse(self, rule: str, text: str) -> object:
        if not text.strip():
            raise self._bad(rule, "has an empty alternative", 'remove the extra "|" or use [ ]')
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                return jsgf.parse_expansion_string(text.strip())
        except RecursionError:
            what = "has too many alternatives in one pair of brackets for pyjsgf (about 40)"
            raise self._bad(rule, what, "move them to a rule of their own") from None
        except (ParseException, jsgf.GrammarError) as error:
            shown = " ".join(text.split())
            what = f'cannot be parsed at "{shown[:40]}"'
            raise self._bad(rule, what, f"pyjsgf says: {error}") from None

    def _sentences(self, node: object, rule: str, within: tuple[str, ...]) -> list[str]:
        """Return what one node of pyjsgf's tree stands for; the empty sentence is allowed."""
        match node:
            case jsgf.Literal():
                return ["".join(node.text.split())]
            case jsgf.OptionalGrouping():
                return ["", *self._sentences(node.child, rule, within)]
            case jsgf.KleeneStar():
                return self._repeated(node, rule, within, least=0)
            case jsgf.Repeat():
                return self._repeated(node, rule, within, least=1)
            case jsgf.AlternativeSet():
                parts = [self._sentences(child, rule, within) for child in node.children]
                return [sentence for part in parts for sentence in part]
            case jsgf.NullRef():
                return [""]
            case jsgf.VoidRef():
                return []
            case jsgf.NamedRuleRef():
                name = str(node.name)
                if name not in self.rules:
                    raise self._bad(rule, f"refers to <{name}>, which does not exist", "define it")
                return list(self._rule(name, within))
            case jsgf.Sequence():  # RequiredGrouping too
                return self._joined(
                    [self._sentences(child, rule, within) for child in node.children], rule
                )
        raise self._bad(rule, f"has a {type(node).__name__}, which is not supported", "rewrite it")

    def _repeated(
        self, node: "jsgf.Repeat", rule: str, within: tuple[str, ...], *, least: int
    ) -> list[str]:
        once = self._sentences(node.child, rule, within)
        times = range(least, MAX_REPEATS + 1)
        return [sentence for count in times for sentence in self._joined([once] * count, rule)]

    def _joined(self, parts: list[list[str]], rule: str) -> list[str]:
        found = [""]
        for part in parts:
            self._limit(rule, len(found) * len(part))
            found = [before + after for before in found for after in part]
        return found

    def _limit(self, rule: str, count: int) -> None:
        if count > MAX_PHRASES:
            what = f"stands for at least {count} phrases; {MAX_PHRASES} are the most"
            raise self._bad(rule, what, "split it, or drop optional words nobody says")

    def _bad(self, rule: str | None, what: str, hint: str) -> BadScript:
        line = self.rules[rule][0] if rule in self.rules else None
        return BadScript(Problem(self.file, what, line, f"<{rule}>" if rule else "", hint))


def read(path: Path) -> Grammar:
    """Read a JSGF file. Raises `BadScript`."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = Problem(str(path), "is not UTF-8", hint="save the grammar as UTF-8")
        raise BadScript(problem) from error
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise BadScript(Problem(str(path), what, hint="check the path")) from error
    return parse(text, str(path))


def parse(text: str, file: str = "grammar") -> Grammar:
    """Take a grammar's text apart into rules. Raises `BadScript` with every broken statement."""
    problems: list[Problem] = []
    rules: dict[str, tuple[int, str]] = {}
    plain = _COMMENT.sub(lambda comment: re.sub(r"[^\n]", " ", comment[0]), text)
    header = _HEADER.match(plain.lstrip())
    if header is None:
        hint = 'begin with "#JSGF V1.0 UTF-8 zh;"'
        problems.append(Problem(file, "does not begin with a JSGF header", 1, hint=hint))
    else:
        plain = plain.replace(header[0], " " * len(header[0]), 1)
    for line, statement in _statements(plain):
        rule = _RULE.match(statement)
        if rule is None:
            if not _GRAMMAR.match(statement):
                what = f'is no rule: "{" ".join(statement.split())[:40]}"'
                hint = "write <name> = words; and end every rule with a semicolon"
                problems.append(Problem(file, what, line, hint=hint))
        elif rule[1] in rules:
            what = f"is defined twice, first on line {rules[rule[1]][0]}"
            problems.append(Problem(file, what, line, f"<{rule[1]}>", "rename one of them"))
        else:
            rules[rule[1]] = (line, rule[2])
    if problems:
        raise BadScript(*problems)
    return Grammar(file, rules)


def expand(source: Path | str, rule: str) -> tuple[str, ...]:
    """Return every sentence of one rule of a grammar file, or of a grammar's text.

    Raises `BadScript`.
    """
    grammar = read(source) if isinstance(source, Path) else parse(source)
    return grammar.expand(rule)


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield each statement and the line it begins on."""
    line = 1
    for part in text.split(";"):
        stripped = part.strip()
        if stripped:
            yield line + part[: len(part) - len(part.lstrip())].count("\n"), stripped
        line += part.count("\n")


def _alternatives(text: str) -> Iterator[str]:
    """Yield the outermost alternatives of a rule, without weights."""
    depth = start = 0
    for index, character in enumerate(text):
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "|" and depth == 0:
            yield _WEIGHT.sub("", text[start:index])
            start = index + 1
    yield _WEIGHT.sub("", text[start:])
