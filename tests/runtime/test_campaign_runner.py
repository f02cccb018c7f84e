import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from tests.builders import OPENING, ScriptedRecogniser, ToneVoice, drawn, loud, script
from voicebot.call.session import CallSession, CallSettings
from voicebot.campaign.contacts import Contact
from voicebot.campaign.outcome import Attempt, Disposition
from voicebot.campaign.trunk import Dialled
from voicebot.dialogue.script import EndReason, Prompt, Wording
from voicebot.runtime.call_runner import Parts
from voicebot.runtime.campaign_runner import run_campaign
from voicebot.runtime.driver import Recording
from voicebot.runtime.virtual_time import InlineExecutor, run_virtual
from voicebot.speech.detector import SpeechDetector
from voicebot.transports.replay import ReplayLeg

PARTS = Parts(
    lambda: SpeechDetector(loud),
    lambda rate: ScriptedRecogniser("不方便"),
    ToneVoice(),
    InlineExecutor,
    InlineExecutor(),
)
ANSWERS = drawn("." * 30 + "#####" + "." * 60, step_ms=100)


def contact(number: int) -> Contact:
    phone = f"1380000000{number}"
    return Contact(phone, f"客户{number}", {"phone": phone, "name": f"客户{number}"}, number + 1)


@dataclass
class Network:
    """Reaches whom it is told to, after two seconds of ringing; others answer."""

    fates: Mapping[str, Disposition | Exception] = field(default_factory=dict)
    ringing: int = 0
    most_ringing: int = 0

    async def dial(self, contact: Contact, call_id: str) -> Dialled:
        self.ringing += 1
        self.most_ringing = max(self.most_ringing, self.ringing)
        await asyncio.sleep(2)
        self.ringing -= 1
        fate = self.fates.get(contact.phone)
        if isinstance(fate, Exception):
            raise fate
        if fate is not None:
            return Dialled(fate, 2000)
        return Dialled(Disposition.ANSWERED_HUMAN, 2000, ReplayLeg(ANSWERS, 8000))


class Book:
    """What a campaign left behind."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self.recordings: list[Recording | None] = []
        self.progress: list[tuple[int, str]] = []

    async def finished(self, attempt: Attempt, recording: Recording | None) -> None:
        self.attempts.append(attempt)
        self.recordings.append(recording)

    def progressed(self, number: int, contact: Contact, session: CallSession | None) -> None:
        self.progress.append((number, session.state if session else ""))


def campaign(network: Network, people: int, concurrency: int = 1) -> Book:
    book = Book()
    run_virtual(
        run_campaign(
            [contact(number) for number in range(1, people + 1)],
            script(),
            network,
            PARTS,
            finished=book.finished,
            progress=book.progressed,
            settings=CallSettings(),
            concurrency=concurrency,
        )
    )
    return book


def test_everybody_is_called_once_in_order() -> None:
    book = campaign(Network(), 3)

    assert [attempt.number for attempt in book.attempts] == [1, 2, 3]
    assert [attempt.end_reason for attempt in book.attempts] == [EndReason.FINISHED] * 3
    assert all(recording is not None for recording in book.recordings)
    assert book.attempts[0].ring_ms == 2000


def test_who_is_not_reached_has_an_outcome_and_no_record() -> None:
    book = campaign(Network({"13800000002": Disposition.BUSY}), 3)

    reached = [attempt.disposition for attempt in book.attempts]
    assert reached == [
        Disposition.ANSWERED_HUMAN,
        Disposition.BUSY,
        Disposition.ANSWERED_HUMAN,
    ]
    assert book.attempts[1].record is None
    assert book.recordings[1] is None


def test_one_attempts_fault_is_its_own_outcome(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        book = campaign(Network({"13800000001": ConnectionError("no trunk")}), 2)

    assert [attempt.disposition for attempt in book.attempts] == [
        Disposition.LINE_ERROR,
        Disposition.ANSWERED_HUMAN,
    ]
    assert "attempt 1 failed" in caplog.text
    assert "13800000001" not in caplog.text


def test_no_more_than_allowed_ring_at_a_time() -> None:
    network = Network()

    book = campaign(network, 7, concurrency=3)

    assert network.most_ringing == 3
    assert sorted(attempt.number for attempt in book.attempts) == list(range(1, 8))


def test_progress_begins_without_a_call_and_follows_its_states() -> None:
    book = campaign(Network(), 1)

    assert book.progress[0] == (1, "")
    assert list(dict.fromkeys(book.progress[1:])) == [(1, "opening"), (1, "bye")]


def test_callees_that_follow_the_call_see_its_session() -> None:
    seen: list[str] = []

    class Following(Network):
        async def dial(self, contact: Contact, call_id: str) -> Dialled:
            leg = ReplayLeg(ANSWERS, 8000)
            watch = lambda session: seen.append(session.state)  # noqa: E731 - one line
            return Dialled(Disposition.ANSWERED_HUMAN, 0, leg, watch)

    campaign(Following(), 1)

    assert list(dict.fromkeys(seen)) == ["opening", "bye"]


def test_wordings_take_turns_from_call_to_call() -> None:
    of = script()
    opening = of.states["opening"]
    both = Prompt((Wording(OPENING), Wording("喂，您好。")))
    varied = replace(of, states={**of.states, "opening": replace(opening, prompt=both)})
    book = Book()

    run_virtual(
        run_campaign([contact(1), contact(2)], varied, Network(), PARTS, finished=book.finished)
    )

    first = [attempt.record.turns[0].prompts[0].text for attempt in book.attempts if attempt.record]
    assert first == [OPENING, "喂，您好。"]
