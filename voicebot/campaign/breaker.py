"""When does a campaign stop by itself? When the line fails, or people do not want the calls."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """The limits of a campaign; the defaults are the field's."""

    window_s: int = 120
    least_calls: int = 5
    technical_share: float = 0.5
    """Of the calls within `window_s`, from so many calls on."""
    least_answered: int = 50
    unwanted_share: float = 0.02
    """Of the answered calls, from so many on: opted out or complained."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What happened since the campaign was last started, or since its canary was."""

    calls: int = 0
    """Ended within the window."""
    technical: int = 0
    """Of these: faults of the line or ours."""
    answered: int = 0
    """By people, of the latest calls."""
    unwanted: int = 0
    """Of these: opted out or complained."""


def tripped(rules: BreakerRules, tally: Tally) -> str | None:
    """Return why the calls must stop, or None."""
    if (
        tally.calls >= rules.least_calls
        and tally.technical >= rules.technical_share * tally.calls
        and tally.technical > 0
    ):
        return (
            f"{tally.technical} of the last {tally.calls} calls within {rules.window_s} s failed "
            "technically"
        )
    if (
        tally.answered >= rules.least_answered
        and tally.unwanted > rules.unwanted_share * tally.answered
    ):
        return f"{tally.unwanted} of {tally.answered} answered calls opted out or complained"
    return None
