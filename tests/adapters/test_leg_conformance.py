"""What every leg keeps to, whatever lies behind it: the same tests for each transport."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription

from tests.adapters import virtual_sound
from tests.adapters.virtual_sound import SoundCard
from tests.builders import ScriptedRecogniser, ToneVoice, loud, script, tone
from tests.needs import program
from tests.processes import running
from tests.telephone import sip_peers
from tests.telephone.sip_peers import Janus
from voicebot.audio import wav
from voicebot.audio.frame import FRAME_MS
from voicebot.audio.jitter import LineStatistics
from voicebot.call.leg import CallLeg
from voicebot.call.record import CallRecord
from voicebot.call.session import CallSession
from voicebot.dialogue.script import EndReason
from voicebot.runtime.call_runner import Parts, run_call
from voicebot.runtime.virtual_time import InlineExecutor
from voicebot.speech.detector import SpeechDetector
from voicebot.transports.janus_leg import IncomingCall
from voicebot.transports.janus_sip import JanusGateway, SipAccount
from voicebot.transports.local import LocalLeg
from voicebot.transports.loopback import LoopbackLeg, connect
from voicebot.transports.peer import BROWSER_CODECS, PeerLeg

RATE = 8000
CALLER_HZ, ROBOT_HZ = 440, 650


class Hum:
    """Sends a tone for ever and counts how often it was asked."""

    def __init__(self, hz: float) -> None:
        self.pulled = 0
        self._tone = tone(1000, hz=hz)

    def pull(self) -> bytes:
        at = self.pulled * 320 % len(self._tone)
        self.pulled += 1
        return self._tone[at : at + 320]


@dataclass(slots=True)
class Line:
    """A leg, and what can be done at its other end, where `CALLER_HZ` is humming."""

    leg: CallLeg
    heard: Callable[[], bytes]
    """What came out at the other end, so far or (when asked after the call) in all."""
    leave: Callable[[], None]
    """Hang up over there."""
    press: Callable[[str], None] | None
    """Press a key over there."""


def loudest_hz(pcm: bytes) -> float:
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], np.int16)[-RATE // 2 :]
    return float(np.abs(np.fft.rfft(samples)).argmax() * RATE / len(samples))


def has_tone(pcm: bytes, hz: float) -> bool:
    """Tell whether half a second of it is this tone: a sound system takes its time to begin, and
    one that gets no processor for a moment begins anew."""
    parts = (pcm[at : at + RATE] for at in range(0, len(pcm) - RATE + 1, RATE))
    return any(abs(loudest_hz(part) - hz) <= 6 for part in parts)


async def until(true: Callable[[], object], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def loopback() -> AsyncIterator[Line]:
    robot, caller = LoopbackLeg(RATE), LoopbackLeg(RATE)
    caller.playout = Hum(CALLER_HZ)
    carrying = asyncio.create_task(connect(robot, caller))
    heard = bytearray()

    async def listen() -> None:
        async for frame in caller.incoming():
            heard.extend(frame.pcm)

    listening = asyncio.create_task(listen())
    yield Line(robot, lambda: bytes(heard), caller.close, robot.press)
    robot.close()
    await asyncio.gather(carrying, listening)


@asynccontextmanager
async def peers() -> AsyncIterator[Line]:
    """Two peer connections: what a browser is, without one; Chromium has a test of its own."""
    robot, caller = PeerLeg(BROWSER_CODECS), PeerLeg(("opus",))
    caller.playout = Hum(CALLER_HZ)
    await caller.accept(await robot.answer(await caller.offer()))
    heard = bytearray()

    async def listen() -> None:
        async for frame in caller.incoming():
            heard.extend(frame.pcm)

    leaving: list[asyncio.Task[None]] = []

    def leave() -> None:
        leaving.append(asyncio.create_task(caller.hang_up()))

    listening = asyncio.create_task(listen())
    await robot.connected.wait()
    yield Line(robot, lambda: bytes(heard), leave, None)
    await robot.hang_up()
    await caller.hang_up()
    await asyncio.gather(listening, *leaving)


@asynccontextmanager
async def telephone(janus: Janus, folder: Path) -> AsyncIterator[Line]:
    """A baresip calls through a real Janus."""
    wav.write(folder / "hum.wav", RATE, tone(20_000, hz=CALLER_HZ))
    answered: asyncio.Future[IncomingCall] = asyncio.get_running_loop().create_future()

    async def ring(call: IncomingCall) -> None:
        await call.accept()
        answered.set_result(call)

    before = set(janus.sip_ports())
    made = JanusGateway(janus.url, SipAccount(f"sip:robot@{janus.address}", lines=1), ring)
    running = asyncio.create_task(made.run())
    async with asyncio.timeout(15):
        await made.ready.wait()
    port = (set(janus.sip_ports()) - before).pop()
    with sip_peers.phone(folder / "phone", folder / "hum.wav") as phone:
        phone.command("dial", f"sip:robot@{janus.address}:{port}")
        async with asyncio.timeout(15):
            call = await answered

        def press(key: str) -> None:
            phone.command("sndcode", key)

        yield Line(call.leg, phone.heard, lambda: phone.command("hangup"), press)
        await call.leg.hang_up()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def computer(card: SoundCard) -> AsyncIterator[Line]:
    """A sound card of nothing."""
    leg = LocalLeg()
    with card.listening() as sound, card.speaking(tone(20_000, hz=CALLER_HZ)):
        leg.open()
        leaving: list[asyncio.Task[None]] = []

        def leave() -> None:
            # Who sits at the computer hangs up with Ctrl-C.
            leaving.append(asyncio.create_task(leg.hang_up()))

        yield Line(leg, sound.read_bytes, leave, leg.press)
        await leg.hang_up()
        await asyncio.gather(*leaving)


Story = Callable[[Line], Awaitable[None]]


@pytest.fixture(scope="module")
def janus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Janus]:
    with sip_peers.janus(tmp_path_factory.mktemp("janus")) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoundCard]:
    with virtual_sound.sound_card(tmp_path_factory.mktemp("sound")) as made:
        before = dict(os.environ)
        os.environ.update(made.environment)
        sounddevice = pytest.importorskip("sounddevice")
        # It looked for devices when it was first imported, perhaps before there was this one.
        sounddevice._terminate()
        sounddevice._initialize()
        yield made
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(params=["loopback", "browser", "telephone", "computer"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Story], None]:
    """Run a story with a line of each kind."""
    if request.param == "telephone":
        gateway = request.getfixturevalue("janus")
    if request.param == "computer":
        sound_card = request.getfixturevalue("card")

    def opened() -> AbstractAsyncContextManager[Line]:
        match request.param:
            case "loopback":
                return loopback()
            case "browser":
                return peers()
            case "telephone":
                return telephone(gateway, tmp_path)
            case _:
                return computer(sound_card)

    def run(story: Story) -> None:
        async def main() -> None:
            async with opened() as line, asyncio.timeout(60):
                await story(line)

        asyncio.run(main())

    return run


def test_frames_have_20_ms_and_rising_positions(run: Callable[[Story], None]) -> None:
    async def story(line: Line) -> None:
        frames = []
        async for frame in line.leg.incoming():
            frames.append(frame)
            if len(frames) == 50:
                break

        size = RATE * FRAME_MS // 1000
        assert line.leg.sample_rate == RATE
        assert [frame.position for frame in frames] == [size * each for each in range(50)]
        assert {len(frame.pcm) for frame in frames} == {2 * size}

    run(story)


def test_sound_goes_both_ways_and_the_playout_is_asked_every_20_ms(
    run: Callable[[Story], None],
) -> None:
    async def story(line: Line) -> None:
        loop = asyncio.get_running_loop()
        playout = Hum(ROBOT_HZ)
        line.leg.playout = playout
        heard = bytearray()
        # What comes in the first second is a connection that settles.
        begin: tuple[float, int] | None = None
        async for frame in line.leg.incoming():
            heard += frame.pcm
            if begin is None and len(heard) > 2 * RATE:
                begin = loop.time(), playout.pulled
            if len(heard) > 6 * RATE:
                break
        assert begin is not None
        asked = (playout.pulled - begin[1]) * FRAME_MS / 1000
        passed = loop.time() - begin[0]
        await line.leg.hang_up()

        assert loudest_hz(bytes(heard)) == pytest.approx(CALLER_HZ, abs=4)
        assert asked == pytest.approx(passed, rel=0.1, abs=0.25)
        await until(lambda: has_tone(line.heard(), ROBOT_HZ))

    run(story)


def test_the_end_of_the_call_ends_what_comes_in(run: Callable[[Story], None]) -> None:
    async def story(line: Line) -> None:
        received = 0
        async with asyncio.timeout(20):
            async for _ in line.leg.incoming():
                received += 1
                if received == 25:
                    line.leave()

        assert received >= 25

    run(story)


def test_hanging_up_ends_what_comes_in_and_twice_is_harmless(run: Callable[[Story], None]) -> None:
    async def story(line: Line) -> None:
        received = 0
        async with asyncio.timeout(20):
            async for _ in line.leg.incoming():
                received += 1
                if received == 25:
                    await line.leg.hang_up()
                    await line.leg.hang_up()

        assert received >= 25

    run(story)


@pytest.mark.parametrize("run", ["loopback", "telephone", "computer"], indirect=True)
def test_keys_arrive(run: Callable[[Story], None]) -> None:
    # aiortc sends no keys; `test_talk_in_browser` presses them in Chromium.
    async def story(line: Line) -> None:
        assert line.press is not None
        keys: list[str] = []
        line.leg.on_key = keys.append

        async for frame in line.leg.incoming():
            if frame.position == 25 * 160:
                line.press("5")
            if keys or frame.start_ms > 5000:
                break

        assert keys == ["5"]

    run(story)


def test_what_arrived_is_counted(run: Callable[[Story], None]) -> None:
    async def story(line: Line) -> None:
        async for frame in line.leg.incoming():
            if frame.start_ms >= 1000:
                break

        assert line.leg.dropped_frames == 0
        statistics = getattr(line.leg, "statistics", LineStatistics(received=51))
        assert statistics.received >= 45
        assert statistics.loss < 0.1

    run(story)


# Other ends that send nothing


@asynccontextmanager
async def silent_loopback() -> AsyncIterator[CallLeg]:
    # Nothing carries what either end says.
    yield LoopbackLeg(RATE)


class _NeverSpeaks(MediaStreamTrack):
    kind = "audio"

    async def recv(self) -> Any:
        await asyncio.Event().wait()


@asynccontextmanager
async def silent_browser() -> AsyncIterator[CallLeg]:
    robot, page = PeerLeg(BROWSER_CODECS), RTCPeerConnection()
    page.addTrack(_NeverSpeaks())
    await page.setLocalDescription(await page.createOffer())
    answer = await robot.answer(page.localDescription.sdp)
    await page.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await robot.connected.wait()
    yield robot
    await page.close()


@asynccontextmanager
async def silent_telephone(janus: Janus, folder: Path) -> AsyncIterator[CallLeg]:
    """SIPp's caller has no sound of its own; it waits for us to hang up."""
    calls = [program("sipp"), "-sn", "uac", "-m", "1", "-d", "60000", "-nostdin"]
    answered: asyncio.Future[CallLeg] = asyncio.get_running_loop().create_future()

    async def ring(call: IncomingCall) -> None:
        answered.set_result(await call.accept())

    before = set(janus.sip_ports())
    made = JanusGateway(janus.url, SipAccount(f"sip:robot@{janus.address}", lines=1), ring)
    working = asyncio.create_task(made.run())
    async with asyncio.timeout(15):
        await made.ready.wait()
    port = (set(janus.sip_ports()) - before).pop()
    command = [*calls, "-i", janus.address, "-s", "robot", f"{janus.address}:{port}"]
    with running(command, folder / "sipp.log"):
        async with asyncio.timeout(15):
            yield await answered
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


@asynccontextmanager
async def silent_computer() -> AsyncIterator[CallLeg]:
    # A device that was never started exchanges nothing.
    yield LocalLeg()


@pytest.mark.parametrize("kind", ["loopback", "browser", "telephone", "computer"])
def test_a_call_to_which_nothing_is_sent_ends_by_itself(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    parts = Parts(
        lambda: SpeechDetector(loud),
        lambda rate: ScriptedRecogniser(),
        ToneVoice(),
        InlineExecutor,
        InlineExecutor(),
    )

    def opened() -> AbstractAsyncContextManager[CallLeg]:
        match kind:
            case "loopback":
                return silent_loopback()
            case "browser":
                return silent_browser()
            case "telephone":
                return silent_telephone(request.getfixturevalue("janus"), tmp_path)
            case _:
                return silent_computer()

    async def main() -> tuple[CallRecord, bool]:
        async with opened() as leg, asyncio.timeout(30):
            record, _ = await run_call(CallSession(script(), {}), leg, parts)
            return record, [frame async for frame in leg.incoming()] == []

    record, closed = asyncio.run(main())

    assert record.end_reason is EndReason.NO_MEDIA
    assert record.duration_ms == pytest.approx(8000, abs=500)
    assert closed
