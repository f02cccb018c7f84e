"""An inbound call in virtual time: a caller of a scenario, and the service that answers them."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from tests.replay.test_scenarios import speaker
from voicebot import config
from voicebot.audio.jitter import LineStatistics
from voicebot.call.live import LiveTranscript, News
from voicebot.call.session import CallSession
from voicebot.campaign.contacts import Contact
from voicebot.campaign.outcome import Attempt, Disposition
from voicebot.report.files import write_attempt
from voicebot.runtime.answering import Answer, Answering, InboundCall
from voicebot.runtime.call_runner import Parts
from voicebot.runtime.load import LoadMeter
from voicebot.runtime.recorder import FileRecording
from voicebot.runtime.virtual_time import InlineExecutor, run_virtual
from voicebot.simulation.scenario import Scenario
from voicebot.simulation.scenario_caller import ScenarioCaller
from voicebot.transports.loopback import LoopbackLeg, connect

RATE = config.LINE_RATE


class TelephoneLeg(LoopbackLeg):
    """The robot's end, with signalling that nobody uses here."""

    statistics = LineStatistics()

    async def transfer(self, target: str) -> bool:
        return False

    async def send_keys(self, keys: str) -> None:
        pass


@dataclass
class Answered:
    """What came of a call."""

    finished: list[InboundCall] = field(default_factory=list)
    news: list[News] = field(default_factory=list)


def answer_call(
    parts: Parts, answer: Answer, scenario: Scenario, out: Path, now: datetime | None = None
) -> Answered:
    """Let the scenario's caller call; records and recordings go to `out`, as `serve` keeps them."""
    came = Answered()

    async def keep(call: InboundCall) -> None:
        came.finished.append(call)
        contact = Contact(call.caller, "", {}, 0)
        attempt = Attempt(call.number, contact, Disposition.ANSWERED_HUMAN, 0, call.record)
        write_attempt(out, attempt, recorded=True)

    async def story() -> None:
        robot, far = TelephoneLeg(RATE), LoopbackLeg(RATE)
        transcript = LiveTranscript()

        def press(key: str) -> None:
            assert robot.on_key is not None
            robot.on_key(key)

        caller = ScenarioCaller(
            scenario, far, speakers=speaker, babble=(), rng=np.random.default_rng(1), press=press
        )

        def watch(session: CallSession) -> None:
            caller.follow(session)
            came.news.extend(transcript.news(session))

        answering = Answering(
            parts,
            LoadMeter(),
            max_calls=1,
            blocking=InlineExecutor(),
            record=lambda number: FileRecording(
                out / "calls" / f"{number:03}.wav", RATE, InlineExecutor()
            ),
            finished=keep,
            clock=lambda: now or datetime.now().astimezone(),
        )
        await asyncio.gather(
            answering.talk(robot, answer, caller="15400000001", called="1", watch=watch),
            caller.run(),
            connect(robot, far, to_robot=caller.to_robot),
        )

    run_virtual(story())
    return came
