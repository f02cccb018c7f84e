from pathlib import Path

import pytest

from voicebot.campaign.contacts import Contact, read_contacts, read_header
from voicebot.errors import BadContacts

GOOD = "phone,name,product\n13800000001,王女士,云南豆\n13800000002,李先生,曼特宁\n"


def file(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "contacts.csv"
    path.write_bytes(text.encode(encoding))
    return path


def problems(path: Path, *required: str) -> list[str]:
    """Every complaint, without the file's name, which each must begin with."""
    with pytest.raises(BadContacts) as caught:
        read_contacts(path, required)
    told = str(caught.value).splitlines()
    assert all(line.startswith(str(path)) for line in told)
    return [line.removeprefix(str(path)).removeprefix(":") for line in told]


# What can be read


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_contacts_are_read_in_the_encodings_of_the_trade(tmp_path: Path, encoding: str) -> None:
    contacts = read_contacts(file(tmp_path, GOOD, encoding), ["product"])

    assert contacts == [
        Contact(
            "+8613800000001",
            "王女士",
            {"phone": "13800000001", "name": "王女士", "product": "云南豆"},
            2,
        ),
        Contact(
            "+8613800000002",
            "李先生",
            {"phone": "13800000002", "name": "李先生", "product": "曼特宁"},
            3,
        ),
    ]


@pytest.mark.parametrize(
    "header", ["手机号,姓名", "电话,称呼", "Phone_Number, NAME ", "PHONE,name"]
)
def test_headers_may_be_chinese_or_spelled_otherwise(tmp_path: Path, header: str) -> None:
    path = file(tmp_path, f"{header}\n13800000001,王女士\n")

    contact = read_contacts(path)[0]

    assert (contact.phone, contact.name) == ("+8613800000001", "王女士")
    assert read_header(path) == ("phone", "name")


def test_lines_of_windows_blank_lines_and_a_missing_last_newline_are_fine(tmp_path: Path) -> None:
    path = file(tmp_path, "phone,name\r\n\r\n13800000001,王\r\n,\r\n13800000002,李")

    assert [contact.line for contact in read_contacts(path)] == [3, 5]


def test_quoted_fields_may_hold_commas_quotes_and_new_lines(tmp_path: Path) -> None:
    path = file(tmp_path, 'phone,name\n13800000001,"王,""小""\n女士"\n')

    assert read_contacts(path)[0].name == '王,"小"\n女士'


@pytest.mark.parametrize("separator", ["\u2028", "\x0b", "\x0c", "\x85", "\x1e"])
def test_strange_separators_inside_a_field_do_not_end_its_line(
    tmp_path: Path, separator: str
) -> None:
    path = file(tmp_path, f"phone,name\n13800000001,王{separator}女士\n13800000002,李\n")

    assert [contact.name for contact in read_contacts(path)] == [f"王{separator}女士", "李"]


@pytest.mark.parametrize(
    "written", ["138-0000-0001", "138 0000 0001", "(138)00000001", " 13800000001 "]
)
def test_phones_may_be_grouped(tmp_path: Path, written: str) -> None:
    path = file(tmp_path, f"phone\n{written}\n")

    assert read_contacts(path)[0].phone == "+8613800000001"


def test_a_number_with_its_countrys_code_is_the_same_number(tmp_path: Path) -> None:
    path = file(tmp_path, "phone\n13800000001\n+86 138 0000 0001\n")

    assert problems(path) == [
        "3: phone: 138****0001 stands in line 2 already; leave one of them out"
    ]


def test_the_script_has_the_number_as_it_was_written(tmp_path: Path) -> None:
    path = file(tmp_path, "手机号\n138-0000-0001\n")

    assert read_contacts(path)[0].variables == {"phone": "138-0000-0001"}


def test_a_contact_may_have_a_time_zone(tmp_path: Path) -> None:
    path = file(
        tmp_path, "phone,时区\n13800000001,Asia/Tokyo\n13800000002,\n13800000003,北京时间\n"
    )

    assert [contact.timezone for contact in read_contacts(path)] == [
        "Asia/Tokyo",
        None,
        "北京时间",
    ]


def test_a_time_zone_that_is_none_is_a_fault_of_its_row(tmp_path: Path) -> None:
    path = file(tmp_path, "phone,timezone\n13800000001,Beijing\n")

    assert problems(path) == [
        '2: timezone: "Beijing" is no time zone; write a name such as Asia/Shanghai'
    ]


def test_a_file_without_names_has_nameless_contacts(tmp_path: Path) -> None:
    path = file(tmp_path, "phone\n13800000001\n")

    assert read_contacts(path)[0].name == ""


# What cannot


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert problems(tmp_path / "no.csv") == [" cannot be read: No such file or directory"]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert problems(tmp_path) == [" cannot be read: Is a directory"]


@pytest.mark.parametrize("text", ["", "\n \n", "\ufeff"])
def test_an_empty_file_says_what_belongs_there(tmp_path: Path, text: str) -> None:
    assert problems(file(tmp_path, text)) == [" is empty; the first line names the columns"]


def test_a_header_alone_calls_nobody(tmp_path: Path) -> None:
    assert problems(file(tmp_path, "phone,name\n")) == ["1: has a header but no contacts"]


def test_missing_columns_are_all_named_with_the_header(tmp_path: Path) -> None:
    path = file(tmp_path, "姓名,city\n王女士,上海\n")

    assert problems(path, "product", "coupon") == [
        '1: there is no column "phone"; the header is: 姓名, city',
        '1: there is no column "product"; the header is: 姓名, city',
        '1: there is no column "coupon"; the header is: 姓名, city',
    ]


def test_a_column_that_stands_twice_is_ambiguous(tmp_path: Path) -> None:
    path = file(tmp_path, "手机号,phone,name\n13800000001,13800000002,王\n")

    assert problems(path) == ['1: the column "phone" stands twice']


def test_every_fault_of_every_row_is_told_at_once(tmp_path: Path) -> None:
    path = file(
        tmp_path,
        "phone,name,product\n"
        "13800000001,王\n"
        "12345,李,豆\n"
        "13800000002,赵,\n"
        "1.38E+10,钱,豆\n"
        "13800000003,孙,豆,多\n"
        "13800000004,周,豆\n"
        "138-0000-0004,吴,豆\n"
        ",郑,豆\n",
    )

    told = problems(path, "product")

    assert told == [
        "2: has 2 fields, the header has 3; check commas and quotation marks",
        '3: phone: "*****" is not a valid CN number',
        "4: product: is empty, but the script speaks it",
        '5: phone: "********" was rounded by a spreadsheet: format the column as text',
        "6: has 4 fields, the header has 3; check commas and quotation marks",
        "8: phone: 138****0004 stands in line 7 already; leave one of them out",
        "9: phone: is empty",
    ]


@pytest.mark.parametrize("phone", ["١٣٨٠٠٠٠٠٠٠٠", "138OOOOOOO1", "+", "1380000000100000"])
def test_only_the_numbers_of_customers_are_phones(phone: str, tmp_path: Path) -> None:
    assert "2: phone: " in problems(file(tmp_path, f"phone\n{phone}\n"))[0]


def test_bytes_that_are_no_text_are_found_by_their_line(tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv"
    path.write_bytes(b"phone,name\n13800000001,\xff\xff\xff\n")

    assert problems(path) == ["2: is neither UTF-8 nor GB18030; save it as CSV in UTF-8"]


def test_a_quotation_mark_that_never_closes_is_found(tmp_path: Path) -> None:
    path = file(tmp_path, 'phone,name\n13800000001,"王\n')

    assert problems(path) == ["2: is not CSV: unexpected end of data; check the quotation marks"]


def test_a_field_as_long_as_a_letter_is_a_mistake(tmp_path: Path) -> None:
    path = file(tmp_path, f"phone,name\n13800000001,{'王' * 1001}\n")

    assert problems(path) == ["2: name: has 1001 characters; 1000 are the most"]


def test_a_whole_phone_never_stands_in_a_message(tmp_path: Path) -> None:
    path = file(tmp_path, "phone\n13812345678\n13812345678\n138123456789012345\n")

    told = "\n".join(problems(path))

    assert "1234567" not in told
    assert "138****5678" in told
