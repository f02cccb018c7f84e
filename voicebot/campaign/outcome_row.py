"""One finished attempt as it is handed out: exports, and whoever reads them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """One attempt with its contact and campaign. Moments are aware."""

    attempt_id: str
    campaign: str
    contact_id: int
    phone: str
    """E.164, whole."""
    name: str
    number: int
    """Of the contact's attempts, from 1."""
    purpose: str
    caller_number: str
    dialed_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    ring_ms: int | None
    talk_ms: int | None
    sip_code: int | None
    disposition: str
    end_reason: str
    intention: str
    intention_rule: str
    next_action: str
    script_version: str
    """Its label, such as `v2`; empty before the first dial."""
    replies: int | None
    recording: str
    """A file's name; empty without one."""
    variables: Mapping[str, str] = field(default_factory=dict)
    outcome: Mapping[str, str] = field(default_factory=dict)
    """The fields that the script sets."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    record: Mapping[str, Any] | None = None
    """`voicebot.call.record.CallRecord` as data; None without a conversation, or when unasked."""
