"""One page that shows a whole run: for the shop's owner first, and for who tunes the robot.

The page loads nothing from anywhere, and says so to the browser (its content policy forbids it).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from voicebot.call.events import Ms
from voicebot.call.record import CallRecord
from voicebot.campaign.outcome import Attempt, Intention, intention
from voicebot.report import labels
from voicebot.report.figures import Latencies, figures, replies
from voicebot.report.files import sound_name
from voicebot.report.labels import Label
from voicebot.report.privacy import masked
from voicebot.report.sound import CallSound, CallSounds, Sides
from voicebot.report.storage import write_whole
from voicebot.report.timeline import PromptLine, Timeline, timeline

MISSING = "—"

NOTICEABLE = 0.2
"""Change of mood over a call that is called better or worse, of 2."""

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class CallView:
    """One attempt, ready to be shown; telephone numbers are hidden already."""

    attempt: Attempt
    grade: Intention
    rule: Label
    replies: int | None
    response: Latencies
    sound: CallSound | None
    sound_file: str
    """Beside the report."""
    timeline: Timeline | None
    """None when nobody answered."""


def write_report(
    path: Path,
    campaign_name: str,
    attempts: Sequence[Attempt],
    audio: Mapping[int, Sides] | CallSounds,
    conditions: Mapping[str, str],
    *,
    imported: int | None = None,
    virtual_time: bool = False,
) -> None:
    """Write the report of a run as one HTML file.

    `audio` is by the attempt's number: `(caller, robot, Hz)`, signed 16-bit mono from the answer
    on; a long run gives `CallSounds` instead, which does not keep the sound. `conditions` is shown
    as it is: model, voice, seed, versions, and nothing of the machine.
    `imported` counts the contacts file when not all of it was dialled. `virtual_time` says that
    computing took no time on the call's clock, which the page then tells beside its latencies.
    Raises `StorageFailed`.
    """
    sounds = audio if isinstance(audio, CallSounds) else CallSounds.of(audio)
    calls = [_call(masked(attempt), sounds) for attempt in attempts]
    page = _environment().get_template("report.html.j2")
    pieces = page.generate(
        campaign_name=campaign_name,
        calls=sorted(calls, key=lambda call: call.attempt.number),
        figures=figures(attempts, imported),
        conditions=conditions,
        virtual_time=virtual_time,
        css=Markup((_HERE / "report.css").read_text(encoding="utf-8")),
        js=Markup((_HERE / "report.js").read_text(encoding="utf-8")),
    )
    # A long run's page is as large as its memory need not be.
    write_whole(path, (piece.encode() for piece in pieces))


def _call(attempt: Attempt, sounds: CallSounds) -> CallView:
    grade, rule = intention(attempt)
    record = attempt.record
    sound = sounds.get(attempt.number)
    return CallView(
        attempt,
        grade,
        labels.rule(rule),
        None if record is None else replies(record),
        figures([attempt]).response,
        sound,
        f"calls/{sound_name(attempt.number)}",
        None if record is None else timeline(record, sound.duration_ms if sound else 0),
    )


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        seconds=_seconds,
        clock=_clock,
        minutes=_minutes,
        ratio=_ratio,
        detail=_detail,
        words=_words,
    )
    environment.globals.update(
        tr=_both,
        label=lambda kind, value: _label(labels.label(getattr(labels, kind), value)),
        named=_label,
        is_prompt=lambda line: isinstance(line, PromptLine),
        missing=MISSING,
        trend_name=_trend_name,
    )
    return environment


def _both(zh: str, en: str) -> Markup:
    """Put a text into the page in both languages; the style sheet shows one."""
    return Markup('<span lang="zh">{}</span><span lang="en">{}</span>').format(zh, en)


def _label(label: Label) -> Markup:
    return _both(label.zh, label.en)


def _trend_name(record: CallRecord) -> str:
    if abs(record.emotion_trend) < NOTICEABLE:
        return "level"
    return "better" if record.emotion_trend > 0 else "worse"


def _seconds(ms: Ms | None, digits: int = 2) -> str:
    return MISSING if ms is None else f"{ms / 1000:.{digits}f} s"


def _clock(ms: Ms, digits: int = 1) -> str:
    minutes, rest = divmod(ms, 60_000)
    return f"{minutes}:{rest // 1000:02d}.{rest % 1000 // 10 ** (3 - digits):0{digits}d}"


def _minutes(ms: Ms) -> str:
    return f"{ms // 60_000}:{ms // 1000 % 60:02d}"


def _ratio(value: float | None) -> str:
    return MISSING if value is None else f"{value:.0%}"


def _detail(detail: Mapping[str, object]) -> str:
    return ", ".join(f"{key} {value}" for key, value in detail.items() if value is not None)


def _words(text: str | None) -> str:
    """Show speech that the grammar has no words for as what it is to a reader."""
    return "" if text is None else text.replace("[unk]", "〔…〕")
