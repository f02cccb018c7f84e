"""What every list of people has in common: named columns, one telephone number a row."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from voicebot.campaign.phone import NotAPhone, mask, parse_phone
from voicebot.campaign.table_file import TableFile, is_spreadsheet_error
from voicebot.errors import BadContacts, Problem

PHONE = ("phone", "phone_number", "mobile", "手机号", "手机号码", "手机", "电话", "电话号码")
"""How the column of numbers may be called."""

MAX_FIELD_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that cannot be used, and why."""

    line: int
    row: Sequence[str]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """A row with a number that is one."""

    line: int
    phone: str
    """In E.164."""
    row: Sequence[str]
    """The fields without the blanks around them, as many as there are columns."""


def canonical(header: Sequence[str], meanings: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Give columns that have a meaning their English names; `meanings` maps these to all names."""
    by_name = {name: meaning for meaning, names in meanings.items() for name in names}
    return tuple(by_name.get(column.lower(), column) for column in header)


def check_header(
    table: TableFile, meanings: Mapping[str, Collection[str]], required: Collection[str]
) -> tuple[str, ...]:
    """Return the columns by their meanings. Raises `BadContacts` with all that is wrong of them."""
    header = canonical(table.header, meanings)
    problems = [
        Problem(
            table.name,
            f'there is no column "{column}"',
            table.header_line,
            hint=f"the header is: {', '.join(table.header)}",
        )
        for column in dict.fromkeys(required)
        if column not in header
    ]
    twice = {column for column in header if column and header.count(column) > 1}
    problems += [
        Problem(table.name, f'the column "{column}" stands twice', table.header_line)
        for column in sorted(twice)
    ]
    if problems:
        raise BadContacts(*problems)
    return header


def people(table: TableFile, header: Sequence[str], region: str) -> Iterator[Person | Rejected]:
    """Yield every row: with its number in one form, or with all that is wrong of it."""
    width, at = len(header), header.index("phone")
    for line, row in table.rows():
        fields = [field.strip() for field in row]
        if len(fields) != width and not _fits(fields, width, padded=not table.encoding):
            what = f"has {len(fields)} fields, the header has {width}"
            hint = "check commas and quotation marks"
            yield Rejected(line, row, (Problem(table.name, what, line, hint=hint),))
            continue
        problems = []
        try:
            phone = parse_phone(fields[at], region)
        except NotAPhone as error:
            phone = ""
            what = f'"{mask(fields[at])}" {error}' if fields[at] else str(error)
            problems.append(Problem(table.name, what, line, "phone"))
        # Most rows are short; one look at all of their text is quicker than one at each field.
        if sum(map(len, fields)) > MAX_FIELD_CHARACTERS or any(map(is_spreadsheet_error, fields)):
            problems += _field_problems(table, line, header, fields)
        if problems:
            yield Rejected(line, row, tuple(problems))
        else:
            yield Person(line, phone, fields)


def _fits(fields: list[str], width: int, *, padded: bool) -> bool:
    """Make a row as long as the header where only empty fields are too many or missing."""
    while len(fields) > width and not fields[-1]:
        fields.pop()
    if padded:
        fields += [""] * (width - len(fields))
    return len(fields) == width


def _field_problems(
    table: TableFile, line: int, header: Sequence[str], fields: Sequence[str]
) -> Iterator[Problem]:
    for column, field in zip(header, fields, strict=True):
        if len(field) > MAX_FIELD_CHARACTERS:
            what = f"has {len(field)} characters; {MAX_FIELD_CHARACTERS} are the most"
            yield Problem(table.name, what, line, column)
        if is_spreadsheet_error(field):
            what = f"is {field}, a formula that failed"
            yield Problem(table.name, what, line, column, "mend the formula or empty the cell")
