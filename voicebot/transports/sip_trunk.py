"""Dialling out over SIP: ring, listen to what the network plays, and tell what it came to."""

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from voicebot.campaign.contacts import Contact
from voicebot.campaign.early_media import EarlyMedia
from voicebot.campaign.progress import (
    Answered,
    CallProgress,
    LineBroke,
    LineEvent,
    Refused,
    Ringing,
    Verdict,
)
from voicebot.campaign.trunk import Dialled
from voicebot.errors import BadInput, LineFailed, Problem, RecogniserFailed
from voicebot.transports.janus_leg import JanusLeg
from voicebot.transports.janus_sip import JanusGateway

CALL_ID_HEADER = "X-Voicebot-Call"
"""Carries our own id of the call, so that the switch's records can be matched with ours."""
PLACES = ("number", "e164")


@dataclass(frozen=True, slots=True)
class DialPlan:
    """How a telephone number becomes a SIP address.

    `{number}` is the number without its plus and, where it is one of `country`, without that code
    (13800138000); `{e164}` is the number with its plus.
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


class SipTrunk:
    """See `voicebot.campaign.trunk.Trunk`."""

    def __init__(
        self,
        gateway: JanusGateway,
        plan: DialPlan,
        *,
        listener: Callable[[], EarlyMedia],
        ears: Callable[[], Executor],
        ring_ms: int,
    ) -> None:
        """`listener` and `ears` make one for each call that sounds before it is answered."""
        self._gateway = gateway
        self._plan = plan
        self._listener = listener
        self._ears = ears
        self._ring_ms = ring_ms

    async def dial(self, contact: Contact, call_id: str) -> Dialled:
        """Ring until somebody answers or nobody will."""
        progress = _Progress(self._ring_ms)
        try:
            leg = await self._gateway.call(
                self._plan.address(contact.phone), {CALL_ID_HEADER: call_id}
            )
        except LineFailed as error:
            progress.note(LineBroke(str(error)))
            return _dialled(await progress.verdict, None)
        try:
            verdict = await self._follow(leg, progress)
        except BaseException:
            await leg.hang_up()
            raise
        if verdict.answered:
            return _dialled(verdict, leg)
        await leg.hang_up()
        return _dialled(verdict, None)

    async def _follow(self, leg: JanusLeg, progress: "_Progress") -> Verdict:
        tasks = [
            asyncio.create_task(each)
            for each in (
                _when(leg.ringing, lambda: progress.note(Ringing())),
                _when(leg.answered, lambda: progress.note(Answered())),
                self._listen(leg, progress),
                progress.expire(),
            )
        ]

        def ended(end: object) -> None:
            sip = leg.ended.result()
            broke = sip.code == 503 and not leg.ringing.is_set() and "lost" in sip.reason
            progress.note(LineBroke(sip.reason) if broke else Refused(sip.code))

        leg.ended.add_done_callback(ended)
        try:
            return await progress.verdict
        finally:
            leg.ended.remove_done_callback(ended)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self, leg: JanusLeg, progress: "_Progress") -> None:
        """Hear what the network plays before anybody answers."""
        await leg.early_media.wait()
        loop = asyncio.get_running_loop()
        ears = self._ears()
        try:
            media = self._listener()
            async for frame in leg.incoming():
                for noticed in await loop.run_in_executor(ears, media.hear, frame):
                    progress.note(noticed)
            for noticed in await loop.run_in_executor(ears, media.finish):
                progress.note(noticed)
        except (RecogniserFailed, LineFailed):
            # Signalling alone still tells how the call ends.
            return
        finally:
            ears.shutdown(wait=False, cancel_futures=True)


class _Progress:
    """`CallProgress` on this loop's clock."""

    def __init__(self, ring_ms: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._begin = self._loop.time()
        self._progress = CallProgress(ring_ms)
        self.verdict: asyncio.Future[Verdict] = self._loop.create_future()

    def _now(self) -> int:
        return round((self._loop.time() - self._begin) * 1000)

    def note(self, event: LineEvent) -> None:
        self._settle(self._progress.handle(event, self._now()))

    async def expire(self) -> None:
        """Give up when it is time; ringing moves that time."""
        while (deadline := self._progress.deadline) is not None:
            await asyncio.sleep(max(0.0, min(deadline - self._now(), 1000) / 1000))
            self._settle(self._progress.handle_deadline(self._now()))

    def _settle(self, verdict: Verdict | None) -> None:
        if verdict is not None and not self.verdict.done():
            self.verdict.set_result(verdict)


async def _when(event: asyncio.Event, do: Callable[[], None]) -> None:
    await event.wait()
    do()


def _dialled(verdict: Verdict, leg: JanusLeg | None) -> Dialled:
    return Dialled(verdict.disposition, verdict.evidence.ring_ms, leg, evidence=verdict.evidence)
