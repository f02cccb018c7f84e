"""Calling the contacts of a campaign, one attempt each."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from voicebot.call.session import CallSession, CallSettings
from voicebot.campaign.contacts import Contact
from voicebot.campaign.outcome import Attempt, Disposition
from voicebot.campaign.trunk import Trunk
from voicebot.dialogue.script import Script
from voicebot.runtime.call_runner import Parts, run_call
from voicebot.runtime.driver import Recording

log = logging.getLogger(__name__)

Finished = Callable[[Attempt, Recording | None], Awaitable[None]]
Progress = Callable[[int, Contact, CallSession | None], None]


async def run_campaign(
    contacts: Sequence[Contact],
    script: Script,
    trunk: Trunk,
    parts: Parts,
    *,
    finished: Finished,
    progress: Progress = lambda number, contact, session: None,
    settings: CallSettings | None = None,
    concurrency: int = 1,
) -> None:
    """Make one attempt for every contact, at most `concurrency` at a time, in file order.

    `progress` is called when an attempt begins (without a session) and after every event of its
    call; `finished` when it is over, with the recording if anybody answered. One attempt's fault
    is that attempt's outcome; it never ends another.
    """
    waiting = iter(enumerate(contacts, 1))

    async def worker() -> None:
        for number, contact in waiting:
            progress(number, contact, None)
            try:
                attempt = await _attempt(number, contact, script, trunk, parts, settings, progress)
            except Exception:
                log.exception("attempt %d failed", number)
                attempt = Attempt(number, contact, Disposition.LINE_ERROR, 0), None
            await finished(*attempt)

    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(worker())


async def _attempt(
    number: int,
    contact: Contact,
    script: Script,
    trunk: Trunk,
    parts: Parts,
    settings: CallSettings | None,
    progress: Progress,
) -> tuple[Attempt, Recording | None]:
    dialled = await trunk.dial(contact, str(number))
    if dialled.leg is None:
        return Attempt(number, contact, dialled.disposition, dialled.ring_ms), None
    session = CallSession(
        script,
        contact.variables,
        settings or CallSettings(),
        variant=number - 1,
        contact=contact.phone,
        now=datetime.now().astimezone(),
    )

    def watch(session: CallSession) -> None:
        dialled.watch(session)
        progress(number, contact, session)

    record, recording = await run_call(session, dialled.leg, parts, watch)
    return Attempt(number, contact, Disposition.ANSWERED_HUMAN, dialled.ring_ms, record), recording
