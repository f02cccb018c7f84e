import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicebot.campaign.phone import (
    CUSTOMERS,
    NotAPhone,
    country_of,
    is_customers_number,
    is_test_number,
    mask,
    parse_phone,
    zones_of,
)

MOBILE = "+8613800138000"


def by_the_library(written: str) -> str | None:
    """Return what phonenumbers alone makes of a text."""
    try:
        number = phonenumbers.parse(written, "CN")
    except phonenumbers.NumberParseException:
        return None
    good = phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) in CUSTOMERS
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if good else None


@pytest.mark.parametrize(
    "written",
    [
        "13800138000",
        "+8613800138000",
        "+86 138 0013 8000",
        "8613800138000",
        "008613800138000",
        "0086-138-0013-8000",
        "(138)00138000",
        " 138 0013-8000 ",
        "１３８００１３８０００",
        "＋86１３８００１３８０００",
        "\u202d138 0013 8000\u202c",
        "138\u00a00013\u00a08000",
        "138–0013–8000",
        "'13800138000",
        "13800138000.0",
        "tel:+8613800138000",
    ],
)
def test_every_way_of_writing_a_number_is_one_number(written: str) -> None:
    assert parse_phone(written, "CN") == MOBILE


@pytest.mark.parametrize(
    ("written", "region", "phone"),
    [
        ("010 6237 8888", "CN", "+861062378888"),
        ("0755-26012345", "CN", "+8675526012345"),
        ("+1 (212) 555-1234", "CN", "+12125551234"),
        ("(212) 555-1234", "US", "+12125551234"),
        ("030 901820", "DE", "+4930901820"),
        ("13800138000", "DE", None),
        ("2125551234", "CN", "+862125551234"),
    ],
)
def test_a_number_without_its_countrys_code_is_one_of_the_region(
    written: str, region: str, phone: str | None
) -> None:
    if phone is None:
        with pytest.raises(NotAPhone):
            parse_phone(written, region)
    else:
        assert parse_phone(written, region) == phone


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("1380013800", "is not a valid CN number"),
        ("138001380000", "is not a valid CN number"),
        ("12345678901", "is not a valid CN number"),
        ("+1 212 555", "is not a valid US number"),
        ("+999 123456789", "is not a valid CN number"),
        ("1.38E+10", "was rounded by a spreadsheet: format the column as text"),
        ("1.3800138e10", "was rounded by a spreadsheet: format the column as text"),
        ("138OO138OOO", "is not a phone number"),
        ("١٣٨٠٠١٣٨٠٠٠", "is not a phone number"),
        ("13800138000 ext 5", "is not a phone number"),
        ("+", "is not a phone number"),
        ("王女士", "is not a phone number"),
        ("10086", "is not a valid CN number"),
        ("110", "is not a valid CN number"),
        ("400 800 1234", "is a service number"),
        ("+1 900 555 1234", "is a service number"),
        ("9" * 400, "is not a valid CN number"),
    ],
)
def test_what_is_no_customers_number_is_refused_with_the_reason(written: str, why: str) -> None:
    with pytest.raises(NotAPhone) as caught:
        parse_phone(written, "CN")

    assert str(caught.value).startswith(why)


prefixes = st.sampled_from(["", "+86", "86", "0086", "0", "+860", "00", "+", "1"])
digits = st.text("0123456789", min_size=9, max_size=12)
mobiles = st.from_regex(r"1[0-9]{10}", fullmatch=True)


grouping = st.lists(st.tuples(st.integers(1, 14), st.sampled_from(" -")), max_size=3)


@settings(max_examples=1500, deadline=None)
@given(prefixes, mobiles | digits, grouping)
def test_the_short_way_finds_what_the_library_finds(
    prefix: str, number: str, groups: list[tuple[int, str]]
) -> None:
    for at, mark in groups:
        number = number[:at] + mark + number[at:]
    written = prefix + number
    try:
        found = parse_phone(written, "CN")
    except NotAPhone:
        found = None

    assert found == by_the_library(written) or (found is not None and is_test_number(found))


def test_numbers_for_tests_belong_to_nobody_by_the_numbering_plan() -> None:
    phone = parse_phone("15412345678", "CN")

    assert phone == "+8615412345678"
    assert is_test_number(phone)
    assert by_the_library(phone) is None
    assert not is_test_number(MOBILE)
    assert not is_test_number("+861541234567")


def test_a_stored_number_is_checked_once_more() -> None:
    assert is_customers_number(MOBILE)
    assert not is_customers_number("13800138000")
    assert not is_customers_number("+86138001380")
    assert not is_customers_number("")


@pytest.mark.parametrize(
    ("phone", "zones", "country"),
    [
        (MOBILE, ("Asia/Shanghai",), "CN"),
        ("+861062378888", ("Asia/Shanghai",), "CN"),
        ("+8675526012345", ("Asia/Shanghai",), "CN"),
        ("+12125551234", ("America/New_York",), "US"),
        ("+4930901820", ("Europe/Berlin",), "DE"),
        ("+85223456789", ("Asia/Hong_Kong",), "HK"),
        ("+883510012345", (), "001"),
    ],
)
def test_a_number_tells_where_it_is(phone: str, zones: tuple[str, ...], country: str) -> None:
    assert zones_of(phone) == zones
    assert country_of(phone) == country


@settings(max_examples=200, deadline=None)
@given(st.from_regex(r"\+861[0-9]{10}", fullmatch=True))
def test_the_short_way_to_the_zone_is_the_librarys(phone: str) -> None:
    number = phonenumbers.parse(phone)
    if phonenumbers.is_valid_number(number):
        assert zones_of(phone) == phonenumbers.timezone.time_zones_for_number(number)
        assert country_of(phone) == phonenumbers.region_code_for_number(number)


def test_a_number_of_a_wide_country_may_be_in_many_zones() -> None:
    zones = zones_of("+79161234567")

    assert {"Europe/Moscow", "Asia/Kamchatka"} <= set(zones)


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13812345678", "138****5678"),
        ("+8613812345678", "138****5678"),
        ("+12125551234", "+12*****1234"),
        ("075512345678", "075*****5678"),
        ("1234567890", "**********"),
        ("1234567", "*******"),
        ("12345", "*****"),
        ("", ""),
    ],
)
def test_a_mask_hides_the_middle_of_a_long_number_and_all_of_a_short_one(
    phone: str, shown: str
) -> None:
    assert mask(phone) == shown
