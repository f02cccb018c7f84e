"""What answers a call: by the hour, knowing the caller, and when no person could be reached."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pytest

from tests.builders import ScriptedRecogniser, ToneVoice, loud, prompt, script
from voicebot.audio.jitter import LineStatistics
from voicebot.call.record import CallRecord
from voicebot.campaign.calling_window import zone
from voicebot.campaign.routes import OpeningHours, load_routes
from voicebot.dialogue.script import EndReason, Script, State, Variable
from voicebot.runtime.answering import Answer, Answering, InboundCall, greeting
from voicebot.runtime.call_runner import Parts
from voicebot.runtime.load import LoadMeter
from voicebot.runtime.recorder import FileRecording
from voicebot.runtime.virtual_time import InlineExecutor, run_virtual
from voicebot.speech.detector import SpeechDetector
from voicebot.transports.loopback import LoopbackLeg, connect

RATE = 8000
NOON = datetime.fromisoformat("2026-11-27T12:30+08:00")
NIGHT = datetime.fromisoformat("2026-11-27T23:30+08:00")


class TelephoneLeg(LoopbackLeg):
    """A telephone's end of a wire, with signalling that always fails to transfer."""

    statistics = LineStatistics()

    async def transfer(self, target: str) -> bool:
        return False

    async def send_keys(self, keys: str) -> None:
        pass


def saying(text: str, end: EndReason, name: str) -> Script:
    """Return a script that says one thing and ends."""
    only = State("only", prompt(text), end=end)
    return replace(script(), name=name, start="only", states={"only": only})


@dataclass
class Service:
    """Answering, and what it left behind."""

    folder: Path
    now: datetime = NOON
    known: Mapping[str, str] = field(default_factory=dict)
    finished: list[InboundCall] = field(default_factory=list)

    def answering(self) -> Answering:
        parts = Parts(
            lambda: SpeechDetector(loud),
            lambda rate: ScriptedRecogniser(),
            ToneVoice(),
            InlineExecutor,
            InlineExecutor(),
        )

        async def keep(call: InboundCall) -> None:
            self.finished.append(call)

        return Answering(
            parts,
            LoadMeter(),
            max_calls=2,
            blocking=InlineExecutor(),
            record=lambda number: FileRecording(
                self.folder / f"{number}.wav", RATE, InlineExecutor()
            ),
            finished=keep,
            clock=lambda: self.now,
            known=lambda caller: self.known,
        )

    def call(self, answer: Answer, *, reached: bool | None = None) -> list[InboundCall]:
        async def reach(leg: object, person: str, record: CallRecord) -> bool:
            assert person == "sip:1000@desk"
            return bool(reached)

        async def story() -> None:
            robot, phone = TelephoneLeg(RATE), LoopbackLeg(RATE)
            answering = self.answering()
            async with asyncio.TaskGroup() as group:
                group.create_task(connect(robot, phone))
                if reached is None:
                    await answering.talk(robot, answer, caller="15400000001", called="4001")
                else:
                    await answering.talk(
                        robot, answer, caller="15400000001", called="4001", reach=reach
                    )
            assert answering.calls == 0

        run_virtual(story())
        return self.finished


def hours(folder: Path) -> OpeningHours:
    path = folder / "lines.yaml"
    path.write_text(
        'routes: [{called: "*", campaign: a, closed: b, '
        "hours: {workday: [09:00-21:00], weekend: [], holiday: []}}]\n"
    )
    found = load_routes(path)[0].hours
    assert found is not None
    return found


@pytest.mark.parametrize(("now", "name"), [(NOON, "open"), (NIGHT, "closed")])
def test_outside_the_hours_the_other_campaign_answers(
    now: datetime, name: str, tmp_path: Path
) -> None:
    answer = Answer(
        saying("您好", EndReason.FINISHED, "open"),
        hours=hours(tmp_path),
        closed=Answer(saying("已经下班了", EndReason.FINISHED, "closed")),
    )

    calls = Service(tmp_path, now).call(answer)

    assert [call.record.script for call in calls] == [name]


def test_a_script_greets_by_the_hour_and_by_what_is_known_of_the_caller(tmp_path: Path) -> None:
    greets = replace(
        saying("{name}{greeting}", EndReason.FINISHED, "greets"),
        variables={
            "name": Variable("name", "王女士", ""),
            "greeting": Variable("greeting", "您好"),
        },
    )
    service = Service(tmp_path, known={"name": "李先生", "age": "40"})

    calls = service.call(Answer(greets))

    assert calls[0].record.turns[0].prompts[0].text == "李先生中午好"
    assert calls[0].record.variables == {"name": "李先生", "greeting": "中午好"}


def test_when_no_person_can_be_reached_another_campaign_goes_on_with_the_caller(
    tmp_path: Path,
) -> None:
    answer = Answer(
        saying("请稍等", EndReason.TRANSFERRED, "support"),
        transfer_to="sip:1000@desk",
        unanswered=Answer(saying("请留言", EndReason.FINISHED, "message")),
    )

    calls = Service(tmp_path).call(answer, reached=False)

    assert [(call.number, call.record.script) for call in calls] == [(2, "message"), (1, "support")]
    told = {moment.what for moment in calls[1].record.timeline}
    assert "transfer_failed" in told


def test_a_caller_who_was_connected_hears_no_more_of_us(tmp_path: Path) -> None:
    answer = Answer(
        saying("请稍等", EndReason.TRANSFERRED, "support"),
        transfer_to="sip:1000@desk",
        unanswered=Answer(saying("请留言", EndReason.FINISHED, "message")),
    )

    calls = Service(tmp_path).call(answer, reached=True)

    assert [call.record.script for call in calls] == ["support"]


@pytest.mark.parametrize(
    ("hour", "words"),
    [(3, "晚上好"), (5, "早上好"), (10, "上午好"), (12, "中午好"), (17, "下午好"), (18, "晚上好")],
)
def test_every_hour_has_its_greeting(hour: int, words: str) -> None:
    there = zone("Asia/Shanghai")

    assert greeting(datetime(2026, 11, 27, hour, tzinfo=there)) == words
