"""What happens when the telephone rings: talk, wait with music, be called back, or be refused."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from voicebot.call.leg import PhoneLeg
from voicebot.call.record import CallRecord
from voicebot.campaign.call_back import SOON, Wish
from voicebot.campaign.contacts import mask
from voicebot.campaign.routes import ANY_NUMBER, HandOver
from voicebot.campaign.urgency import TRIED_AGAIN_S, Urgency, urgency
from voicebot.runtime.answering import Answer, Answering
from voicebot.runtime.hand_over import connect_person
from voicebot.runtime.waiting_line import Waited, WaitingLine, WaitingSounds
from voicebot.transports.janus_leg import BUSY_HERE, IncomingCall, JanusLeg
from voicebot.transports.janus_sip import JanusGateway

log = logging.getLogger(__name__)

UNAVAILABLE = 503
NOT_FOUND = 404


class SipService:
    """Takes the calls of one account."""

    gateway: JanusGateway

    def __init__(
        self,
        answering: Answering,
        answers: Mapping[str, Answer],
        sounds: WaitingSounds,
        *,
        longest_s: float,
        call_back: Callable[[Wish], bool],
    ) -> None:
        """`call_back` keeps a wish, and may block; False when it could not be kept."""
        self._answering = answering
        self._answers = answers
        self._sounds = sounds
        self._longest_s = longest_s
        self._call_back = call_back
        self._waiting = WaitingLine(answering.has_room, sounds, longest_s=longest_s)
        self._people: dict[str, _People] = {}
        """By their address."""
        self._coming = 0
        """Admitted, and not talking yet."""
        self._gave_up: dict[str, float] = {}
        """When callers left the line without having been answered."""

    async def ring(self, call: IncomingCall) -> None:
        """Answer, or refuse with the code that says why."""
        called = user_part(call.callee)
        answer = self._answers.get(called) or self._answers.get(ANY_NUMBER)
        if answer is None:
            log.warning("no route for %s", called)
            await call.reject(NOT_FOUND)
        elif self._answering.draining:
            await call.reject(UNAVAILABLE)
        elif len(self._waiting) == 0 and self._answering.admits(self._coming):
            self._coming += 1
            try:
                leg = await call.accept()
            finally:
                self._coming -= 1
            await self._talk(leg, call, answer)
        elif self._waiting.full:
            await call.reject(BUSY_HERE)
        else:
            await self._let_wait(await call.accept(), call, answer)

    async def _let_wait(self, leg: JanusLeg, call: IncomingCall, answer: Answer) -> None:
        caller = user_part(call.caller)
        before = await self._answering.known(caller)
        case = urgency(before, gave_up_s_ago=self._since_gave_up(caller))
        _tell(case, caller)
        waited = await self._waiting.wait(
            leg, ahead_s=case.ahead_s, offer=answer.call_back is not None
        )
        match waited:
            case Waited.ROOM:
                await self._talk(leg, call, answer)
                return
            case Waited.CALL_BACK:
                if answer.call_back is not None:
                    wish = Wish(answer.call_back, caller, SOON, {})
                    await asyncio.to_thread(self._call_back, wish)
            case Waited.GAVE_UP:
                self._gave_up[caller] = asyncio.get_running_loop().time()
        await leg.hang_up()

    def _since_gave_up(self, caller: str) -> float | None:
        now = asyncio.get_running_loop().time()
        self._gave_up = {
            each: at for each, at in self._gave_up.items() if now - at <= TRIED_AGAIN_S
        }
        at = self._gave_up.get(caller)
        return None if at is None else now - at

    async def _talk(self, leg: JanusLeg, call: IncomingCall, answer: Answer) -> None:
        caller = user_part(call.caller)

        async def reach(line: PhoneLeg, person: str, record: CallRecord) -> bool:
            if answer.hand_over is HandOver.BRIDGE:
                return await self._bridge(line, answer, person, record, caller)
            return await line.transfer(person)

        await self._answering.talk(
            leg, answer, caller=caller, called=user_part(call.callee), reach=reach
        )

    async def _bridge(
        self, line: PhoneLeg, answer: Answer, person: str, record: CallRecord, caller: str
    ) -> bool:
        """Connect the caller to a person, after those whose case is more urgent."""
        if person not in self._people:
            self._people[person] = _People(answer.people, self._sounds, self._longest_s)
        people = self._people[person]
        case = urgency(await self._answering.known(caller), record)
        _tell(case, caller)
        if not await people.free(line, case):
            return False
        try:
            return await connect_person(line, self.gateway, person, self._sounds.music)
        finally:
            people.busy -= 1


class _People:
    """The persons behind one address, and who waits for them."""

    def __init__(self, number: int | None, sounds: WaitingSounds, longest_s: float) -> None:
        self.busy = 0
        self._number = number
        self._line = WaitingLine(self._any_free, sounds, longest_s=longest_s)

    def _any_free(self) -> bool:
        return self._number is None or self.busy < self._number

    async def free(self, line: PhoneLeg, case: Urgency) -> bool:
        """Wait for a person and take them; False when nobody was free in time."""
        at_once = len(self._line) == 0 and self._any_free()
        if not at_once:
            if self._line.full:
                return False
            if await self._line.wait(line, ahead_s=case.ahead_s) is not Waited.ROOM:
                return False
        self.busy += 1
        return True


def _tell(case: Urgency, caller: str) -> None:
    if case.steps:
        log.info("%s waits %d steps ahead: %s", mask(caller), case.steps, ", ".join(case.reasons))


def user_part(address: str) -> str:
    """Return the number in a SIP address: `sip:4001@192.0.2.10;user=phone` -> `4001`."""
    return address.partition(":")[2].partition("@")[0].partition(";")[0]
