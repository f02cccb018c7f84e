from collections import Counter

import pytest

from voicebot.campaign.version_choice import Version, choose

PHONES = [f"+86154{number:08}" for number in range(4000)]


def shares(*versions: Version) -> dict[int, float]:
    counted = Counter(choose(versions, "spring", phone).number for phone in PHONES)
    return {number: count / len(PHONES) for number, count in counted.items()}


def test_the_newest_version_without_a_share_is_heard_by_all() -> None:
    assert shares(Version(1, 1, 0), Version(2, 2, 0)) == {2: 1.0}


def test_a_canary_is_heard_by_its_share_and_the_rest_hears_the_old_one() -> None:
    found = shares(Version(1, 1, 0), Version(2, 2, 0.05, canary=True))

    assert found[2] == pytest.approx(0.05, abs=0.015)
    assert found[1] == pytest.approx(0.95, abs=0.015)


def test_two_halves_are_halves() -> None:
    assert shares(Version(1, 1, 0.5), Version(2, 2, 0.5))[1] == pytest.approx(0.5, abs=0.03)


def test_shares_that_do_not_add_up_to_one_are_scaled() -> None:
    assert shares(Version(1, 1, 0.2), Version(2, 2, 0.2))[1] == pytest.approx(0.5, abs=0.03)


def test_a_contact_hears_the_same_whatever_the_order() -> None:
    versions = [Version(1, 1, 0.3), Version(2, 2, 0.7)]

    for phone in PHONES[:200]:
        assert choose(versions, "spring", phone) == choose(versions[::-1], "spring", phone)


def test_another_campaign_draws_anew() -> None:
    versions = [Version(1, 1, 0.5), Version(2, 2, 0.5)]
    same = [
        choose(versions, "spring", phone) == choose(versions, "autumn", phone) for phone in PHONES
    ]

    assert 0.45 < sum(same) / len(same) < 0.55


def test_a_campaign_without_a_script_calls_nobody() -> None:
    with pytest.raises(ValueError, match="no version"):
        choose([], "spring", PHONES[0])
