"""What a campaign run leaves in its folder: a record and a recording a call, and the outcomes.

outcomes.csv            one row a contact, in the contacts file's order
calls/007-张丽.json      one attempt: contact, disposition, grade, and the call's whole record
calls/007.wav           its sound: the caller left, the robot right
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from voicebot.audio import wav
from voicebot.campaign.outcome import Attempt, intention
from voicebot.report.figures import replies
from voicebot.report.privacy import masked
from voicebot.report.storage import storing, write_whole

FORMAT = 1
"""Of the JSON; grows when a reader of the old one would misread the new one."""

COLUMNS = (
    "phone",
    "name",
    "disposition",
    "end_reason",
    "intention",
    "duration_s",
    "turns",
)

FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
"""A spreadsheet runs a cell that begins with one of these. The wide ones count where the keyboard
is Chinese or Japanese."""

MAX_NAME_CHARACTERS = 40
"""Of a contact's name in a file's name: 120 bytes in UTF-8, well under the 255 of file systems."""


def write_attempt(
    folder: Path,
    attempt: Attempt,
    caller_pcm: bytes | bytearray = b"",
    robot_pcm: bytes | bytearray = b"",
    sample_rate: int = 8000,
    *,
    recorded: bool = False,
) -> None:
    """Write one attempt into `folder`/calls; without sound (nobody answered) there is no WAV.

    `recorded`: the WAV was written while the call ran, and stays.

    The sound is signed 16-bit mono, both sides beginning when the call was answered. What an
    earlier run left under the same number is replaced. Raises `StorageFailed`.
    """
    calls = folder / "calls"
    sound = calls / sound_name(attempt.number)
    safe = masked(attempt)
    record = calls / f"{safe.number:03d}{_in_file_name(safe.contact.name)}.json"
    heard = bool(caller_pcm or robot_pcm)
    with storing(sound):
        for old in records_of(folder, attempt.number):
            old.unlink()
        if not recorded:
            sound.unlink(missing_ok=True)
        if heard:
            wav.write(sound, sample_rate, bytes(caller_pcm), bytes(robot_pcm))
    data = _attempt_data(safe) | {"audio": sound.name if heard or recorded else None}
    text = json.dumps(data, ensure_ascii=False, indent=2)
    write_whole(record, [f"{text}\n".encode()])


def write_outcomes(path: Path, attempts: Iterable[Attempt], fields: Sequence[str]) -> None:
    """Write one row an attempt, in the contacts' order; `fields` are the script's own.

    UTF-8 with a byte order mark, which a Chinese Excel needs to read it as UTF-8. `turns` counts
    the caller's answers. Raises `StorageFailed`.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([cell(name) for name in (*COLUMNS, *fields)])
    for attempt in sorted(attempts, key=lambda each: (each.contact.line, each.number)):
        writer.writerow([cell(value) for value in _row(masked(attempt), fields)])
    write_whole(path, [text.getvalue().encode("utf-8-sig")])


def sound_name(number: int) -> str:
    """Return the name of an attempt's recording in the folder `calls`."""
    return f"{number:03d}.wav"


def records_of(folder: Path, number: int) -> list[Path]:
    """Return the records that `folder` holds under an attempt's number."""
    names = (f"{number:03d}.json", f"{number:03d}-*.json")
    return [path for name in names for path in (folder / "calls").glob(name)]


def last_number(folder: Path) -> int:
    """Return the highest number of an attempt that `folder` holds already; 0 in a new one."""
    numbers = (re.match(r"\d+", each.name) for each in (folder / "calls").glob("[0-9]*"))
    return max((int(found[0]) for found in numbers if found), default=0)


def _attempt_data(attempt: Attempt) -> dict[str, Any]:
    grade, rule = intention(attempt)
    record = attempt.record
    return {
        "format": FORMAT,
        "number": attempt.number,
        "contact": asdict(attempt.contact),
        "disposition": str(attempt.disposition),
        "ring_ms": attempt.ring_ms,
        "intention": {"grade": str(grade), "rule": rule},
        "script": None if record is None else {"name": record.script, "version": record.version},
        "record": None if record is None else record.as_dict(),
    }


def _row(attempt: Attempt, fields: Sequence[str]) -> list[str]:
    grade, _ = intention(attempt)
    record = attempt.record
    known = [
        attempt.contact.phone,
        attempt.contact.name,
        str(attempt.disposition),
        str(attempt.end_reason or ""),
        str(grade),
        "" if record is None else f"{record.duration_ms / 1000:.1f}",
        "" if record is None else str(replies(record)),
    ]
    return known + ["" if record is None else record.outcome.get(name, "") for name in fields]


def cell(text: str) -> str:
    """Let a spreadsheet show what it would run otherwise."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _in_file_name(name: str) -> str:
    kept = re.sub(r"[^\w-]+", "_", name)[:MAX_NAME_CHARACTERS].strip("_")
    return f"-{kept}" if kept else ""
