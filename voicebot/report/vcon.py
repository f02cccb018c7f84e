"""One finished attempt as a vCon, the IETF's container of a conversation.

After draft-ietf-vcon-vcon-core-02, syntax 0.4.0: each prompt and answer is a `text` dialog, a call
that nobody answered is an `incomplete` one with its disposition, the recording is embedded when it
is asked for, and the outcome is an analysis.
"""

import base64
import hashlib
import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from voicebot.campaign.outcome import Disposition
from voicebot.campaign.outcome_row import OutcomeRow
from voicebot.report.privacy import hider, masked_phone

SYNTAX = "0.4.0"
ROBOT, CUSTOMER = 0, 1
"""Places in `parties`."""

_NAMESPACE = uuid.UUID("7d1a3f0e-5c1b-5d8e-9a44-2f6b0c9e7a11")
"""Of this project, so that an attempt has the same identifier whenever it is exported."""

INCOMPLETE = {
    Disposition.BUSY: "busy",
    Disposition.NO_ANSWER: "no-answer",
    Disposition.REMINDER: "no-answer",
    Disposition.FORWARDED: "no-answer",
    Disposition.REJECTED: "hung-up",
    Disposition.LINE_ERROR: "congestion",
    Disposition.ANSWERED_MACHINE: "voicemail-no-message",
}
"""The draft's words for a call that did not come about; the rest is `failed`."""


def vcon(
    row: OutcomeRow, created_at: datetime, *, full: bool, audio: Path | None = None
) -> dict[str, Any]:
    """Return the attempt as a vCon; `row` brings its record. `audio` is a WAV to embed.

    A recording holds the customer's voice and what was said: it is left out unless asked for.
    """
    hide: Callable[[str], str] = str if full else hider(row.phone)
    begin = row.answered_at or row.dialed_at or row.ended_at or created_at
    dialog = list(_dialog(row, begin, hide))
    if audio is not None:
        dialog.append(_recording(row, begin, audio))
    data = {
        "campaign": row.campaign,
        "attempt": row.number,
        "disposition": row.disposition,
        "end_reason": row.end_reason,
        "intention": row.intention,
        "intention_rule": row.intention_rule,
        "next_action": row.next_action,
        "script_version": row.script_version,
        "ring_ms": row.ring_ms,
        "sip_code": row.sip_code,
        "evidence": {key: _shown(each, hide) for key, each in row.evidence.items()},
        "outcome": {key: hide(each) for key, each in row.outcome.items()},
    }
    return {
        "vcon": SYNTAX,
        "uuid": str(uuid.uuid5(_NAMESPACE, f"{row.campaign}/{row.attempt_id}")),
        "created_at": created_at.isoformat(),
        "subject": row.campaign,
        "parties": [
            {"tel": row.caller_number or "unknown", "name": "voicebot", "role": "agent"},
            {
                "tel": row.phone if full else masked_phone(row.phone),
                "name": hide(row.name),
                "role": "customer",
            },
        ],
        "dialog": dialog,
        "analysis": [
            {
                "type": "report",
                "dialog": list(range(len(dialog))),
                "vendor": "voicebot",
                "product": "outcome",
                "mediatype": "application/json",
                "encoding": "json",
                "body": json.dumps(data, ensure_ascii=False),
            }
        ],
        "attachments": [],
    }


def file_name(row: OutcomeRow) -> str:
    """Return the name of an attempt's file."""
    return f"{row.attempt_id.replace(':', '-')}.vcon.json"


def _dialog(
    row: OutcomeRow, begin: datetime, hide: Callable[[str], str]
) -> Iterator[dict[str, Any]]:
    spoken = list(_spoken(row.record or {}))
    if not spoken:
        known = row.disposition in list(Disposition)
        disposition = INCOMPLETE.get(Disposition(row.disposition), "failed") if known else "failed"
        yield {
            "type": "incomplete",
            "start": begin.isoformat(),
            "parties": [ROBOT, CUSTOMER],
            "originator": ROBOT,
            "disposition": disposition,
        }
    for party, at_ms, until_ms, text in spoken:
        yield {
            "type": "text",
            "start": (begin + timedelta(milliseconds=at_ms)).isoformat(),
            "duration": max(0, until_ms - at_ms) / 1000,
            "parties": [party, CUSTOMER if party == ROBOT else ROBOT],
            "originator": party,
            "mediatype": "text/plain",
            "body": hide(text),
            "encoding": "none",
        }


def _spoken(record: Mapping[str, Any]) -> Iterator[tuple[int, int, int, str]]:
    """Yield who said what from when to when, in milliseconds of the call."""
    for turn in record.get("turns", ()):
        for prompt in turn["prompts"]:
            # What was never begun was not said; what was interrupted was said in part.
            if prompt["started_ms"] is not None:
                heard = prompt["text"] if prompt["complete"] else prompt["heard_text"]
                end = prompt["ended_ms"] or prompt["started_ms"] + prompt["heard_ms"]
                yield ROBOT, prompt["started_ms"], end, heard
        if turn["text"]:
            start = turn["speech_start_ms"] or 0
            yield CUSTOMER, start, turn["speech_end_ms"] or start, turn["text"]


def _recording(row: OutcomeRow, begin: datetime, audio: Path) -> dict[str, Any]:
    data = audio.read_bytes()
    digest = base64.urlsafe_b64encode(hashlib.sha512(data).digest()).rstrip(b"=").decode()
    return {
        "type": "recording",
        "start": begin.isoformat(),
        "duration": (row.talk_ms or 0) / 1000,
        # Left the customer, right the robot.
        "parties": [CUSTOMER, ROBOT],
        "originator": ROBOT,
        "mediatype": "audio/x-wav",
        "filename": audio.name,
        "encoding": "base64url",
        "body": base64.urlsafe_b64encode(data).rstrip(b"=").decode(),
        "content_hash": f"sha512-{digest}",
    }


def _shown(value: Any, hide: Callable[[str], str]) -> Any:
    return hide(value) if isinstance(value, str) else value
