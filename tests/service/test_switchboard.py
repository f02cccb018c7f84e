"""Which worker takes a call, and what they share; with literal times."""

from typing import Any

import pytest

from voicebot.runtime.answering import Begun
from voicebot.runtime.load import LATE_MS
from voicebot.service.switchboard import LostCall, Switchboard

CALL: dict[str, Any] = {
    "caller": "15400000001",
    "called": "4001",
    "script": "support",
    "version": "1",
}


def board(*workers: str, calls: int = 4, waiting: int = 2, first: int = 1) -> Switchboard:
    made = Switchboard(calls=calls, waiting=waiting, first=first)
    for worker in workers:
        made.add(worker)
    return made


def ask(made: Switchboard, worker: str, what: str, at: float = 0.0, **data: Any) -> Any:
    return made.answer(worker, what, data, at)


def tell(made: Switchboard, worker: str, what: str, at: float = 0.0, **data: Any) -> None:
    made.take(worker, what, data, at)


def test_calls_go_to_whom_has_the_fewest_lines() -> None:
    made = board("a", "b", "c")
    took = []
    for _ in range(6):
        worker = made.least_busy()
        assert worker is not None
        made.note_lines(worker, 1)
        took.append(worker)

    assert took == ["a", "b", "c", "a", "b", "c"]
    made.note_lines("b", -1)
    assert made.least_busy() == "b"


def test_a_worker_with_too_much_to_do_comes_last_whatever_it_has() -> None:
    made = board("a", "b")
    made.note_lines("b", 3)
    tell(made, "a", "late", late_ms=LATE_MS + 1)

    assert made.least_busy() == "b"
    tell(made, "b", "late", late_ms=LATE_MS + 1)
    assert made.least_busy() == "a"
    tell(made, "b", "late", late_ms=LATE_MS)
    assert made.least_busy() == "b"


def test_nobody_takes_a_call_when_nobody_is_there_or_the_service_drains() -> None:
    made = board()
    assert made.least_busy() is None
    assert not made.has_room()

    made.add("a")
    assert made.least_busy() == "a"
    made.draining = True
    assert made.least_busy() is None
    assert not made.has_room()


def test_the_most_calls_are_those_of_all_workers_together() -> None:
    made = board("a", "b", calls=3)

    assert [ask(made, worker, "take") for worker in ("a", "b", "a", "b")] == [True] * 3 + [False]
    assert not made.has_room()
    tell(made, "a", "free")
    assert made.has_room()
    assert ask(made, "b", "take")


def test_a_worker_that_would_spoil_its_calls_gets_no_more_but_an_idle_one_its_first() -> None:
    made = board("a", "b")
    tell(made, "a", "late", late_ms=100.0)
    tell(made, "b", "late", late_ms=100.0)

    assert [ask(made, "a", "take"), ask(made, "a", "take")] == [True, False]
    assert ask(made, "b", "take")
    assert not made.has_room()


def test_callers_wait_in_one_line_whoever_carries_them() -> None:
    made = board("a", "b", calls=1, waiting=2)
    ask(made, "a", "take")
    first = ask(made, "b", "join", 10.0, ahead_s=0.0)
    urgent = ask(made, "a", "join", 20.0, ahead_s=120.0)

    assert ask(made, "a", "full")
    assert not made.has_room()
    assert [ask(made, "b", "before", ticket=each) for each in (urgent, first)] == [0, 1]
    tell(made, "a", "free")
    assert ask(made, "b", "before", ticket=first) == 1
    assert ask(made, "a", "before", ticket=urgent) is None
    tell(made, "b", "leave", ticket=first)
    assert made.busy == 1


def test_persons_are_counted_for_all_workers_together() -> None:
    made = board("a", "b")
    desk: dict[str, Any] = {"person": "sip:1000@desk", "of": 1}

    assert ask(made, "a", "take", **desk)
    assert not ask(made, "b", "take", **desk)
    assert ask(made, "b", "take", person="sip:2000@desk", of=None)
    tell(made, "a", "free", **desk)
    assert ask(made, "b", "take", **desk)


def test_who_gave_up_at_one_worker_is_known_at_the_other() -> None:
    made = board("a", "b")
    tell(made, "a", "gave_up", 100.0, caller="15400000001")

    assert ask(made, "b", "gave_up_s_ago", 130.0, caller="15400000001") == 30.0
    assert ask(made, "b", "gave_up_s_ago", 130.0, caller="15400000002") is None


def test_every_conversation_gets_a_number_of_its_own() -> None:
    made = board("a", "b", first=7)

    assert [ask(made, worker, "begin", **CALL) for worker in ("a", "b", "a")] == [7, 8, 9]


def test_a_worker_that_is_no_more_leaves_its_calls_and_frees_all_else() -> None:
    made = board("a", "b", calls=2)
    desk: dict[str, Any] = {"person": "sip:1000@desk", "of": 1}
    ask(made, "a", "take"), ask(made, "a", "take")
    ask(made, "a", "take", **desk)
    waits = ask(made, "b", "join", 5.0, ahead_s=0.0)
    kept, lost = (ask(made, "a", "begin", at, **CALL) for at in (10.0, 20.0))
    tell(made, "a", "end", number=kept)

    left = made.remove("a", 50.0)

    assert left == [LostCall(lost, Begun(**CALL), 30.0)]
    assert made.counts == {"begun": 2, "ended": 1, "lost": 1}
    assert ask(made, "b", "before", ticket=waits) is None
    assert ask(made, "b", "take", **desk)
    assert made.least_busy() == "b"


def test_what_comes_late_from_a_worker_that_is_no_more_changes_nothing() -> None:
    made = board("a")
    made.remove("a", 1.0)

    tell(made, "a", "late", late_ms=1.0)
    tell(made, "a", "end", number=3)
    made.note_lines("a", 1)

    assert made.least_busy() is None
    assert not ask(made, "a", "take")
    made.add("a")
    assert made.least_busy() == "a"


def test_a_question_that_no_worker_asks_is_a_fault_of_ours() -> None:
    with pytest.raises(ValueError, match="no worker asks nonsense"):
        ask(board("a"), "a", "nonsense")
    with pytest.raises(ValueError, match="no worker tells nonsense"):
        tell(board("a"), "a", "nonsense")
