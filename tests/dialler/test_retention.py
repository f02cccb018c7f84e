"""What is kept too long is forgotten, and nothing else."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Table, select

from tests.store.rows import NOW, add, add_attempt, add_campaign, add_contact
from voicebot.campaign.segment import parse
from voicebot.cli.main import main
from voicebot.dialler.retention import Forgotten, Retention, forget
from voicebot.store import campaigns, tables
from voicebot.store.engine import Store, open_store
from voicebot.store.figures import counts
from voicebot.store.segments import pick
from voicebot.store.tables import attempt, campaign_event, consent, contact, decision, dnc, outbox

PHONE = "+8613800138000"
OLD = timedelta(days=1200)
"""Longer than China's policy keeps records (1,095 days) and recordings (90)."""
MONTHS = timedelta(days=100)
"""Longer than it keeps recordings, and no longer than it keeps records."""


def sound(folder: Path, name: str = "1-1-1") -> Path:
    path = folder / f"{name}.wav"
    path.write_bytes(b"RIFF")
    return path


def called(
    store: Store,
    ago: timedelta,
    path: Path | None = None,
    name: str = "repurchase",
    **more: object,
) -> int:
    """Keep a finished campaign with one contact that was called so long ago."""
    at = NOW - ago
    values: dict[str, object] = {"state": "finished", "created_at": at}
    made = add_campaign(store, name, **(values | more))
    batch = add(
        store,
        tables.import_batch,
        kind="contacts",
        campaign_id=made,
        file="people.csv",
        sha256="",
        state="done",
        beat=at,
        created_at=at,
    )
    person = add_contact(
        store,
        made,
        PHONE,
        name="王女士",
        variables={"product": "咖啡豆"},
        state="done",
        batch_id=batch,
        attempts=1,
        disposition="ANSWERED_HUMAN",
    )
    add_attempt(
        store,
        made,
        person,
        PHONE,
        disposition="ANSWERED_HUMAN",
        created_at=at,
        dialed_at=at,
        answered_at=at,
        ended_at=at,
        talk_ms=30_000,
        replies=2,
        intention="A",
        end_reason="finished",
        states=["ask reached"],
        outcome={"satisfied": "yes"},
        evidence={"text": "喂"},
        record={"turns": [{"text": "满意"}]},
        recording=None if path is None else str(path),
    )
    add(
        store,
        decision,
        campaign_id=made,
        contact_id=person,
        phone=PHONE,
        at=at,
        stage="feed",
        allowed=True,
        code="allowed",
    )
    return made


def row(store: Store, table: Table) -> list[dict[str, object]]:
    with store.read() as connection:
        return [dict(each._mapping) for each in connection.execute(select(table))]


def totals(found: list[Forgotten]) -> list[tuple[int, int, int, int]]:
    return [
        (each.done.sounds, each.done.attempts, each.done.contacts, each.done.decisions)
        for each in found
    ]


def test_a_recording_goes_first_and_what_was_said_later(store: Store, tmp_path: Path) -> None:
    path = sound(tmp_path)
    called(store, MONTHS, path)

    assert totals(list(forget(store, NOW))) == [(1, 0, 0, 0)]

    assert not path.exists()
    (made,) = row(store, attempt)
    assert made["recording"] is None
    assert made["phone"] == PHONE
    assert totals(list(forget(store, NOW))) == [(0, 0, 0, 0)]


def test_who_was_called_is_forgotten_and_the_report_counts_the_same(
    store: Store, tmp_path: Path
) -> None:
    made = called(store, OLD, sound(tmp_path))
    with store.read() as connection:
        before = counts(connection, made)

    assert totals(list(forget(store, NOW))) == [(1, 1, 1, 1)]

    with store.read() as connection:
        assert counts(connection, made) == before
    (kept,) = row(store, attempt)
    assert (kept["phone"], kept["outcome"], kept["evidence"]) == ("", {}, {})
    assert (kept["record"], kept["recording"]) == (None, None)
    with store.read() as connection:
        assert list(pick(connection, made, parse("attempts = 1"))) == []
    (person,) = row(store, contact)
    assert (person["phone"], person["name"], person["variables"]) == ("anonymous-1", "", {})
    assert row(store, decision) == []
    (note,) = row(store, campaign_event)
    assert note["detail"] == {
        "reason": "1 recordings deleted, 1 attempts and 1 contacts made nobody's, "
        "1 decisions deleted"
    }


def test_what_is_young_enough_stays(store: Store, tmp_path: Path) -> None:
    path = sound(tmp_path)
    called(store, timedelta(days=80), path)

    assert totals(list(forget(store, NOW))) == []

    assert path.exists()
    assert row(store, attempt)[0]["phone"] == PHONE


def test_a_dry_run_tells_the_same_numbers_and_leaves_everything(
    store: Store, tmp_path: Path
) -> None:
    path = sound(tmp_path)
    called(store, OLD, path)

    assert totals(list(forget(store, NOW, dry_run=True))) == [(1, 1, 1, 1)]

    assert path.exists()
    assert row(store, contact)[0]["phone"] == PHONE


def test_consent_and_do_not_call_lists_stay(store: Store) -> None:
    called(store, OLD)
    add(
        store,
        consent,
        phone=PHONE,
        purpose="marketing",
        evidence="order 1",
        given_at=NOW - OLD,
    )
    add(store, dnc, phone=PHONE, scope="platform", source="call", created_at=NOW - OLD)

    list(forget(store, NOW))

    assert [each["phone"] for each in row(store, consent)] == [PHONE]
    assert [each["phone"] for each in row(store, dnc)] == [PHONE]


def test_a_call_that_a_cap_still_counts_keeps_its_number(store: Store, tmp_path: Path) -> None:
    policy = tmp_path / "short.yaml"
    built_in = Path(campaigns.__file__).parents[1] / "campaign" / "policies" / "CN.yaml"
    text = built_in.read_text(encoding="utf-8")
    policy.write_text(text.replace("1095 days", "1 day").replace("90 days", "1 day"), "utf-8")
    called(store, timedelta(days=5), policy=str(policy))

    # China's policy counts answered calls of seven days.
    assert totals(list(forget(store, NOW))) == [(0, 0, 0, 0)]
    assert totals(list(forget(store, NOW + timedelta(days=3)))) == [(0, 1, 1, 1)]


def test_who_waits_in_a_campaign_that_is_not_over_is_not_forgotten(store: Store) -> None:
    made = add_campaign(store, state="paused", created_at=NOW - OLD)
    add_contact(store, made, PHONE)

    assert totals(list(forget(store, NOW))) == [(0, 0, 0, 0)]
    assert row(store, contact)[0]["phone"] == PHONE


def test_who_was_called_again_lately_is_remembered(store: Store) -> None:
    made = called(store, OLD, state="running")
    add_attempt(store, made, 1, PHONE, 2, dialed_at=NOW, ended_at=NOW)

    assert totals(list(forget(store, NOW))) == [(0, 1, 0, 1)]
    assert row(store, contact)[0]["phone"] == PHONE


def test_a_message_about_a_forgotten_call_goes_with_it(store: Store) -> None:
    called(store, OLD)
    hook = add(store, tables.webhook, url="https://shop.example", secret="", created_at=NOW - OLD)
    for state, event in (("sent", "call.finished:1:1:1"), ("wait", "call.finished:1:9:1")):
        add(
            store,
            outbox,
            event_id=event,
            webhook_id=hook,
            kind="call.finished",
            payload={"phone": PHONE},
            state=state,
            next_at=NOW,
            created_at=NOW - OLD,
        )

    list(forget(store, NOW))

    assert [each["event_id"] for each in row(store, outbox)] == ["call.finished:1:9:1"]


def test_nothing_is_forgotten_by_a_policy_that_cannot_be_read(store: Store, tmp_path: Path) -> None:
    path = sound(tmp_path)
    called(store, OLD, path, policy=str(tmp_path / "gone.yaml"))

    (found,) = forget(store, NOW)

    assert "gone.yaml: cannot be read" in found.faults[0]
    assert path.exists()


def test_a_file_that_cannot_be_deleted_is_told_and_tried_again(
    store: Store, tmp_path: Path
) -> None:
    folder = tmp_path / "a folder where the file should be"
    folder.mkdir()
    called(store, MONTHS, folder)

    (found,) = forget(store, NOW)

    assert str(folder) in found.stuck[0]
    assert row(store, attempt)[0]["recording"] == str(folder)


def test_a_recording_on_another_workers_disk_is_left_to_it_for_a_week(
    store: Store, tmp_path: Path
) -> None:
    called(store, timedelta(days=92), tmp_path / "elsewhere.wav")

    assert totals(list(forget(store, NOW))) == [(0, 0, 0, 0)]
    assert totals(list(forget(store, NOW + timedelta(days=6)))) == [(1, 0, 0, 0)]


def test_only_the_merchant_that_is_named_is_looked_at(store: Store) -> None:
    called(store, OLD)
    called(store, OLD, name="other", merchant="tea")

    assert [each.campaign for each in forget(store, NOW, merchant="tea")] == ["other"]
    assert [each.campaign for each in forget(store, NOW, campaign="repurchase")] == ["repurchase"]


class Shown:
    speed = 1.0

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        return


@pytest.mark.parametrize(
    ("passed", "forgotten"),
    [(timedelta(hours=1), True), (OLD, False), (timedelta(days=-1), False)],
)
def test_a_worker_believes_no_clock_that_jumped(
    store: Store, passed: timedelta, forgotten: bool
) -> None:
    called(store, OLD)
    clock, elapsed_s = Shown(), [0.0]
    step = Retention(store, clock, lambda: elapsed_s[0])

    async def story() -> None:
        await step.run()
        clock.at, elapsed_s[0] = NOW + passed, 3600.0
        await step.run()

    asyncio.run(story())

    assert (row(store, contact)[0]["phone"] == "anonymous-1") is forgotten


def test_the_command_deletes_and_tells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    address = str(tmp_path / "shop.db")
    store = open_store(address)
    # Older by the real clock as well.
    path = sound(tmp_path)
    called(store, OLD, path)
    store.close()

    assert main(["retention", "--dry-run", "--store", address]) == 0
    assert "nothing was deleted" in capsys.readouterr().out
    assert path.exists()
    assert main(["retention", "--store", address]) == 0
    assert not path.exists()
    assert main(["retention", "--campaign", "nobody", "--store", address]) == 2


def test_the_command_fails_when_something_is_kept_too_long(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = str(tmp_path / "shop.db")
    store = open_store(address)
    called(store, OLD, policy=str(tmp_path / "gone.yaml"))
    store.close()

    assert main(["retention", "--store", address]) == 1
    assert "repurchase: is kept too long: " in capsys.readouterr().err
