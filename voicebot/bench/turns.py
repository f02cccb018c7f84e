"""One labelled turn: how long until the reply, and did the robot cut the caller off?"""

import zlib
from dataclasses import dataclass, replace
from functools import partial

from voicebot.audio.frame import frame_samples
from voicebot.bench.leg import CallerLeg, Speaking
from voicebot.bench.rig import Endpointing, Rig
from voicebot.bench.turn_set import LabelledTurn
from voicebot.call.record import CallRecord, TurnRecord
from voicebot.dialogue.conversation import Conversation
from voicebot.dialogue.script import Listen
from voicebot.speech.recogniser import Transcript

PATIENCE_S = 4.0
"""A reply later than this after the caller's last sample is none: the turn was missed."""


@dataclass(frozen=True, slots=True)
class MeasuredTurn:
    """What became of one labelled turn.

    It was cut off or missed, noise was taken for it, or `latency_ms` is set.
    """

    turn: LabelledTurn
    endpointing: str
    latency_ms: float | None
    """First audible sample of the reply on the wire after the last one of the caller's speech."""
    cut_off: bool = False
    """The robot began to answer although the labelled turn went on."""
    harmful: bool = False
    """Of such a turn: the words until then mean something else to the script than all of them."""
    missed: bool = False
    """No reply, or only a question whether anybody is there."""
    false_answer: bool = False
    """The robot took noise for an answer before the caller spoke."""
    answered: bool = False
    """What was heard was an answer to what was asked."""
    text: str | None = None
    """What was heard."""
    silence_ms: int | None = None
    """From the caller's last sample to the endpoint, by the robot's own record."""
    recognition_ms: float | None = None
    """What the last chunk and the closing of the recogniser took, by the wall clock."""
    hidden_ms: int | None = None
    """Silence that was still to be waited for when the recogniser was closed: recognition that
    takes no longer than this delays nothing."""

    late_ms: float = 0.0
    """The most that a frame of the call came late, where the clock is real."""

    @property
    def full_latency_ms(self) -> float | None:
        """Return the latency with the recognition that does not fit into the silence.

        The same as `latency_ms` where the call ran in real time.
        """
        if self.latency_ms is None or self.recognition_ms is None or self.hidden_ms is None:
            return self.latency_ms
        return self.latency_ms + max(0.0, self.recognition_ms - self.hidden_ms)


async def measure_turn(rig: Rig, turn: LabelledTurn, endpointing: Endpointing) -> MeasuredTurn:
    """Run one turn."""
    speaking = Speaking(
        await rig.apart(partial(rig.speech, turn.voice, turn.utterance)),
        after_prompt_ms=turn.thinking_ms,
        offset_samples=zlib.crc32(turn.written.encode()) % frame_samples(rig.sample_rate),
    )
    record, leg, close_s = await rig.call(
        turn.state, endpointing, turn.line, turn.seed, speaking, _over
    )
    reply_s = _reply_s(leg)
    heard = record.turns[0]
    measured = MeasuredTurn(
        turn, endpointing.name, None, text=heard.text, late_ms=leg.latest_s * 1000
    )
    if leg.begin_s is None or leg.end_s is None:
        return replace(measured, false_answer=True)
    if reply_s is None or heard.action.startswith("no_input"):
        return replace(measured, missed=True)
    if reply_s < leg.begin_s:
        return replace(measured, false_answer=True)
    if reply_s < leg.end_s:
        return replace(measured, cut_off=True, harmful=_harmful(rig, turn, heard))
    closed_ms = _closed_ms(record)
    hidden = None
    if not rig.realtime and closed_ms is not None and heard.endpoint_ms is not None:
        hidden = max(0, heard.endpoint_ms - closed_ms)
    return replace(
        measured,
        latency_ms=(reply_s - leg.end_s) * 1000,
        answered=heard.action.startswith("answer"),
        silence_ms=_silence_ms(heard),
        recognition_ms=close_s * 1000,
        hidden_ms=hidden,
    )


def _harmful(rig: Rig, turn: LabelledTurn, heard: TurnRecord) -> bool:
    """Tell whether a cut-off lost more than a 吧, a 谢谢 or the same answer once more.

    Where any words are the answer, every word that is lost counts.
    """
    asked = rig.script.states[turn.state]
    if asked.listen is Listen.FREE:
        return True
    conversation = Conversation(replace(rig.script, start=turn.state), {})
    conversation.begin()
    meant = conversation.understand(Transcript(turn.utterance.text))
    return heard.intent != meant.intent


def _over(leg: CallerLeg, now: float) -> bool:
    """The caller puts the phone down at the reply, or when none comes."""
    if _reply_s(leg) is not None:
        return True
    return leg.end_s is not None and now > leg.end_s + PATIENCE_S


def _reply_s(leg: CallerLeg) -> float | None:
    """Return when the first sound after the question left; None when there was none yet."""
    if leg.prompt_ended_s is None or not leg.heard or leg.heard[-1] <= leg.prompt_ended_s:
        return None
    return next(sent for sent in leg.heard if sent > leg.prompt_ended_s)


def _closed_ms(record: CallRecord) -> int | None:
    """Return when the words of the first answer were asked for, in virtual time."""
    endpoint = record.turns[0].endpoint_ms
    closed = [
        moment.at_ms
        for moment in record.timeline
        if moment.what == "recognised" and (endpoint is None or moment.at_ms <= endpoint)
    ]
    return closed[-1] if closed else None


def _silence_ms(turn: TurnRecord) -> int | None:
    if turn.endpoint_ms is None or turn.speech_end_ms is None:
        return None
    return turn.endpoint_ms - turn.speech_end_ms
