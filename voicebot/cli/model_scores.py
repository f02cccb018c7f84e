"""What `voicebot model eval` found, as a table and as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from voicebot.cli.options import wide_console
from voicebot.speech.evaluation import GrammarScore, Hearing, Rate, Score
from voicebot.speech.recogniser import Transcript


@dataclass(frozen=True, slots=True)
class Heard:
    """One utterance under one condition."""

    hearing: Hearing
    transcript: Transcript
    audio_s: float
    took_s: float
    """Of one core; time in which others used it does not count."""


def show(
    heard: Sequence[Heard],
    report: dict[str, tuple[Score, GrammarScore | None]],
) -> None:
    """Print a table by condition, and how long it took."""
    table = Table(box=None, pad_edge=False)
    columns = ["condition", "utterances", "CER", "toneless syllables", "sentences right"]
    if any(grammar is not None for _, grammar in report.values()):
        columns += ["in grammar, right", "others accepted"]
    for column in columns:
        table.add_column(column)
    for name, (judged, grammar) in report.items():
        rates = [judged.characters, judged.syllables, judged.sentences]
        if grammar is not None:
            rates += [grammar.inside, grammar.outside]
        table.add_row(Text(name), str(judged.utterances), *(Text(_percent(each)) for each in rates))
    wide_console().print(table)
    audio_s, took_s = sum(each.audio_s for each in heard), sum(each.took_s for each in heard)
    click.echo(
        f"{audio_s:.1f} s of audio took {took_s:.1f} s of one core: real-time factor "
        f"{took_s / audio_s:.3f}; in brackets: 95 % confidence intervals"
    )


def _percent(rate: Rate) -> str:
    if rate.share is None:
        return f"{rate.count} added" if rate.count else "-"
    return f"{100 * rate.share:.1f} % [{100 * rate.low:.1f}, {100 * rate.high:.1f}]"


def as_plain(
    heard: Sequence[Heard],
    report: dict[str, tuple[Score, GrammarScore | None]],
) -> dict[str, Any]:
    """Return the rates by condition and every utterance; rates are shares of 1."""
    conditions: dict[str, Any] = {}
    for name, (judged, decided) in report.items():
        conditions[name] = {
            "utterances": judged.utterances,
            "character_error_rate": _rate(judged.characters),
            "toneless_syllable_error_rate": _rate(judged.syllables),
            "sentences_right": _rate(judged.sentences),
        }
        if decided is not None:
            conditions[name]["grammar"] = {
                "inside_right": _rate(decided.inside),
                "outside_accepted": _rate(decided.outside),
            }
    audio_s, took_s = sum(each.audio_s for each in heard), sum(each.took_s for each in heard)
    return {
        "audio_s": round(audio_s, 2),
        "real_time_factor": round(took_s / audio_s, 4),
        "conditions": conditions,
        "utterances": [
            {
                "file": each.hearing.source,
                "condition": each.hearing.condition,
                "said": each.hearing.said,
                "heard": each.hearing.heard,
                "confidence": round(each.transcript.confidence, 4),
            }
            for each in heard
        ],
    }


def _rate(rate: Rate) -> dict[str, float | int | None]:
    """Return a rate and the ends of its 95 % interval, as shares of 1."""
    return {
        "share": None if rate.share is None else round(rate.share, 5),
        "low": round(rate.low, 5),
        "high": round(rate.high, 5),
        "count": rate.count,
        "total": rate.total,
    }
