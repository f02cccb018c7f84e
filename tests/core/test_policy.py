from datetime import time, timedelta
from pathlib import Path

import pytest

from voicebot.campaign.calling_window import Hours, Week
from voicebot.campaign.frequency_cap import CalendarPeriod, Cap, Purpose
from voicebot.campaign.policy import POLICIES, built_in_policies, load_policy
from voicebot.errors import BadPolicy

CHINA = (POLICIES / "CN.yaml").read_text(encoding="utf-8")


def changed(folder: Path, before: str, after: str) -> Path:
    """Write China's policy with one thing in it changed."""
    assert before in CHINA
    path = folder / "mine.yaml"
    path.write_text(CHINA.replace(before, after, 1), encoding="utf-8")
    return path


def told(path: Path) -> str:
    with pytest.raises(BadPolicy) as caught:
        load_policy(path)
    return str(caught.value).replace(str(path), "mine.yaml")


def test_china_allows_marketing_by_day_with_a_noon_break_and_not_on_holidays() -> None:
    policy = load_policy("CN")

    day = (Hours(time(9), time(12)), Hours(time(14), time(20)))
    assert policy.windows[Purpose.MARKETING] == Week(workday=day, weekend=day, holiday=())
    assert policy.windows[Purpose.SERVICE].workday == (Hours(time(9), time(21)),)
    assert policy.caps == (
        Cap(1, timedelta(minutes=1)),
        Cap(1, timedelta(hours=1)),
        Cap(3, CalendarPeriod.DAY),
        Cap(1, timedelta(days=7), answered=True, purpose=Purpose.MARKETING),
    )
    assert Purpose.MARKETING in policy.consent
    assert Purpose.SERVICE not in policy.consent
    assert policy.holidays == "CN"
    assert "智能语音助手" in policy.disclosure


@pytest.mark.parametrize("region", ["CN", "EU", "US"])
def test_every_region_keeps_evidence_for_thirty_days_and_says_that_a_machine_speaks(
    region: str,
) -> None:
    policy = load_policy(region)

    assert region in built_in_policies()
    assert policy.name == region
    assert policy.recordings >= timedelta(days=30)
    assert policy.records >= timedelta(days=30)
    assert policy.disclosure
    assert Purpose.MARKETING in policy.consent
    assert policy.caps


def test_a_region_without_a_policy_has_no_rules_to_call_by(tmp_path: Path) -> None:
    with pytest.raises(BadPolicy) as caught:
        load_policy("JP")

    assert str(caught.value) == (
        "JP: cannot be read: No such file or directory; name a file, or one of: CN, EU, US"
    )


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("consent: [", "consents: [", 'unknown key "consents"; did you mean "consent"?'),
        ("caps:", "caps_:", 'the key "caps" is missing'),
        ("    holiday: []\n  survey", "  survey", 'the key "holiday" is missing'),
        ("[marketing, survey]", "[marketting]", 'no purpose of a call; did you mean "marketing"?'),
        ("09:00-12:00", "09:00", '"09:00" is no time of day; write 09:00-12:00, or [] for never'),
        ("09:00-12:00", "9-12", '"9-12" is no time of day'),
        ("09:00-12:00", "21:00-09:00", "ends before it begins; split it at midnight, 24:00"),
        ("09:00-12:00", "09:00-24:30", '"09:00-24:30" is past midnight'),
        ("09:00-12:00", "09:00-15:00", "09:00-15:00 and 14:00-20:00 overlap or are not in order"),
        ("calls: 1", "calls: 0", '"0" is no number of calls'),
        ("calls: 1", "calls: -1", '"-1" is no number of calls'),
        ("within: 1 minute", "within: 1 fortnight", '"1 fortnight" is no length of time'),
        ("within: 1 minute", "within: 0 minutes", '"0 minutes" is no length of time'),
        ("answered: yes", "answered: maybe", '"maybe" is neither yes nor no'),
        ("{calls: 1, within: 1 minute}", "{calls: 1}", 'the key "within" is missing'),
        ("holidays: CN", "holidays: XX", '"XX" is no country; write a code such as CN, or callee'),
        ("recordings: 90 days", "recordings: long", '"long" is no length of time'),
        ("  recordings: 90 days\n", "", 'the key "recordings" is missing'),
        ("policy: CN", "policy: {", "is not YAML here"),
    ],
)
def test_a_slip_of_the_pen_is_a_fault_with_its_line(
    before: str, after: str, message: str, tmp_path: Path
) -> None:
    path = changed(tmp_path, before, after)

    found = told(path)

    assert message in found
    assert found.startswith("mine.yaml:")


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    path = changed(tmp_path, "09:00-12:00", "nine")
    path.write_text(path.read_text(encoding="utf-8").replace("calls: 3", "calls: x"), "utf-8")

    assert [line.split(": ")[0] for line in told(path).splitlines()] == [
        "mine.yaml:15",
        "mine.yaml:31",
    ]


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"- a\n- b\n", b"policy: CN\n"])
def test_what_is_no_policy_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(data)

    assert told(path)


def test_midnight_is_the_end_of_a_day(tmp_path: Path) -> None:
    policy = load_policy(changed(tmp_path, "09:00-12:00, 14:00-20:00", "9:00-24:00"))

    assert policy.windows[Purpose.MARKETING].workday == (Hours(time(9), time(0)),)
