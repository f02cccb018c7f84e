"""From dialling to an answer or to giving up: what the line says, and what it comes to.

Signalling (ringing, reject codes) and early media (tones, announcements, colour ring) go in with
the time; a `Verdict` comes out once. An announcement outranks the code that comes with it: 您拨打的
号码是空号 is EMPTY whatever the switch sends. Where it settles the matter the line is given up at
once instead of listening to it again and again. Times are whole milliseconds of a clock that
begins when the call is dialled.
"""

from dataclasses import dataclass
from typing import assert_never

from voicebot.call.events import Ms
from voicebot.campaign.early_media import Announced, ColourRing, Tone
from voicebot.campaign.outcome import Disposition
from voicebot.speech.tones import Signal

RING_MS = 25_000
"""How long a telephone rings by default."""
SHORTEST_RING_MS = 15_000
"""Nobody finds a telephone in less."""
SETUP_MS = 40_000
"""Until it rings: a call through several networks takes 10 s, a dead trunk for ever."""

REJECTED_AFTER_MS = 3000
"""正在通话中 after so much ringing: the customer pressed the red button, since who is on the
telephone does not ring. Many switches play the same announcement for both."""

CONFIRMED = 2
"""Busy and congestion tones are believed when heard as often; the first may be a switch's click."""


@dataclass(frozen=True, slots=True)
class Ringing:
    """180, or the trunk's own word for it."""


@dataclass(frozen=True, slots=True)
class Answered:
    """200: somebody or something picked up."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The call ended with a final code before it was answered."""

    sip_code: int
    last_words: Announced | None = None
    """The announcement that the end of the call cut off."""


@dataclass(frozen=True, slots=True)
class LineBroke:
    """The transport or our own side failed."""

    reason: str


LineEvent = Ringing | Answered | Refused | LineBroke | Tone | ColourRing | Announced


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a disposition rests on; kept with the attempt."""

    text: str = ""
    """The announcement as recognised, a tone's name, or what broke."""
    sip_code: int | None = None
    ring_ms: Ms = 0

    def as_dict(self) -> dict[str, str | int | None]:
        """Return plain data for JSON."""
        return {"text": self.text, "sip_code": self.sip_code, "ring_ms": self.ring_ms}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of dialling."""

    disposition: Disposition
    """`ANSWERED_HUMAN` for every answer: what answered is told by listening to it."""
    evidence: Evidence

    @property
    def answered(self) -> bool:
        """Whether the line is open."""
        return self.disposition is Disposition.ANSWERED_HUMAN


SIP_CODES = {
    403: Disposition.BLOCKED,
    404: Disposition.EMPTY,
    408: Disposition.NO_ANSWER,
    410: Disposition.EMPTY,
    480: Disposition.UNREACHABLE,
    484: Disposition.EMPTY,
    486: Disposition.BUSY,
    487: Disposition.NO_ANSWER,
    600: Disposition.BUSY,
    603: Disposition.REJECTED,
    604: Disposition.EMPTY,
    607: Disposition.REJECTED,
    608: Disposition.BLOCKED,
}
"""RFC 3261, 8197 and 8688. Every other code is the line's fault."""

TONES = {
    Signal.BUSY: Disposition.BUSY,
    Signal.CONGESTION: Disposition.LINE_ERROR,
    Signal.VACANT: Disposition.EMPTY,
    Signal.SPECIAL: Disposition.UNREACHABLE,
}


def by_code(sip_code: int) -> Disposition:
    """Return what a final code means when nothing else is known."""
    return SIP_CODES.get(sip_code, Disposition.LINE_ERROR)


class CallProgress:
    """One call's way to its answer."""

    def __init__(self, ring_ms: Ms = RING_MS) -> None:
        """`ring_ms` is how long it may ring. Raises `ValueError` under `SHORTEST_RING_MS`."""
        if ring_ms < SHORTEST_RING_MS:
            raise ValueError(f"a telephone rings for {SHORTEST_RING_MS} ms at least, not {ring_ms}")
        self._ring_limit = ring_ms
        self._rings_since: Ms | None = None
        self._announced: Announced | None = None
        self._announced_at: Ms = 0
        """When it began."""
        self._tones: list[Signal] = []
        self._over = False

    @property
    def deadline(self) -> Ms | None:
        """When `handle_deadline` gives up; None once there is a verdict."""
        if self._over:
            return None
        return SETUP_MS if self._rings_since is None else self._rings_since + self._ring_limit

    def handle(self, event: LineEvent, now: Ms) -> Verdict | None:
        """Take what the line says; return the verdict when there is one. The first one counts."""
        if self._over:
            return None
        match event:
            case Ringing():
                self._ring(now)
                return None
            case ColourRing(age_ms):
                self._ring(now - age_ms)
                return None
            case Answered():
                return self._end(Disposition.ANSWERED_HUMAN, now, sip_code=200)
            case Refused(sip_code, last_words):
                if last_words is not None:
                    self._note(last_words, now)
                return self._refused(sip_code, now)
            case LineBroke(reason):
                return self._end(Disposition.LINE_ERROR, now, text=reason)
            case Announced():
                return self._announce(event, now)
            case Tone(Signal.RINGBACK, age_ms):
                self._ring(now - age_ms)
                return None
            case Tone(signal):
                return self._tone(signal, now)
            case _:
                assert_never(event)

    def handle_deadline(self, now: Ms) -> Verdict | None:
        """Give up when it is time; harmless when called early."""
        if self.deadline is None or now < self.deadline:
            return None
        if self._rings_since is None and self._announced is None:
            return self._end(Disposition.LINE_ERROR, now, text="nothing was heard of the network")
        return self._end(self._heard() or Disposition.NO_ANSWER, now)

    def _ring(self, now: Ms) -> None:
        if self._rings_since is None:
            self._rings_since = now

    def _note(self, event: Announced, now: Ms) -> None:
        self._announced = event
        self._announced_at = now - event.age_ms

    def _announce(self, event: Announced, now: Ms) -> Verdict | None:
        self._note(event, now)
        disposition = event.disposition
        match disposition:
            case Disposition.REMINDER | Disposition.FORWARDED | Disposition.ANSWERED_MACHINE:
                # The call goes on elsewhere: somebody may still answer there.
                self._ring(now)
                return None
            case _:
                return self._end(self._settled(disposition), now)

    def _tone(self, signal: Signal, now: Ms) -> Verdict | None:
        self._tones.append(signal)
        # What follows the special tones says more than they do.
        if signal is Signal.SPECIAL or self._tones.count(signal) < CONFIRMED:
            return None
        return self._end(TONES[signal], now)

    def _refused(self, sip_code: int, now: Ms) -> Verdict:
        by_ear = self._heard() if self._announced or by_code(sip_code) in VAGUE else None
        return self._end(by_ear or by_code(sip_code), now, sip_code=sip_code)

    def _heard(self) -> Disposition | None:
        """Return what early media alone says."""
        if self._announced is not None:
            disposition = self._announced.disposition
            if disposition is Disposition.ANSWERED_MACHINE:
                # The mailbox was offered and did not answer.
                return Disposition.NO_ANSWER
            return self._settled(disposition)
        return TONES[self._tones[-1]] if self._tones else None

    def _rang_ms(self, now: Ms) -> Ms:
        """Return how long it has rung, until the network spoke."""
        if self._rings_since is None:
            return 0
        until = now if self._announced is None else self._announced_at
        return max(0, until - self._rings_since)

    def _settled(self, disposition: Disposition) -> Disposition:
        """Tell a busy line from a rejected call by how long it rang before."""
        if disposition is Disposition.BUSY and self._rang_ms(0) >= REJECTED_AFTER_MS:
            return Disposition.REJECTED
        return disposition

    def _end(
        self, disposition: Disposition, now: Ms, *, text: str = "", sip_code: int | None = None
    ) -> Verdict:
        self._over = True
        heard = "" if self._announced is None else self._announced.text
        tone = f"{self._tones[-1]} tone" if self._tones else ""
        evidence = Evidence(text or heard or tone, sip_code, self._rang_ms(now))
        return Verdict(disposition, evidence)


VAGUE = frozenset({Disposition.UNREACHABLE, Disposition.LINE_ERROR})
"""Codes of these are sent for anything: a tone says more."""
