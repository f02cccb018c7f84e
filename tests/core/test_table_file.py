import codecs
import struct
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

import openpyxl
import pytest

from voicebot.campaign.sheet_rows import cell_text
from voicebot.campaign.table_file import TableFile, open_table
from voicebot.errors import BadContacts

GOOD = "phone,name\n13800000001,王女士\n13800000002,李先生\n"
ROWS = [(2, ["13800000001", "王女士"]), (3, ["13800000002", "李先生"])]


NO_TEXT = " is not text: another kind of file, or UTF-16 without a mark?; save it as CSV in UTF-8"


def file(folder: Path, text: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / "list.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def workbook(folder: Path, *rows: Sequence[object]) -> Path:
    path = folder / "list.xlsx"
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def told(path: Path) -> str:
    """Return the complaint of opening a file or of reading it to its end."""
    with pytest.raises(BadContacts) as caught:
        list(open_table(path).rows())
    return str(caught.value).removeprefix(str(path)).removeprefix(":")


def read(path: Path) -> TableFile:
    return open_table(path)


# CSV


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le+mark"]
)
def test_text_is_read_in_the_encodings_of_the_trade(tmp_path: Path, encoding: str) -> None:
    data = GOOD.encode(encoding.removesuffix("+mark"))
    table = read(file(tmp_path, codecs.BOM_UTF16_LE + data if "+mark" in encoding else data))

    assert table.header == ("phone", "name")
    assert list(table.rows()) == ROWS
    assert table.expected_rows >= 3


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_columns_may_be_separated_by_commas_semicolons_and_tabs(
    tmp_path: Path, separator: str
) -> None:
    table = read(file(tmp_path, GOOD.replace(",", separator)))

    assert table.separator == separator
    assert list(table.rows()) == ROWS


def test_a_comma_within_a_name_does_not_separate_in_a_file_of_semicolons(tmp_path: Path) -> None:
    table = read(file(tmp_path, 'phone;"name, first";city\n1;"王,小";上海\n'))

    assert table.header == ("phone", "name, first", "city")
    assert list(table.rows()) == [(2, ["1", "王,小", "上海"])]


def test_one_column_needs_no_separator(tmp_path: Path) -> None:
    assert list(read(file(tmp_path, "phone\n13800000001\n")).rows()) == [(2, ["13800000001"])]


def test_rows_know_the_line_where_they_begin(tmp_path: Path) -> None:
    table = read(file(tmp_path, '\n\nphone,name\r\n\r\n1,"王\n小\n姐"\n,\n2,李'))

    assert (table.header_line, table.header) == (3, ("phone", "name"))
    assert list(table.rows()) == [(5, ["1", "王\n小\n姐"]), (9, ["2", "李"])]


def test_empty_columns_at_the_end_of_the_header_are_no_columns(tmp_path: Path) -> None:
    assert read(file(tmp_path, "phone,name,,\n1,王,,\n")).header == ("phone", "name")


def test_a_file_may_be_read_twice(tmp_path: Path) -> None:
    table = read(file(tmp_path, GOOD))

    assert list(table.rows()) == list(table.rows())


def test_a_character_may_lie_across_two_blocks(tmp_path: Path) -> None:
    text = "phone,name\n" + "1,王\n" * 300_000
    table = read(file(tmp_path, "x" + text, "gb18030"))

    assert table.encoding == "gb18030"
    assert sum(row[1] == "王" for _, row in table.rows()) == 300_000


def test_two_files_of_one_content_have_one_checksum(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    one, other = read(file(tmp_path, GOOD)), read(file(tmp_path / "a", GOOD))

    assert one.sha256 == other.sha256
    assert one.sha256 != read(file(tmp_path, GOOD + "3,x\n")).sha256


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", " is empty; the first line names the columns"),
        (b"\n ,\n", " is empty; the first line names the columns"),
        (codecs.BOM_UTF8, " is empty; the first line names the columns"),
        (
            GOOD.encode("utf-16-le"),
            NO_TEXT,
        ),
        (
            GOOD.encode() + b"3,\0\n",
            NO_TEXT,
        ),
        (
            b"phone,name\n1,\xff\xff\n",
            "2: is neither UTF-8 nor GB18030; save it as CSV in UTF-8",
        ),
        (
            ("phone,name\n" + "1,王小姐\n" * 20).encode() + b"2,\xcd\xf5\n",
            "22: is UTF-8, but not here: byte 0xcd; "
            "mend this line, or save the file again as CSV in UTF-8",
        ),
        (
            codecs.BOM_UTF8 + b"phone,name\n2,\xcd\xf5\n",
            "2: is UTF-8, but not here: byte 0xcd; "
            "mend this line, or save the file again as CSV in UTF-8",
        ),
        (
            'phone,name\n1,王\n2,"李\n3,赵\n'.encode(),
            "3: is not CSV: unexpected end of data; check the quotation marks",
        ),
        (
            b'phone,name\n1,"a"b\n',
            "2: is not CSV: ',' expected after '\"'; check the quotation marks",
        ),
        (
            b"phone" + b",x" * 600 + b"\n",
            "1: has 601 columns; 500 are the most; is it really a list of contacts?",
        ),
        (
            b"\xd0\xcf\x11\xe0 and more",
            " is an old or a protected workbook; save it as .xlsx without a password, or as CSV",
        ),
    ],
)
def test_what_is_no_table_is_refused_with_the_way_out(
    tmp_path: Path, data: bytes, message: str
) -> None:
    assert told(file(tmp_path, data)) == message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert told(tmp_path / "no.csv") == " cannot be read: No such file or directory"
    assert told(tmp_path) == " cannot be read: Is a directory"


# Workbooks


def test_a_workbook_is_read_as_its_author_sees_it(tmp_path: Path) -> None:
    path = workbook(
        tmp_path,
        ["phone", "name", "price", "when", None],
        [13800000001, "王女士", 68.0, date(2026, 11, 27), None],
        [],
        [13800000002.0, None, 0.1 + 0.2, datetime(2026, 11, 27, 9, 30), None],
        ["13800000003", "李", True, time(9, 30)],
    )

    table = read(path)

    assert table.header == ("phone", "name", "price", "when")
    assert list(table.rows()) == [
        (2, ["13800000001", "王女士", "68", "2026-11-27"]),
        (4, ["13800000002", "", "0.3", "2026-11-27 09:30"]),
        (5, ["13800000003", "李", "yes", "09:30:00"]),
    ]
    assert table.expected_rows == 5


def test_cells_are_read_as_the_library_reads_them(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    rows: list[list[object]] = [
        ["phone", "a", "b", "c", "d"],
        ["13800000001", -3, 1e20, "#N/A", timedelta(hours=30)],
        ["１３8", None, "<&> 王", "two\nlines", 0],
        [None, None, None, None, "far"],
        [False, 1e-7, 123456789012345678, time(0, 0, 5), date(1999, 12, 31)],
    ]
    for row in rows:
        sheet.append(row)
    sheet["C9"] = 7
    path = tmp_path / "people.xlsx"
    book.save(path)
    loaded = openpyxl.load_workbook(path, read_only=True, data_only=True).active

    found = dict(open_table(path).rows())

    told = {
        line: [cell_text(value) for value in row]
        for line, row in enumerate(loaded.iter_rows(values_only=True), 1)
    }
    for line, cells in found.items():
        assert cells == told[line][: len(cells)]
        assert not any(told[line][len(cells) :])
    assert sorted(found) == [2, 3, 4, 5, 9]


SHEET = """<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<x:sheetData><x:row><x:c t="inlineStr"><x:is><x:t>phone</x:t></x:is></x:c>
<x:c t="inlineStr"><x:is><x:r><x:t>na</x:t></x:r><x:r><x:t>me</x:t></x:r>
<x:rPh><x:t>NO</x:t></x:rPh></x:is></x:c></x:row>
<x:row><x:c><x:v>13800000001</x:v></x:c><x:c t="str"><x:f>A1</x:f><x:v>王</x:v></x:c></x:row>
</x:sheetData></x:worksheet>"""


def with_sheet(folder: Path, text: str) -> Path:
    """Make a workbook whose only sheet has this text."""
    made = workbook(folder, ["phone"])
    path = folder / "other.xlsx"
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(path, "w") as new:
        for each in old.namelist():
            mine = each == "xl/worksheets/sheet1.xml"
            new.writestr(each, text if mine else old.read(each))
    return path


def test_a_sheet_may_have_prefixes_and_leave_out_places(tmp_path: Path) -> None:
    table = read(with_sheet(tmp_path, SHEET))

    assert table.header == ("phone", "name")
    assert list(table.rows()) == [(2, ["13800000001", "王"])]


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        SHEET.replace("</x:row>", "", 1),
        SHEET.replace("<x:c>", '<x:c r="B1">', 1).replace('<x:c t="str">', '<x:c r="A1">'),
        SHEET.replace("<x:c>", '<x:c r="ZZZ1">', 1),
        SHEET.replace("<x:c>", '<x:c t="s">', 1),
    ],
)
def test_a_sheet_that_makes_no_sense_is_damaged(tmp_path: Path, text: str) -> None:
    path = with_sheet(tmp_path, text)

    with pytest.raises(BadContacts, match="is a damaged workbook: "):
        list(open_table(path).rows())


def test_the_first_visible_sheet_counts(tmp_path: Path) -> None:
    path = workbook(tmp_path, ["hidden"])
    book = openpyxl.load_workbook(path)
    book.active.sheet_state = "hidden"
    book.create_sheet("联系人").append(["phone"])
    book.save(path)

    assert read(path).header == ("phone",)


def test_an_empty_workbook_is_empty(tmp_path: Path) -> None:
    assert told(workbook(tmp_path)) == " is empty; the first line names the columns"


def test_another_zip_file_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("contacts.csv", GOOD)

    assert told(path) == " is a ZIP file, but not an .xlsx workbook; save it as .xlsx or as CSV"


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_workbook_that_was_cut_off_is_damaged(tmp_path: Path, share: float) -> None:
    path = workbook(tmp_path, ["phone", "name"], *[["13800000001", "王女士"]] * 200)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])

    assert told(path).startswith(" is a damaged workbook: ")


@pytest.mark.parametrize("at", range(0, 4000, 133))
def test_a_workbook_with_a_broken_byte_is_read_or_refused(tmp_path: Path, at: int) -> None:
    path = workbook(tmp_path, ["phone", "name"], *[[f"1380000{n:04}", f"王{n}"] for n in range(99)])
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 0x55
    path.write_bytes(data)

    try:
        rows = len(list(open_table(path).rows()))
    except BadContacts as error:
        rows = 99 if str(path) in str(error) else 0

    assert rows == 99


def test_a_workbook_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    data = bytearray(path.read_bytes())
    # The size that the archive's directory gives is what a reader would have to make room for.
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 2112 << 20)
    path.write_bytes(data)

    assert told(path) == " unpacks to 2,112 MiB; 2,048 are the most; save it as CSV"
