from collections import Counter

import pytest

from voicebot.campaign.outcome import Disposition
from voicebot.dialler.scripted_calls import disposition_of
from voicebot.simulation.population import Mix, Population

PHONES = [f"+86154{number:08}" for number in range(3000)]


def ends(population: Population, hour: int, attempt: int = 1) -> Counter[str]:
    return Counter(
        "answered" if fate.answered else str(disposition_of(fate))
        for phone in PHONES
        if (fate := population.fate(phone, f"{phone}:{attempt}", hour))
    )


def test_what_the_network_says_is_understood_by_the_real_grammar() -> None:
    found = ends(Population(1), 10)

    assert set(found) == {
        *("answered", "EMPTY", "SUSPENDED", "POWER_OFF", "BUSY", "REJECTED", "UNREACHABLE"),
        *("REMINDER", "NO_ANSWER", "LINE_ERROR"),
    }
    assert found["EMPTY"] / len(PHONES) == pytest.approx(0.03, abs=0.01)


def test_more_people_answer_in_the_evening_than_at_night() -> None:
    population = Population(1)

    assert ends(population, 19)["answered"] > 5 * ends(population, 3)["answered"]


def test_a_number_that_does_not_exist_does_not_exist_the_next_time() -> None:
    population = Population(1, Mix(line_faults=0))

    def empty(attempt: int) -> set[str]:
        fates = {phone: population.fate(phone, f"{phone}:{attempt}", 10) for phone in PHONES}
        return {phone for phone, fate in fates.items() if disposition_of(fate) is Disposition.EMPTY}

    assert empty(1) == empty(2) != set()


def test_neither_order_nor_company_changes_what_a_number_does() -> None:
    one = {phone: Population(5).fate(phone, phone, 11) for phone in PHONES[:100]}
    other = {phone: Population(5).fate(phone, phone, 11) for phone in reversed(PHONES[:100])}

    assert one == other
