from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicebot.campaign.frequency_cap import PastCall, Purpose
from voicebot.campaign.gate import (
    RULES,
    Block,
    Code,
    Consent,
    Facts,
    Line,
    Verdict,
    explain,
    judge,
    next_allowed,
)
from voicebot.campaign.policy import load_policy

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA, EUROPE, STATES = load_policy("CN"), load_policy("EU"), load_policy("US")


def at(text: str, where: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=where)


FRIDAY = at("2026-11-27 10:30")
AGREED = Consent(Purpose.MARKETING, at("2025-06-01 12:00"))

WELCOME = Facts(
    now=FRIDAY,
    known_at=FRIDAY,
    phone="+8613800138000",
    purpose=Purpose.MARKETING,
    state="running",
    policy=CHINA,
    consents=[AGREED],
)
"""A call that nothing speaks against."""


def when(text: str) -> Facts:
    return replace(WELCOME, now=at(text), known_at=at(text))


def refused(facts: Facts) -> Code:
    verdict = judge(facts)
    assert not verdict.allowed
    return verdict.code


def dialled(text: str, *, answered: bool = False, purpose: Purpose = Purpose.MARKETING) -> PastCall:
    return PastCall(at(text), purpose, answered)


def test_a_call_that_nothing_speaks_against_is_allowed() -> None:
    assert judge(WELCOME) == Verdict(Code.ALLOWED)
    assert next_allowed(WELCOME) == FRIDAY


# Each rule


@pytest.mark.parametrize("now", ["1970-01-01 00:01", "2025-12-31 12:00"])
def test_a_clock_that_was_never_set_calls_nobody(now: str) -> None:
    assert refused(replace(WELCOME, now=at(now))) is Code.CLOCK_WRONG


def test_a_clock_that_was_set_back_calls_nobody_until_it_has_caught_up() -> None:
    facts = replace(WELCOME, known_at=FRIDAY + timedelta(hours=1))

    verdict = judge(facts)

    assert verdict.code is Code.CLOCK_WRONG
    assert verdict.detail == "the clock is 60 min behind what was recorded already"
    assert next_allowed(facts) == FRIDAY + timedelta(minutes=58)


def test_clocks_of_two_machines_may_differ_a_little() -> None:
    assert judge(replace(WELCOME, known_at=FRIDAY + timedelta(minutes=2))).allowed


def test_without_a_policy_nobody_is_called() -> None:
    facts = replace(WELCOME, policy=None)

    assert refused(facts) is Code.POLICY_UNREADABLE
    assert not judge(facts).final


@pytest.mark.parametrize("state", ["draft", "scheduled", "paused", "finished"])
def test_only_a_running_campaign_calls(state: str) -> None:
    facts = replace(WELCOME, state=state)

    assert refused(facts) is Code.CAMPAIGN_NOT_RUNNING
    assert not judge(facts).final
    assert next_allowed(facts) is None


def test_a_campaign_begins_on_its_first_moment_and_is_over_on_its_last() -> None:
    facts = replace(WELCOME, starts_at=at("2026-11-27 10:00"), ends_at=at("2026-11-27 11:00"))

    def code(now: str) -> Code:
        return judge(replace(facts, now=at(now), known_at=at(now))).code

    assert code("2026-11-27 09:59:59.999") is Code.CAMPAIGN_NOT_BEGUN
    assert code("2026-11-27 10:00") is Code.ALLOWED
    assert code("2026-11-27 10:59:59.999") is Code.ALLOWED
    assert code("2026-11-27 11:00") is Code.CAMPAIGN_OVER


def test_who_is_held_out_is_never_called() -> None:
    verdict = judge(replace(WELCOME, held_out=True))

    assert (verdict.code, verdict.final) == (Code.HELD_OUT, True)


@pytest.mark.parametrize("phone", ["", "13800138000", "+86138001380", "+8610086", "+864008001234"])
def test_what_is_no_customers_number_is_never_called(phone: str) -> None:
    verdict = judge(replace(WELCOME, phone=phone))

    assert (verdict.code, verdict.final) == (Code.NUMBER_INVALID, True)


def test_a_number_for_tests_is_called_by_a_simulated_trunk_only() -> None:
    facts = replace(WELCOME, phone="+8615400000001")

    assert refused(facts) is Code.NUMBER_FOR_TESTS
    assert judge(replace(facts, line=Line(real=False))).allowed


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        (["empty"], Code.NUMBER_EMPTY),
        (["barred"], Code.NUMBER_BARRED),
        (["suspended"], Code.ALLOWED),
        (["blocked"], Code.ALLOWED),
        (["suspended", "empty"], Code.NUMBER_EMPTY),
    ],
)
def test_a_number_that_calls_have_shown_to_be_nobodys_is_not_called(
    flags: list[str], code: Code
) -> None:
    assert judge(replace(WELCOME, flags=flags)).code is code


EARLIER, LATER = at("2026-11-20 12:00"), at("2026-11-30 12:00")


@pytest.mark.parametrize(
    ("consents", "code"),
    [
        ([], Code.CONSENT_MISSING),
        ([Consent(Purpose.SERVICE, EARLIER)], Code.CONSENT_MISSING),
        ([Consent(Purpose.MARKETING, EARLIER)], Code.ALLOWED),
        ([Consent(Purpose.MARKETING, EARLIER, expires_at=FRIDAY)], Code.CONSENT_EXPIRED),
        ([Consent(Purpose.MARKETING, EARLIER, expires_at=LATER)], Code.ALLOWED),
        ([Consent(Purpose.MARKETING, EARLIER, withdrawn_at=FRIDAY)], Code.CONSENT_WITHDRAWN),
        ([Consent(Purpose.MARKETING, EARLIER, withdrawn_at=LATER)], Code.ALLOWED),
        ([Consent(Purpose.MARKETING, LATER)], Code.CONSENT_NOT_BEGUN),
        (
            [Consent(Purpose.MARKETING, EARLIER, expires_at=FRIDAY), AGREED],
            Code.ALLOWED,
        ),
        (
            [
                Consent(Purpose.MARKETING, EARLIER, withdrawn_at=FRIDAY),
                Consent(Purpose.MARKETING, FRIDAY),
            ],
            Code.ALLOWED,
        ),
    ],
)
def test_marketing_needs_a_record_of_consent_that_is_in_force(
    consents: Sequence[Consent], code: Code
) -> None:
    assert judge(replace(WELCOME, consents=consents)).code is code


def test_service_calls_need_no_consent() -> None:
    assert judge(replace(WELCOME, purpose=Purpose.SERVICE, consents=[])).allowed


@pytest.mark.parametrize(
    ("blocks", "code", "final"),
    [
        ([Block("platform")], Code.DNC_PLATFORM, True),
        ([Block("merchant")], Code.DNC_MERCHANT, True),
        ([Block("campaign")], Code.DNC_CAMPAIGN, True),
        ([Block("campaign"), Block("platform")], Code.DNC_PLATFORM, True),
        ([Block("campaign", LATER)], Code.DNC_CAMPAIGN, False),
        ([Block("campaign", FRIDAY)], Code.ALLOWED, False),
        ([Block("campaign", EARLIER)], Code.ALLOWED, False),
        ([Block("platform", LATER), Block("merchant")], Code.DNC_PLATFORM, True),
        ([Block("platform", EARLIER), Block("merchant", LATER)], Code.DNC_MERCHANT, False),
    ],
)
def test_who_is_on_a_list_is_not_called_while_the_entry_stands(
    blocks: Sequence[Block], code: Code, final: bool
) -> None:
    verdict = judge(replace(WELCOME, blocks=blocks))

    assert (verdict.code, verdict.final) == (code, final)


def test_an_entry_that_expires_tells_when_to_ask_again() -> None:
    facts = replace(WELCOME, blocks=[Block("campaign", LATER), Block("merchant", EARLIER)])

    assert judge(facts).next_at == LATER
    assert next_allowed(facts) == at("2026-11-30 14:00")


def test_no_purpose_outweighs_the_do_not_call_list() -> None:
    for purpose in Purpose:
        facts = replace(
            WELCOME,
            purpose=purpose,
            consents=[Consent(each, EARLIER) for each in Purpose],
            blocks=[Block("platform")],
        )
        assert refused(facts) is Code.DNC_PLATFORM


@pytest.mark.parametrize(
    ("now", "code", "opens"),
    [
        ("2026-11-27 08:59:59", Code.WINDOW_CLOSED, "2026-11-27 09:00"),
        ("2026-11-27 12:00", Code.WINDOW_BREAK, "2026-11-27 14:00"),
        ("2026-11-27 20:00", Code.WINDOW_CLOSED, "2026-11-28 09:00"),
        ("2026-11-28 00:00", Code.WINDOW_CLOSED, "2026-11-28 09:00"),
        ("2026-10-01 10:00", Code.WINDOW_HOLIDAY, "2026-10-08 09:00"),
        ("2026-02-14 20:30", Code.WINDOW_CLOSED, "2026-02-24 09:00"),
        ("2028-02-29 06:00", Code.WINDOW_CLOSED, "2028-02-29 09:00"),
    ],
)
def test_outside_the_hours_nobody_is_called_and_the_next_are_told(
    now: str, code: Code, opens: str
) -> None:
    facts = when(now)

    verdict = judge(facts)

    assert (verdict.code, verdict.next_at) == (code, at(opens))
    assert next_allowed(facts) == at(opens)


def test_the_refusal_of_the_hour_says_what_time_it_is_there() -> None:
    assert judge(when("2026-11-27 12:30")).detail == "12:30 on a workday in Asia/Shanghai"


def test_a_saturday_that_is_worked_is_a_workday() -> None:
    weekdays_only = replace(EUROPE, holidays="CN")
    worked = replace(when("2026-10-10 10:30"), policy=weekdays_only)
    free = replace(when("2026-10-17 10:30"), policy=weekdays_only)

    assert judge(worked).allowed
    assert refused(free) is Code.WINDOW_HOLIDAY


def test_service_calls_have_hours_of_their_own() -> None:
    assert judge(replace(when("2026-11-27 12:30"), purpose=Purpose.SERVICE)).allowed
    assert judge(replace(when("2026-11-27 20:30"), purpose=Purpose.SERVICE)).allowed


BERLIN = "+4930901820"
NEW_YORKER = "+12125551234"


def test_the_hour_is_the_callees_by_their_number() -> None:
    facts = replace(WELCOME, phone=NEW_YORKER, policy=STATES)

    verdict = judge(facts)  # 21:30 there, on Thanksgiving

    assert verdict.code is Code.WINDOW_HOLIDAY
    assert verdict.detail == "21:30 on a holiday in America/New_York"
    assert verdict.next_at == at("2026-11-27 08:00", ZoneInfo("America/New_York"))


def test_the_contacts_own_zone_comes_before_the_numbers() -> None:
    facts = replace(when("2026-11-27 19:00"), contact_zone="Asia/Tokyo")

    assert judge(facts).detail == "20:00 on a workday in Asia/Tokyo"


def test_the_campaigns_zone_is_for_numbers_that_tell_none() -> None:
    satellite = replace(WELCOME, phone="+883510012345", campaign_zone="Asia/Shanghai")
    mobile = replace(WELCOME, campaign_zone="America/New_York")

    assert [rule(satellite) for rule in RULES if rule.__name__ == "window"] == [None]
    assert judge(mobile).allowed


@pytest.mark.parametrize(
    "facts",
    [
        replace(WELCOME, contact_zone="Mars/Olympus"),
        replace(WELCOME, phone="+883510012345", campaign_zone=None),
        replace(WELCOME, phone="+883510012345", campaign_zone="Nowhere"),
    ],
)
def test_a_zone_that_is_not_known_calls_nobody(facts: Facts) -> None:
    found = dict(explain(facts))["window"]

    assert found.code is Code.ZONE_UNKNOWN
    assert found.final


def test_europe_has_the_holidays_of_the_numbers_country() -> None:
    paris = "+33142685300"
    bastille_day = replace(when("2026-07-14 16:30"), policy=EUROPE)

    assert refused(replace(bastille_day, phone=paris)) is Code.WINDOW_HOLIDAY
    assert judge(replace(bastille_day, phone=BERLIN)).allowed


def test_a_number_that_may_be_anywhere_in_a_wide_country_needs_a_zone_of_its_own() -> None:
    russian = replace(WELCOME, phone="+79161234567", policy=EUROPE)

    verdict = judge(russian)

    assert (verdict.code, verdict.final) == (Code.WINDOW_NEVER, True)
    assert next_allowed(replace(russian, contact_zone="Europe/Moscow")) == at(
        "2026-11-27 10:00", ZoneInfo("Europe/Moscow")
    )


def test_a_country_whose_holidays_are_not_known_calls_nobody() -> None:
    satellite = replace(WELCOME, phone="+883510012345", contact_zone="UTC", policy=EUROPE)

    assert dict(explain(satellite))["window"].code is Code.HOLIDAYS_UNKNOWN


@pytest.mark.parametrize(
    ("past", "detail", "next_at"),
    [
        (["2026-11-27 10:29:30"], "1 call in 1 hour", "2026-11-27 11:29:30"),
        (["2026-11-27 09:30:01"], "1 call in 1 hour", "2026-11-27 10:30:01"),
        (
            ["2026-11-27 00:00", "2026-11-27 01:00", "2026-11-27 02:00"],
            "3 calls in one calendar day",
            "2026-11-28 00:00",
        ),
    ],
)
def test_the_cap_that_holds_longest_is_told(past: list[str], detail: str, next_at: str) -> None:
    verdict = judge(replace(WELCOME, past=[dialled(each) for each in past]))

    assert (verdict.code, verdict.detail) == (Code.CAP, detail)
    assert verdict.next_at == at(next_at)


@pytest.mark.parametrize(
    "past",
    [
        [dialled("2026-11-27 09:30")],
        [dialled(f"2026-11-26 {hour}:00") for hour in (10, 14, 19)],
        [dialled("2026-11-20 10:30", answered=True)],
        [dialled("2026-11-26 10:30", answered=True, purpose=Purpose.SERVICE)],
        [PastCall(FRIDAY, Purpose.MARKETING, answered=False, uses_cap=False)],
    ],
)
def test_calls_that_are_past_their_caps_do_not_matter(past: list[PastCall]) -> None:
    assert judge(replace(WELCOME, past=past)).allowed


def test_one_answered_marketing_call_is_enough_for_a_week() -> None:
    facts = replace(WELCOME, past=[dialled("2026-11-25 15:00", answered=True)])

    assert refused(facts) is Code.CAP
    assert next_allowed(facts) == at("2026-12-02 15:00")
    assert judge(replace(facts, purpose=Purpose.SERVICE)).allowed


def test_what_follows_a_cap_must_be_within_the_hours_too() -> None:
    facts = replace(when("2026-11-27 11:30"), past=[dialled("2026-11-27 11:15")])

    assert judge(facts).next_at == at("2026-11-27 12:15")
    assert next_allowed(facts) == at("2026-11-27 14:00")


def test_a_number_for_service_never_carries_marketing() -> None:
    service_only = Line(real=True, purposes=frozenset({Purpose.SERVICE}))

    assert refused(replace(WELCOME, line=service_only)) is Code.CALLER_NUMBER_PURPOSE
    assert judge(replace(WELCOME, line=service_only, purpose=Purpose.SERVICE)).allowed


@pytest.mark.parametrize("full", [code for code in Code if code.startswith("capacity_")])
def test_without_capacity_nobody_is_called_now(full: Code) -> None:
    facts = replace(WELCOME, line=Line(real=True, full=full))

    verdict = judge(facts)

    assert (verdict.code, verdict.final) == (full, False)
    assert verdict.ask_again_at(FRIDAY) == FRIDAY + timedelta(minutes=5)


# All together


def test_rules_are_asked_in_the_order_of_the_specification() -> None:
    all_wrong = Facts(
        now=at("2025-01-01 03:00"),
        known_at=FRIDAY,
        phone="12345",
        purpose=Purpose.MARKETING,
        state="paused",
        policy=None,
        blocks=[Block("platform")],
        past=[dialled("2025-01-01 02:59")],
        line=Line(True, frozenset({Purpose.SERVICE}), Code.CAPACITY_TRUNK),
    )
    repairs: list[dict[str, object]] = [
        {"now": at("2026-11-27 21:00"), "known_at": FRIDAY, "past": [dialled("2026-11-27 20:59")]},
        {"policy": CHINA},
        {"state": "running"},
        {"phone": "+8613800138000"},
        {"consents": [AGREED]},
        {"blocks": []},
        {"now": FRIDAY, "past": [dialled("2026-11-27 10:29")]},
        {"past": []},
        {"line": Line(True, full=Code.CAPACITY_TRUNK)},
        {"line": Line(True)},
    ]

    codes = [judge(all_wrong).code]
    for repair in repairs:
        all_wrong = replace(all_wrong, **repair)  # type: ignore[arg-type] # one field at a time
        codes.append(judge(all_wrong).code)

    assert codes == [
        Code.CLOCK_WRONG,
        Code.POLICY_UNREADABLE,
        Code.CAMPAIGN_NOT_RUNNING,
        Code.NUMBER_INVALID,
        Code.CONSENT_MISSING,
        Code.DNC_PLATFORM,
        Code.WINDOW_CLOSED,
        Code.CAP,
        Code.CALLER_NUMBER_PURPOSE,
        Code.CAPACITY_TRUNK,
        Code.ALLOWED,
    ]


def test_every_rule_gives_its_own_answer() -> None:
    facts = replace(when("2026-11-27 12:30"), blocks=[Block("merchant", reason="asked in a call")])

    said = {rule: verdict.code for rule, verdict in explain(facts) if not verdict.allowed}

    assert said == {"do_not_call": Code.DNC_MERCHANT, "window": Code.WINDOW_BREAK}


def test_no_verdict_repeats_the_number() -> None:
    facts = replace(WELCOME, phone="+8613800138000", contact_zone="Nowhere", consents=[])

    assert "138" not in " ".join(verdict.detail for _, verdict in explain(facts))


minutes = st.integers(0, 400 * 24 * 60).map(
    lambda number: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
)
facts_of_all_kinds = st.builds(
    lambda now, phone, purpose, policy, past, blocks, begins, length: replace(
        WELCOME,
        now=now,
        known_at=now,
        phone=phone,
        purpose=purpose,
        policy=policy,
        consents=[Consent(each, datetime(2025, 6, 1, tzinfo=UTC)) for each in Purpose],
        past=[PastCall(now - ago, kind, answered) for ago, kind, answered in past],
        blocks=blocks,
        starts_at=begins,
        ends_at=now + length if length else None,
    ),
    minutes,
    st.sampled_from(["+8613800138000", NEW_YORKER, BERLIN, "+79161234567", "+61412345678"]),
    st.sampled_from(Purpose),
    st.sampled_from([CHINA, EUROPE, STATES]),
    st.lists(
        st.tuples(
            st.integers(0, 8 * 24 * 60).map(lambda number: timedelta(minutes=number)),
            st.sampled_from(Purpose),
            st.booleans(),
        ),
        max_size=5,
    ),
    st.lists(st.builds(Block, st.sampled_from(["platform", "campaign"]), minutes), max_size=2),
    st.none() | minutes,
    st.none() | st.integers(1, 20).map(lambda days: timedelta(days=days)),
)


@settings(max_examples=80, deadline=None)
@given(facts_of_all_kinds)
def test_the_next_allowed_moment_is_allowed_and_none_before_it_is(facts: Facts) -> None:
    found = next_allowed(facts)

    def allowed(moment: datetime) -> bool:
        return judge(replace(facts, now=moment)).allowed

    if found is not None:
        assert allowed(found)
    until = min(found or facts.now + timedelta(days=60), facts.now + timedelta(days=3))
    step = timedelta(minutes=29)
    ticks = max(0, int((until - facts.now) / step))
    assert not any(allowed(facts.now + tick * step) for tick in range(ticks))


@settings(max_examples=200, deadline=None)
@given(facts_of_all_kinds, st.data())
def test_a_fact_more_against_a_call_never_allows_it(facts: Facts, data: st.DataObject) -> None:
    worse = data.draw(
        st.sampled_from(
            [
                {"blocks": [*facts.blocks, Block("merchant")]},
                {"flags": ["empty"]},
                {"consents": [], "purpose": Purpose.MARKETING},
                {"state": "paused"},
                {"policy": None},
                {"contact_zone": "Nowhere"},
                {"held_out": True},
                {"past": [*facts.past, PastCall(facts.now, facts.purpose, answered=True)]},
                {"known_at": facts.now + timedelta(hours=1)},
            ]
        )
    )

    assert not judge(replace(facts, **worse)).allowed  # type: ignore[arg-type]
