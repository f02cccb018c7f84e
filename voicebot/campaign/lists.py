"""Lists of who agreed to be called and of who must not be: rows of a file, checked one by one."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from voicebot.campaign.columns import PHONE, Rejected, check_header, people
from voicebot.campaign.frequency_cap import Purpose
from voicebot.campaign.table_file import TableFile
from voicebot.errors import Problem

CONSENT_MEANINGS = {
    "phone": PHONE,
    "purpose": ("purpose", "用途", "目的"),
    "evidence": ("evidence", "凭证", "证据", "依据"),
    "given_at": ("given_at", "date", "日期", "时间", "同意时间", "授权时间"),
    "expires_at": ("expires_at", "expires", "到期", "有效期至"),
}
BLOCK_MEANINGS = {
    "phone": PHONE,
    "reason": ("reason", "原因", "备注"),
    "expires_at": ("expires_at", "expires", "到期", "有效期至"),
}

_MOMENT = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?"
)


class NotAMoment(ValueError):
    """A text that is no date."""


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """One person's consent."""

    line: int
    phone: str
    purpose: Purpose
    evidence: str
    given_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class BlockRow:
    """One number that is not to be called."""

    line: int
    phone: str
    reason: str
    expires_at: datetime | None


def parse_moment(written: str, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """Return a moment from `2026-11-27`, `2026/11/27 09:30` or `2026年11月27日`, in UTC.

    A day without a time begins at midnight there; with `last` it counts to its end. A moment with
    an offset of its own, `2026-11-27T09:30+08:00`, keeps it. Raises `NotAMoment`.
    """
    found = _MOMENT.fullmatch(written)
    try:
        if found is None:
            moment = datetime.fromisoformat(written)
            if moment.tzinfo is None:
                raise NotAMoment(written)
            return moment.astimezone(UTC)
        year, month, day, *clock = (int(part) if part else None for part in found.groups())
        when = date(year or 0, month or 0, day or 0)
        if clock[0] is None:
            when += timedelta(days=1 if last else 0)
            return datetime.combine(when, time(0), tzinfo=zone).astimezone(UTC)
        at = time(clock[0], clock[1] or 0, clock[2] or 0)
        return datetime.combine(when, at, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise NotAMoment(written) from error


def consent_rows(
    table: TableFile, region: str, purpose: Purpose | None, zone: ZoneInfo, now: datetime
) -> Iterator[ConsentRow | Rejected]:
    """Return the rows of a list of consent; without a column `purpose` all are for `purpose`.

    Evidence and date are asked of every row: without them nothing could be shown later. Raises
    `BadContacts` at once when a column is missing.
    """
    needed = ("phone", "evidence", "given_at", *(() if purpose else ("purpose",)))
    header = check_header(table, CONSENT_MEANINGS, needed)
    return _consent_rows(table, header, region, purpose, zone, now)


def _consent_rows(
    table: TableFile,
    header: Sequence[str],
    region: str,
    purpose: Purpose | None,
    zone: ZoneInfo,
    now: datetime,
) -> Iterator[ConsentRow | Rejected]:
    for each in people(table, header, region):
        if isinstance(each, Rejected):
            yield each
            continue
        fields = dict(zip(header, each.row, strict=True))
        check = _Check(table.name, each.line, zone)
        given_at = check.moment("given_at", fields["given_at"])
        if given_at is None and not fields["given_at"]:
            check.say("given_at", "is empty: when they agreed must be known")
        if given_at is not None and given_at > now + timedelta(days=1):
            check.say("given_at", "lies in the future")
        expires_at = check.moment("expires_at", fields.get("expires_at", ""), last=True)
        if not fields["evidence"]:
            check.say("evidence", "is empty: how it is known that they agreed must be shown")
        kind = check.purpose(fields.get("purpose", ""), purpose)
        if check.problems or given_at is None or kind is None:
            yield Rejected(each.line, each.row, tuple(check.problems))
        else:
            yield ConsentRow(each.line, each.phone, kind, fields["evidence"], given_at, expires_at)


def block_rows(table: TableFile, region: str, zone: ZoneInfo) -> Iterator[BlockRow | Rejected]:
    """Return the rows of a do-not-call list. Raises `BadContacts` when a column is missing."""
    header = check_header(table, BLOCK_MEANINGS, ("phone",))
    return _block_rows(table, header, region, zone)


def _block_rows(
    table: TableFile, header: Sequence[str], region: str, zone: ZoneInfo
) -> Iterator[BlockRow | Rejected]:
    for each in people(table, header, region):
        if isinstance(each, Rejected):
            yield each
            continue
        fields = dict(zip(header, each.row, strict=True))
        check = _Check(table.name, each.line, zone)
        expires_at = check.moment("expires_at", fields.get("expires_at", ""), last=True)
        if check.problems:
            yield Rejected(each.line, each.row, tuple(check.problems))
        else:
            yield BlockRow(each.line, each.phone, fields.get("reason", ""), expires_at)


class _Check:
    """Collects what is wrong of one row."""

    def __init__(self, file: str, line: int, zone: ZoneInfo) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._line = line
        self._zone = zone

    def say(self, column: str, what: str, hint: str = "") -> None:
        self.problems.append(Problem(self._file, what, self._line, column, hint))

    def moment(self, column: str, written: str, *, last: bool = False) -> datetime | None:
        if not written:
            return None
        try:
            return parse_moment(written, self._zone, last=last)
        except NotAMoment:
            self.say(column, f'"{written}" is no date', "write 2026-11-27 or 2026-11-27 09:30")
            return None

    def purpose(self, written: str, otherwise: Purpose | None) -> Purpose | None:
        words = {each.value: each for each in Purpose} | _PURPOSES
        if not written and otherwise is not None:
            return otherwise
        if written.lower() not in words:
            self.say("purpose", f'"{written}" is no purpose', f"one of: {', '.join(Purpose)}")
            return None
        return words[written.lower()]


_PURPOSES = {"营销": Purpose.MARKETING, "服务": Purpose.SERVICE, "回访": Purpose.SERVICE} | {
    "调研": Purpose.SURVEY,
    "问卷": Purpose.SURVEY,
}
