"""Which calls an order is owed to: three models, none of which is the truth.

Only what a hold-out group did not buy is caused by calls (`lift`); attribution shares out what was
bought after a conversation, so that campaigns and calls can be compared with each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from voicebot.campaign.statistics import Difference, Share, difference

WINDOW = timedelta(days=30)
"""An order later than that is owed to no call."""

HALF_LIFE = timedelta(days=7)
"""Of a call's weight in the time-decay model."""


class Model(StrEnum):
    """How an order is shared out among the conversations before it."""

    LAST_TOUCH = "last_touch"
    """All to the last."""
    LINEAR = "linear"
    """To each the same."""
    TIME_DECAY = "time_decay"
    """Half as much for each seven days earlier."""


@dataclass(frozen=True, slots=True)
class Touch:
    """A conversation with the customer who ordered."""

    key: str
    """Of the attempt."""
    at: datetime


def attribute(
    touches: Sequence[Touch], ordered_at: datetime, model: Model, window: timedelta = WINDOW
) -> dict[str, float]:
    """Return each touch's share of the order; together 1, or nothing when no touch came before."""
    before = sorted(
        (each for each in touches if timedelta(0) <= ordered_at - each.at <= window),
        key=lambda each: (each.at, each.key),
    )
    if not before:
        return {}
    match model:
        case Model.LAST_TOUCH:
            weights = [0.0] * (len(before) - 1) + [1.0]
        case Model.LINEAR:
            weights = [1.0] * len(before)
        case Model.TIME_DECAY:
            # From the last touch on, so that no weight is ever too small to divide by.
            weights = [0.5 ** ((before[-1].at - each.at) / HALF_LIFE) for each in before]
    total = sum(weights)
    return {each.key: weight / total for each, weight in zip(before, weights, strict=True)}


@dataclass(frozen=True, slots=True)
class Lift:
    """What calling changed: who was to be called, against who was held out, called or not.

    Whoever belongs to the campaign counts, reached or not: those who answer a call are others than
    those who do not, and a comparison with them would say nothing.
    """

    called: Share
    """Who ordered of those to be called."""
    held_out: Share

    @property
    def difference(self) -> Difference | None:
        """Return the share that calling added; None without a hold-out group."""
        return difference(self.called, self.held_out)

    @property
    def relative(self) -> float | None:
        """Return the added share as a part of what the hold-out bought anyway."""
        apart, base = self.difference, self.held_out.value
        return apart.value / base if apart is not None and base else None

    @property
    def extra_orders(self) -> float | None:
        """Return how many customers ordered because of the calls."""
        apart = self.difference
        return None if apart is None else apart.value * self.called.of
