"""A person says how a call ended whose end no worker saw.

Janus keeps nothing of a call that is over: whoever knows is the switch behind it, in its records,
where the call stands under our attempt's id. Until somebody has looked there the number is not
dialled again.
"""

from datetime import datetime

from sqlalchemy import Connection, select

from voicebot.campaign.outcome import Disposition
from voicebot.campaign.progress import by_code
from voicebot.dialler.calls import Called
from voicebot.dialler.conclusion import Ended, conclude
from voicebot.store import dialling
from voicebot.store.tables import attempt

NEVER = frozenset({Disposition.UNKNOWN, Disposition.FILTERED})
"""What no call on a switch can come to."""


def parse_result(written: str) -> tuple[Disposition, int | None]:
    """Read a disposition or a final SIP code. Raises `ValueError` that says what it may be."""
    word = written.strip().upper()
    if word.isdigit() and 200 <= int(word) <= 699:
        code = int(word)
        return Disposition.ANSWERED_HUMAN if code < 300 else by_code(code), code
    known = [each for each in Disposition if each not in NEVER]
    if word not in known:
        raise ValueError(f'"{written}" is no result; write a SIP code, or {", ".join(known)}')
    return Disposition(word), None


def resolve(connection: Connection, attempt_id: str, result: str, now: datetime) -> Disposition:
    """Keep how a call ended, with all that follows from it: the contact's next attempt, flags of
    the number, messages. Raises `ValueError` when there is no such call or its end is known."""
    disposition, code = parse_result(result)
    (intent,) = dialling.find(connection, [attempt_id])
    kept = connection.execute(
        select(attempt.c.disposition, attempt.c.ended_at, attempt.c.owner).where(
            attempt.c.id == attempt_id
        )
    ).first()
    if intent is None or kept is None:
        raise ValueError("there is no such call")
    if intent.state != "done":
        raise ValueError("is still under way, or its worker was not found dead yet")
    if kept.disposition != Disposition.UNKNOWN:
        raise ValueError(f"ended {kept.disposition}; only an unknown end can be told")
    called = Called(disposition, 0, sip_code=code, evidence={"told_by": "operator"})
    (fresh,) = conclude(connection, kept.owner, [Ended(intent, called, kept.ended_at)], now)
    if not fresh:
        raise ValueError("was resolved just now")
    return disposition
