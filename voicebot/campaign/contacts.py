"""Who is to be called: rows of a contacts file, each checked before anybody is dialled."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from voicebot.campaign.calling_window import zone
from voicebot.campaign.columns import PHONE, Person, Rejected, canonical, check_header, people
from voicebot.campaign.phone import mask as mask
from voicebot.campaign.table_file import TableFile, open_table
from voicebot.errors import BadContacts, Problem

MEANINGS = {
    "phone": PHONE,
    "name": ("name", "姓名", "称呼", "客户姓名"),
    "timezone": ("timezone", "time_zone", "时区"),
}
"""Columns that voicebot itself uses, as they may be called. All columns are the script's."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One person to be called."""

    phone: str
    """In E.164."""
    name: str
    variables: dict[str, str]
    """Every column of the row by its header, `name` and `phone` as written included."""
    line: int
    """In the file, counted from 1."""
    timezone: str | None = None


def read_header(path: Path) -> tuple[str, ...]:
    """Return the columns of a contacts file as scripts see them."""
    return canonical(open_table(path).header, MEANINGS)


def read_contacts(path: Path, required: Collection[str] = (), region: str = "CN") -> list[Contact]:
    """Read a contacts file whole; `required` names columns that no row may leave empty.

    Raises `BadContacts` with every problem: nobody is called from a file with a fault in it.
    """
    table = open_table(path)
    contacts: list[Contact] = []
    problems: list[Problem] = []
    for each in contact_rows(table, required, region):
        if isinstance(each, Rejected):
            problems += each.problems
        else:
            contacts.append(each)
    if problems:
        raise BadContacts(*problems)
    if not contacts:
        raise BadContacts(Problem(table.name, "has a header but no contacts", table.header_line))
    return contacts


def contact_rows(
    table: TableFile, required: Collection[str], region: str
) -> Iterator[Contact | Rejected]:
    """Return the rows of a contacts file, the good and the bad, in their order.

    `required` names columns that no row may leave empty; a number that stands twice is good once.
    Raises `BadContacts` at once when a column is missing, and later where the file is broken.
    """
    header = check_header(table, MEANINGS, ("phone", *required))
    return _contact_rows(table, header, [each for each in required if each != "phone"], region)


def _contact_rows(
    table: TableFile, header: tuple[str, ...], required: Sequence[str], region: str
) -> Iterator[Contact | Rejected]:
    needed = [(header.index(column), column) for column in required]
    names = header.index("name") if "name" in header else None
    zones = header.index("timezone") if "timezone" in header else None
    seen: dict[int, int] = {}
    for each in people(table, header, region):
        if isinstance(each, Rejected):
            yield each
            continue
        problems = [
            Problem(table.name, "is empty, but the script speaks it", each.line, column)
            for at, column in needed
            if not each.row[at]
        ]
        timezone = each.row[zones] if zones is not None else ""
        if timezone and zone(timezone) is None:
            what = f'"{timezone}" is no time zone'
            hint = "write a name such as Asia/Shanghai"
            problems.append(Problem(table.name, what, each.line, "timezone", hint))
        # As numbers these take half the memory that they take as text.
        number = int(each.phone)
        if not problems and number in seen:
            problems.append(_twice(table, each, seen[number]))
        if problems:
            yield Rejected(each.line, each.row, tuple(problems))
            continue
        seen[number] = each.line
        yield Contact(
            each.phone,
            each.row[names] if names is not None else "",
            dict(zip(header, each.row, strict=True)),
            each.line,
            timezone or None,
        )


def _twice(table: TableFile, each: Person, line: int) -> Problem:
    what = f"{mask(each.phone)} stands in line {line} already"
    return Problem(table.name, what, each.line, "phone", "leave one of them out")
