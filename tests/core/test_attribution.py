from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.campaign.attribution import Lift, Model, Touch, attribute
from voicebot.campaign.statistics import Share

ORDERED = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def touches(*days_before: float) -> list[Touch]:
    return [
        Touch(f"call {number}", ORDERED - timedelta(days=days))
        for number, days in enumerate(days_before)
    ]


def test_the_last_conversation_gets_all_by_last_touch() -> None:
    shares = attribute(touches(9, 1, 3), ORDERED, Model.LAST_TOUCH)

    assert shares == {"call 0": 0, "call 2": 0, "call 1": 1}


def test_each_gets_the_same_by_the_linear_model() -> None:
    assert set(attribute(touches(9, 1, 3), ORDERED, Model.LINEAR).values()) == {1 / 3}


def test_seven_days_earlier_is_half_as_much_by_time_decay() -> None:
    shares = attribute(touches(1, 8, 15), ORDERED, Model.TIME_DECAY)

    assert shares["call 0"] == pytest.approx(4 / 7)
    assert shares["call 1"] == pytest.approx(2 / 7)
    assert shares["call 2"] == pytest.approx(1 / 7)


@pytest.mark.parametrize("model", list(Model))
def test_calls_after_the_order_or_too_long_before_get_nothing(model: Model) -> None:
    assert attribute(touches(-0.1, 30.1), ORDERED, model) == {}
    assert attribute(touches(-0.1, 30, 0), ORDERED, model).keys() == {"call 1", "call 2"}


@given(st.lists(st.floats(0, 30), min_size=1, max_size=8), st.sampled_from(list(Model)))
def test_an_order_is_shared_out_whole(days: list[float], model: Model) -> None:
    shares = attribute(touches(*days), ORDERED, model)

    assert sum(shares.values()) == pytest.approx(1)
    assert all(0 <= share <= 1 for share in shares.values())


def test_lift_is_what_the_hold_out_group_did_not_buy() -> None:
    lift = Lift(Share(600, 10_000), Share(40, 1000))

    assert lift.difference is not None
    assert lift.difference.value == pytest.approx(0.02)
    assert lift.difference.is_sure
    assert lift.relative == pytest.approx(0.5)
    assert lift.extra_orders == pytest.approx(200)


def test_without_a_hold_out_group_there_is_no_lift() -> None:
    lift = Lift(Share(600, 10_000), Share(0, 0))

    assert (lift.difference, lift.relative, lift.extra_orders) == (None, None, None)
