"""`voicebot campaign`, `webhooks` and `simulate` as an operator uses them."""

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from voicebot.campaign.hold_out import is_held_out
from voicebot.cli.main import main
from voicebot.config import DEMO_CAMPAIGN
from voicebot.store.engine import open_store
from voicebot.store.figures import counts
from voicebot.store.tables import contact, shop_order


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a campaign in it, and a store of its own."""
    shutil.copytree(DEMO_CAMPAIGN.parent.parent / "grammars", tmp_path / "grammars")
    shutil.copytree(DEMO_CAMPAIGN, tmp_path / "campaigns" / "repurchase")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VOICEBOT_STORE", str(tmp_path / "shop.db"))
    return tmp_path


def voicebot(*words: str) -> int:
    return main(["campaign", *words])


def with_contacts(shop: Path) -> None:
    assert voicebot("create", "campaigns/repurchase") == 0
    store = open_store(shop / "shop.db")
    with store.write() as connection:
        connection.execute(contact.insert().values(campaign_id=1, phone="+8615400000001"))
    store.close()


def test_a_campaign_goes_through_its_states(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_contacts(shop)

    for order, state in (
        ("start", "running"),
        ("pause", "paused"),
        ("resume", "running"),
        ("stop", "finished"),
        ("start", "running"),
    ):
        assert voicebot(order, "repurchase") == 0
        assert capsys.readouterr().out.endswith(f"repurchase is {state}\n")
    assert voicebot("status", "repurchase") == 0
    shown = capsys.readouterr().out
    assert shown.startswith("repurchase: running\n")
    assert "version 1" in shown
    assert "pause" in shown


def test_who_starts_a_campaign_that_nobody_agreed_to_is_told(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_contacts(shop)
    agreed = shop / "agreed.csv"
    agreed.write_text("电话,凭证,日期\n15400000001,下单时勾选,2026-11-01\n", "utf-8")
    told = "none of its contacts agreed to marketing calls of the merchant default"

    assert voicebot("start", "repurchase") == 0
    assert told in capsys.readouterr().err
    assert voicebot("pause", "repurchase") == 0
    importing = ["consent", "import", str(agreed), "--purpose", "marketing"]
    assert main([*importing, "--merchant", "elsewhere"]) == 0
    assert "no campaign is of the merchant elsewhere; there are: default" in capsys.readouterr().err
    assert voicebot("resume", "repurchase") == 0
    assert told in capsys.readouterr().err
    assert voicebot("pause", "repurchase") == 0
    assert main(importing) == 0
    assert "no campaign is of" not in capsys.readouterr().err
    assert voicebot("resume", "repurchase") == 0
    assert capsys.readouterr().err == ""


def test_an_order_that_makes_no_sense_says_what_does(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_contacts(shop)

    assert voicebot("resume", "repurchase") == 2
    assert capsys.readouterr().err == "repurchase: is draft, and cannot resume; start it first\n"


def test_a_campaign_without_contacts_does_not_start(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert voicebot("create", "campaigns/repurchase", "--name", "spring") == 0

    assert voicebot("start", "spring") == 2
    assert "spring: has no contacts; voicebot contacts import" in capsys.readouterr().err


def test_a_campaign_whose_script_does_not_tell_what_its_policy_wants_does_not_start(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = shop / "campaigns/repurchase/script.yaml"
    told = script.read_text(encoding="utf-8")
    assert "智能语音助手" in told
    script.write_text(told.replace("智能语音助手", "小美"), encoding="utf-8")
    with_contacts(shop)

    assert voicebot("start", "repurchase") == 2
    said = capsys.readouterr().err
    assert "script.yaml: states." in said
    what = "the callee is not told that a machine is speaking before being asked; the policy CN"
    assert what in said
    script.write_text(told, encoding="utf-8")
    assert voicebot("version", "repurchase", "campaigns/repurchase") == 0
    assert voicebot("start", "repurchase") == 0, "nobody hears the first version"


def test_a_running_campaign_takes_no_version_that_does_not_tell(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_contacts(shop)
    assert voicebot("start", "repurchase") == 0
    script = shop / "campaigns/repurchase/script.yaml"
    told = script.read_text(encoding="utf-8")
    script.write_text(told.replace("智能语音助手", "小美"), encoding="utf-8")

    assert voicebot("version", "repurchase", "campaigns/repurchase") == 2
    capsys.readouterr()
    voicebot("status", "repurchase")
    assert "version 2" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("", "hang up"),
        ("machine: {reaction: go_on}", "go on with the script"),
        (
            'machine: {reaction: leave_message, message: "{name}您好，我是语音助手。"}',
            "leave a message: {name}您好，我是语音助手。",
        ),
    ],
)
def test_a_campaign_says_what_answering_machines_get(
    shop: Path, capsys: pytest.CaptureFixture[str], line: str, shown: str
) -> None:
    file = shop / "campaigns/repurchase/campaign.yaml"
    file.write_text(file.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    with_contacts(shop)

    assert voicebot("start", "repurchase") == 0
    assert voicebot("show", "repurchase") == 0
    told = capsys.readouterr().out
    assert re.search(rf"answering machines +{re.escape(shown)}", told)
    assert re.search(r"after BUSY +10 min to 30 min", told)


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ("{reaction: shout}", 'machine.reaction: "shout" is not known; it may be hang_up'),
        ("{reaction: leave_message}", "a message is to be left and there is none"),
        ("{message: 您好}", "machine.message: is never said"),
        ("{reaction: go_on, tone: kind}", "machine.tone: is not known"),
    ],
)
def test_a_reaction_to_machines_that_makes_no_sense_is_refused(
    shop: Path, capsys: pytest.CaptureFixture[str], rule: str, fault: str
) -> None:
    file = shop / "campaigns/repurchase/campaign.yaml"
    file.write_text(file.read_text(encoding="utf-8") + f"machine: {rule}\n", encoding="utf-8")

    assert voicebot("create", "campaigns/repurchase") == 2
    assert fault.partition(": ")[2] in capsys.readouterr().err


def test_a_message_to_machines_has_known_places_and_tells_who_speaks(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = shop / "campaigns/repurchase/campaign.yaml"
    rule = 'machine: {reaction: leave_message, message: "{nam}您好，请回电。"}'
    file.write_text(file.read_text(encoding="utf-8") + rule + "\n", encoding="utf-8")
    with_contacts(shop)

    assert voicebot("start", "repurchase") == 2
    said = capsys.readouterr().err
    assert "machine.message: the message does not say that a machine is speaking" in said
    assert 'machine.message: "nam" is no variable; did you mean' in said


def test_a_campaign_that_is_not_there_is_told_with_those_that_are(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_contacts(shop)

    assert voicebot("status", "spring") == 2
    assert "there is no such campaign; there are: repurchase" in capsys.readouterr().err


def test_every_fault_of_a_campaigns_file_is_told_with_its_line(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "campaigns" / "repurchase" / "campaign.yaml").write_text(
        "campaign: two words\n"
        "purpose: spam\n"
        "region: china\n"
        "max_attempts: many\n"
        "starts: tomorrow\n"
        "retry: {BUSY: soon, NOBODY: 1h}\n"
        "breaker: {technical_share: 7}\n"
        "timezone: Asia/Beijing\n"
    )

    assert voicebot("create", "campaigns/repurchase") == 2
    told = capsys.readouterr().err
    for where in (":1: campaign:", ":2: purpose:", ":3: region:", ":4: max_attempts:"):
        assert f"campaign.yaml{where}" in told
    for where in (":6: retry.BUSY:", ":7: breaker.technical_share:", ":8: timezone:"):
        assert f"campaign.yaml{where}" in told


def test_a_clone_has_the_scripts_and_no_contacts(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_contacts(shop)

    assert voicebot("clone", "repurchase", "again") == 0
    assert voicebot("status", "again") == 0
    shown = capsys.readouterr().out
    assert "contacts  0" in shown
    assert "version 1" in shown


def test_a_running_campaign_is_not_deleted(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_contacts(shop)
    voicebot("start", "repurchase")

    assert voicebot("delete", "repurchase", "--yes") == 2
    assert "may be calling" in capsys.readouterr().err
    voicebot("stop", "repurchase")
    assert voicebot("delete", "repurchase", "--yes") == 0
    assert voicebot("status", "repurchase") == 2


def test_a_rollback_speaks_the_old_version_again(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_contacts(shop)
    folder = "campaigns/repurchase"
    assert voicebot("version", "repurchase", folder, "--share", "0.5", "--label", "new") == 0

    assert voicebot("rollback", "repurchase", "--to", "1") == 0
    assert voicebot("rollback", "repurchase", "--to", "9") == 2
    voicebot("status", "repurchase")
    assert "version 2: new, retired" in capsys.readouterr().out


def test_a_canary_needs_a_share(shop: Path) -> None:
    with_contacts(shop)

    assert voicebot("version", "repurchase", "campaigns/repurchase", "--canary") == 2


def test_a_segment_of_one_campaign_becomes_the_contacts_of_another(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_contacts(shop)
    words = ("create", "campaigns/repurchase", "--name", "again", "--of", "repurchase")

    assert voicebot(*words, "--from-segment", "attempts = 0 and not bought") == 0
    assert "1 contacts of repurchase" in capsys.readouterr().out
    assert voicebot(*words[:-2], "--from-segment", "not bought") == 2


def test_a_share_of_a_segment_is_held_out_and_the_report_tells_the_lift(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert voicebot("create", "campaigns/repurchase") == 0
    store = open_store(shop / "shop.db")
    phones = [f"+86154{number:08}" for number in range(200)]
    with store.write() as connection:
        connection.execute(
            contact.insert(), [{"campaign_id": 1, "phone": phone} for phone in phones]
        )
    words = ("create", "campaigns/repurchase", "--of", "repurchase", "--from-segment", "attempts=0")

    assert voicebot(*words, "--name", "again", "--hold-out", "25%") == 0
    assert voicebot(*words, "--name", "none") == 0
    assert voicebot(*words, "--name", "wrong", "--hold-out", "lots") == 2

    told = capsys.readouterr()
    held_out = re.search(r"200 contacts of repurchase, (\d+) of them held out", told.out)
    assert held_out is not None
    assert 30 <= int(held_out[1]) <= 70
    assert '"lots" is no share; write 10% or 0.1' in told.err
    with store.write() as connection:
        chosen = connection.execute(
            select(contact.c.phone, contact.c.held_out).where(contact.c.campaign_id == 2)
        ).all()
        assert {each.phone for each in chosen if each.held_out} == {
            phone for phone in phones if is_held_out("again", phone, 0.25)
        }
        # Each of the called buys, and one of those held out.
        buyers = [each.phone for each in chosen if not each.held_out]
        buyers.append(next(each.phone for each in chosen if each.held_out))
        connection.execute(
            shop_order.insert(),
            [
                {
                    "merchant": "default",
                    "order_no": phone,
                    "phone": phone,
                    "placed_at": datetime.now(UTC) + timedelta(days=1),
                    "amount_cents": 100,
                }
                for phone in buyers
            ],
        )
    with store.read() as connection:
        lift = counts(connection, 2).lift
    store.close()
    assert (lift.called.count, lift.held_out.count) == (200 - int(held_out[1]), 1)
    assert lift.held_out.of == int(held_out[1])


def test_a_worker_says_how_it_dials_or_does_not_begin(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["worker"]) == 2
    assert "say how to dial" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "note"),
    [
        ("http://127.0.0.1/calls", "it is this machine"),
        ("http://localhost:8080/", "it is this machine"),
        ("http://10.0.0.5/calls", "it is an address of a private or special network"),
        ("https://shop.example/calls", ""),
    ],
)
def test_a_webhook_into_our_own_network_is_added_with_a_note(
    shop: Path, capsys: pytest.CaptureFixture[str], url: str, note: str
) -> None:
    assert main(["webhooks", "add", url]) == 0

    said = capsys.readouterr().err
    assert said.startswith(note)
    assert bool(said) == bool(note)


def test_webhooks_are_added_listed_and_removed(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["webhooks", "add", "https://shop.example/calls"]) == 0
    assert main(["webhooks", "list"]) == 0
    assert main(["webhooks", "dead"]) == 0
    assert main(["webhooks", "remove", "1"]) == 0
    assert main(["webhooks", "remove", "7"]) == 2
    assert main(["webhooks", "add", "shop.example"]) == 2
    shown = capsys.readouterr()
    assert "https://shop.example/calls" in shown.out
    assert "no dead messages" in shown.out


def test_a_campaign_is_run_whole_from_a_folder_and_a_file(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert voicebot("run", "campaigns/repurchase", "--speed", "20") == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Simulated: nobody's telephone rings")
    made = re.search(r"(\d+) calls in", shown)
    assert made is not None
    # On a slow machine the busy line comes back before it is over.
    assert int(made[1]) >= 12
    assert "opted_out" in shown
    # The numbers at the end begin a line of their own.
    assert re.search(r"^contacts +\d+", shown, re.MULTILINE)


@pytest.mark.parametrize("written", ["spring", "spring.html", "spring.xlsx"])
def test_a_report_is_a_page_and_a_workbook_whatever_file_is_named(
    shop: Path, capsys: pytest.CaptureFixture[str], written: str
) -> None:
    with_contacts(shop)

    assert main(["report", "--campaign", "repurchase", "-o", written]) == 0

    assert "\nspring.html: 0 calls; spring.xlsx: the same" in capsys.readouterr().out
    assert (shop / "spring.html").read_text("utf-8").startswith("<!doctype html>")
    assert (shop / "spring.xlsx").read_bytes().startswith(b"PK")


def test_a_rehearsal_tells_what_it_took(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["simulate", "--contacts", "60", "--calls-per-second", "20", "--speed", "10"]

    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "attempts" in shown
    assert "calls per second over 10 s" in shown or "real time" in shown


def test_a_rehearsal_leaves_a_store_with_campaigns_alone(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_contacts(shop)

    assert main(["simulate", "--store", str(shop / "shop.db")]) == 2
    assert "a rehearsal needs a store of its own" in capsys.readouterr().err
