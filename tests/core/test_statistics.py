import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.campaign.statistics import Share, difference


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    # Wilson's intervals as statistics text books give them.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_of_a_share_is_wilsons(count: int, of: int, low: float, high: float) -> None:
    assert Share(count, of).interval == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    # Newcombe 1998, table II, method 10.
    [
        (Share(56, 70), Share(48, 80), 0.0524, 0.3339),
        (Share(9, 10), Share(3, 10), 0.1705, 0.8090),
        (Share(5, 56), Share(0, 29), -0.0381, 0.1926),
        (Share(10, 10), Share(0, 10), 0.6075, 1.0),
    ],
)
def test_the_interval_of_a_difference_is_newcombes(
    one: Share, other: Share, low: float, high: float
) -> None:
    found = difference(one, other)

    assert found is not None
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_nothing_counted_says_nothing() -> None:
    assert Share(0, 0).value is None
    assert Share(0, 0).interval == (0.0, 1.0)
    assert difference(Share(0, 0), Share(1, 2)) is None


@given(st.integers(0, 400), st.integers(1, 400), st.integers(0, 400), st.integers(1, 400))
def test_intervals_hold_what_was_counted_and_stay_in_bounds(a: int, b: int, c: int, d: int) -> None:
    one, other = Share(min(a, b), b), Share(min(c, d), d)

    low, high = one.interval
    found = difference(one, other)

    assert one.value is not None
    assert -1e-9 <= low <= one.value + 1e-9
    assert one.value - 1e-9 <= high <= 1 + 1e-9
    assert found is not None
    assert -1 - 1e-9 <= found.low <= found.value + 1e-9
    assert found.is_sure == (found.low > 0 or found.high < 0)
