"""Outcomes as CSV, XLSX or JSON lines: one row an attempt.

Spreadsheets run a cell that begins with `=`; such cells are led in by an apostrophe. Telephone
numbers are hidden but for their ends, wherever they stand, unless `full` is asked for.
"""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, TextIO

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from voicebot.campaign.outcome_row import OutcomeRow
from voicebot.report.files import cell
from voicebot.report.privacy import hider, masked_phone
from voicebot.report.storage import storing

COLUMNS = (
    *("attempt_id", "campaign", "phone", "name", "number", "purpose", "caller_number"),
    *("dialed_at", "answered_at", "ended_at", "ring_s", "talk_s", "sip_code"),
    *("disposition", "end_reason", "intention", "intention_rule", "next_action"),
    *("script_version", "replies", "recording", "evidence"),
)
"""Then the script's outcome fields as `outcome.NAME`."""

_NUMBER = re.compile(r"\+[0-9]{6,15}")
"""A telephone number is no formula, and an apostrophe would make it useless to other programs."""

MAX_SHEET_ROWS = 1_048_575
"""Of one XLSX sheet, below its header."""


def shown(row: OutcomeRow, zone: tzinfo, *, full: bool) -> dict[str, Any]:
    """Return a row as plain data, moments as text of `zone`, numbers as numbers."""
    hide: Callable[[str], str] = str if full else hider(row.phone)
    return {
        "attempt_id": row.attempt_id,
        "campaign": row.campaign,
        "phone": row.phone if full else masked_phone(row.phone),
        "name": hide(row.name),
        "number": row.number,
        "purpose": row.purpose,
        "caller_number": row.caller_number,
        "dialed_at": _moment(row.dialed_at, zone),
        "answered_at": _moment(row.answered_at, zone),
        "ended_at": _moment(row.ended_at, zone),
        "ring_s": _seconds(row.ring_ms),
        "talk_s": _seconds(row.talk_ms),
        "sip_code": row.sip_code,
        "disposition": row.disposition,
        "end_reason": row.end_reason,
        "intention": row.intention,
        "intention_rule": row.intention_rule,
        "next_action": row.next_action,
        "script_version": row.script_version,
        "replies": row.replies,
        "recording": row.recording,
        "evidence": {key: _hidden(each, hide) for key, each in row.evidence.items()},
        "outcome": {key: hide(each) for key, each in row.outcome.items()},
    }


def write_csv(
    file: TextIO, rows: Iterable[OutcomeRow], fields: Sequence[str], zone: tzinfo, *, full: bool
) -> int:
    """Write CSV; return how many rows. A file for Excel begins with a byte order mark."""
    writer = csv.writer(file)
    writer.writerow([*COLUMNS, *(cell(f"outcome.{name}") for name in fields)])
    count = 0
    for row in rows:
        writer.writerow(_cells(shown(row, zone, full=full), fields))
        count += 1
    return count


def write_jsonl(file: TextIO, rows: Iterable[OutcomeRow], zone: tzinfo, *, full: bool) -> int:
    """Write a JSON object a line, with the conversation when the rows bring it; return how many."""
    count = 0
    for row in rows:
        data = shown(row, zone, full=full)
        if row.record is not None:
            data["record"] = _hidden(row.record, str if full else hider(row.phone))
        file.write(json.dumps(data, ensure_ascii=False) + "\n")
        count += 1
    return count


def write_xlsx(
    path: Path, rows: Iterable[OutcomeRow], fields: Sequence[str], zone: tzinfo, *, full: bool
) -> int:
    """Write a workbook, more sheets when there are more rows than one holds; return how many."""
    book = Workbook(write_only=True)
    header = [*COLUMNS, *(cell(f"outcome.{name}") for name in fields)]
    sheet = None
    count = 0
    for row in rows:
        if sheet is None or count % MAX_SHEET_ROWS == 0:
            sheet = book.create_sheet(f"outcomes {count // MAX_SHEET_ROWS + 1}")
            sheet.freeze_panes = "A2"
            sheet.append(header)
        values = _cells(shown(row, zone, full=full), fields)
        sheet.append([_clean(value) for value in values])
        count += 1
    if sheet is None:
        book.create_sheet("outcomes 1").append(header)
    unfinished = path.with_name(f".{path.name}.part")
    with storing(path):
        try:
            book.save(unfinished)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    return count


def _cells(data: Mapping[str, Any], fields: Sequence[str]) -> Iterator[str | int | float]:
    for name in COLUMNS:
        value = data[name]
        if name == "evidence":
            value = json.dumps(value, ensure_ascii=False) if value else ""
        if isinstance(value, str) and not _NUMBER.fullmatch(value):
            value = cell(value)
        yield "" if value is None else value
    for name in fields:
        yield cell(data["outcome"].get(name, ""))


def _clean(value: str | int | float) -> str | int | float:
    return ILLEGAL_CHARACTERS_RE.sub("", value) if isinstance(value, str) else value


def _moment(moment: datetime | None, zone: tzinfo) -> str | None:
    return None if moment is None else moment.astimezone(zone).isoformat(timespec="milliseconds")


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000


def _hidden(value: Any, hide: Callable[[str], str]) -> Any:
    match value:
        case str():
            return hide(value)
        case dict():
            return {hide(str(key)): _hidden(each, hide) for key, each in value.items()}
        case list():
            return [_hidden(each, hide) for each in value]
        case _:
            return value
