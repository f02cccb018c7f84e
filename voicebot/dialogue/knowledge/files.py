"""Knowledge files: Markdown, YAML, CSV and XLSX become entries, every fault named at its line.

## 多久发货？                       question,answer,variants
- 什么时候发货                      多久发货？,下单后两天内发货。,什么时候发货|几天能发货
- 几天能发货
                                    - question: 多久发货？
下单后两天内发货。                    variants: [什么时候发货, 几天能发货]
                                      answer: 下单后两天内发货。
"""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from voicebot.dialogue import document
from voicebot.dialogue.document import Value
from voicebot.dialogue.knowledge.entry import Entry
from voicebot.dialogue.pinyin import fuzzy
from voicebot.dialogue.wording import plain
from voicebot.errors import BadScript, Problem

LONGEST_ANSWER = 80
"""Characters that can be spoken before a caller interrupts: some 18 s."""

FEW_VARIANTS = 2

COLUMNS = {
    "question": ("question", "问题", "标准问题", "问"),
    "answer": ("answer", "答案", "回答", "答"),
    "variants": ("variants", "相似问法", "相似问题", "其他问法", "问法"),
}
"""What the columns of a table may be called."""

MAX_BYTES = 5_000_000

_SEPARATORS = re.compile(r"[|\n｜；;]")
_HEADING = re.compile(r"#{2,6}\s+(.*?)\s*#*\Z")
_ITEM = re.compile(r"[-*+]\s+(.*)\Z")


def read(path: Path) -> list[Entry]:
    """Read one file. Raises `BadScript` with every fault."""
    readers: dict[str, Callable[[Path, bytes], list[Entry]]] = {
        ".md": _markdown,
        ".csv": _csv,
        ".xlsx": _xlsx,
        ".yaml": _yaml,
        ".yml": _yaml,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        hint = f"known: {', '.join(readers)}"
        raise BadScript(Problem(str(path), "is no kind of knowledge file", hint=hint))
    try:
        data = path.read_bytes()
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise BadScript(Problem(str(path), what, hint="check the path")) from error
    if len(data) > MAX_BYTES:
        what = f"has {len(data):,} bytes; {MAX_BYTES:,} are the most"
        raise BadScript(Problem(str(path), what, hint="is it really a knowledge file?"))
    entries = reader(path, data)
    if not entries:
        raise BadScript(Problem(str(path), "has no entry", hint="docs/knowledge.md has examples"))
    return entries


def duplicates(entries: Sequence[Entry]) -> Iterator[Problem]:
    """Yield a fault for each question that two entries ask, in the same words or sound."""
    seen: dict[tuple[str, ...], tuple[Entry, str]] = {}
    for entry in entries:
        for question in entry.questions:
            key = fuzzy(plain(question))
            first, asked = seen.setdefault(key, (entry, question))
            if first is not entry:
                where = f"{first.file}:{first.line}"
                alike = "is asked" if plain(asked) == plain(question) else f'sounds like "{asked}"'
                what = f'"{question}" {alike} in "{first.question}" too ({where})'
                yield Problem(entry.file, what, entry.line, hint="join the two entries")


def long_answers(entries: Sequence[Entry]) -> Iterator[Problem]:
    """Yield a warning for each answer that is longer than a caller listens."""
    for entry in entries:
        length = len(plain(entry.answer))
        if length > LONGEST_ANSWER:
            what = f'the answer to "{entry.question}" has {length} characters'
            hint = f"say it in {LONGEST_ANSWER}, or callers interrupt"
            yield Problem(entry.file, what, entry.line, hint=hint)
        if len(entry.questions) <= FEW_VARIANTS:
            what = f'"{entry.question}" has {len(entry.questions) - 1} other wordings'
            yield Problem(entry.file, what, entry.line, hint="callers ask in many ways: give five")


def write_markdown(entries: Iterable[Entry]) -> str:
    """Return the entries as a Markdown file."""
    blocks = []
    for entry in entries:
        variants = "".join(f"- {each}\n" for each in entry.questions[1:])
        blocks.append(f"## {entry.question}\n{variants}\n{entry.answer}\n")
    return "\n".join(blocks)


class _Found:
    """What was found in one file so far."""

    def __init__(self, path: Path) -> None:
        self.file = str(path)
        self.entries: list[Entry] = []
        self.problems: list[Problem] = []

    def add(self, question: str, answer: str, variants: Iterable[str], line: int) -> None:
        """Add an entry, or say what is wrong with it."""
        own = " ".join(question.split())
        said = "".join(answer.split("\n")).strip()
        if not plain(own):
            self.report("has an answer, but no question", line, "write the question first")
        elif not plain(said):
            self.report(f'"{own}" has no answer', line, "write what the robot says")
        else:
            others = tuple(each.strip() for each in variants if plain(each))
            self.entries.append(Entry(own, said, others, self.file, line))

    def report(self, what: str, line: int | None, hint: str) -> None:
        """Note a fault."""
        self.problems.append(Problem(self.file, what, line, hint=hint))

    def all(self) -> list[Entry]:
        """Return the entries. Raises `BadScript` when anything is wrong."""
        if self.problems:
            raise BadScript(*self.problems)
        return self.entries


def _markdown(path: Path, data: bytes) -> list[Entry]:
    found = _Found(path)
    question, line = "", 0
    variants: list[str] = []
    answer: list[str] = []
    for number, text in enumerate([*_text(path, data).splitlines(), "## "], 1):
        heading = _HEADING.match(f"{text.strip()} ") if text.startswith("##") else None
        if heading is not None:
            if line:
                found.add(question, "\n".join(answer), variants, line)
            question, line, variants, answer = heading[1].strip(), number, [], []
        elif text.startswith("# ") or not line:
            if text.strip() and not text.startswith(("#", ">", "<!--")):
                found.report("has words before the first question", number, "begin it with ##")
        elif (item := _ITEM.match(text.strip())) and not answer:
            variants.append(item[1])
        elif text.strip():
            answer.append(text.strip())
    return found.all()


def _yaml(path: Path, data: bytes) -> list[Entry]:
    root = document.parse(data, str(path))
    found = _Found(path)
    for item in root.items():
        fields = item.fields(required=("question", "answer"), optional=("variants",))
        line = root.document.lines.get(item.path, 0)
        if fields.keys() >= {"question", "answer"}:
            variants: Sequence[Value] = fields["variants"].items() if "variants" in fields else ()
            found.add(
                fields["question"].text(),
                fields["answer"].text(),
                [each.text() for each in variants],
                line,
            )
    found.problems += root.document.problems
    return found.all()


def _csv(path: Path, data: bytes) -> list[Entry]:
    rows = csv.reader(io.StringIO(_text(path, data), newline=""))
    numbered: list[tuple[int, list[str]]] = []
    try:
        line = 1
        for row in rows:
            numbered.append((line, row))
            line = rows.line_num + 1
    except csv.Error as error:
        hint = "check quotes"
        raise BadScript(
            Problem(str(path), f"is no CSV here: {error}", rows.line_num, hint=hint)
        ) from error
    return _table(path, numbered)


def _xlsx(path: Path, data: bytes) -> list[Entry]:
    # openpyxl is slow to import, and most campaigns have no spreadsheet.
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        rows = [
            (number, ["" if cell is None else str(cell) for cell in row])
            for number, row in enumerate(sheet.iter_rows(values_only=True), 1)
        ]
        book.close()
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, IndexError) as error:
        what = f"is no spreadsheet ({type(error).__name__})"
        raise BadScript(Problem(str(path), what, hint="save it as .xlsx again")) from error
    return _table(path, rows)


def _table(path: Path, rows: Sequence[tuple[int, Sequence[str]]]) -> list[Entry]:
    found = _Found(path)
    header = [cell.strip().lower() for cell in rows[0][1]] if rows else []
    places = {
        key: next((index for index, cell in enumerate(header) if cell in names), None)
        for key, names in COLUMNS.items()
    }
    for key in ("question", "answer"):
        if places[key] is None:
            what = f'has no column "{key}"'
            found.report(what, 1, f"call it one of {', '.join(COLUMNS[key])}")
    if found.problems:
        return found.all()

    def cell(row: Sequence[str], key: str) -> str:
        index = places[key]
        return row[index].strip() if index is not None and index < len(row) else ""

    for line, row in rows[1:]:
        if any(each.strip() for each in row):
            variants = _SEPARATORS.split(cell(row, "variants"))
            found.add(cell(row, "question"), cell(row, "answer"), variants, line)
    return found.all()


def _text(path: Path, data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadScript(Problem(str(path), "is neither UTF-8 nor GB18030", hint="save it as UTF-8"))
