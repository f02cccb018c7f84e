"""Keys that the robot presses, as a telephone gets them through a real Janus."""

import asyncio
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiortc.rtp import RtpPacket

from tests.builders import tone
from tests.processes import wait_until
from tests.telephone import sip_peers
from tests.telephone.sip_peers import RESPONSE, Janus, description
from voicebot.audio import wav
from voicebot.errors import LineFailed
from voicebot.transports.janus_sip import JanusGateway, SipAccount
from voicebot.transports.peer import PeerLeg

ANSWERING = f"""<?xml version="1.0"?><scenario name="answers, with a description of its own">
<recv request="INVITE"/>
<send retrans="500"><![CDATA[
SIP/2.0 200 OK
{RESPONSE}
{{description}}
]]></send>
<recv request="ACK"/>
{{then}}
<recv request="BYE"/>
{{ok}}
</scenario>"""
OK = f"""<send><![CDATA[
SIP/2.0 200 OK
{RESPONSE}
Content-Length: 0
]]></send>"""
INFO = f'<recv request="INFO"/>{OK}'


@pytest.fixture
def listener(janus: Janus) -> Iterator[socket.socket]:
    """Where a telephone's sound goes, and nothing else takes it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind((janus.address, 0))
        made.setblocking(False)
        yield made


def press(janus: Janus, address: str, keys: str) -> None:
    async def story() -> None:
        made = JanusGateway(janus.url, SipAccount(f"sip:robot@{janus.address}", lines=1))
        running = asyncio.create_task(made.run())
        async with asyncio.timeout(20):
            await made.ready.wait()
            leg = await made.call(address)
            await leg.answered.wait()
            await asyncio.sleep(0.5)
            await leg.send_keys(keys)
            await leg.hang_up()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(story())


def arrived(listener: socket.socket) -> list[RtpPacket]:
    packets = []
    while True:
        try:
            packets.append(RtpPacket.parse(listener.recv(2000)))
        except BlockingIOError:
            return packets


def scenario(folder: Path, media: list[str], then: str = "") -> str:
    path = folder / "answers.xml"
    path.write_text(ANSWERING.format(description=description(*media), then=then, ok=OK))
    return str(path)


def test_who_names_telephone_event_gets_keys_in_its_payload_type(
    janus: Janus, listener: socket.socket, tmp_path: Path
) -> None:
    media = [f"m=audio {listener.getsockname()[1]} RTP/AVP 8 97", "a=rtpmap:8 PCMA/8000"]
    media += ["a=rtpmap:97 telephone-event/8000", "a=fmtp:97 0-15"]

    with sip_peers.sipp(tmp_path, "-sf", scenario(tmp_path, media)) as phone:
        press(janus, f"sip:bank@{phone}", "4#")

    packets = arrived(listener)
    events = [each for each in packets if each.payload_type == 97]
    assert [each.payload[0] for each in events] == [4] * 10 + [11] * 10
    begins = [each for each in events if each.marker]
    assert [each.timestamp for each in begins] == sorted({each.timestamp for each in events})
    assert [each.payload[1] >> 7 for each in events] == ([0] * 7 + [1] * 3) * 2
    ends = [int.from_bytes(each.payload[2:]) for each in events if each.payload[1] >> 7]
    assert ends == [1280] * 6
    # One stream, in one row, with sound before, between and after.
    numbers = [each.sequence_number for each in packets]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    places = [index for index, each in enumerate(packets) if each.payload_type == 97]
    assert places[0] > 10
    assert places[10] - places[9] >= 5
    assert {each.payload_type for each in packets} == {8, 97}


def test_who_does_not_name_it_gets_them_by_info(
    janus: Janus, listener: socket.socket, tmp_path: Path
) -> None:
    media = [f"m=audio {listener.getsockname()[1]} RTP/AVP 8", "a=rtpmap:8 PCMA/8000"]
    file = scenario(tmp_path, media, 2 * INFO)

    with sip_peers.sipp(tmp_path, "-sf", file, "-trace_msg") as phone:
        press(janus, f"sip:bank@{phone}", "4#")
        log = next(tmp_path.glob("*messages.log"))
        wait_until(lambda: "Signal=#" in log.read_text(), "the second key comes")

    assert "Signal=4" in log.read_text()
    assert {each.payload_type for each in arrived(listener)} == {8}


def test_a_telephone_that_nobody_here_wrote_hears_the_keys(janus: Janus, tmp_path: Path) -> None:
    wav.write(tmp_path / "hum.wav", 8000, tone(8000, hz=600))

    with sip_peers.phone(tmp_path / "phone", tmp_path / "hum.wav") as phone:
        press(janus, phone.uri, "159*0#D")
        told = re.findall(r"received event: '(.)' \(end=(.)\)", phone.log())

    assert told == [(key, end) for key in "159*0#D" for end in "01"]


@pytest.mark.parametrize("codecs", [("PCMA",), ("PCMU",)])
def test_both_ends_of_a_peer_connection_press_keys(codecs: tuple[str, ...]) -> None:
    async def story() -> tuple[list[str], list[str]]:
        caller, robot = PeerLeg(codecs), PeerLeg(codecs)
        by_caller: list[str] = []
        by_robot: list[str] = []
        robot.on_key, caller.on_key = by_caller.append, by_robot.append
        await caller.accept(await robot.answer(await caller.offer()))
        async with asyncio.timeout(10):
            await robot.connected.wait()
            await caller.connected.wait()
            await asyncio.gather(caller.send_keys("112"), robot.send_keys("3#"))
            while len(by_caller) < 3 or len(by_robot) < 2:
                await asyncio.sleep(0.02)
        await caller.hang_up()
        await robot.hang_up()
        return by_caller, by_robot

    assert asyncio.run(story()) == (["1", "1", "2"], ["3", "#"])


def test_keys_are_refused_where_they_cannot_be_sent() -> None:
    async def story() -> None:
        with pytest.raises(LineFailed, match="there is no key x"):
            await PeerLeg(("PCMA",)).send_keys("1x")
        with pytest.raises(LineFailed, match="the other side takes no keys"):
            await PeerLeg(("PCMA",)).send_keys("1")

        caller, robot = PeerLeg(("PCMA",)), PeerLeg(("PCMA",))
        await caller.accept(await robot.answer(await caller.offer()))
        await caller.connected.wait()
        await caller.hang_up()
        with pytest.raises(LineFailed, match="the key 1 could not be sent"):
            await caller.send_keys("1")
        await robot.hang_up()

    asyncio.run(story())
