"""A campaign's report: one self-contained page, and the same numbers as a workbook.

The page loads nothing from anywhere and says so to the browser. Its charts are Apache ECharts,
which comes along inside the page (`vendor/`); every chart has its numbers beside it as a table.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from openpyxl import Workbook

from voicebot.campaign.figures import CampaignFigures, SlotCell
from voicebot.campaign.statistics import Difference, Share
from voicebot.report import campaign_labels, labels
from voicebot.report.campaign_labels import REASONS, WEEKDAYS
from voicebot.report.files import cell
from voicebot.report.labels import Label, label
from voicebot.report.storage import storing, write_whole

_HERE = Path(__file__).parent
MISSING = "—"
MOST_DROPS = 6
"""Reasons named at each step of the funnel; the rest is summed up."""


def write_page(path: Path, figures: CampaignFigures, made_at: datetime) -> None:
    """Write the report as one HTML file. Raises `StorageFailed`."""
    template = _environment().get_template("campaign.html.j2")
    counts = figures.counts
    pieces = template.generate(
        f=figures,
        counts=counts,
        name=counts.title or counts.campaign,
        made_at=made_at.astimezone(counts.zone),
        hours=sorted({hour for _, hour in figures.hours}),
        data=Markup(_json(_charts(figures))),
        weekdays=WEEKDAYS,
        css=Markup(_text("report.css") + _text("campaign.css")),
        js=Markup(_text("campaign.js")),
        echarts=Markup(_text("vendor/echarts.min.js")),
    )
    write_whole(path, (piece.encode() for piece in pieces))


def write_workbook(path: Path, figures: CampaignFigures) -> None:
    """Write the same numbers as XLSX, a sheet a subject. Raises `StorageFailed`."""
    book = Workbook(write_only=True)
    for title, rows in _sheets(figures):
        sheet = book.create_sheet(title)
        sheet.freeze_panes = "A2"
        for row in rows:
            sheet.append([cell(each) if isinstance(each, str) else each for each in row])
    unfinished = path.with_name(f".{path.name}.part")
    with storing(path):
        try:
            book.save(unfinished)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)


def _sheets(figures: CampaignFigures) -> Iterator[tuple[str, list[list[Any]]]]:
    counts = figures.counts
    yield (
        "rates",
        [
            ["rate", "count", "of", "denominator", "share", "low 95 %", "high 95 %"],
            *(
                [
                    each.name,
                    each.share.count,
                    each.share.of,
                    each.of,
                    each.share.value,
                    *each.share.interval,
                ]
                for each in figures.rates
            ),
        ],
    )
    yield (
        "funnel",
        [
            ["stage", "contacts", "of the step before", "share"],
            *(
                [each.stage, each.share.count, each.share.of, each.share.value]
                for each in figures.funnel
            ),
        ],
    )
    yield (
        "drops",
        [
            ["not reached", "reason", "contacts"],
            *(
                [step.stage, reason, count]
                for step in figures.funnel
                for reason, count in step.drops
            ),
        ],
    )
    yield "dispositions", [["disposition", "calls"], *map(list, figures.dispositions)]
    yield "end reasons", [["end reason", "calls"], *map(list, figures.end_reasons)]
    yield "intentions", [["grade", "calls"], *([str(each), n] for each, n in figures.intentions)]
    yield "days", [["day", "dialled", "answered", "intention A, B"], *map(_slot, figures.days)]
    hours = sorted(figures.hours.items())
    yield (
        "hours",
        [
            ["weekday", "hour", "dialled", "answered", "intention A, B"],
            *([WEEKDAYS[day].en, hour, *_numbers(slot)] for (day, hour), slot in hours),
        ],
    )
    yield (
        "attempts",
        [
            ["attempt", "dialled", "answered", "intention A, B"],
            *(
                [each.number, each.answered.of, each.answered.count, each.likely.count]
                for each in figures.retries
            ),
        ],
    )
    yield (
        "script",
        [
            ["state", "reached", "no match", "no input", "hung up"],
            *(
                [
                    each.state,
                    each.reached,
                    each.no_match.count,
                    each.no_input.count,
                    each.hung_up.count,
                ]
                for each in figures.states
            ),
        ],
    )
    yield (
        "versions",
        [
            [
                "version",
                "dialled",
                "conversations",
                "intention A, B",
                "low 95 %",
                "high 95 %",
                "contacts",
                "ordered",
                "low 95 %",
                "high 95 %",
            ],
            *(
                [
                    each.version,
                    each.dialled,
                    each.likely.of,
                    each.likely.count,
                    *each.likely.interval,
                    each.ordered.of,
                    each.ordered.count,
                    *each.ordered.interval,
                ]
                for each in figures.variants
            ),
        ],
    )
    money, lift = figures.money, counts.lift
    yield (
        "money",
        [
            ["what", "value"],
            ["begun minutes", money.minutes],
            ["cost, cents", money.cents],
            ["cents a minute of talk", money.per_minute],
            ["cents an intention A, B", money.per_likely],
            ["cents an order", money.per_order],
        ],
    )
    yield (
        "orders",
        [
            ["what", "orders", "cents"],
            *([str(model), orders, cents] for model, (orders, cents) in counts.attributed.items()),
            ["called: customers who ordered", lift.called.count, None],
            ["called: customers", lift.called.of, None],
            ["held out: customers who ordered", lift.held_out.count, None],
            ["held out: customers", lift.held_out.of, None],
        ],
    )


def _slot(day: tuple[str, SlotCell]) -> list[Any]:
    return [day[0], *_numbers(day[1])]


def _numbers(slot: SlotCell) -> list[int]:
    return [slot.dialled, slot.answered, slot.likely]


def _charts(figures: CampaignFigures) -> dict[str, Any]:
    """Return what the page's charts draw; texts in both languages."""
    by_hour: dict[int, list[int]] = {}
    for (_, hour), slot in figures.hours.items():
        known = by_hour.setdefault(hour, [0, 0, 0])
        by_hour[hour] = [one + other for one, other in zip(known, _numbers(slot), strict=True)]
    return {
        "hours": [[hour, *numbers] for hour, numbers in sorted(by_hour.items())],
        "days": [[day[5:], *_numbers(slot)] for day, slot in figures.days],
        "week": [
            [day, hour, *_numbers(slot)] for (day, hour), slot in sorted(figures.hours.items())
        ],
        "weekdays": [[each.zh, each.en] for each in WEEKDAYS],
        "variants": [
            {"name": each.version, "likely": _bounds(each.likely), "ordered": _bounds(each.ordered)}
            for each in figures.variants
        ],
    }


def _bounds(share: Share) -> list[float | None]:
    return [share.value, *share.interval]


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=_percent,
        points=_points,
        number=lambda value: f"{value:,}",
        yuan=_yuan,
        seconds=lambda ms: MISSING if ms is None else f"{ms / 1000:.0f} s",
        width=lambda part, whole: f"{100 * part / whole if whole else 0:.2f}%",
        heat=lambda share: f"{min(1.0, (share.value or 0.0) * 2.5):.2f}",
        few=_few,
    )
    environment.globals.update(
        tr=_both,
        label=_label,
        missing=MISSING,
        reason=lambda value: _both(*_pair(label(REASONS, value))),
    )
    return environment


def _label(kind: str, value: str) -> Markup:
    known = getattr(campaign_labels, kind, None) or getattr(labels, kind)
    return _both(*_pair(label(known, value)))


def _pair(each: Label) -> tuple[str, str]:
    return each.zh, each.en


def _both(zh: object, en: object) -> Markup:
    return Markup('<span lang="zh">{}</span><span lang="en">{}</span>').format(zh, en)


def _percent(share: Share | float | None) -> str:
    value = share.value if isinstance(share, Share) else share
    return MISSING if value is None else f"{value:.1%}"


def _points(apart: Difference) -> str:
    return f"{100 * apart.value:+.1f} ({100 * apart.low:+.1f} … {100 * apart.high:+.1f})"


def _yuan(cents: float | None) -> str:
    return MISSING if cents is None else f"¥{cents / 100:,.2f}"


def _few(drops: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return the most frequent reasons, and the rest as one."""
    shown, rest = list(drops[:MOST_DROPS]), drops[MOST_DROPS:]
    return [*shown, ("…", sum(count for _, count in rest))] if rest else shown


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _json(data: object) -> str:
    """Return JSON that cannot end the element it stands in."""
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
