"""What happens when the telephone rings: talk, wait with music, be called back, or be refused."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

from voicebot.call.leg import PhoneLeg
from voicebot.call.record import CallRecord
from voicebot.campaign.call_back import SOON, Wish
from voicebot.campaign.contacts import mask
from voicebot.campaign.routes import ANY_NUMBER, HandOver
from voicebot.campaign.urgency import Urgency, urgency
from voicebot.runtime.answering import Answer, Answering
from voicebot.runtime.hand_over import Calls, connect_person
from voicebot.runtime.holding import say
from voicebot.runtime.places import OwnQueues, Queue, Queues
from voicebot.runtime.waiting_line import Waited, WaitingLine, WaitingSounds
from voicebot.transports.janus_leg import BUSY_HERE, IncomingCall, JanusLeg

log = logging.getLogger(__name__)

UNAVAILABLE = 503
NOT_FOUND = 404


class SipService:
    """Takes the calls of one account."""

    gateway: Calls
    """Calls persons."""

    def __init__(
        self,
        answering: Answering,
        answers: Mapping[str, Answer],
        sounds: WaitingSounds,
        *,
        longest_s: float,
        call_back: Callable[[Wish], bool],
        queues: Queues | None = None,
    ) -> None:
        """`call_back` keeps a wish, and may block; False when it could not be kept. `queues` are
        those of all processes of the service; this one is alone when None."""
        self._answering = answering
        self._answers = answers
        self._sounds = sounds
        self._longest_s = longest_s
        self._call_back = call_back
        self._talking = 0
        """Callers who have a place and use it; the others are just being answered."""
        self._queues = queues or OwnQueues(
            lambda taken, _: answering.has_room(taken.total() - self._talking), len(sounds.places)
        )
        self._waiting = WaitingLine(self._queues.calls, sounds, longest_s=longest_s)

    async def ring(self, call: IncomingCall) -> None:
        """Answer, or refuse with the code that says why."""
        called = user_part(call.callee)
        answer = self._answers.get(called) or self._answers.get(ANY_NUMBER)
        if answer is None:
            log.warning("no route for %s", called)
            await call.reject(NOT_FOUND)
        elif self._answering.draining:
            await call.reject(UNAVAILABLE)
        elif await self._queues.calls.take():
            try:
                await self._talk(await call.accept(), call, answer)
            finally:
                self._queues.calls.free()
        elif await self._queues.calls.full():
            await call.reject(BUSY_HERE)
        else:
            await self._let_wait(await call.accept(), call, answer)

    async def _let_wait(self, leg: JanusLeg, call: IncomingCall, answer: Answer) -> None:
        caller = user_part(call.caller)
        before = await self._answering.known(caller)
        case = urgency(before, gave_up_s_ago=await self._queues.gave_up_s_ago(caller))
        _tell(case, caller)
        waited = await self._waiting.wait(
            leg, ahead_s=case.ahead_s, offer=answer.call_back is not None
        )
        match waited:
            case Waited.ROOM:
                try:
                    await self._talk(leg, call, answer)
                finally:
                    self._queues.calls.free()
                return
            case Waited.CALL_BACK:
                if answer.call_back is not None:
                    wish = Wish(answer.call_back, caller, SOON, {})
                    await asyncio.to_thread(self._call_back, wish)
            case Waited.GAVE_UP:
                self._queues.note_gave_up(caller)
        await leg.hang_up()

    async def _talk(self, leg: JanusLeg, call: IncomingCall, answer: Answer) -> None:
        caller = user_part(call.caller)

        async def reach(line: PhoneLeg, person: str, record: CallRecord) -> bool:
            if answer.hand_over is HandOver.BRIDGE:
                reached = await self._bridge(line, answer, person, record, caller)
            else:
                reached = await line.transfer(person)
            if not reached and answer.unanswered is None and not line.closed:
                await say(line, self._sounds.given_up)
            return reached

        self._talking += 1
        try:
            await self._answering.talk(
                leg, answer, caller=caller, called=user_part(call.callee), reach=reach
            )
        finally:
            self._talking -= 1

    async def _bridge(
        self, line: PhoneLeg, answer: Answer, person: str, record: CallRecord, caller: str
    ) -> bool:
        """Connect the caller to a person, after those whose case is more urgent."""
        people = self._queues.people(person, answer.people)
        case = urgency(await self._answering.known(caller), record)
        _tell(case, caller)
        if not await self._person_free(line, people, case):
            return False
        try:
            return await connect_person(line, self.gateway, person, self._sounds.music)
        finally:
            people.free()

    async def _person_free(self, line: PhoneLeg, people: Queue, case: Urgency) -> bool:
        """Wait for a person and take them; False when nobody was free in time."""
        if await people.take():
            return True
        if await people.full():
            return False
        # Who waits in vain is told so when nothing else goes on with them.
        sounds = replace(self._sounds, given_up=b"")
        waiting = WaitingLine(people, sounds, longest_s=self._longest_s)
        return await waiting.wait(line, ahead_s=case.ahead_s) is Waited.ROOM


def _tell(case: Urgency, caller: str) -> None:
    if case.steps:
        log.info("%s waits %d steps ahead: %s", mask(caller), case.steps, ", ".join(case.reasons))


def user_part(address: str) -> str:
    """Return the number in a SIP address: `sip:4001@192.0.2.10;user=phone` -> `4001`."""
    return address.partition(":")[2].partition("@")[0].partition(";")[0]
