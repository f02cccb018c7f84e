"""One call as a reader follows it: what to draw along the time, and the conversation in words."""

from dataclasses import dataclass

from voicebot.call.events import Ms
from voicebot.call.record import CallRecord, Moment, PromptRecord, TurnRecord
from voicebot.report.figures import TurnTimes, turn_times

MARKS = frozenset(
    {
        "barge_in",
        "endpoint",
        "no_input",
        "failed",
        "limit",
        "dtmf",
        "caller_hung_up",
        "hang_up",
    }
)
"""Moments that are drawn as a line across the timeline."""

TICKS_MS = (1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000)
MAX_TICKS = 16


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the call's time."""

    start_ms: Ms
    end_ms: Ms


@dataclass(frozen=True, slots=True)
class PromptLine:
    """One prompt, said in whole, in part or not at all."""

    state: str
    played: Span | None
    """None when it never began."""
    pauses: tuple[Span, ...]
    """While the robot held its tongue to hear whether it was being interrupted."""
    heard: str
    """The phrases that the caller heard, the last one perhaps in part."""
    unheard: str
    """What was left to say."""
    complete: bool
    interruptible: str


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """What the caller did with one turn."""

    speech: Span | None
    turn: TurnRecord
    times: TurnTimes
    wait: Span | None
    """From the last sample of the speech to the first of the reply."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """One call, to be drawn and read."""

    duration_ms: Ms
    ticks: tuple[Ms, ...]
    lines: tuple[PromptLine | AnswerLine, ...]
    """The conversation in order."""
    speech: tuple[Span, ...]
    """Where the detector heard the caller speak."""
    marks: tuple[Moment, ...]

    @property
    def prompts(self) -> tuple[PromptLine, ...]:
        """Return what the robot said."""
        return tuple(line for line in self.lines if isinstance(line, PromptLine))

    @property
    def answers(self) -> tuple[AnswerLine, ...]:
        """Return what the caller said, and where nothing was said."""
        return tuple(line for line in self.lines if isinstance(line, AnswerLine))


def timeline(record: CallRecord, sound_ms: Ms = 0) -> Timeline:
    """Lay a record out; `sound_ms` is the length of its recording, which may be a frame longer."""
    duration_ms = max(record.duration_ms, sound_ms, 1)
    pauses = _spans(record.timeline, "prompt_paused", ("prompt_resumed", "prompt_ended"), record)
    lines: list[PromptLine | AnswerLine] = []
    for turn in record.turns:
        lines += [_prompt(turn, prompt, pauses, record.duration_ms) for prompt in turn.prompts]
        if turn.text is not None or turn.speech_start_ms is not None or _answered(turn):
            lines.append(_answer(turn, record.duration_ms))
    return Timeline(
        duration_ms,
        _ticks(duration_ms),
        tuple(lines),
        _spans(record.timeline, "speech_started", ("speech_paused",), record),
        tuple(moment for moment in record.timeline if moment.what in MARKS),
    )


def _answered(turn: TurnRecord) -> bool:
    """Tell whether a turn without words was the caller's: the shop's program ends turns too."""
    return bool(turn.action) and not turn.action.startswith(("done", "failed"))


def _prompt(
    turn: TurnRecord, prompt: PromptRecord, pauses: tuple[Span, ...], duration_ms: Ms
) -> PromptLine:
    played = None
    if prompt.started_ms is not None:
        end_ms = duration_ms if prompt.ended_ms is None else prompt.ended_ms
        played = Span(prompt.started_ms, max(prompt.started_ms, end_ms))
    heard, unheard = _heard(prompt)
    return PromptLine(
        turn.state,
        played,
        tuple(
            pause
            for pause in pauses
            if played and played.start_ms <= pause.start_ms and pause.end_ms <= played.end_ms
        ),
        heard,
        unheard,
        prompt.complete,
        prompt.interruptible,
    )


def _heard(prompt: PromptRecord) -> tuple[str, str]:
    """Split a prompt's text after what was heard of it."""
    if prompt.complete:
        return prompt.text, ""
    if prompt.text.startswith(prompt.heard_text):
        return prompt.heard_text, prompt.text[len(prompt.heard_text) :]
    # The engine speaks other words than the script has: 3 kg is read as three kilograms.
    return prompt.heard_text, f"…（{prompt.text}）"


def _answer(turn: TurnRecord, duration_ms: Ms) -> AnswerLine:
    speech = wait = None
    if turn.speech_start_ms is not None:
        end_ms = duration_ms if turn.speech_end_ms is None else turn.speech_end_ms
        speech = Span(turn.speech_start_ms, max(turn.speech_start_ms, end_ms))
    if turn.speech_end_ms is not None and turn.reply_ms is not None:
        wait = Span(turn.speech_end_ms, max(turn.speech_end_ms, turn.reply_ms))
    return AnswerLine(speech, turn, turn_times(turn), wait)


def _spans(
    moments: list[Moment], begin: str, ends: tuple[str, ...], record: CallRecord
) -> tuple[Span, ...]:
    """Pair beginnings with ends; what never ended lasts to the end of the call.

    A moment that tells when it happened (`at_ms` in its detail) happened before it was noted.
    """
    spans: list[Span] = []
    since: Ms | None = None
    for moment in moments:
        at_ms = int(moment.detail.get("at_ms", moment.at_ms))
        if moment.what == begin and since is None:
            since = at_ms
        elif moment.what in ends and since is not None:
            spans.append(Span(since, max(since, at_ms)))
            since = None
    if since is not None:
        spans.append(Span(since, max(since, record.duration_ms)))
    return tuple(spans)


def _ticks(duration_ms: Ms) -> tuple[Ms, ...]:
    step = next((each for each in TICKS_MS if duration_ms / each <= MAX_TICKS), TICKS_MS[-1])
    return tuple(range(0, duration_ms + 1, step))
