"""The campaigns that come with voicebot: sound, complete, and pleasant to deal with."""

import re
from pathlib import Path

import pytest

from voicebot import bootstrap
from voicebot.campaign.contacts import read_contacts, read_header
from voicebot.dialogue.conversation import Conversation
from voicebot.dialogue.draw import to_svg
from voicebot.dialogue.knowledge import evaluation
from voicebot.dialogue.knowledge.files import LONGEST_ANSWER
from voicebot.dialogue.knowledge.index import index
from voicebot.dialogue.loader import check_script
from voicebot.dialogue.script import EndReason, Script
from voicebot.dialogue.wording import plain
from voicebot.simulation.persona_file import load_personas
from voicebot.simulation.trunk import COLUMN
from voicebot.speech.recogniser import Transcript

NAMES = ["followup", "marketing", "repurchase", "support"]
FOLDERS = [Path("campaigns") / name for name in NAMES]
SCENARIOS = [path.stem for path in Path("tests/scenarios").glob("campaign_*.yaml")]

LONGEST_PROMPT = 62
"""Characters that the robot says at once: some 14 s, with pauses."""


@pytest.fixture(scope="module", params=FOLDERS, ids=NAMES)
def folder(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


@pytest.fixture(scope="module")
def script(folder: Path) -> Script:
    """As a call has it, with its classifier."""
    return bootstrap.load_script(folder)


def test_a_campaign_has_neither_faults_nor_warnings(folder: Path) -> None:
    checked = check_script(folder, columns=read_header(folder / "contacts.csv"))

    assert (checked.faults, checked.warnings) == ((), ())


def test_a_campaign_has_callers_with_goals_and_scenarios(folder: Path, script: Script) -> None:
    personas = load_personas(folder, states=script.states)
    contacts = read_contacts(folder / "contacts.csv")

    assert sum(persona.goal is not None for persona in personas.values()) >= 12
    assert {contact.variables[COLUMN] for contact in contacts} <= personas.keys()
    assert sum(name.startswith(f"campaign_{folder.name}_") for name in SCENARIOS) >= 5


def test_goals_name_what_the_call_can_leave_behind(folder: Path, script: Script) -> None:
    wrong = [
        (persona.name, field, value)
        for persona in load_personas(folder, states=script.states).values()
        if persona.goal is not None
        for field, values in persona.goal.outcome.items()
        for value in values
        if field not in script.outcome
        or (script.outcome[field].values and value not in ("", *script.outcome[field].values))
    ]

    assert wrong == []


def test_nothing_that_is_said_is_too_long_to_listen_to(script: Script) -> None:
    long = [
        (path, wording.text)
        for path, prompt in script.all_prompts()
        for wording in prompt.wordings
        if len(plain(re.sub(r"\{\w+\}", "四个字呢", wording.text))) > LONGEST_PROMPT
    ]

    assert long == []
    assert script.knowledge is not None
    assert all(len(plain(each.answer)) <= LONGEST_ANSWER for each in script.knowledge.entries)


def test_the_first_words_say_that_a_machine_speaks_and_for_whom(script: Script) -> None:
    conversation = Conversation(
        script, {name: each.example for name, each in script.variables.items()}
    )

    opening = "".join(spoken.text for spoken in conversation.begin().say)

    assert "山谷咖啡" in opening
    assert "智能" in opening


def test_no_more_calls_is_obeyed_from_every_state_of_an_outbound_campaign(script: Script) -> None:
    if script.name == "support":
        return
    for state in script.states.values():
        if state.listens:
            after = script.transitions(state)["opt_out"]
            assert script.states[after.go].end is EndReason.OPTED_OUT, state.name


def test_a_person_can_be_had_from_every_state(script: Script) -> None:
    for state in script.states.values():
        if state.listens:
            after = script.transitions(state)["transfer_human"]
            assert script.states[after.go].end is EndReason.TRANSFERRED, state.name


def test_the_flow_can_be_drawn(script: Script) -> None:
    assert to_svg(script).count("<rect") == len(script.states) + 2


def test_questions_in_other_words_are_answered_and_foreign_ones_refused() -> None:
    folder = Path("campaigns/support")
    knowledge = bootstrap.load_script(folder).knowledge
    assert knowledge is not None

    result = evaluation.evaluate(
        index(knowledge.entries), evaluation.read(folder / "questions.tsv", knowledge.entries)
    )

    assert result.top1 >= 0.9
    assert result.top3 >= 0.95
    assert result.refused >= 0.9
    assert result.wrong <= 0.05


def test_no_need_to_call_back_is_no_wish_never_to_be_called() -> None:
    script = bootstrap.load_script(Path("campaigns/followup"))
    conversation = Conversation(script, {})
    conversation.begin()

    for text in ("收到了", "六分", "快递太慢", "等了好多天"):
        transcript = Transcript(text)
        step = conversation.answer(transcript, conversation.understand(transcript))
    assert step.hook is not None
    conversation.returned({"opened": "yes"})
    said = conversation.understand(Transcript("嗯，不用打了"))
    later = conversation.understand(Transcript("以后别再给我打电话了"))

    assert (said.intent, later.intent) == ("no_call_back", "opt_out")


def test_the_shops_own_answer_goes_before_an_intent_that_was_guessed() -> None:
    script = bootstrap.load_script(Path("campaigns/marketing"))
    conversation = Conversation(script, {"name": "卫先生", "product": "耶加雪菲咖啡豆"})
    conversation.begin()
    asked = Transcript("你怎么有我的电话")

    step = conversation.answer(asked, conversation.understand(asked))

    assert "下单时同意过" in "".join(each.text for each in step.say)
