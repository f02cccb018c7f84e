"""The rows of one sheet of a workbook, streamed.

openpyxl finds the sheet, its shared strings and its date formats; the million cells are read here,
by expat, in a fraction of the time.
"""

import re
import zipfile
from collections.abc import Container, Generator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from xml.parsers import expat

from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils.cell import column_index_from_string
from openpyxl.utils.datetime import from_excel, from_ISO8601

BLOCK = 1 << 16
MOST_COLUMNS = 16_384
"""Of a sheet, by the format."""

_KINDS = ("row", "c", "v", "t", "rPh")
_NOT_LATIN = "0123456789$"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet, and what of its workbook the cells need."""

    archive: zipfile.ZipFile
    path: str
    """Within the archive."""
    shared: Sequence[Any]
    """Texts that cells name by their place."""
    epoch: datetime
    dates: Container[int]
    """Styles that make a number a moment."""
    durations: Container[int]
    """Of them, those that make it a length of time."""

    def expected_rows(self) -> int:
        """Return how many rows it says that it has; 0 when it does not."""
        with self.archive.open(self.path) as source:
            found = _DIMENSION.search(source.read(BLOCK))
        return int(found[1]) if found else 0


_DIMENSION = re.compile(rb'<(?:\w+:)?dimension [^>]*ref="[A-Z]+\d+:[A-Z]+(\d+)"')


def first_sheet(path: Path) -> tuple[zipfile.ZipFile, Sheet | None]:
    """Open a workbook; return its archive, to be closed, and its first visible sheet, if any.

    Raises whatever openpyxl raises for a damaged one.
    """
    # Not `load_workbook`: it reads every sheet from end to end that does not say its size.
    reader = ExcelReader(path, read_only=True, data_only=True)
    try:
        reader.read_manifest()
        reader.read_strings()
        reader.read_workbook()
        apply_stylesheet(reader.archive, reader.wb)
        for named, place in reader.parser.find_sheets():
            if named.state == "visible" and place.Type.endswith("/worksheet"):
                book: Any = reader.wb
                return reader.archive, Sheet(
                    reader.archive,
                    place.target,
                    reader.shared_strings,
                    book.epoch,
                    book._date_formats,
                    book._timedelta_formats,
                )
    except BaseException:
        reader.archive.close()
        raise
    return reader.archive, None


def sheet_rows(sheet: Sheet) -> Generator[tuple[int, list[str]], None, None]:
    """Yield the rows with their numbers, each cell as its author sees it.

    Raises `expat.ExpatError`, `ValueError` and what unpacking raises, for damaged files.
    """
    found: list[tuple[int, list[str]]] = []
    reader = _Reader(sheet, found)
    with sheet.archive.open(sheet.path) as source:
        while block := source.read(BLOCK):
            reader.parser.Parse(block, False)
            yield from found
            found.clear()
        reader.parser.Parse(b"", True)
    yield from found


class _Reader:
    """Turns a sheet's elements into rows."""

    def __init__(self, sheet: Sheet, rows: list[tuple[int, list[str]]]) -> None:
        self._shared = sheet.shared
        self._epoch = sheet.epoch
        self._dates = sheet.dates
        self._durations = sheet.durations
        self._rows = rows
        self._line = 0
        self._cells: list[str] = []
        self._column = 0
        self._type = "n"
        self._style = 0
        self._text: list[str] = []
        self._phonetic = False
        self._kinds: dict[str, str] = {}
        """Of elements by their names, which may have a prefix."""
        self._columns: dict[str, int] = {}
        """By their letters."""
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._refuse

    def _refuse(self, *declared: Any) -> None:
        raise ValueError("a sheet declares no types of documents")

    def _kind(self, name: str) -> str:
        local = name.rpartition(":")[2]
        kind = self._kinds[name] = local if local in _KINDS else ""
        return kind

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        kind = self._kinds.get(name)
        if kind is None:
            kind = self._kind(name)
        if kind == "c":
            self._text = []
            self._type = attributes.get("t", "n")
            self._style = int(attributes.get("s", 0))
            place = attributes.get("r")
            if place is None:
                self._column += 1
            else:
                letters = place.rstrip(_NOT_LATIN)
                column = self._columns.get(letters)
                if column is None:
                    column = self._columns[letters] = column_index_from_string(letters)
                self._column = column
        elif kind in ("v", "t"):
            if not self._phonetic:
                self.parser.CharacterDataHandler = self._text.append
        elif kind == "row":
            self._line = int(attributes.get("r", self._line + 1))
            self._cells = []
            self._column = 0
        elif kind == "rPh":
            self._phonetic = True

    def _end(self, name: str) -> None:
        kind = self._kinds[name]
        if kind in ("v", "t"):
            self.parser.CharacterDataHandler = None
        elif kind == "c":
            if self._text:
                cells, missing = self._cells, self._column - len(self._cells) - 1
                if missing:
                    if missing < 0 or self._column > MOST_COLUMNS:
                        raise ValueError(f"the cells of row {self._line} are in no order")
                    cells.extend([""] * missing)
                cells.append(self._value("".join(self._text)))
        elif kind == "row":
            self._rows.append((self._line, self._cells))
        elif kind == "rPh":
            self._phonetic = False

    def _value(self, text: str) -> str:
        match self._type:
            case "s":
                shared = self._shared[int(text)]
                return shared if type(shared) is str else cell_text(shared)
            case "n":
                return self._number(text)
            case "b":
                return cell_text(bool(int(text)))
            case "d":
                return cell_text(from_ISO8601(text))
            case _:
                # Texts of the cell's own, of a formula, and errors.
                return text

    def _number(self, text: str) -> str:
        if self._style in self._dates:
            try:
                serial = float(text)
                moment = from_excel(serial, self._epoch, timedelta=self._style in self._durations)
            except (OverflowError, ValueError):
                return "#VALUE!"
            return cell_text(moment)
        if len(text) < 16 and text.isdecimal() and text.isascii():
            return str(int(text))
        return cell_text(float(text))


def cell_text(value: object) -> str:
    """Write a cell as its author sees it; a number of an order has no decimal point."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case float():
            return f"{value:.12g}"
        case datetime() if value.time() == time(0):
            return value.date().isoformat()
        case datetime():
            return value.isoformat(" ", "minutes" if not value.second else "seconds")
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)
