"""Contacts, lists and `why` as an operator uses them."""

import csv
import os
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import update

from tests.store.running import NOW, PHONE, add, new_campaign, new_contact
from voicebot.cli.main import main
from voicebot.config import DEMO_CAMPAIGN
from voicebot.store.engine import Store, open_store
from voicebot.store.tables import attempt, campaign, contact, decision

Output = pytest.CaptureFixture[str]

GOOD = "手机号,姓名,product\n13800138000,王女士,豆\n+86 138 0013 8001,李先生,豆\n"
FRIDAY = "2026-11-27 10:30"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A shop's store with one campaign that runs, which every command uses."""
    monkeypatch.setitem(os.environ, "VOICEBOT_STORE", str(tmp_path / "shop.db"))
    store = open_store(tmp_path / "shop.db")
    new_campaign(store)
    yield store
    store.close()


def file(folder: Path, text: str, name: str = "list.csv") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def run(capsys: Output, *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return code, captured.out, captured.err


def bring(capsys: Output, path: str, *more: str) -> tuple[int, str, str]:
    return run(capsys, "contacts", "import", path, "--campaign", "repurchase", *more)


# Contacts


def test_an_import_says_what_it_did_and_a_second_one_adds_nothing(
    shop: Store, tmp_path: Path, capsys: Output
) -> None:
    path = file(tmp_path, GOOD)

    first, again = bring(capsys, path), bring(capsys, path)

    assert first == (0, "2 added, 0 there already\n", "")
    assert again == (0, "0 added, 2 there already\n", "")


def test_a_trial_adds_nothing_and_says_what_it_would(
    shop: Store, tmp_path: Path, capsys: Output
) -> None:
    trial = bring(capsys, file(tmp_path, GOOD), "--dry-run")

    assert trial == (0, "2 would be added, 0 there already; nothing was changed\n", "")
    assert bring(capsys, file(tmp_path, GOOD))[1] == "2 added, 0 there already\n"
    assert bring(capsys, file(tmp_path, GOOD), "--dry-run")[1].startswith(
        "0 would be added, 2 there"
    )


def test_bad_rows_are_told_and_kept_with_their_reasons(
    shop: Store, tmp_path: Path, capsys: Output
) -> None:
    bad = "1380013800,赵,豆\n13800138000,王,豆\n13800138002\n"

    code, out, err = bring(capsys, file(tmp_path, GOOD + bad))

    rejected = tmp_path / "list.rejected.csv"
    with rejected.open(encoding="utf-8-sig", newline="") as kept:
        rows = list(csv.reader(kept))
    assert code == 0
    assert out == f"2 added, 0 there already, 3 rejected: {rejected}\n"
    assert err.splitlines() == [
        f'{tmp_path}/list.csv:4: phone: "**********" is not a valid CN number',
        f"{tmp_path}/list.csv:5: phone: 138****8000 stands in line 2 already; "
        "leave one of them out",
        f"{tmp_path}/list.csv:6: has 1 fields, the header has 3; check commas and quotation marks",
    ]
    assert rows == [
        ["手机号", "姓名", "product", "line", "reason"],
        ["1380013800", "赵", "豆", "4", 'phone: "**********" is not a valid CN number'],
        ["13800138000", "王", "豆", "5", "phone: 138****8000 stands in line 2 already"],
        ["13800138002", "", "", "6", "has 1 fields, the header has 3"],
    ]


def test_mended_rejects_can_be_imported_themselves(
    shop: Store, tmp_path: Path, capsys: Output
) -> None:
    bring(capsys, file(tmp_path, GOOD + "1380013800,赵,豆\n"))
    rejected = tmp_path / "list.rejected.csv"
    mended = rejected.read_text(encoding="utf-8-sig").replace("1380013800,", "13800138003,")
    rejected.write_text(mended, encoding="utf-8-sig")

    assert bring(capsys, str(rejected))[1] == "1 added, 0 there already\n"


def test_of_many_bad_rows_the_first_are_told_and_all_are_kept(
    shop: Store, tmp_path: Path, capsys: Output
) -> None:
    bad = "".join(f"{number},x,豆\n" for number in range(30))

    _, out, err = bring(capsys, file(tmp_path, GOOD + bad), "--rejected", str(tmp_path / "bad.csv"))

    assert len(err.splitlines()) == 11
    assert err.splitlines()[-1] == "... and 20 bad rows more"
    assert len((tmp_path / "bad.csv").read_text(encoding="utf-8-sig").splitlines()) == 31
    assert "30 rejected" in out


def test_a_workbook_is_imported_as_a_csv_file_is(
    shop: Store, tmp_path: Path, capsys: Output
) -> None:
    book = openpyxl.Workbook()
    for row in (["电话", "称呼"], [13800138000, "王女士"], [None, None], ["138-0013-8001", "李"]):
        book.active.append(row)
    book.save(tmp_path / "list.xlsx")

    assert bring(capsys, str(tmp_path / "list.xlsx"))[1] == "2 added, 0 there already\n"


def test_a_script_variable_without_a_column_stops_the_import(
    shop: Store, tmp_path: Path, capsys: Output
) -> None:
    with shop.write() as connection:
        connection.execute(update(campaign).values(folder=str(DEMO_CAMPAIGN)))

    code, out, err = bring(capsys, file(tmp_path, GOOD))

    assert (code, out) == (2, "")
    assert [line.split(": ")[1] for line in err.splitlines()] == [
        'there is no column "last_order"; the header is',
        'there is no column "coupon"; the header is',
    ]
    assert not (tmp_path / "list.rejected.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["contacts", "import", "no.csv", "--campaign", "repurchase"], "no.csv: cannot be read"),
        (["contacts", "import", "no.csv", "--campaign", "x"], 'has no campaign "x"; there are:'),
        (["contacts", "list", "--campaign", "x"], 'has no campaign "x"'),
        (["contacts", "undo", "--campaign", "repurchase"], "has no import to undo"),
        (["contacts", "import", "no.csv"], "Missing option '--campaign'"),
        (["dnc", "add", "123"], "is not a valid CN number"),
        (["dnc", "add", PHONE, "--platform", "--merchant", "x"], "choose one of"),
        (["dnc", "add", PHONE, "--campaign", "x"], 'has no campaign "x"'),
        (["dnc", "add", PHONE, "--until", "soon"], '"soon" is no date'),
        (["dnc", "import", "no.csv"], "no.csv: cannot be read"),
        (["consent", "import", "no.csv", "--purpose", "selling"], "is not one of"),
        (["consent", "show", "call me"], "is not a phone number"),
        (["why", "12345"], "is not a valid CN number"),
        (["why", PHONE, "--timezone", "Mars"], '"Mars" is no time zone'),
        (["why", PHONE, "--at", "noon"], '"noon" is no date'),
        (["contacts", "list", "--campaign", "x", "--store", "mysql://h/d"], "is not supported"),
    ],
)
def test_what_is_wrong_is_told_with_the_way_out(
    shop: Store, capsys: Output, arguments: list[str], told: str
) -> None:
    code, out, err = run(capsys, *arguments)

    assert (code, out) == (2, "")
    assert told in err


def test_lists_show_imports_states_and_people_with_masked_numbers(
    shop: Store, tmp_path: Path, capsys: Output
) -> None:
    bring(capsys, file(tmp_path, GOOD))

    _, masked, _ = run(capsys, "contacts", "list", "--campaign", "repurchase")
    _, full, _ = run(capsys, "contacts", "list", "--campaign", "repurchase", "--full")

    assert "list.csv" in masked
    assert "138****8000" in masked
    assert "13800138000" not in masked
    assert PHONE in full


def test_an_empty_campaign_says_how_to_fill_it(shop: Store, capsys: Output) -> None:
    _, out, _ = run(capsys, "contacts", "list", "--campaign", "repurchase")

    assert "repurchase has no contacts yet: voicebot contacts import FILE" in out


def test_an_import_is_undone_once_the_campaign_rests(
    shop: Store, tmp_path: Path, capsys: Output
) -> None:
    bring(capsys, file(tmp_path, GOOD))

    code, _, err = run(capsys, "contacts", "undo", "--campaign", "repurchase")
    with shop.write() as connection:
        connection.execute(update(campaign).values(state="paused"))
    undone = run(capsys, "contacts", "undo", "--campaign", "repurchase")

    assert (code, err) == (
        2,
        "repurchase is running; pause it first: voicebot campaign pause repurchase\n",
    )
    assert undone == (0, "import 1 (list.csv) undone: 2 contacts removed\n", "")


def test_exports_mask_numbers_wherever_they_stand_and_disarm_formulas(
    shop: Store, tmp_path: Path, capsys: Output
) -> None:
    text = "phone,name,remark\n13800138000,=1+1,打13800138000或13900139000\n"
    bring(capsys, file(tmp_path, text))

    _, masked, _ = run(capsys, "contacts", "export", "--campaign", "repurchase")
    code, _, told = run(
        capsys,
        *("contacts", "export", "--campaign", "repurchase", "--full"),
        *("-o", str(tmp_path / "out" / "all.csv")),
    )

    rows = list(csv.reader(masked.splitlines()))
    assert rows == [
        ["phone", "name", "state", "reason", "attempts", "last", "line", "remark"],
        ["138****8000", "'=1+1", "wait", "", "0", "", "2", "打138****8000或139****9000"],
    ]
    assert (code, told) == (0, f"{tmp_path}/out/all.csv: 1 contacts\n")
    assert PHONE in (tmp_path / "out" / "all.csv").read_text(encoding="utf-8-sig")


def test_refused_contacts_are_let_in_again(shop: Store, capsys: Output) -> None:
    contact_id = new_contact(shop, 1)
    with shop.write() as connection:
        connection.execute(update(contact).values(state="done", state_reason="zone_unknown"))

    _, out, _ = run(capsys, "contacts", "reopen", "--campaign", "repurchase")

    assert out == "1 contacts wait again\n"
    assert contact_id == 1


# Lists


def test_numbers_are_put_on_a_list_checked_and_taken_off(shop: Store, capsys: Output) -> None:
    added = run(capsys, "dnc", "add", "138-0013-8000", "13800138001", "--reason", "asked")
    again = run(capsys, "dnc", "add", PHONE)
    listed = run(capsys, "dnc", "check", "13800138000", "13800138009")
    shown = run(capsys, "dnc", "list")
    off = run(capsys, "dnc", "remove", PHONE, "--reason", "asked to be called")
    gone = run(capsys, "dnc", "remove", PHONE, "--reason", "again")

    assert added[:2] == (0, "2 added to the list of platform, 0 there already\n")
    assert again[:2] == (0, "0 added to the list of platform, 1 there already\n")
    assert listed[0] == 1
    assert "138****8000: on the list of platform since" in listed[1]
    assert listed[1].splitlines()[0].endswith("(operator): asked")
    assert "138****8009: on no list" in listed[1]
    assert "138****8001" in shown[1]
    assert off[:2] == (0, "138****8000 is off the list of platform\n")
    assert gone[:2] == (1, "138****8000 is not on the list of platform\n")
    assert run(capsys, "dnc", "check", PHONE)[0] == 0


def test_an_entry_stands_to_the_end_of_its_last_day(shop: Store, capsys: Output) -> None:
    run(capsys, "dnc", "add", PHONE, "--campaign", "repurchase", "--until", "2126-12-31")

    _, out, _ = run(capsys, "dnc", "check", PHONE)

    assert "on the list of campaign repurchase since" in out
    assert "until 2126-12-31 16:00 UTC" in out


def test_a_list_is_imported_and_never_made_shorter(
    shop: Store, tmp_path: Path, capsys: Output
) -> None:
    text = (
        "phone,reason,expires_at\n"
        "13800138000,投诉,\n13800138001,,2126-12-31\n123,,\n13800138002,,x\n"
    )
    shorter = "phone,expires_at\n13800138000,2126-01-01\n13800138001,2126-01-01\n"

    _, first, err = run(capsys, "dnc", "import", file(tmp_path, text), "--merchant", "beans")
    again = run(capsys, "dnc", "import", file(tmp_path, shorter, "b.csv"), "--merchant", "beans")
    _, shown, _ = run(capsys, "dnc", "list", "--merchant", "beans")

    assert first.startswith("2 added to the list of merchant beans, 0 there already, 2 rejected: ")
    assert 'list.csv:5: expires_at: "x" is no date; write 2026-11-27' in err
    assert again[1] == "0 added to the list of merchant beans, 2 there already\n"
    assert "for ever" in shown
    assert "2126-12-31 16:00" in shown
    assert "2126-01-01" not in shown


AGREED = (
    "phone,凭证,日期,到期\n"
    "13800138000,订单 1001,2025-06-01,\n13800138001,网页,2025/6/1 09:30,2126-01-01\n"
)


def test_consent_lets_contacts_in_that_waited_for_it(
    shop: Store, tmp_path: Path, capsys: Output
) -> None:
    new_contact(shop, 1)
    with shop.write() as connection:
        connection.execute(update(contact).values(state="done", state_reason="consent_missing"))
    before = run(capsys, "why", PHONE, "--at", FRIDAY)[1]

    imported = run(capsys, "consent", "import", file(tmp_path, AGREED), "--purpose", "marketing")

    after = run(capsys, "why", PHONE, "--at", FRIDAY)[1]
    again = run(capsys, "consent", "import", file(tmp_path, AGREED), "--purpose", "marketing")
    assert imported[:2] == (0, "2 records added for default, 0 there already\n")
    assert again[:2] == (0, "0 records added for default, 2 there already\n")
    assert "consent_missing" in before
    assert "it may be called now" not in before
    assert "consent_missing" not in after


def test_consent_that_is_taken_back_stays_as_a_record(
    shop: Store, tmp_path: Path, capsys: Output
) -> None:
    run(capsys, "consent", "import", file(tmp_path, AGREED), "--purpose", "marketing")

    withdrawn = run(capsys, "consent", "withdraw", PHONE, "--purpose", "marketing")
    again = run(capsys, "consent", "withdraw", PHONE)
    _, shown, _ = run(capsys, "consent", "show", PHONE)

    assert withdrawn[:2] == (0, "138****8000: 1 record withdrawn\n")
    assert again[0] == 1
    assert "订单 1001" in shown
    assert "13800138000" not in shown


def test_consent_without_evidence_or_date_is_none(
    shop: Store, tmp_path: Path, capsys: Output
) -> None:
    text = (
        "phone,purpose,evidence,date\n"
        "13800138000,营销,,2025-06-01\n"
        "13800138001,marketing,订单,\n"
        "13800138002,selling,订单,2025-06-01\n"
        "13800138003,marketing,订单,2999-01-01\n"
        "13800138004,marketing,订单,31.12.2025\n"
        "13800138005,service,订单,2025年6月1日\n"
    )

    _, out, err = run(capsys, "consent", "import", file(tmp_path, text))

    told = [line.split("list.csv:")[1] for line in err.splitlines()]
    assert out.startswith("1 records added for default, 0 there already, 5 rejected")
    assert told == [
        "2: evidence: is empty: how it is known that they agreed must be shown",
        "3: given_at: is empty: when they agreed must be known",
        '4: purpose: "selling" is no purpose; one of: marketing, service, survey',
        "5: given_at: lies in the future",
        '6: given_at: "31.12.2025" is no date; write 2026-11-27 or 2026-11-27 09:30',
    ]


# Why


def agreed(shop: Store, tmp_path: Path, capsys: Output) -> None:
    run(capsys, "consent", "import", file(tmp_path, AGREED), "--purpose", "marketing")


def test_why_tells_the_rules_the_next_moment_and_what_happened(
    shop: Store, tmp_path: Path, capsys: Output
) -> None:
    contact_id = new_contact(shop, 1, attempts=1)
    agreed(shop, tmp_path, capsys)
    add(
        shop,
        attempt,
        id=f"1:{contact_id}:1",
        campaign_id=1,
        contact_id=contact_id,
        number=1,
        phone=PHONE,
        purpose="marketing",
        state="done",
        created_at=NOW,
        dialed_at=NOW,
        disposition="NO_ANSWER",
    )
    add(
        shop,
        decision,
        campaign_id=1,
        contact_id=contact_id,
        phone=PHONE,
        at=NOW,
        stage="feed",
        allowed=True,
        code="allowed",
    )

    code, out, _ = run(capsys, "why", "13800138000", "--at", "2026-11-27 11:20")

    lines = [line.split() for line in out.splitlines()]
    assert code == 0
    assert out.startswith("138****8000\n")
    assert "repurchase: marketing, running; the contact is wait, 1 of 3 attempts made" in out
    assert "it may be called from 2026-11-27 11:30 on (Asia/Shanghai)" in out
    assert ["caps", "cap", "2026-11-27", "11:30", "1", "call", "in", "1", "hour"] in lines
    assert ["window", "allowed"] in lines
    assert ["2026-11-27", "10:30", "feed", "allowed"] in lines
    assert ["2026-11-27", "10:30", "call", "1", "NO_ANSWER"] in lines
    assert "13800138000" not in out


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (FRIDAY, "it may be called now"),
        ("2026-11-27 12:30", "it may be called from 2026-11-27 14:00 on (Asia/Shanghai)"),
        ("2026-09-30 21:00", "it may be called from 2026-10-08 09:00 on (Asia/Shanghai)"),
    ],
)
def test_why_looks_at_another_time_too(
    shop: Store, tmp_path: Path, capsys: Output, at: str, told: str
) -> None:
    new_contact(shop, 1)
    agreed(shop, tmp_path, capsys)

    assert told in run(capsys, "why", PHONE, "--at", at)[1]


def test_why_of_a_campaign_that_rests_says_what_holds_once_it_runs(
    shop: Store, tmp_path: Path, capsys: Output
) -> None:
    new_contact(shop, 1)
    agreed(shop, tmp_path, capsys)
    with shop.write() as connection:
        connection.execute(update(campaign).values(state="paused"))

    _, out, _ = run(capsys, "why", PHONE, "--at", "2026-11-27 12:30")

    assert (
        "the campaign is paused; once it runs, it may be called from 2026-11-27 14:00 on "
        "(Asia/Shanghai)"
    ) in out
    assert "campaign_not_running" in out


def test_why_says_what_time_alone_does_not_change(
    shop: Store, tmp_path: Path, capsys: Output
) -> None:
    new_contact(shop, 1)
    agreed(shop, tmp_path, capsys)
    run(capsys, "dnc", "add", PHONE, "--reason", "asked in a call")

    _, out, _ = run(capsys, "why", PHONE, "--at", FRIDAY)

    assert "it may not be called, and time alone does not change that" in out
    assert "dnc_platform" in out
    assert "asked in a call" in out


def test_why_names_what_is_wrong_of_a_policy(shop: Store, tmp_path: Path, capsys: Output) -> None:
    new_contact(shop, 1)
    policy = file(tmp_path, "policy: mine\n", "mine.yaml")
    with shop.write() as connection:
        connection.execute(update(campaign).values(policy=policy))

    _, out, _ = run(capsys, "why", PHONE, "--at", FRIDAY)

    assert "policy_unreadable" in out
    assert 'mine.yaml:1: the key "windows" is missing' in out


def test_why_of_a_number_in_no_campaign_names_the_lists_it_is_on(
    shop: Store, capsys: Output
) -> None:
    run(capsys, "dnc", "add", PHONE)

    code, out, _ = run(capsys, "why", PHONE)

    assert code == 0
    assert out.splitlines() == [
        "138****8000",
        "is in no campaign",
        "is on the do-not-call list of platform",
    ]
