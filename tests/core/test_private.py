"""Which names of a script are private, and what a record becomes that turned out to hold them."""

from dataclasses import replace

from tests.builders import Rig, prompt, script
from tests.core.test_session import answer
from voicebot.call.events import CallerHungUp, DtmfPressed
from voicebot.dialogue.conversation import Conversation
from voicebot.dialogue.memory import MASK
from voicebot.dialogue.script import (
    EndReason,
    Hearing,
    OutcomeField,
    Script,
    Slot,
    State,
    Transition,
)

CARD = "六二二二零二幺二三四"
DIGITS = "6222021234"


def with_card(*, private: bool = True) -> Script:
    """Return a script that asks for a card after its opening, if none was named there."""
    of = script()
    card = Slot("card", "order_number", prompt("请说卡号。"), hearing=Hearing(private=private))
    pays = State("pays", prompt("好的。"), form=("card",), next=Transition("bye"))
    opening = replace(of.states["opening"], on={"any": Transition("pays")})
    bye = replace(of.states["bye"], set={"paid_with": "卡{card}"}, end=EndReason.FINISHED)
    return replace(
        of,
        states={**of.states, "opening": opening, "pays": pays, "bye": bye},
        slots={"card": card},
        outcome={"paid_with": OutcomeField("paid_with"), "copy": OutcomeField("copy")},
    )


def test_private_is_what_is_asked_for_in_private_and_whatever_is_set_from_it() -> None:
    of = with_card()
    told = State("told", prompt("？"), on={"any": Transition("bye")}, save="code", private=True)
    copies = Transition("told", set={"copy": "{paid_with}", "shop": "山谷咖啡"})
    states = {**of.states, "told": told, "ask": replace(of.states["ask"], on={"good": copies})}

    names = replace(of, states=states).private_names

    assert names == {"card", "code", "paid_with", "copy"}
    assert with_card(private=False).private_names == frozenset()


def test_a_number_that_was_given_unasked_is_taken_out_of_the_whole_record() -> None:
    rig = Rig(with_card()).answered()
    rig.plays(100, 1000)

    answer(rig, f"可以卡号是{CARD}")
    rig.at(60_000, CallerHungUp())

    record = rig.session.record
    text = str(record.as_dict())
    assert rig.session.told == {"card": DIGITS}
    assert record.slots == {"card": MASK}
    assert record.outcome["paid_with"] == MASK
    assert CARD not in text
    assert DIGITS not in text
    assert record.turns[0].text == f"可以卡号是{MASK}"


def test_the_same_script_without_private_keeps_the_number() -> None:
    rig = Rig(with_card(private=False)).answered()
    rig.plays(100, 1000)

    answer(rig, f"可以卡号是{CARD}")
    rig.at(60_000, CallerHungUp())

    assert rig.session.record.outcome["paid_with"] == f"卡{DIGITS}"


def test_keys_that_are_pressed_where_it_is_private_are_not_noted() -> None:
    of = with_card()
    opening = replace(of.states["opening"], private=True)
    rig = Rig(replace(of, states={**of.states, "opening": opening})).answered()

    rig.at(200, DtmfPressed("7"))

    keys = [each.detail["digit"] for each in rig.session.record.timeline if each.what == "dtmf"]
    assert keys == [MASK]


def test_a_prompt_with_something_private_is_kept_without_it() -> None:
    of = with_card()
    states = {**of.states, "opening": replace(of.states["opening"], prompt=prompt("卡{card}？"))}
    conversation = Conversation(replace(of, states=states), {})

    step = conversation.begin()

    assert [each.shown for each in step.say] == [f"卡{MASK}？"]
