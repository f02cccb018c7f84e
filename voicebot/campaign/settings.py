"""campaign.yaml: whom a campaign calls, for what, and how fast.

campaign: repurchase
title: 咖啡豆老客户回访
purpose: marketing              # marketing, service, survey
region: CN
contacts: contacts.csv
timezone: Asia/Shanghai         # of contacts whose own is not known
merchant: beans                 # whose do-not-call list and consent it is
policy: policy.yaml             # else the region's own
starts: 2026-12-01              # a day, or a day and a time, in `timezone`
ends: 2026-12-20 20:00
max_attempts: 3                 # dials of one contact, the first included
max_concurrent: 10              # calls at once
daily_budget: 2000              # calls a day
priority: 0                     # the higher is called first
trunk: main
caller_number: "02100000000"
hold_out: 0.05                  # share that is never called, to measure what the calls bring
retry: {BUSY: 20min, NO_ANSWER: 2h-4h other part, REJECTED: never}
breaker: {technical_share: 0.5}
canary: {unwanted_share: 0.05}
machine: {reaction: leave_message, message: "{name}您好，我是智能语音助手……"}
voice: {engine: espeak}
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from voicebot.campaign.calling_window import zone as named_zone
from voicebot.campaign.rules import KEYS, parse_rules
from voicebot.dialogue.document import Value, parse, suggest
from voicebot.errors import BadCampaign, BadScript, Problem

FILE = "campaign.yaml"
PURPOSES = ("marketing", "service", "survey")

TIMEZONES = {"CN": "Asia/Shanghai"}
"""Of regions that have one; elsewhere a campaign says its own."""

REGION = re.compile(r"[A-Z]{2}")
NAME = re.compile(r"[\w][\w.-]{0,99}")


@dataclass(frozen=True, slots=True)
class CampaignSettings:
    """One campaign, as its file has it."""

    name: str
    folder: Path
    title: str
    purpose: str
    region: str
    timezone: str
    contacts: Path | None = None
    merchant: str = "default"
    policy: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    max_attempts: int = 3
    max_concurrent: int = 10
    daily_budget: int | None = None
    priority: int = 0
    trunk: str = "main"
    caller_number: str | None = None
    hold_out: float = 0.0
    rules: dict[str, Any] = field(default_factory=dict)


def load_settings(folder: Path) -> CampaignSettings:
    """Read a campaign's folder. Raises `BadCampaign` with every fault of its file."""
    path = folder / FILE
    try:
        root = parse(path.read_bytes(), str(path))
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        hint = f"name a campaign's folder with a {FILE}"
        raise BadCampaign(Problem(str(path), what, hint=hint)) from error
    except BadScript as error:
        raise BadCampaign(*error.problems) from error
    settings = _settings(root, folder)
    if root.document.problems:
        raise BadCampaign(*root.document.problems)
    return settings


def _settings(root: Value, folder: Path) -> CampaignSettings:
    fields = root.fields(
        required=("campaign", "purpose", "region"),
        optional=(
            *("title", "script", "contacts", "timezone", "merchant", "policy", "starts", "ends"),
            *("max_attempts", "max_concurrent", "daily_budget", "priority", "trunk"),
            *("caller_number", "hold_out", "retry", "breaker", "canary", "machine", "voice"),
            "grading",
        ),
    )

    def text(key: str, usual: str = "") -> str:
        return (fields[key].text() or usual) if key in fields else usual

    def number(key: str, usual: Any, kind: Callable[[str], Any], least: float, most: float) -> Any:
        if key not in fields:
            return usual
        try:
            value = kind(fields[key].text())
        except ValueError:
            value = None
        if value is None or not least <= value <= most:
            fields[key].report(f'"{fields[key].text()}" is not from {least:g} to {most:g}')
            return usual
        return value

    name, purpose, region = text("campaign"), text("purpose"), text("region")
    if name and not NAME.fullmatch(name):
        fields["campaign"].report(f'"{name}" is no name', "letters, digits, _ . - without spaces")
    if purpose and purpose not in PURPOSES:
        hint = suggest(purpose, PURPOSES, everything=True)
        fields["purpose"].report(f'"{purpose}" is no purpose', hint)
    if region and not REGION.fullmatch(region):
        fields["region"].report(f'"{region}" is no region', "two capital letters, such as CN")
    timezone = text("timezone", TIMEZONES.get(region, ""))
    zone = named_zone(timezone) if timezone else None
    if zone is None:
        where = fields.get("timezone", fields.get("region", root))
        hint = "add `timezone: ` with a name such as America/New_York"
        where.report(
            f'the time zone "{timezone}" is not known'
            if timezone
            else f"{region} has no single time zone",
            hint,
        )
    starts = _moment(fields.get("starts"), zone, time(0))
    ends = _moment(fields.get("ends"), zone, time(23, 59, 59))
    if starts is not None and ends is not None and ends <= starts:
        fields["ends"].report("is before the campaign starts")
    max_attempts = number("max_attempts", 3, int, 1, 20)
    policy = folder / text("policy") if "policy" in fields else None
    if policy is not None and not policy.is_file():
        fields["policy"].report(f"{policy} is not there")
    return CampaignSettings(
        name=name,
        folder=folder,
        title=text("title") or name,
        purpose=purpose,
        region=region,
        timezone=timezone,
        contacts=folder / text("contacts") if "contacts" in fields else None,
        merchant=text("merchant", "default"),
        policy=None if policy is None else str(policy.resolve()),
        starts_at=starts,
        ends_at=ends,
        max_attempts=max_attempts,
        max_concurrent=number("max_concurrent", 10, int, 1, 100_000),
        daily_budget=number("daily_budget", None, int, 0, 10**9),
        priority=number("priority", 0, int, -1000, 1000),
        trunk=text("trunk", "main"),
        caller_number=text("caller_number") or None,
        hold_out=number("hold_out", 0.0, float, 0, 0.99),
        rules=_rules(fields, max_attempts),
    )


def _rules(fields: dict[str, Value], max_attempts: int) -> dict[str, Any]:
    rules: dict[str, Any] = {}
    for key in KEYS:
        if key not in fields:
            continue
        written = {name: each.text() for name, each in fields[key].entries().items()}
        try:
            parse_rules({key: written}, max_attempts)
        except ValueError as error:
            path, _, what = str(error).partition(": ")
            where = fields[key].entries().get(path.partition(".")[2], fields[key])
            where.report(what)
        rules[key] = written
    return rules


def _moment(value: Value | None, zone: ZoneInfo | None, usual: time) -> datetime | None:
    """Read a day, or a day and a time."""
    if value is None or zone is None:
        return None
    text = value.text()
    try:
        if len(text) > len("2026-12-01"):
            return datetime.fromisoformat(text).replace(tzinfo=zone)
        return datetime.combine(date.fromisoformat(text), usual, tzinfo=zone)
    except ValueError:
        value.report(f'"{text}" is no day', "such as 2026-12-01, or 2026-12-01 09:00")
        return None
