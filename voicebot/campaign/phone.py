"""Telephone numbers: one form for every way of writing one, and what a number tells by itself.

The form is E.164, `+8613800138000`. `phonenumbers`, the metadata of the world's numbering plans,
decides what is a number; the way most numbers of a Chinese shop take is shorter but the same.
"""

import re
import unicodedata
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType

TEST_PREFIX = "+86154"
"""No operator has mainland mobile numbers that begin with 154. The samples and simulations use
them: they are taken as numbers of 11 digits, and no real line ever dials them."""

_TEST_NUMBER = re.compile(r"\+86154\d{8}")

CUSTOMERS = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
        PhoneNumberType.PERSONAL_NUMBER,
    }
)
"""What a person answers. The others are hotlines, voice mail, or cost who calls them."""

_WRITTEN = re.compile(r"(?:tel:)?\+?[0-9()\-./ ]+", re.IGNORECASE)
_GROUPING = str.maketrans("", "", " -")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−－ー", "-"))
_MOBILE_METADATA = PhoneMetadata.metadata_for_region("CN")
assert _MOBILE_METADATA is not None
assert _MOBILE_METADATA.mobile is not None
_CN_MOBILE = re.compile(
    rf"(?:\+86|0086|86)?({_MOBILE_METADATA.mobile.national_number_pattern}|154\d{{8}})"
)


class NotAPhone(ValueError):
    """A text that is no telephone number of a customer; the message says why, without the text."""


def parse_phone(written: str, region: str) -> str:
    """Return a number in E.164; without a country's code it is one of `region`, such as `CN`.

    Raises `NotAPhone`.
    """
    if region == "CN":
        plain = _CN_MOBILE.fullmatch(written.translate(_GROUPING))
        if plain is not None:
            return f"+86{plain[1]}"
    return _parse(_tidy(written), region)


def _parse(tidy: str, region: str) -> str:
    if not tidy:
        raise NotAPhone("is empty")
    if not _WRITTEN.fullmatch(tidy):
        if re.search(r"[0-9][eE][+\-]?[0-9]", tidy):
            raise NotAPhone("was rounded by a spreadsheet: format the column as text")
        raise NotAPhone("is not a phone number: it has other characters than digits, + - ( )")
    try:
        number = phonenumbers.parse(tidy, region)
    except phonenumbers.NumberParseException as error:
        raise NotAPhone(f"is not a valid {region} number") from error
    phone = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if is_test_number(phone):
        return phone
    if not phonenumbers.is_valid_number(number):
        raise NotAPhone(f"is not a valid {_plan(number, region)} number")
    if phonenumbers.number_type(number) not in CUSTOMERS:
        raise NotAPhone("is a service number, not a customer's")
    return phone


def _tidy(written: str) -> str:
    """Take off what spreadsheets, address books and input methods add to a number."""
    # NFKC turns full-width digits and signs into plain ones; Cf are invisible marks of direction.
    plain = unicodedata.normalize("NFKC", written).translate(_DASHES)
    shown = "".join(each for each in plain if unicodedata.category(each) != "Cf")
    return shown.strip().removeprefix("'").removesuffix(".0").strip()


def _plan(number: phonenumbers.PhoneNumber, region: str) -> str:
    """Return the region whose plan a number should fit: its own code's, not the file's."""
    regions = phonenumbers.region_codes_for_country_code(number.country_code or 0)
    return region if region in regions or not regions else str(regions[0])


def is_test_number(phone: str) -> bool:
    """Tell whether this is a number that nobody has."""
    return _TEST_NUMBER.fullmatch(phone) is not None


@lru_cache(maxsize=4096)
def is_customers_number(phone: str) -> bool:
    """Tell whether this E.164 number may be dialled at all by the numbering plans of today."""
    try:
        # A number of another country without its code is none; China's have a quick way.
        return parse_phone(phone, "CN" if phone.startswith("+86") else "ZZ") == phone
    except NotAPhone:
        return False


@lru_cache(maxsize=4096)
def zones_of(phone: str) -> tuple[str, ...]:
    """Return the time zones in which the owner of an E.164 number may be; none when unknown.

    A number of a country with several zones and no areas, such as a Russian mobile, has many.
    """
    if phone.startswith("+861"):
        return ("Asia/Shanghai",)
    # Its table of area codes is read only when a number from abroad is met.
    from phonenumbers import timezone

    found = timezone.time_zones_for_number(phonenumbers.parse(phone))
    return tuple(zone for zone in found if zone != timezone.UNKNOWN_TIMEZONE)


@lru_cache(maxsize=4096)
def country_of(phone: str) -> str | None:
    """Return the country of an E.164 number, such as `CN`; None when its plan has none."""
    if phone.startswith("+861"):
        return "CN"
    return phonenumbers.region_code_for_number(phonenumbers.parse(phone))


def mask(phone: str) -> str:
    """Hide the middle of a number: `138****5678`. What is shorter is hidden whole.

    A mainland mobile looks the same with its country's code and without.
    """
    if len(phone) == 14 and phone.startswith("+861"):
        phone = phone[3:]
    if len(phone) < 11:
        return "*" * len(phone)
    return f"{phone[:3]}{'*' * (len(phone) - 7)}{phone[-4:]}"
