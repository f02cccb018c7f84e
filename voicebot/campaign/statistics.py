"""Shares of counted things, and how sure one can be of them.

Intervals are for 95 %. A share's is Wilson's score interval, which stays within 0 and 1 and holds
with few calls; the difference of two shares has Newcombe's (1998, method 10), made of the two.
"""

from dataclasses import dataclass
from math import sqrt

Z = 1.959964
"""Of the normal distribution for 95 %."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many; `of` is never left unsaid."""

    count: int
    of: int

    @property
    def value(self) -> float | None:
        """Return the share; None of nothing."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """Return where the true share lies; anywhere when nothing was counted."""
        if not self.of:
            return 0.0, 1.0
        share, squared = self.count / self.of, Z * Z / self.of
        middle = (share + squared / 2) / (1 + squared)
        half = Z / (1 + squared) * sqrt(share * (1 - share) / self.of + squared / (4 * self.of))
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, slots=True)
class Difference:
    """How much larger one share is than another, in points of 1."""

    value: float
    low: float
    high: float

    @property
    def is_sure(self) -> bool:
        """Whether the interval leaves out that there is no difference."""
        return self.low > 0 or self.high < 0


def difference(one: Share, other: Share) -> Difference | None:
    """Return `one` minus `other`; None when either counts nothing."""
    if one.value is None or other.value is None:
        return None
    apart = one.value - other.value
    (low, high), (other_low, other_high) = one.interval, other.interval
    return Difference(
        apart,
        apart - sqrt((one.value - low) ** 2 + (other_high - other.value) ** 2),
        apart + sqrt((high - one.value) ** 2 + (other.value - other_low) ** 2),
    )
