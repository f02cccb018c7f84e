"""What a script calls private is in nothing that a call leaves behind, and comes to the shop."""

import json
import re
import wave
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.dialler.rig import attempts, new_campaign, now_of, run_worker, until, worker
from tests.dialler.shop_server import shop_server
from tests.replay.answering import RATE, answer_call
from voicebot import bootstrap
from voicebot.call.live import News
from voicebot.call.record import CallRecord
from voicebot.campaign.outcome import Disposition
from voicebot.dialler.calls import Called, OptedOut
from voicebot.dialler.webhook_address import Allowed
from voicebot.dialogue.hook import HookCall
from voicebot.dialogue.script import EndReason
from voicebot.engines.vosk import VoskModel
from voicebot.runtime.answering import Answer, InboundCall
from voicebot.runtime.voice import PromptVoice
from voicebot.simulation.scenario import Scenario
from voicebot.simulation.scenario_file import load_scenario
from voicebot.store import webhooks
from voicebot.store.dialling import Intent
from voicebot.store.engine import open_store

SCRIPT = """\
script: card
version: "1"
start: ask
apology: 不好意思，系统出了点问题，再见。
outcome:
  last_card:
  paid: {values: [yes, no], default: no}
slots:
  card:
    kind: order_number
    ask: 请说一下您的会员卡号，一共八位。
    again: 请再说一遍八位的会员卡号。
    confirm: "您的卡号是{card}，对吗？"
    digits: 8
    private: yes
actions:
  pay: {url: "https://shop.example/pay", send: {card: "{card}"}, gives: {paid_with: }}
anywhere: {}
intents:
  affirm: {examples: [对, 对的, 是的]}
  deny: {examples: [不对, 不是]}
no_input:
  prompts: [您好，能听到吗？]
  then: bye
no_match:
  prompts: [不好意思，没听明白。]
  then: bye
states:
  ask:
    prompt: 您好，付款需要核对会员卡。
    form: [card]
    next: pay
    failed: bye
  pay:
    prompt: 好的，正在付款，请稍等。
    do: pay
    next: thanks
    failed: bye
  thanks:
    prompt: 付款好了，您还满意吗？
    set: {paid: yes, last_card: "{card}"}
    on: {affirm: bye, deny: bye}
  bye:
    prompt: 谢谢您，再见。
    end: finished
"""
SPOKEN = """\
about: 客户说卡号
script: script.yaml
caller: lin
timeline:
  - {after: 一共八位 0.5 s, say: 三五七二四六一九}
  - {after: 对吗 0.5 s, say: 对的}
  - {after: 还满意吗 1.5 s, say: 是的}
expect: [{prompt: 再见}]
end: finished
"""
TYPED = SPOKEN.replace(
    "{after: 一共八位 0.5 s, say: 三五七二四六一九}",
    "\n  - ".join(
        ["{after: 一共八位 0.5 s, press: 3}"]
        + [f"{{after: noise 0.2 s, press: {key}}}" for key in "5724619"]
    ),
)
SECRET = re.compile("35724619|三五七二|三, ?五|3, ?5")
WORDS = re.compile("[三五七二四六一幺九]{3}|[1-9]{4}")


@dataclass
class Shop:
    """The shop's program; it answers with what it got."""

    asked: list[Mapping[str, str]] = field(default_factory=list)

    def submit(self, call: HookCall) -> "Future[object]":
        self.asked.append(call.arguments)
        answer: Future[object] = Future()
        answer.set_result({"paid_with": call.arguments["card"]})
        return answer


@dataclass
class Kept:
    """What one call left behind."""

    call: InboundCall
    news: list[News]
    asked: list[Mapping[str, str]]
    folder: Path
    cached: list[str]
    """Sounds of prompts that were put on disk while the call ran."""

    @property
    def sides(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """The caller's and the robot's samples."""
        with wave.open(str(next(self.folder.glob("calls/*.wav")))) as file:
            stereo = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)
        return stereo[:, 0], stereo[:, 1]


@pytest.fixture(scope="module", params=[SPOKEN, TYPED], ids=["spoken", "typed"])
def kept(
    request: pytest.FixtureRequest, model: VoskModel, tmp_path_factory: pytest.TempPathFactory
) -> Kept:
    folder = tmp_path_factory.mktemp("private")
    (folder / "script.yaml").write_text(SCRIPT, encoding="utf-8")
    (folder / "scenario.yaml").write_text(str(request.param), encoding="utf-8")
    scenario = load_scenario(folder / "scenario.yaml")
    voice = bootstrap.prompt_voice("espeak", cache=folder / "prompts")
    return take_call(folder, scenario, model, voice)


def take_call(folder: Path, scenario: Scenario, model: VoskModel, voice: PromptVoice) -> Kept:
    script = bootstrap.load_script(scenario.script, model)
    bootstrap.prepare(voice, script, {})
    before = {path.name for path in (folder / "prompts").iterdir()}
    shop = Shop()
    parts = replace(bootstrap.parts(model, voice, realtime=False), hooks=shop)

    answered = answer_call(parts, Answer(script), scenario, folder / "out")

    after = {path.name for path in (folder / "prompts").iterdir()}
    (call,) = answered.finished
    return Kept(call, answered.news, shop.asked, folder / "out", sorted(after - before))


def test_the_shop_gets_the_number_and_the_call_goes_to_its_end(kept: Kept) -> None:
    assert kept.asked == [{"card": "35724619"}]
    assert kept.call.record.end_reason is EndReason.FINISHED
    assert kept.call.record.outcome == {"last_card": "***", "paid": "yes"}
    assert kept.call.record.slots == {"card": "***"}


def test_nothing_that_is_written_or_shown_holds_the_number(kept: Kept) -> None:
    files = [path for path in kept.folder.rglob("*") if path.suffix in (".json", ".csv", ".html")]
    texts = [path.read_text(encoding="utf-8") for path in files]
    live = json.dumps(kept.news, ensure_ascii=False)

    assert files
    for text in (*texts, live, json.dumps(kept.call.record.as_dict(), ensure_ascii=False)):
        assert not SECRET.search(text)
    told = [each for each in kept.news if each["type"] in ("robot", "caller", "hearing", "key")]
    words = [str(each.get("text", each.get("key"))) for each in told]
    assert "***" in words
    assert "您的卡号是***，对吗？" in words
    assert not [text for text in words if WORDS.search(text)]


class Line:
    """Makes the one call that was made already."""

    def __init__(self, record: CallRecord) -> None:
        self._called = Called(Disposition.ANSWERED_HUMAN, 900, record)

    async def prepare(self, intent: Intent) -> None:
        return

    async def make(self, intent: Intent, opted_out: OptedOut) -> Called:
        return self._called


def test_the_shops_webhook_is_told_what_the_record_has(kept: Kept, tmp_path: Path) -> None:
    record = kept.call.record
    store = open_store(str(tmp_path / "shop.db"))
    new_campaign(store, 1)
    with shop_server() as shop:
        with store.write() as connection:
            webhooks.add_hook(connection, shop.url, None, now_of(connection))
        allowed = Allowed(frozenset({"127.0.0.1"}))
        one = worker(store, Line(record), webhook_hosts=allowed)
        run_worker(one, lambda: until(lambda: bool(shop.received)))
    (attempt,) = attempts(store)
    store.close()

    (message,) = shop.received
    assert json.loads(message.body)["outcome"] == record.outcome
    assert record.outcome == {"last_card": "***", "paid": "yes"}
    row = json.dumps([attempt.outcome, attempt.record, attempt.evidence], ensure_ascii=False)
    for text in (message.body.decode(), row):
        assert "***" in text
        assert not SECRET.search(text)


def test_the_recording_is_silent_while_the_number_is_said_and_read_back(kept: Kept) -> None:
    caller, robot = kept.sides
    read_back = next(
        prompt
        for turn in kept.call.record.turns
        for prompt in turn.prompts
        if prompt.text.startswith("您的卡号是")
    )
    assert read_back.started_ms is not None
    assert read_back.ended_ms is not None
    last = kept.call.record.turns[-2]
    assert last.speech_start_ms is not None

    begin, end = (ms * RATE // 1000 for ms in (read_back.started_ms, read_back.ended_ms))
    afterwards = caller[last.speech_start_ms * RATE // 1000 :]
    assert len(caller) == len(robot)
    assert robot[:begin].any()
    assert not robot[begin + 320 : end - 320].any()
    assert robot[end + 320 :].any()
    assert not caller[: end + RATE // 2].any()
    assert np.abs(afterwards).max() > 1000


def test_no_prompt_with_the_number_is_put_on_disk(kept: Kept) -> None:
    assert kept.cached == []
