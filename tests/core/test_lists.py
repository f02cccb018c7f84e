from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from voicebot.campaign.lists import NotAMoment, parse_moment

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-11-27", "2026-11-26T16:00:00+00:00"),
        ("2026/11/27", "2026-11-26T16:00:00+00:00"),
        ("2026.1.5", "2026-01-04T16:00:00+00:00"),
        ("2026年11月27日", "2026-11-26T16:00:00+00:00"),
        ("2026-11-27 09:30", "2026-11-27T01:30:00+00:00"),
        ("2026-11-27T09:30:15", "2026-11-27T01:30:15+00:00"),
        ("2026/11/27 9:30", "2026-11-27T01:30:00+00:00"),
        ("2026-11-27T09:30:00+09:00", "2026-11-27T00:30:00+00:00"),
        ("2026-11-27T09:30:00Z", "2026-11-27T09:30:00+00:00"),
        ("2024-02-29", "2024-02-28T16:00:00+00:00"),
    ],
)
def test_dates_are_read_as_they_are_written(written: str, moment: str) -> None:
    assert parse_moment(written, SHANGHAI) == datetime.fromisoformat(moment)


def test_a_last_day_counts_to_its_end() -> None:
    assert parse_moment("2024-02-29", SHANGHAI, last=True) == datetime(2024, 2, 29, 16, tzinfo=UTC)
    assert parse_moment("2024-02-29 09:00", SHANGHAI, last=True) == datetime(
        2024, 2, 29, 1, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "written",
    [
        "",
        "soon",
        "27.11.2026",
        "2026-13-01",
        "2026-02-29",
        "2026-11-27 25:00",
        "20261127",
        "0",
        "46",
    ],
)
def test_what_is_no_date_is_refused(written: str) -> None:
    with pytest.raises(NotAMoment):
        parse_moment(written, SHANGHAI)
