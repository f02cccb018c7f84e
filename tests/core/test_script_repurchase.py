"""The sample campaign is what a shop would start from: sound, short, and understood."""

import csv
from pathlib import Path

import pytest

from voicebot.dialogue.conversation import Conversation
from voicebot.dialogue.intents import understand
from voicebot.dialogue.loader import check_script, load_script
from voicebot.dialogue.script import ANY_ANSWER, BargeIn, EndReason, Script
from voicebot.speech.recogniser import Transcript

FOLDER = Path("campaigns/repurchase")


@pytest.fixture(scope="module")
def script() -> Script:
    return load_script(FOLDER)


def meaning(script: Script, state: str, text: str) -> str | None:
    names = [name for name in script.transitions(script.states[state]) if name != ANY_ANSWER]
    intents = [script.intents[name] for name in names]
    return understand(
        Transcript(text), intents, [each for each in intents if each.hot_words]
    ).intent


def test_the_campaign_has_neither_faults_nor_warnings() -> None:
    with (FOLDER / "contacts.csv").open(encoding="utf-8", newline="") as file:
        columns = next(csv.reader(file))

    checked = check_script(FOLDER, columns=columns)

    assert (checked.faults, checked.warnings) == ((), ())


def test_every_phrase_of_every_state_is_understood_as_its_own_intent(script: Script) -> None:
    wrong = [
        (state.name, name, phrase, found)
        for state in script.states.values()
        if state.listens
        for name in script.transitions(state)
        if name != ANY_ANSWER
        for phrase in script.intents[name].sentences
        if (found := meaning(script, state.name, phrase)) != name
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("state", "text", "intent"),
    [
        ("convenience", "嗯你说吧", "convenient"),
        ("convenience", "我在开会呢", "call_later"),
        ("convenience", "你谁啊", "who"),
        ("taste", "还行吧挺好喝的", "good"),
        ("taste", "有点酸", "bad"),
        ("taste", "不满意", "bad"),
        ("taste", "还没喝呢", "not_tried"),
        ("offer", "好的你发吧", "send_it"),
        ("offer", "不用了我家里还有很多", "deny"),
        ("offer", "那现在多少钱一包啊", "ask_price"),
        ("offer", "多久能到啊", "ask_delivery"),
        ("offer", "以后别再给我打电话了", "opt_out"),
        ("offer", "帮我转人工", "transfer_human"),
        ("offer", "我要投诉你们", "complain"),
        ("anything_else", "没有了谢谢", "deny"),
        ("ask_when", "下午吧", "afternoon"),
        ("ask_when", "明天晚上可以", "evening"),
    ],
)
def test_what_callers_say_is_understood(script: Script, state: str, text: str, intent: str) -> None:
    assert meaning(script, state, text) == intent


@pytest.mark.parametrize(
    ("said", "end", "outcome"),
    [
        (
            ["方便", "挺好喝的", "多少钱一包", "好的发吧", "没有了"],
            EndReason.FINISHED,
            {"interest": "yes", "satisfaction": "good", "asked_price": "yes"},
        ),
        (
            ["可以", "太苦了", "希望烘焙得浅一点", "不用了", "没有"],
            EndReason.FINISHED,
            {"interest": "no", "satisfaction": "bad", "suggestion": "希望烘焙得浅一点"},
        ),
        (
            ["我在开会", "明天下午三点吧"],
            EndReason.CALL_LATER,
            {"interest": "later", "callback": "afternoon"},
        ),
        (["你是机器人吗", "转人工"], EndReason.TRANSFERRED, {"interest": ""}),
        (["别打了"], EndReason.OPTED_OUT, {"interest": "no"}),
        (["打错了"], EndReason.FINISHED, {"interest": "wrong_person"}),
        (["好的", "还没喝呢", "我刚买过了"], EndReason.FINISHED, {"interest": "bought"}),
        (
            ["我要投诉", "收到的东西少了一样"],
            EndReason.FINISHED,
            {"interest": "no", "complaint": "收到的东西少了一样"},
        ),
        (["我要投诉", "发错货了"], EndReason.FINISHED, {"interest": "no"}),
        (["天晴", "天晴", "天晴"], EndReason.NO_MATCH, {"interest": ""}),
    ],
)
def test_a_call_ends_as_its_caller_wants(
    script: Script, said: list[str], end: EndReason, outcome: dict[str, str]
) -> None:
    conversation = Conversation(script, {})
    step = conversation.begin()

    for text in said:
        assert step.end is None
        transcript = Transcript(text)
        step = conversation.answer(transcript, conversation.understand(transcript))

    assert step.end is end
    assert outcome.items() <= conversation.outcome.items()


def test_the_opening_says_who_calls_that_it_is_a_machine_and_why(script: Script) -> None:
    opening = script.states[script.start].prompt

    for wording in opening.wordings:
        assert "智能语音助手" in wording.text
        assert "{shop}" in wording.text
        assert "回访" in wording.text
    assert opening.barge_in is BargeIn.HOT_WORDS


def test_a_caller_can_opt_out_and_ask_for_a_person_everywhere(script: Script) -> None:
    ends = {
        (state.name, intent): script.states[script.transitions(state)[intent].go].end
        for state in script.states.values()
        if state.listens
        for intent in ("opt_out", "transfer_human")
    }

    assert {end for (_, intent), end in ends.items() if intent == "opt_out"} == {
        EndReason.OPTED_OUT
    }
    assert {end for (_, intent), end in ends.items() if intent == "transfer_human"} == {
        EndReason.TRANSFERRED
    }


def test_the_contacts_are_twelve_and_their_numbers_belong_to_nobody() -> None:
    with (FOLDER / "contacts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    assert len(rows) == len({row["phone"] for row in rows}) == len({row["persona"] for row in rows})
    assert len(rows) == 12
    # 154 is the one prefix between 150 and 159 that no operator was ever given.
    assert all(row["phone"].startswith("1540000") and len(row["phone"]) == 11 for row in rows)
