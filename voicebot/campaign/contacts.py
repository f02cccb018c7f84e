"""Who is to be called: rows of a CSV file, checked before anything is dialled."""

import csv
import re
from collections.abc import Collection
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from voicebot.errors import BadContacts, Problem

PHONE_HEADERS = ("phone", "phone_number", "手机号", "电话")
NAME_HEADERS = ("name", "姓名", "称呼")

ENCODINGS = ("utf-8-sig", "gb18030")
"""UTF-8 with and without a mark, then what a Chinese Excel writes. GB18030 reads nearly every
byte, so it comes last."""

DIALLABLE = re.compile(r"\+?[0-9]{6,15}")
"""E.164 has 15 digits at most; short codes below 6 digits are never customers."""

MAX_FIELD_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class Contact:
    """One person to be called."""

    phone: str
    """Digits, perhaps after a plus."""
    name: str
    variables: dict[str, str]
    """Every column of the row by its header, `name` and `phone` included."""
    line: int
    """In the file, counted from 1."""


def mask(phone: str) -> str:
    """Hide the middle of a number: `138****5678`. What is shorter is hidden whole."""
    if len(phone) < 11:
        return "*" * len(phone)
    return f"{phone[:3]}{'*' * (len(phone) - 7)}{phone[-4:]}"


def read_header(path: Path) -> tuple[str, ...]:
    """Return the columns of a contacts file as scripts see them."""
    _, rows = _rows(path)
    return tuple(_canonical(rows[0][1]))


def read_contacts(path: Path, required: Collection[str] = ()) -> list[Contact]:
    """Read a contacts file whole; `required` names columns that no row may leave empty.

    Raises `BadContacts` with every problem: nobody is called from a file with a fault in it.
    """
    name, rows = _rows(path)
    _, header_row = rows[0]
    header = _canonical(header_row)
    problems = [
        Problem(
            name,
            f'there is no column "{column}"',
            1,
            hint=f"the header is: {', '.join(header_row)}",
        )
        for column in dict.fromkeys(("phone", *required))
        if column not in header
    ]
    twice = {column for column in header if column and header.count(column) > 1}
    problems += [Problem(name, f'the column "{column}" stands twice', 1) for column in twice]
    if problems:
        raise BadContacts(*problems)
    contacts: list[Contact] = []
    seen: dict[str, int] = {}
    for line, row in rows[1:]:
        found = _row_problems(name, line, header, row, required)
        values = dict(zip(header, (value.strip() for value in row), strict=False))
        phone = re.sub(r"[\s\-()]", "", values.get("phone", ""))
        if not found and phone in seen:
            hint = "leave one of them out"
            what = f"{mask(phone)} stands in line {seen[phone]} already"
            found = [Problem(name, what, line, "phone", hint)]
        problems += found
        if not found:
            seen[phone] = line
            contacts.append(Contact(phone, values.get("name", ""), values, line))
    if problems:
        raise BadContacts(*problems)
    if not contacts:
        raise BadContacts(Problem(name, "has a header but no contacts", 1))
    return contacts


def _row_problems(
    file: str, line: int, header: list[str], row: list[str], required: Collection[str]
) -> list[Problem]:
    if len(row) != len(header):
        what = f"has {len(row)} fields, the header has {len(header)}"
        return [Problem(file, what, line, hint="check commas and quotation marks")]
    values = dict(zip(header, row, strict=True))
    problems = []
    phone = re.sub(r"[\s\-()]", "", values["phone"])
    if not DIALLABLE.fullmatch(phone):
        shown = mask(phone) if phone else ""
        hint = "6 to 15 digits, perhaps with + before and spaces or hyphens between"
        problems.append(Problem(file, f'"{shown}" is not a phone number', line, "phone", hint))
    for column in required:
        if column != "phone" and not values.get(column, "").strip():
            problems.append(Problem(file, "is empty, but the script speaks it", line, column))
    for column, value in values.items():
        if len(value) > MAX_FIELD_CHARACTERS:
            what = f"has {len(value)} characters; {MAX_FIELD_CHARACTERS} are the most"
            problems.append(Problem(file, what, line, column))
    return problems


def _canonical(header: list[str]) -> list[str]:
    """Name the columns every campaign has by their English names."""
    names = []
    for column in header:
        column = column.strip()
        if column.lower() in PHONE_HEADERS:
            names.append("phone")
        elif column.lower() in NAME_HEADERS:
            names.append("name")
        else:
            names.append(column)
    return names


def _rows(path: Path) -> tuple[str, list[tuple[int, list[str]]]]:
    """Return the file's name for messages, and its rows that are not blank with their lines."""
    name = str(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadContacts(Problem(name, f"cannot be read: {error.strerror}")) from error
    text = _decode(name, data)
    if not text.strip():
        raise BadContacts(Problem(name, "is empty", hint="the first line names the columns"))
    # Not `splitlines`, which also cuts at U+2028 and other marks that stand in names.
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    rows = []
    try:
        for row in reader:
            if any(field.strip() for field in row):
                rows.append((reader.line_num, row))
    except csv.Error as error:
        hint = "check the quotation marks"
        raise BadContacts(
            Problem(name, f"is not CSV: {error}", reader.line_num, hint=hint)
        ) from error
    return name, rows


def _decode(name: str, data: bytes) -> str:
    if b"\0" in data[:4096]:
        hint = "save it as CSV in UTF-8"
        raise BadContacts(Problem(name, "is not text: a spreadsheet or UTF-16?", hint=hint))
    for encoding in ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
    hint = "save it as CSV in UTF-8"
    raise BadContacts(Problem(name, "is neither UTF-8 nor GB18030", line, hint=hint))
