from pathlib import Path

import pytest

from voicebot.campaign.announcements import load
from voicebot.campaign.outcome import Disposition
from voicebot.errors import BadScript
from voicebot.simulation import network

GRAMMAR = load()


def kind(text: str) -> str | None:
    said = GRAMMAR.find(text)
    return None if said is None else str(said.disposition)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [(text, each) for each, texts in network.ANNOUNCEMENTS.items() for text in texts],
)
def test_every_wording_is_understood_as_it_is_written(text: str, wanted: Disposition) -> None:
    assert kind(text) == wanted


@pytest.mark.parametrize("text", [*network.SPOKEN_COLOUR_RINGS, *network.PEOPLE, "", "[unk]"])
def test_shops_and_people_are_no_announcement(text: str) -> None:
    assert kind(text) is None


def test_words_are_found_by_their_sound() -> None:
    assert kind("您拨打的电话是恐好请核对后再拨") == "EMPTY"
    assert kind("您拨打的用户不在夫务曲") == "UNREACHABLE"


def test_words_without_the_frame_of_an_announcement_decide_nothing() -> None:
    assert kind("您好[unk]是空号") is None
    assert kind("已暂停服务") is None
    assert kind("拨打的[unk]是空号") == "EMPTY"


def test_unknown_words_between_do_not_join_what_they_part() -> None:
    assert kind("您拨打的电话是[unk]空号") is None


def test_of_two_things_said_the_weightier_counts() -> None:
    assert kind("您拨打的用户已关机您的来电信息将以短信的形式通知机主") == "POWER_OFF"
    assert kind("您拨打的电话正在通话中呼叫转移") == "BUSY"


def test_the_frame_tells_that_an_announcement_begins() -> None:
    assert GRAMMAR.begins("您好您拨打的")
    assert not GRAMMAR.begins("欢迎致电我们公司")


def test_every_sentence_of_the_grammar_is_its_own_disposition_or_none() -> None:
    found = {kind(sentence) for sentence in GRAMMAR.sentences}

    assert found == {None} | {str(each) for each in network.ANNOUNCEMENTS}


def test_a_rule_that_is_no_disposition_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsgf"
    path.write_text(
        "#JSGF V1.0 UTF-8 zh;\ngrammar a;\npublic <GONE> = 走了;\n<GONE.says> = 走了;\n"
        "public <frame> = 您好;\n<frame.says> = 您好;\n",
        encoding="utf-8",
    )

    with pytest.raises(BadScript, match="<GONE>: is no disposition"):
        load(path)
