from pathlib import Path

import pytest

from voicebot.audio.g711 import Codec
from voicebot.call.record import CallRecord
from voicebot.campaign.outcome import Disposition
from voicebot.config import DEMO_CAMPAIGN
from voicebot.dialogue.loader import load_script
from voicebot.dialogue.script import EndReason, Prompt, State
from voicebot.errors import BadInput
from voicebot.simulation.line import LineSettings, Noise
from voicebot.simulation.persona import Patience, Reply, Span
from voicebot.simulation.persona_file import FILE, load_personas
from voicebot.simulation.utterance import Pause, Utterance

WHOLE = """\
personas:
  auntie:
    about: asks everything twice
    ring_ms: 4000
    voice: zhao
    line: {codec: ulaw, noise: pink, snr_db: 12.5, level_dbfs: -30}
    greeting: {say: [喂, 你好], after_ms: 300}
    patience: {ms: 7000, say: 还在吗}
    replies:
      opening: 你说
      offer:
        - {say: 多少钱, barge_in_ms: 1500}
        - {say: 嗯<900>那行吧, after_ms: 600-1200, hang_up: yes}
      goodbye: {silent: yes}
    otherwise: 什么
    repeats: 2
  nobody: {answer: power_off, ring_ms: 2500}
"""

MISTAKES = """\
personas:
  first:
    voise: lin
    voice: nobody
    answer: maybe
    line: {codec: mp3, snr_db: 5}
    greeting: {silent: yes}
    replies:
      opnning: 好
      offer: {after_ms: soon, say: 嗯<900>}
      close: {silent: yes, hang_up: yes}
      empty: {after_ms: 500}
  second: {answer: busy, voice: lin}
"""


def written(folder: Path, text: str) -> Path:
    (folder / FILE).write_text(text, encoding="utf-8")
    return folder


def test_everything_that_can_be_written_arrives_in_the_model(tmp_path: Path) -> None:
    found = load_personas(written(tmp_path, WHOLE))

    auntie, nobody = found["auntie"], found["nobody"]
    assert auntie.line == LineSettings(Codec.ULAW, -30, Noise.PINK, 12.5)
    assert auntie.greeting == Reply((said("喂"), said("你好")), Span(300, 300))
    assert auntie.patience == Patience(7000, (said("还在吗"),))
    assert auntie.replies["opening"] == (Reply((said("你说"),)),)
    assert auntie.replies["offer"] == (
        Reply((said("多少钱"),), barge_in_ms=1500),
        Reply((Utterance(("嗯", Pause(900), "那行吧")),), Span(600, 1200), hang_up=True),
    )
    assert auntie.replies["goodbye"] == (Reply(),)
    assert auntie.otherwise == (Reply((said("什么"),)),)
    assert (nobody.answer, nobody.ring_ms) == (Disposition.POWER_OFF, 2500)


def said(text: str) -> Utterance:
    return Utterance((text,))


def test_a_state_visited_again_is_answered_by_the_next_reply_until_patience_ends(
    tmp_path: Path,
) -> None:
    auntie = load_personas(written(tmp_path, WHOLE))["auntie"]

    replies = [auntie.reply("offer", visit) for visit in range(3)]

    assert replies == [*auntie.replies["offer"], Reply(hang_up=True)]
    assert auntie.reply("elsewhere", 0) == auntie.otherwise[0]


def plain_states(*names: str) -> dict[str, State]:
    return {name: State(name, Prompt(())) for name in names}


def test_replies_are_found_by_slot_and_what_is_read_back_is_denied_when_wrong(
    tmp_path: Path,
) -> None:
    text = """\
everyone: {bye: 再见}
personas:
  exact:
    truth: {order_no: "138520"}
    replies: {form.order_no: 一三八五二零, form: 随便}
    goal: {end: finished, outcome: {result: [booked, later], note: }}
"""
    states = {"form": State("form", Prompt(()), form=("order_no", "day")), **plain_states("bye")}

    exact = load_personas(written(tmp_path, text), states=states)["exact"]

    said = {
        place: exact.reply(place, 0).say[0].text
        for place in ("form.order_no", "form.day", "form.day.confirm.wrong", "bye")
    }
    assert said == {
        "form.order_no": "一三八五二零",
        "form.day": "随便",
        "form.day.confirm.wrong": "不对",
        "bye": "再见",
    }
    record = CallRecord("s", "1", {}, outcome={"result": "booked", "note": ""})
    assert exact.goal is not None
    assert not exact.goal.reached(record)
    record.end_reason = EndReason.FINISHED
    assert exact.goal.reached(record)


def test_all_mistakes_are_reported_at_once_with_their_lines(tmp_path: Path) -> None:
    folder = written(tmp_path, MISTAKES)

    with pytest.raises(BadInput) as caught:
        load_personas(folder, states=plain_states("opening", "offer", "close", "empty"))

    told = [(problem.line, problem.path, problem.what) for problem in caught.value.problems]
    assert told == [
        (3, "personas.first.voise", 'unknown key "voise"'),
        (4, "personas.first.voice", 'there is no voice "nobody"'),
        (5, "personas.first.answer", '"maybe" is no way to answer'),
        (6, "personas.first.line.codec", '"mp3" is not one of alaw, ulaw'),
        (6, "personas.first.line.snr_db", "needs a noise"),
        (7, "personas.first.greeting", "is no greeting"),
        (9, "personas.first.replies.opnning", 'the script has no state "opnning"'),
        (
            10,
            "personas.first.replies.offer.say",
            '"嗯<900>" cannot be said: words must stand before and after each pause',
        ),
        (10, "personas.first.replies.offer.after_ms", '"soon" is no span of milliseconds'),
        (11, "personas.first.replies.close.silent", "contradicts what else is done here"),
        (12, "personas.first.replies.empty", "does nothing"),
        (13, "personas.second.voice", "is for somebody who picks up"),
    ]
    assert caught.value.problems[0].hint == 'did you mean "voice"?'


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"personas\.yaml: cannot be read: No such file"):
        load_personas(tmp_path)


def test_the_sample_campaigns_personas_know_their_script() -> None:
    script = load_script(DEMO_CAMPAIGN)

    personas = load_personas(DEMO_CAMPAIGN, states=script.states)

    assert len(personas) == 15
    listening = {name for name, state in script.states.items() if state.listens}
    replies = {place for each in personas.values() for place in each.replies}
    # A form's questions are told apart by their slots: `reorder.how_many`.
    assert {place.partition(".")[0] for place in replies} <= listening
