"""The numbers of a run, each with what it is a share of."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from voicebot.call.events import Ms
from voicebot.call.record import CallRecord, TurnRecord
from voicebot.campaign.outcome import Attempt, Disposition, Intention, intention
from voicebot.dialogue.script import EndReason

LIKELY = frozenset({Intention.A, Intention.B})


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the funnel, counted in contacts: who got this far."""

    name: str
    count: int
    of: int
    """Who got to the step before; equal to `count` in the first."""

    @property
    def share(self) -> float | None:
        """Return the part of those before; None when there was nobody."""
        return self.count / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Latencies:
    """How long callers waited for something, over all turns where it was measured."""

    values: tuple[Ms, ...]
    """Sorted."""

    def percentile(self, percent: int) -> Ms | None:
        """Return the nearest-rank percentile, a value that occurred; None without any."""
        if not self.values:
            return None
        return self.values[max(0, ceil(percent / 100 * len(self.values)) - 1)]


@dataclass(frozen=True, slots=True)
class TurnTimes:
    """Where one turn's response latency went, from the caller's last sample to our first."""

    endpoint_ms: Ms | None
    """Silence until the turn was judged over."""
    recognition_ms: Ms | None
    """From there until the text was there; 0 when it was there within the silence."""
    reply_ms: Ms | None
    """From there until the reply's first sample."""
    total_ms: Ms | None


@dataclass(frozen=True, slots=True)
class Figures:
    """A run at a glance."""

    funnel: tuple[Stage, ...]
    dispositions: tuple[tuple[Disposition, int], ...]
    """The most frequent first; only those that occurred."""
    end_reasons: tuple[tuple[EndReason, int], ...]
    intentions: tuple[tuple[Intention, int], ...]
    """All grades, A to F."""
    attempts: int
    connected: int
    talk_ms: Ms
    response: Latencies
    endpoint: Latencies
    recognition: Latencies
    reply: Latencies
    barge_ins: int
    dropped_frames: int


def figures(attempts: Sequence[Attempt], imported: int | None = None) -> Figures:
    """Sum up a run; `imported` counts the contacts file when not all of it was dialled."""
    records = [attempt.record for attempt in attempts if attempt.record is not None]
    turns = [turn for record in records for turn in record.turns]
    times = [turn_times(turn) for turn in turns]
    return Figures(
        funnel=_funnel(attempts, imported),
        dispositions=tuple(Counter(each.disposition for each in attempts).most_common()),
        end_reasons=tuple(
            Counter(each.end_reason for each in records if each.end_reason).most_common()
        ),
        intentions=_intentions(attempts),
        attempts=len(attempts),
        connected=len(records),
        talk_ms=sum(record.duration_ms for record in records),
        response=_latencies([each.total_ms for each in times]),
        endpoint=_latencies([each.endpoint_ms for each in times]),
        recognition=_latencies([each.recognition_ms for each in times]),
        reply=_latencies([each.reply_ms for each in times]),
        barge_ins=sum(turn.barge_in for turn in turns),
        dropped_frames=sum(record.dropped_frames for record in records),
    )


def replies(record: CallRecord) -> int:
    """Count the turns in which the caller said something."""
    return sum(bool(turn.text) for turn in record.turns)


def turn_times(turn: TurnRecord) -> TurnTimes:
    """Split one turn's response latency; a part that was not measured is None."""
    decided_ms = turn.final_ms
    if turn.endpoint_ms is not None and turn.final_ms is not None:
        decided_ms = max(turn.endpoint_ms, turn.final_ms)
    return TurnTimes(
        _between(turn.speech_end_ms, turn.endpoint_ms),
        _between(turn.endpoint_ms, decided_ms),
        _between(decided_ms, turn.reply_ms),
        turn.latency_ms,
    )


def _between(begin: Ms | None, end: Ms | None) -> Ms | None:
    return None if begin is None or end is None else end - begin


def _latencies(values: Sequence[Ms | None]) -> Latencies:
    return Latencies(tuple(sorted(value for value in values if value is not None)))


def _funnel(attempts: Sequence[Attempt], imported: int | None) -> tuple[Stage, ...]:
    """Count contacts, not attempts: who is called twice got as far as the better call."""
    dialled = {each.contact.line for each in attempts}
    connected = [each for each in attempts if each.record is not None]
    talked = {
        each.contact.line for each in connected if each.record is not None and replies(each.record)
    }
    likely = {each.contact.line for each in connected if intention(each)[0] in LIKELY}
    counts = (
        ("imported", len(dialled) if imported is None else imported),
        ("dialled", len(dialled)),
        ("answered", len({each.contact.line for each in connected})),
        ("talked", len(talked)),
        ("likely", len(likely & talked)),
    )
    before = (counts[0], *counts)
    return tuple(
        Stage(name, count, of) for (name, count), (_, of) in zip(counts, before, strict=False)
    )


def _intentions(attempts: Sequence[Attempt]) -> tuple[tuple[Intention, int], ...]:
    counted = Counter(intention(each)[0] for each in attempts)
    return tuple((grade, counted[grade]) for grade in Intention)
