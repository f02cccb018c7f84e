"""Calls through a real Janus with telephones that nobody here wrote."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.builders import tone
from tests.processes import wait_until
from tests.telephone import sip_peers
from tests.telephone.sip_peers import Janus
from voicebot.audio import wav
from voicebot.errors import LineFailed
from voicebot.transports.janus_leg import IncomingCall, JanusLeg
from voicebot.transports.janus_sip import REST_S, JanusGateway, SipAccount

RATE = 8000


class Hum:
    """Sends a tone for ever."""

    def __init__(self, hz: int = 440) -> None:
        self._tone = tone(1000, hz=hz)
        self._at = 0

    def pull(self) -> bytes:
        frame = self._tone[self._at : self._at + 320]
        self._at = (self._at + 320) % len(self._tone)
        return frame


@asynccontextmanager
async def gateway(
    janus: Janus, incoming: Callable[[IncomingCall], Awaitable[None]] | None = None, lines: int = 2
) -> AsyncIterator[JanusGateway]:
    account = SipAccount(f"sip:robot@{janus.address}", lines=lines)
    made = JanusGateway(janus.url, account, incoming)  # type: ignore[arg-type]
    running = asyncio.create_task(made.run())
    async with asyncio.timeout(10):
        await made.ready.wait()
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def listen(leg: JanusLeg, seconds: float) -> bytes:
    heard = bytearray()
    async for frame in leg.incoming():
        heard += frame.pcm
        if len(heard) >= seconds * RATE * 2:
            break
    return bytes(heard)


def loudest_hz(pcm: bytes) -> float:
    samples = np.frombuffer(pcm, np.int16)[-RATE:]
    return float(np.abs(np.fft.rfft(samples)).argmax() * RATE / len(samples))


async def becomes(leg: JanusLeg, seconds: float = 10) -> str:
    """Wait until the call is answered or over."""
    answered = asyncio.create_task(leg.answered.wait())
    async with asyncio.timeout(seconds):
        await asyncio.wait((answered, leg.ended), return_when=asyncio.FIRST_COMPLETED)
    answered.cancel()
    return "answered" if leg.answered.is_set() else str(leg.ended.result().code)


SCENARIO = """<?xml version="1.0"?><scenario name="refuse">
<recv request="INVITE"/>
<send><![CDATA[
SIP/2.0 180 Ringing
[last_Via:]
[last_From:]
[last_To:];tag=[pid]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port]>
Content-Length: 0
]]></send>
{then}
</scenario>"""

FINAL = """<send retrans="500"><![CDATA[
SIP/2.0 {code} Whatever
[last_Via:]
[last_From:]
[last_To:];tag=[pid]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0
]]></send>
<recv request="ACK"/>"""

CANCELLED = """<recv request="CANCEL"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[pid]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0
]]></send>"""


def refusing(folder: Path, then: str) -> tuple[str, ...]:
    path = folder / "scenario.xml"
    path.write_text(SCENARIO.format(then=then))
    return "-sf", str(path)


def test_sound_goes_to_the_called_phone_and_comes_back(janus: Janus, tmp_path: Path) -> None:
    async def story(phone: str) -> tuple[str, bytes]:
        async with gateway(janus) as made:
            leg = await made.call(f"sip:echo@{phone}")
            leg.playout = Hum(440)
            became = await becomes(leg)
            heard = await listen(leg, 2)
            await leg.hang_up()
            return became, heard

    with sip_peers.sipp(tmp_path, "-sn", "uas", "-rtp_echo") as phone:
        became, heard = asyncio.run(story(phone))

    assert became == "answered"
    assert loudest_hz(heard) == pytest.approx(440, abs=4)


@pytest.mark.parametrize("code", [486, 603, 480, 404, 503])
def test_the_code_that_refuses_a_call_is_told(code: int, janus: Janus, tmp_path: Path) -> None:
    async def story(phone: str) -> tuple[str, bool]:
        async with gateway(janus) as made:
            leg = await made.call(f"sip:somebody@{phone}")
            became = await becomes(leg)
            return became, leg.ringing.is_set()

    with sip_peers.sipp(tmp_path, *refusing(tmp_path, FINAL.format(code=code))) as phone:
        became, rang = asyncio.run(story(phone))

    assert (became, rang) == (str(code), True)


def test_giving_up_while_it_rings_cancels_the_call(janus: Janus, tmp_path: Path) -> None:
    async def story(phone: str) -> None:
        async with gateway(janus) as made:
            leg = await made.call(f"sip:nobody@{phone}")
            async with asyncio.timeout(5):
                await leg.ringing.wait()
            await leg.hang_up()
            await asyncio.sleep(0.5)

    options = (*refusing(tmp_path, CANCELLED), "-m", "1", "-trace_msg")
    with sip_peers.sipp(tmp_path, *options) as phone:
        asyncio.run(story(phone))
        wait_until(
            lambda: any("CANCEL sip:" in log.read_text() for log in tmp_path.glob("*messages.log")),
            "the phone gets a CANCEL",
        )


def test_a_line_is_free_again_for_the_next_call(janus: Janus, tmp_path: Path) -> None:
    async def story(phone: str) -> list[str]:
        async with gateway(janus, lines=1) as made:
            became = []
            for _ in range(3):
                leg = await made.call(f"sip:echo@{phone}")
                became.append(await becomes(leg))
                with pytest.raises(LineFailed, match="all 1 lines are busy"):
                    await made.call(f"sip:echo@{phone}")
                await leg.hang_up()
                async with asyncio.timeout(6):
                    while made.calls:
                        await asyncio.sleep(0.02)
            return became

    with sip_peers.sipp(tmp_path, "-sn", "uas", "-rtp_echo") as phone:
        assert asyncio.run(story(phone)) == ["answered"] * 3


def test_a_line_rests_until_janus_has_let_go_of_the_last_call(janus: Janus, tmp_path: Path) -> None:
    """Janus' thread of the last call may sleep for a second, and then closes the ports of the
    next one."""

    async def story(phone: str) -> tuple[list[str], list[float]]:
        now = asyncio.get_running_loop().time
        async with gateway(janus, lines=1) as made:
            became, rests, over = [], [], now() - REST_S
            for _ in range(3):
                leg = await made.call(f"sip:silent@{phone}")
                rests.append(now() - over)
                became.append(await becomes(leg))
                await leg.hang_up()
                async with asyncio.timeout(6):
                    while made.calls:
                        await asyncio.sleep(0.01)
                over = now()
            return became, rests

    with sip_peers.sipp(tmp_path, "-sn", "uas") as phone:
        became, rests = asyncio.run(story(phone))
    assert became == ["answered"] * 3
    assert min(rests) > REST_S - 0.05


def test_a_phone_that_calls_is_answered_heard_and_its_keys_are_known(
    janus: Janus, tmp_path: Path
) -> None:
    recording = tmp_path / "hum.wav"
    wav.write(recording, RATE, tone(8000, hz=600))
    keys: list[str] = []

    async def story() -> tuple[bytes, bytes, IncomingCall]:
        calls: asyncio.Queue[IncomingCall] = asyncio.Queue()
        before = set(janus.sip_ports())
        async with gateway(janus, calls.put, lines=1):
            port = (set(janus.sip_ports()) - before).pop()
            with sip_peers.phone(tmp_path / "phone", recording) as phone:
                phone.command("dial", f"sip:4001@{janus.address}:{port}")
                async with asyncio.timeout(10):
                    call = await calls.get()
                    leg = await call.accept()
                leg.on_key = keys.append
                leg.playout = Hum(1000)
                heard = await listen(leg, 2)
                for key in "5#":
                    await asyncio.to_thread(phone.command, "sndcode", key)
                async with asyncio.timeout(5):
                    while len(keys) < 2:
                        await asyncio.sleep(0.05)
                phone.command("hangup")
                async with asyncio.timeout(5):
                    end = await leg.ended
                assert end.code == 200
                return heard, phone.heard(), call

    heard, phone_heard, call = asyncio.run(story())

    assert loudest_hz(heard) == pytest.approx(600, abs=4)
    assert loudest_hz(phone_heard[: RATE * 4]) == pytest.approx(1000, abs=4)
    assert call.caller.startswith("sip:caller@")
    assert keys == ["5", "#"]


def test_a_transfer_moves_the_caller_to_the_other_phone(janus: Janus, tmp_path: Path) -> None:
    plays = {"caller": 600, "agent": 900}
    for name, hz in plays.items():
        wav.write(tmp_path / f"{name}.wav", RATE, tone(8000, hz=hz))

    async def story() -> tuple[bool, bytes]:
        with (
            sip_peers.phone(tmp_path / "caller", tmp_path / "caller.wav") as caller,
            sip_peers.phone(tmp_path / "agent", tmp_path / "agent.wav", name="agent") as agent,
        ):
            async with gateway(janus) as made:
                leg = await made.call(caller.uri)
                assert await becomes(leg) == "answered"
                await listen(leg, 0.5)
                moved = await leg.transfer(agent.uri)
                await leg.hang_up()
                await asyncio.sleep(2)
            return moved, agent.heard()

    moved, agent_heard = asyncio.run(story())

    assert moved
    assert loudest_hz(agent_heard) == pytest.approx(600, abs=4)


def test_a_transfer_that_nobody_takes_is_told(janus: Janus, tmp_path: Path) -> None:
    wav.write(tmp_path / "hum.wav", RATE, tone(2000, hz=600))

    async def story() -> bool:
        with sip_peers.phone(tmp_path / "caller", tmp_path / "hum.wav") as caller:
            async with gateway(janus) as made:
                leg = await made.call(caller.uri)
                assert await becomes(leg) == "answered"
                moved = await leg.transfer(f"sip:nobody@{janus.address}:9")
                await leg.hang_up()
                return moved

    assert not asyncio.run(story())


def test_when_janus_dies_its_calls_break_and_the_account_comes_back(tmp_path: Path) -> None:
    async def story(mine: Janus, phone: str) -> tuple[str, int]:
        async with gateway(mine) as made:
            leg = await made.call(f"sip:echo@{phone}")
            assert await becomes(leg) == "answered"
            mine.kill()
            with pytest.raises(LineFailed, match="Janus is lost"):
                await listen(leg, 30)
            assert (await leg.ended).code == 503
            with pytest.raises(LineFailed, match="not connected"):
                await made.call(f"sip:echo@{phone}")
            mine.start()
            async with asyncio.timeout(10):
                await made.ready.wait()
            again = await made.call(f"sip:echo@{phone}")
            became = await becomes(again)
            await again.hang_up()
            return became, made.reconnected

    with (
        sip_peers.janus(tmp_path / "janus") as mine,
        sip_peers.sipp(tmp_path, "-sn", "uas", "-rtp_echo") as phone,
    ):
        became, reconnected = asyncio.run(story(mine, phone))

    assert (became, reconnected) == ("answered", 1)


def test_without_janus_the_command_says_so(tmp_path: Path) -> None:
    made = JanusGateway("ws://127.0.0.1:9", SipAccount("sip:robot@192.0.2.1"))

    with pytest.raises(LineFailed, match=r"Janus does not answer at ws://127\.0\.0\.1:9"):
        asyncio.run(made.run())


def test_a_call_that_nobody_wants_is_busy(janus: Janus, tmp_path: Path) -> None:
    wav.write(tmp_path / "hum.wav", RATE, tone(2000, hz=600))

    async def story() -> str:
        before = set(janus.sip_ports())
        async with gateway(janus, lines=1):
            port = (set(janus.sip_ports()) - before).pop()
            with sip_peers.phone(tmp_path / "phone", tmp_path / "hum.wav") as phone:
                phone.command("dial", f"sip:4001@{janus.address}:{port}")
                async with asyncio.timeout(8):
                    while "486" not in phone.log():
                        await asyncio.sleep(0.05)
                return phone.log()

    assert "486 Busy" in asyncio.run(story())


def test_behind_kamailio_the_account_registers_and_is_called_by_its_number(
    janus: Janus, tmp_path: Path
) -> None:
    wav.write(tmp_path / "hum.wav", RATE, tone(8000, hz=600))

    async def story(edge: str) -> bytes:
        calls: asyncio.Queue[IncomingCall] = asyncio.Queue()
        account = SipAccount(f"sip:4001@{edge}", "secret", f"sip:{edge}", lines=2)
        made = JanusGateway(janus.url, account, calls.put)
        running = asyncio.create_task(made.run())
        async with asyncio.timeout(10):
            await made.ready.wait()
        with sip_peers.phone(tmp_path / "phone", tmp_path / "hum.wav") as phone:
            phone.command("dial", f"sip:4001@{edge}")
            async with asyncio.timeout(10):
                leg = await (await calls.get()).accept()
            heard = await listen(leg, 2)
            await leg.hang_up()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return heard

    with sip_peers.kamailio(tmp_path / "kamailio", "secret") as edge:
        heard = asyncio.run(story(edge))

    assert loudest_hz(heard) == pytest.approx(600, abs=4)


def test_a_wrong_password_is_told(janus: Janus, tmp_path: Path) -> None:
    with sip_peers.kamailio(tmp_path / "kamailio", "secret") as edge:
        account = SipAccount(f"sip:4001@{edge}", "wrong", f"sip:{edge}", lines=1)

        with pytest.raises(LineFailed, match=r"sip:4001@.* is not registered: .*password right"):
            asyncio.run(JanusGateway(janus.url, account).run())


def test_twenty_calls_at_once_each_hear_their_own_sound(janus: Janus, tmp_path: Path) -> None:
    async def one(made: JanusGateway, phone: str, hz: int) -> float:
        leg = await made.call(f"sip:echo@{phone}")
        leg.playout = Hum(hz)
        assert await becomes(leg) == "answered"
        heard = await listen(leg, 3)
        await leg.hang_up()
        return loudest_hz(heard)

    async def story(phone: str) -> list[float]:
        async with gateway(janus, lines=20) as made:
            pitches = [400 + 50 * number for number in range(20)]
            return await asyncio.gather(*(one(made, phone, hz) for hz in pitches))

    with sip_peers.sipp(tmp_path, "-sn", "uas", "-rtp_echo") as phone:
        heard = asyncio.run(story(phone))

    assert heard == pytest.approx([400 + 50 * number for number in range(20)], abs=5)
