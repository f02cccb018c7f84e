from voicebot.campaign.breaker import BreakerRules, Tally, tripped

RULES = BreakerRules()


def test_half_of_five_calls_failing_technically_stops_a_campaign() -> None:
    assert tripped(RULES, Tally(calls=4, technical=4)) is None
    assert tripped(RULES, Tally(calls=6, technical=2)) is None
    assert tripped(RULES, Tally(calls=6, technical=3)) == (
        "3 of the last 6 calls within 120 s failed technically"
    )


def test_more_than_two_in_a_hundred_people_who_want_no_calls_stop_a_campaign() -> None:
    assert tripped(RULES, Tally(answered=49, unwanted=10)) is None
    assert tripped(RULES, Tally(answered=100, unwanted=2)) is None
    assert tripped(RULES, Tally(answered=100, unwanted=3)) == (
        "3 of 100 answered calls opted out or complained"
    )


def test_nothing_that_happened_stops_nothing() -> None:
    assert tripped(BreakerRules(least_calls=0), Tally()) is None
