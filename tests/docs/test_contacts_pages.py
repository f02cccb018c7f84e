"""What docs/contacts.md and docs/policy.md say is so."""

import os
import re
import shlex
from datetime import timedelta
from pathlib import Path

import pytest

from tests.store.running import new_campaign
from voicebot.campaign.columns import PHONE
from voicebot.campaign.contacts import MEANINGS
from voicebot.campaign.day_kind import DayKind
from voicebot.campaign.frequency_cap import Purpose
from voicebot.campaign.gate import RULES, Code
from voicebot.campaign.policy import load_policy
from voicebot.cli.main import main
from voicebot.errors import BadPolicy
from voicebot.store.engine import open_store
from voicebot.store.tables import metadata

DOCS = Path(__file__).parents[2] / "docs"
CONTACTS = (DOCS / "contacts.md").read_text(encoding="utf-8")
POLICY = (DOCS / "policy.md").read_text(encoding="utf-8")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the page's files and a store with the campaign that it speaks of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(os.environ, "VOICEBOT_STORE", str(tmp_path / "shop.db"))
    for name, text in re.findall(r"`(\w+\.csv)`:\n\n```csv\n(.*?)```", CONTACTS, re.DOTALL):
        (tmp_path / name).write_text(text, encoding="utf-8")
    store = open_store(tmp_path / "shop.db")
    new_campaign(store, state="paused")
    store.close()
    return tmp_path


def test_the_commands_of_the_page_do_what_it_says(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = re.findall(r"```(sh|text)\n(.*?)```", CONTACTS, re.DOTALL)
    said = ""

    for kind, block in blocks:
        if kind == "text":
            assert said == block
            continue
        for line in block.splitlines():
            code = main(shlex.split(line)[1:])
            captured = capsys.readouterr()
            said = captured.err + captured.out
            assert code == 0, (line, said)
    assert sum(block.count("voicebot ") for kind, block in blocks if kind == "sh") >= 14


def test_the_page_names_every_name_of_a_column() -> None:
    for names in (PHONE, *MEANINGS.values()):
        assert all(f"`{name}`" in CONTACTS for name in names)


def test_the_page_names_every_rule_in_its_order_and_every_code() -> None:
    rules = [rule.__name__.replace("_", " ") for rule in RULES]
    table = re.findall(r"^\| ([a-z ]+) \| .* \| (.*) \|$", POLICY, re.MULTILINE)

    listed = [(rule, re.findall(r"`(\w+)`", codes)) for rule, codes in table if "`" in codes]

    assert [rule for rule, _ in listed] == rules
    codes = {code for _, found in listed for code in found}
    assert codes | {"allowed"} == {code.value for code in Code}


def test_the_example_of_a_policy_is_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    example = re.findall(r"```yaml\n(.*?)```", POLICY, re.DOTALL)[0]
    path.write_text(example, encoding="utf-8")

    policy = load_policy(path)

    assert policy.name == "my-shop"
    assert policy.recordings == timedelta(days=60)
    assert [str(cap) for cap in policy.caps] == [
        "1 call in 1 hour",
        "2 calls in one calendar day",
        "1 answered marketing call in 14 days",
    ]


def test_the_mistake_that_the_page_shows_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    example = re.findall(r"```yaml\n(.*?)```", POLICY, re.DOTALL)[0]
    shown = re.findall(r"```text\n(.*?)\n```", POLICY, re.DOTALL)[0]
    Path("mine.yaml").write_text(example.replace("10:00-12:00", "nine", 1), encoding="utf-8")

    with pytest.raises(BadPolicy) as caught:
        load_policy("mine.yaml")

    assert str(caught.value) == shown


def test_the_table_of_built_in_policies_is_theirs() -> None:
    header, *rows = re.findall(r"^\| (.*) \|$", POLICY.split("comes with")[1], re.MULTILINE)
    regions = [each.strip() for each in header.split("|")][1:]

    for number, region in enumerate(regions, 1):
        policy = load_policy(region)
        told = {cells[0]: cells[number] for cells in (re.split(r" \| ", row) for row in rows[1:])}
        for purpose in (Purpose.MARKETING, Purpose.SERVICE):
            for kind in DayKind:
                if f"{purpose}, {kind}" in told:
                    hours = ", ".join(map(str, policy.windows[purpose].on(kind))) or "never"
                    assert told[f"{purpose}, {kind}"] == hours
        assert told["consent"] == ", ".join(sorted(policy.consent))
        assert told["recordings are kept"] == f"{policy.recordings.days} days"
        assert told["records are kept"] == f"{policy.records.days} days"
        assert told["says that it records"] == ("yes" if policy.recording_notice else "no")


def test_the_page_of_the_store_names_every_table() -> None:
    page = (DOCS / "store.md").read_text(encoding="utf-8")

    assert [name for name in metadata.tables if f"`{name}`" not in page] == []


@pytest.mark.parametrize("page", ["contacts.md", "policy.md", "store.md"])
def test_links_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)#]+)", (DOCS / page).read_text(encoding="utf-8"))

    assert [each for each in links if "://" not in each and not (DOCS / each).exists()] == []
