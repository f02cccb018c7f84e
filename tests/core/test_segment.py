from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.campaign.segment import Candidate, parse
from voicebot.errors import BadSegment

SHANGHAI = ZoneInfo("Asia/Shanghai")
KEEN = Candidate(
    name="李明",
    variables={"city": "杭州", "vip": "是"},
    attempts=2,
    disposition="ANSWERED_HUMAN",
    intention="A",
    end_reason="finished",
    version="v2",
    talk_s=42.5,
    turns=4,
    # 2026-11-02 in Shanghai, still the 1st in UTC.
    ended_at=datetime(2026, 11, 1, 17, 0, tzinfo=UTC),
    outcome={"satisfied": "是", "bags": "2", "remark": "", "wants_link": "no"},
)
NEVER = Candidate(name="王芳")


def holds(text: str, candidate: Candidate = KEEN) -> bool:
    return parse(text).matches(candidate, SHANGHAI)


@pytest.mark.parametrize(
    "text",
    [
        "intention in (A, B) and not bought",
        "INTENTION IN (a,b) AND NOT bought",
        "intention in （A，B） 且 非 bought",
        "intention not in (E, F)",
        "disposition = ANSWERED_HUMAN",
        "reached",
        "end_reason = finished or bought",
        "not (bought or opted_out)",
        "talk_s >= 42.5 and talk_s < 43",
        "attempts = 2 and turns != 3",
        'outcome.satisfied = "是"',
        "outcome.satisfied",
        "not outcome.remark",
        "not outcome.wants_link",
        "not outcome.never_named",
        "variable.city contains 杭",
        "variable.city not contains 北京",
        "name contains '明'",
        "version = v2",
        "ended_at = 2026-11-02",
        "ended_at >= 2026-11-02 and ended_at <= 2026-11-02",
        "ended_at > 2026-11-01 and ended_at < 2026-11-03",
        "bought or intention = A and reached",
    ],
)
def test_what_is_true_of_a_keen_customer(text: str) -> None:
    assert holds(text)


@pytest.mark.parametrize(
    "text",
    [
        "bought",
        "intention in (C, D)",
        "not intention in (A, B)",
        "ended_at < 2026-11-02",
        "ended_at != 2026-11-02",
        "talk_s > 42.5",
        "outcome.bags = 3",
        "(bought or intention = A) and opted_out",
    ],
)
def test_what_is_not(text: str) -> None:
    assert not holds(text)


def test_who_was_never_dialled_has_no_date_no_grade_and_no_attempts() -> None:
    assert holds("attempts = 0 and not reached and not intention", NEVER)
    assert not holds("ended_at < 2030-01-01 or ended_at >= 2000-01-01", NEVER)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ends where a field should stand"),
        ("intention =", "ends where a value should stand"),
        ("intension = A", 'did you mean "intention"?'),
        ("intention = G", '"G" is no intention'),
        ("disposition = BUSYY", 'did you mean "BUSY"?'),
        ("intention in (A", 'expected ")", not the end'),
        ("intention in A", 'expected "(", not "A"'),
        ("talk_s > long", '"long" is not a number'),
        ("ended_at > yesterday", "write 2026-11-27"),
        ("intention > A", "is neither more nor less"),
        ("talk_s contains 4", "is no text"),
        ("bought bought", "join with and / or"),
        ('name = "李', "close the quotation mark"),
        ("intention = A and", "ends where a field should stand"),
        ("__class__ = x", "there is no field"),
        ("name = x; drop table contact", "did not expect"),
        ("(" * 60 + "bought" + ")" * 60, "nested more than 50 deep"),
        ("not " * 60 + "bought", "nested more than 50 deep"),
        ("x" * 4001, "longer than 4000"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(BadSegment) as caught:
        parse(text)

    assert message in str(caught.value)


def test_the_place_is_the_character_where_it_stops_making_sense() -> None:
    with pytest.raises(BadSegment) as caught:
        parse("intention = A adn bought")

    assert "character 15 (intention = A ▸adn bought)" in str(caught.value)


def test_the_fields_of_a_segment_are_known_without_running_it() -> None:
    segment = parse("intention in (A, B) and not (bought or outcome.satisfied = 是)")

    assert segment.fields == {"intention", "bought", "outcome.satisfied"}


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_politely(text: str) -> None:
    try:
        segment = parse(text)
    except BadSegment:
        return
    segment.matches(KEEN, SHANGHAI)
    segment.matches(NEVER, SHANGHAI)


@given(st.datetimes(timezones=st.just(UTC)), st.dates())
def test_a_moment_is_before_on_or_after_a_day_and_only_one_of_them(
    moment: datetime, day: object
) -> None:
    if not timedelta(1) < moment - datetime(1, 1, 1, tzinfo=UTC) < timedelta(3_650_000):
        return
    candidate = Candidate(ended_at=moment)

    said = [
        parse(f"ended_at {each} {day}").matches(candidate, SHANGHAI) for each in ("<", "=", ">")
    ]

    assert said.count(True) == 1
