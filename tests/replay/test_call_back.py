"""A caller who came after hours is a contact that is due when they asked for it."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from tests.dialler.rig import new_campaign
from tests.replay.answering import answer_call
from voicebot import bootstrap, bootstrap_lines, config
from voicebot.campaign.call_back import Wish
from voicebot.campaign.routes import ANY_NUMBER, Route
from voicebot.engines.vosk import VoskModel
from voicebot.errors import BadInput
from voicebot.runtime.answering import CALL_BACK
from voicebot.simulation.scenario_file import load_scenario
from voicebot.store.engine import open_store
from voicebot.store.tables import contact

SCENARIO = Path(__file__).parents[1] / "scenarios" / "campaign_message_afternoon.yaml"


def test_a_message_that_was_left_after_hours_becomes_a_contact_for_the_afternoon(
    model: VoskModel, tmp_path: Path
) -> None:
    store = open_store(str(tmp_path / "voicebot.db"))
    campaign = new_campaign(store, 0, name="callbacks", state="finished")
    scenario = load_scenario(SCENARIO)
    voice = bootstrap.prompt_voice("espeak", cache=tmp_path / "prompts")
    route = Route(ANY_NUMBER, scenario.script, call_back="callbacks")
    answer = bootstrap_lines.answers([route], model, voice)[ANY_NUMBER]
    keep = bootstrap_lines.call_backs(store, [route])
    parts = bootstrap.parts(model, voice, realtime=False)
    before = datetime.now().astimezone()

    (call,) = answer_call(parts, answer, scenario, tmp_path / "out").finished
    assert call.call_back == "callbacks"
    told = call.record.outcome
    kept = keep(Wish(call.call_back, call.caller, told[CALL_BACK], told))

    with store.read() as connection:
        row = connection.execute(select(contact).where(contact.c.campaign_id == campaign)).one()
    store.close()
    assert kept
    assert (row.phone, row.state) == ("+8615400000001", "wait")
    due = row.next_at.astimezone(ZoneInfo(config.ZONE))
    assert (due.hour, due.minute) == (12, 0)
    assert due > before
    assert row.variables["callback"] == "afternoon"
    assert "收到的咖啡" in row.variables["message"]


@pytest.mark.parametrize(
    ("purpose", "told"),
    [(None, "is no campaign of the store"), ("marketing", "is a marketing campaign")],
)
def test_a_campaign_that_cannot_call_back_is_told_at_the_start(
    purpose: str | None, told: str, tmp_path: Path
) -> None:
    store = open_store(str(tmp_path / "voicebot.db"))
    if purpose is not None:
        new_campaign(store, 0, name="callbacks", purpose=purpose)
    route = Route(ANY_NUMBER, SCENARIO, call_back="callbacks")

    with pytest.raises(BadInput, match=told):
        bootstrap_lines.call_backs(store, [route])
    with pytest.raises(BadInput, match="needs a store"):
        bootstrap_lines.call_backs(None, [route])
    store.close()


def test_a_caller_without_a_number_cannot_be_called_back(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "voicebot.db"))
    new_campaign(store, 0, name="callbacks")
    keep = bootstrap_lines.call_backs(store, [Route(ANY_NUMBER, SCENARIO, call_back="callbacks")])

    assert not keep(Wish("callbacks", "anonymous", "afternoon", {}))
    store.close()
