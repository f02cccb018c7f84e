"""Calls whose end nobody saw: never dialled again by themselves, and resolved by a person."""

from pathlib import Path

import pytest
from sqlalchemy import select, update

from tests.dialler.rig import (
    Network,
    attempts,
    new_campaign,
    now_of,
    run_worker,
    states,
    until,
    worker,
)
from tests.dialler.test_fence import ask, released
from voicebot.campaign.outcome import Disposition
from voicebot.cli.main import main
from voicebot.dialler.unknown import parse_result, resolve
from voicebot.store import recovery
from voicebot.store.engine import Store, open_store
from voicebot.store.tables import attempt, contact, number_flag


def lost(store: Store) -> str:
    """Keep a running campaign with one call whose worker died; return the call's id."""
    attempt_id = released(store)
    ask(store, attempt_id, "one")
    with store.write() as connection:
        recovery.lose(connection, "one", now_of(connection))
    return attempt_id


def settle(store: Store, attempt_id: str, result: str) -> Disposition:
    with store.write() as connection:
        return resolve(connection, attempt_id, result, now_of(connection))


def kept(store: Store) -> tuple[str, str, str]:
    with store.read() as connection:
        made = connection.execute(select(attempt.c.disposition)).scalar_one()
        person = connection.execute(select(contact.c.state, contact.c.state_reason)).one()
    return made, person.state, person.state_reason


def test_an_unknown_end_is_never_dialled_again_by_itself(store: Store) -> None:
    lost(store)
    new_campaign(store, 3, name="other", first=10)
    network = Network()

    def both_are_done() -> bool:
        return states(store, 2)["wait"] == 3 and network.dialled.total() == 3

    run_worker(worker(store, network), lambda: until(both_are_done))

    assert [each.disposition for each in attempts(store, campaign_id=1)] == ["UNKNOWN"]


@pytest.mark.parametrize(
    ("result", "disposition", "state"),
    [
        ("NO_ANSWER", "NO_ANSWER", "wait"),
        ("486", "BUSY", "wait"),
        ("line_error", "LINE_ERROR", "wait"),
        ("200", "ANSWERED_HUMAN", "done"),
        ("EMPTY", "EMPTY", "done"),
    ],
)
def test_what_a_person_tells_has_the_consequences_of_an_end_that_was_seen(
    store: Store, result: str, disposition: str, state: str
) -> None:
    attempt_id = lost(store)

    assert settle(store, attempt_id, result) == disposition

    assert kept(store)[:2] == (disposition, state)
    with store.read() as connection:
        made = connection.execute(select(attempt)).one()
        flags = connection.execute(select(number_flag.c.flag)).scalars().all()
    assert made.evidence == {"told_by": "operator"}
    assert made.uses_cap is (disposition != "LINE_ERROR")
    assert flags == (["empty"] if disposition == "EMPTY" else [])


def test_a_call_is_resolved_once_and_only_when_its_end_is_unknown(store: Store) -> None:
    attempt_id = lost(store)
    settle(store, attempt_id, "BUSY")

    for call, what in ((attempt_id, "ended BUSY"), ("9:9:9", "there is no such call")):
        with pytest.raises(ValueError, match=what):
            settle(store, call, "NO_ANSWER")


def test_a_call_under_way_cannot_be_resolved(store: Store) -> None:
    attempt_id = released(store)
    ask(store, attempt_id, "one")

    with pytest.raises(ValueError, match="still under way"):
        settle(store, attempt_id, "BUSY")


@pytest.mark.parametrize("word", ["", "UNKNOWN", "FILTERED", "maybe", "99", "700"])
def test_what_is_no_result_of_a_call_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="is no result; write a SIP code, or ANSWERED_HUMAN"):
        parse_result(word)


def test_the_time_of_the_call_stays(store: Store) -> None:
    attempt_id = lost(store)
    with store.write() as connection:
        long_ago = now_of(connection).replace(year=2025)
        connection.execute(update(attempt).values(ended_at=long_ago))

    settle(store, attempt_id, "BUSY")

    with store.read() as connection:
        assert connection.execute(select(attempt.c.ended_at)).scalar_one() == long_ago
        # The retry counts from now on.
        assert connection.execute(select(contact.c.next_at)).scalar_one() > now_of(connection)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    address = tmp_path / "shop.db"
    monkeypatch.setenv("VOICEBOT_STORE", str(address))
    monkeypatch.chdir(tmp_path)
    return open_store(address)


def test_the_commands_list_and_resolve(shop: Store, capsys: pytest.CaptureFixture[str]) -> None:
    attempt_id = lost(shop)

    assert main(["campaign", "status", "spring"]) == 0
    assert "voicebot campaign unknown spring" in capsys.readouterr().out
    assert main(["campaign", "unknown", "spring"]) == 0
    told = capsys.readouterr().out
    assert attempt_id in told
    assert "+86154" not in told
    assert main(["campaign", "resolve", attempt_id, "--as", "NO_ANSWER"]) == 0
    assert main(["campaign", "resolve", attempt_id, "--as", "BUSY"]) == 2
    assert "ended NO_ANSWER" in capsys.readouterr().err
    assert main(["campaign", "unknown"]) == 0
    assert "the end of every call is known" in capsys.readouterr().out
    shop.close()


def test_the_records_of_a_switch_are_taken_whole_or_not_at_all(
    shop: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    attempt_id = lost(shop)
    file = tmp_path / "switch.csv"
    file.write_text(f"X-Voicebot-Call,result\n{attempt_id},487\n7:7:7,200\n", encoding="utf-8")

    assert main(["campaign", "resolve", "--from", "switch.csv"]) == 2
    assert "switch.csv:3: 7:7:7: there is no such call" in capsys.readouterr().err
    assert kept(shop)[0] == "UNKNOWN"
    file.write_text(f"X-Voicebot-Call,result\n{attempt_id},487\n", encoding="utf-8")
    assert main(["campaign", "resolve", "--from", "switch.csv"]) == 0
    assert kept(shop)[:2] == ("NO_ANSWER", "wait")
    shop.close()


def test_a_way_to_resolve_is_named(shop: Store) -> None:
    for words in ([], ["1:1:1"], ["--from", "a.csv", "--as", "BUSY"]):
        assert main(["campaign", "resolve", *words]) == 2
    shop.close()
