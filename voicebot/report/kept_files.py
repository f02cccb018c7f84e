"""Forgetting what `voicebot serve`, `call` and `campaign run` leave of calls in a folder."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from voicebot.errors import BadInput, Problem

CALLS = "calls"
SOUND = "[0-9]*.wav"
RECORD = "[0-9]*.json"
OUTCOMES = "outcomes.csv"


@dataclass(frozen=True, slots=True)
class FilesForgotten:
    """What of a folder was deleted, or would be."""

    sounds: int
    """Recordings, messages that callers left among them."""
    records: int
    """What was said and what came of it, with the number and the name."""
    stuck: Sequence[str]
    """What cannot be deleted, and why."""


def forget_files(
    folder: Path, sounds_before: datetime, records_before: datetime, *, dry_run: bool = False
) -> FilesForgotten:
    """Delete recordings and records that were written last before these moments: a call's files
    are when it ends. Other files stay.

    Raises `BadInput` when there is no folder of calls.
    """
    calls = folder / CALLS
    if not calls.is_dir():
        hint = "name the folder that was given to voicebot serve or voicebot call as --out"
        raise BadInput(Problem(str(folder), f"has no folder {CALLS}", hint=hint))
    stuck: list[str] = []

    def delete(files: Iterator[Path], before: datetime) -> int:
        total = 0
        for each in files:
            try:
                if datetime.fromtimestamp(each.stat().st_mtime, UTC) >= before:
                    continue
                if not dry_run:
                    each.unlink()
            except FileNotFoundError:
                continue
            except OSError as error:
                stuck.append(f"{each}: {error.strerror or error}")
                continue
            total += 1
        return total

    sounds = delete(calls.glob(SOUND), sounds_before)
    records = delete(calls.glob(RECORD), records_before)
    records += delete(folder.glob(OUTCOMES), records_before)
    return FilesForgotten(sounds, records, stuck)
