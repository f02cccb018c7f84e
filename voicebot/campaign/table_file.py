"""Rows of a CSV or XLSX file as people save them, streamed: a million rows take no more memory.

CSV may be UTF-8 with or without a mark, UTF-16 with one, or GB18030, and separated by commas,
semicolons or tabs. Of a workbook the first sheet is read. A file that cannot be read to its end is
refused before its first row is handed out, but for a quotation mark that opens too late to tell.
"""

import codecs
import csv
import hashlib
import warnings
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from openpyxl.utils.exceptions import InvalidFileException

from voicebot.campaign.sheet_rows import Sheet, first_sheet, sheet_rows
from voicebot.errors import BadContacts, Problem

SEPARATORS = ",;\t"

MAX_WORKBOOK_BYTES = 2 << 30
"""Unpacked. A million rows of ten columns are half of it; more is no list of contacts."""

MAX_COLUMNS = 500

_BLOCK = 1 << 20
_OLE = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SPREADSHEET_ERRORS = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"}
)

Row = tuple[int, list[str]]
"""The line where it begins, counted from 1, and its fields."""


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file whose first row names the columns."""

    path: Path
    header: tuple[str, ...]
    header_line: int
    sha256: str
    expected_rows: int
    """About so many follow, for a progress bar."""
    encoding: str
    """Of a CSV file; empty for a workbook."""
    separator: str

    @property
    def name(self) -> str:
        """The file as messages name it."""
        return str(self.path)

    def rows(self) -> Iterator[Row]:
        """Yield the rows below the header that are not blank. Raises `BadContacts` at a fault."""
        rows = _workbook_rows(self.path) if not self.encoding else self._csv_rows()
        with closing(rows):
            for line, row in rows:
                if line > self.header_line and any(map(str.strip, row)):
                    yield line, row

    def _csv_rows(self) -> Generator[Row, None, None]:
        return _csv_rows(self.path, self.encoding, self.separator)


def open_table(path: Path) -> TableFile:
    """Look through a file and read its header. Raises `BadContacts`."""
    name = str(path)
    try:
        with path.open("rb") as file:
            beginning = file.read(4)
    except OSError as error:
        raise BadContacts(Problem(name, f"cannot be read: {error.strerror}")) from error
    if beginning == _OLE:
        what = "is an old or a protected workbook"
        raise BadContacts(
            Problem(name, what, hint="save it as .xlsx without a password, or as CSV")
        )
    if beginning == _ZIP:
        return _open_workbook(path)
    return _open_csv(path)


def is_spreadsheet_error(value: str) -> bool:
    """Tell whether a formula failed here: such a text must never be spoken to a customer."""
    return value in _SPREADSHEET_ERRORS


def _named(path: Path, rows: Generator[Row, None, None], **more: Any) -> TableFile:
    with closing(rows):
        first = next((row for row in rows if any(field.strip() for field in row[1])), None)
    if first is None:
        raise BadContacts(Problem(str(path), "is empty", hint="the first line names the columns"))
    line, names = first
    while names and not names[-1].strip():
        names = names[:-1]
    if len(names) > MAX_COLUMNS:
        what = f"has {len(names)} columns; {MAX_COLUMNS} are the most"
        raise BadContacts(Problem(str(path), what, line, hint="is it really a list of contacts?"))
    header = tuple(name.strip() for name in names)
    return TableFile(path=path, header=header, header_line=line, **more)


# CSV


def _open_csv(path: Path) -> TableFile:
    encoding, sha256, lines = _look_through(path)
    first = _first_line(path, encoding)
    separator = max(SEPARATORS, key=lambda each: len(next(csv.reader([first], delimiter=each), [])))
    return _named(
        path,
        _csv_rows(path, encoding, separator),
        sha256=sha256,
        expected_rows=lines,
        encoding=encoding,
        separator=separator,
    )


def _first_line(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, newline="") as file:
        return next((line for line in file if line.strip()), "")


def _csv_rows(path: Path, encoding: str, separator: str) -> Generator[Row, None, None]:
    # Files are cut into lines at \r and \n only: other marks that Unicode ends lines with stand
    # in names.
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=separator, strict=True)
        begin = 1
        try:
            for row in reader:
                yield begin, row
                begin = reader.line_num + 1
        except csv.Error as error:
            # A mark that never closes swallows what follows: where its row begins is what helps.
            hint = "check the quotation marks"
            what = f"is not CSV: {error}"
            raise BadContacts(Problem(str(path), what, begin, hint=hint)) from error


def _look_through(path: Path) -> tuple[str, str, int]:
    """Return a text file's encoding, its checksum and the number of its lines."""
    name = str(path)
    with path.open("rb") as file:
        beginning = file.read(4)
    mark = next((encoding for mark, encoding in _MARKS if beginning.startswith(mark)), None)
    line = 1
    for encoding in (mark,) if mark else ("utf-8", "gb18030"):
        try:
            return encoding, *_decode_all(path, encoding)
        except _NotText as fault:
            if fault.has_zeros:
                what = "is not text: another kind of file, or UTF-16 without a mark?"
                hint = "save it as CSV in UTF-8"
                raise BadContacts(Problem(name, what, hint=hint)) from fault
            if mark or (encoding == "utf-8" and fault.longer >= _SURELY_UTF8):
                shown = "UTF-16" if mark == "utf-16" else "UTF-8"
                what = f"is {shown}, but not here: byte {fault.byte:#04x}"
                hint = "mend this line, or save the file again as CSV in UTF-8"
                raise BadContacts(Problem(name, what, fault.line, hint=hint)) from fault
            line = fault.line
    what = "is neither UTF-8 nor GB18030"
    raise BadContacts(Problem(name, what, line, hint="save it as CSV in UTF-8"))


_SURELY_UTF8 = 24
"""A dozen Chinese characters that are right as UTF-8 are no accident of GB18030."""


class _NotText(ValueError):
    def __init__(self, line: int, byte: int, longer: int, *, has_zeros: bool) -> None:
        super().__init__()
        self.line = line
        self.byte = byte
        self.longer = longer
        """By so many bytes what was rightly decoded before is longer than its characters."""
        self.has_zeros = has_zeros


def _decode_all(path: Path, encoding: str) -> tuple[str, int]:
    """Decode a whole file without keeping it; return its checksum and the number of lines."""
    decoder = codecs.getincrementaldecoder(encoding)()
    digest = hashlib.sha256()
    lines = longer = 0
    with path.open("rb") as file:
        while True:
            block = file.read(_BLOCK)
            digest.update(block)
            if b"\0" in block and encoding != "utf-16":
                raise _NotText(lines + 1, 0, 0, has_zeros=True)
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                good = error.object[: error.start]
                longer += len(good) - len(good.decode(encoding, errors="ignore"))
                line = lines + good.count(b"\n") + 1
                byte = error.object[error.start]
                raise _NotText(line, byte, longer, has_zeros=False) from error
            lines += text.count("\n")
            longer += len(block) - len(text)
            if not block:
                return digest.hexdigest(), lines + 1


# Workbooks


def _open_workbook(path: Path) -> TableFile:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    with _sheet(path) as sheet:
        rows = sheet.expected_rows()
        return _named(
            path,
            sheet_rows(sheet),
            sha256=digest.hexdigest(),
            expected_rows=rows,
            encoding="",
            separator="",
        )


@contextmanager
def _sheet(path: Path) -> Iterator[Sheet]:
    name = str(path)
    hint = "open it in a spreadsheet program and save it as .xlsx again, or as CSV"
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(each.file_size for each in archive.infolist())
            if unpacked > MAX_WORKBOOK_BYTES:
                what = (
                    f"unpacks to {unpacked >> 20:,} MiB; {MAX_WORKBOOK_BYTES >> 20:,} are the most"
                )
                raise BadContacts(Problem(name, what, hint="save it as CSV"))
            if "xl/workbook.xml" not in archive.namelist():
                what = "is a ZIP file, but not an .xlsx workbook"
                raise BadContacts(Problem(name, what, hint="save it as .xlsx or as CSV"))
        with warnings.catch_warnings():
            # openpyxl tells of styles and checks that it does not know; rows have neither.
            warnings.simplefilter("ignore")
            archive, sheet = first_sheet(path)
            with archive:
                if sheet is None:
                    raise BadContacts(Problem(name, "has no visible sheet", hint=hint))
                yield sheet
    except BadContacts:
        raise
    except (
        *(zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, TypeError),
        *(IndexError, AttributeError, EOFError, OSError, NotImplementedError, SyntaxError),
        *(zlib.error, ExpatError),
    ) as error:
        # A damaged workbook fails in whatever part of openpyxl first meets the damage.
        what = f"is a damaged workbook: {error}"
        raise BadContacts(Problem(name, what, hint=hint)) from error


def _workbook_rows(path: Path) -> Generator[Row, None, None]:
    with _sheet(path) as sheet:
        yield from sheet_rows(sheet)
