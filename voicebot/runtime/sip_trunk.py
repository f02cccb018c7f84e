"""Dialling out over SIP: a number becomes an address, and the call is followed to its answer."""

import re
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

from voicebot.campaign.contacts import Contact
from voicebot.campaign.early_media import EarlyMedia
from voicebot.campaign.outcome import Disposition
from voicebot.campaign.progress import Evidence
from voicebot.campaign.trunk import Dialled
from voicebot.errors import BadInput, LineFailed, Problem
from voicebot.runtime.outgoing import OutgoingLeg, await_answer

CALL_ID_HEADER = "X-Voicebot-Call"
"""Carries our own id of the call, so that the switch's records can be matched with ours."""
PLACES = ("number", "e164")


@dataclass(frozen=True, slots=True)
class DialPlan:
    """How a telephone number becomes a SIP address.

    `{number}` is the number without its plus and, where it is one of `country`, without that code
    (15400000001); `{e164}` is the number with its plus.
    """

    template: str
    """Such as `sip:{number}@192.0.2.20`."""
    country: str = "86"

    def __post_init__(self) -> None:
        places = re.findall(r"\{(\w*)\}", self.template)
        if not self.template.startswith("sip") or not any(each in PLACES for each in places):
            what = f'"{self.template}" is no address with a place for the number'
            raise BadInput(Problem("--dial", what, hint="such as sip:{number}@192.0.2.20"))

    def address(self, phone: str) -> str:
        """Return where to call for this number (digits, perhaps after a plus)."""
        digits = phone.removeprefix("+")
        coded = phone.startswith("+") and digits.startswith(self.country)
        national = digits.removeprefix(self.country) if coded else digits
        e164 = phone if phone.startswith("+") else f"+{self.country}{digits}"
        return self.template.replace("{number}", national).replace("{e164}", e164)


class Gateway(Protocol):
    """What places calls."""

    async def call(self, uri: str, headers: Mapping[str, str] | None = None) -> OutgoingLeg:
        """Begin to call a SIP address. Raises `LineFailed` when that cannot even be tried."""
        ...


class SipTrunk:
    """See `voicebot.campaign.trunk.Trunk`."""

    def __init__(
        self,
        gateway: Gateway,
        plan: DialPlan,
        *,
        ear: Callable[[], EarlyMedia],
        threads: Callable[[], Executor],
        ring_ms: int,
    ) -> None:
        """`ear` and `threads` make one for each call, for what sounds before the answer."""
        self._gateway = gateway
        self._plan = plan
        self._ear = ear
        self._threads = threads
        self._ring_ms = ring_ms

    async def dial(self, contact: Contact, call_id: str) -> Dialled:
        """Ring until somebody answers or nobody will."""
        threads = self._threads()
        try:
            address = self._plan.address(contact.phone)
            leg = await self._gateway.call(address, {CALL_ID_HEADER: call_id})
            try:
                verdict = await await_answer(leg, self._ear(), threads, self._ring_ms)
            except BaseException:
                await leg.hang_up()
                raise
        except LineFailed as error:
            return Dialled(Disposition.LINE_ERROR, 0, evidence=Evidence(str(error)))
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
        return Dialled(
            verdict.disposition,
            verdict.evidence.ring_ms,
            leg if verdict.answered else None,
            evidence=verdict.evidence,
        )
