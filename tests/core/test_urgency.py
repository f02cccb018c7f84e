"""Who waits ahead of others, and why."""

import pytest

from voicebot.call.record import CallRecord, TurnRecord
from voicebot.campaign.urgency import MOST, WORTH_S, urgency


def record(*moods: str, **outcome: str) -> CallRecord:
    made = CallRecord("support", "1", {}, turns=[TurnRecord("s", emotion=mood) for mood in moods])
    made.outcome = dict(outcome)
    return made


@pytest.mark.parametrize(
    ("known", "said", "gave_up_s_ago", "steps"),
    [
        ({}, None, None, 0),
        ({"name": "王女士"}, None, None, 0),
        ({"order_no": "A1"}, None, None, 1),
        ({"order_no": "A1"}, None, 600.0, 2),
        ({}, None, 3600.0, 0),
        ({}, record("negative", "neutral"), None, 0),
        ({}, record("negative", "neutral", "negative"), None, 1),
        ({"order_no": "A1"}, record("negative", "negative"), 60.0, 3),
        ({}, record(urgency="urgent"), None, MOST),
        ({}, record(urgency="normal"), None, 0),
    ],
)
def test_what_is_known_and_what_was_said_count(
    known: dict[str, str], said: CallRecord | None, gave_up_s_ago: float | None, steps: int
) -> None:
    found = urgency(known, said, gave_up_s_ago=gave_up_s_ago)

    assert found.steps == steps
    assert found.ahead_s == steps * WORTH_S
    assert bool(found.reasons) == (steps > 0)
