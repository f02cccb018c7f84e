"""What `voicebot.transports.peer` leans on in aiortc, and what it makes of descriptions."""

import asyncio
import inspect
import re
from importlib.metadata import version
from pathlib import Path

import pytest
from aiortc import RTCPeerConnection, RTCRtpSender, RTCRtpTransceiver, rtcpeerconnection
from aiortc.rtcdtlstransport import RTCDtlsTransport

from voicebot.errors import LineFailed
from voicebot.transports.peer import BROWSER_CODECS, TELEPHONE_CODECS, PeerLeg

ROOT = Path(__file__).parents[2]
UPGRADED = (
    "aiortc {} was installed: read its changes, see that voicebot/transports/peer.py still takes "
    "packets before they are decoded, and name the version here"
)


def test_the_installed_aiortc_is_the_one_that_was_read() -> None:
    pinned = re.search(r"^aiortc==(\S+)", (ROOT / "constraints.txt").read_text(), re.MULTILINE)

    assert version("aiortc") == "1.16.0", UPGRADED.format(version("aiortc"))
    assert pinned is not None
    assert pinned[1] == "1.16.0", UPGRADED.format(pinned[1])


def test_the_private_names_that_we_lean_on_are_there() -> None:
    async def names() -> tuple[object, object]:
        connection = RTCPeerConnection()
        transceiver = connection.addTransceiver("audio")
        found = transceiver._codecs, vars(transceiver.sender)
        await connection.close()
        return found

    codecs, sender = asyncio.run(names())

    assert isinstance(codecs, list)
    assert isinstance(sender, dict)
    for name in ("rtp_started", "rtp_exited"):
        assert isinstance(sender[f"_RTCRtpSender__{name}"], asyncio.Event)
    for name in ("ntp_timestamp", "rtp_timestamp", "packet_count", "octet_count"):
        assert sender[f"_RTCRtpSender__{name}"] == 0
    assert isinstance(sender["_ssrc"], int)
    assert "transceiver._codecs" in inspect.getsource(rtcpeerconnection)
    assert "self._run_rtp(parameters.codecs[0])" in inspect.getsource(RTCRtpSender.send)
    assert list(inspect.signature(RTCRtpSender._run_rtp).parameters) == ["self", "codec"]
    assert list(inspect.signature(RTCDtlsTransport._send_rtp).parameters) == ["self", "data"]
    received = inspect.signature(RTCDtlsTransport._handle_rtp_data)
    assert list(received.parameters) == ["self", "data", "arrival_time_ms"]
    assert inspect.iscoroutinefunction(RTCDtlsTransport._handle_rtp_data)
    assert "self._handle_rtp_data(" in inspect.getsource(RTCDtlsTransport._recv_next)
    assert "_codecs" in inspect.getsource(RTCRtpTransceiver)


OFFER = "\r\n".join(
    [
        *("v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0"),
        "m=audio 9 UDP/TLS/RTP/SAVPF {}",
        *("c=IN IP4 0.0.0.0", "a=ice-ufrag:R7md", "a=ice-pwd:/Ayagay96SPdpTDiyLn57pax"),
        "a=fingerprint:sha-256 " + ":".join(["C5"] * 32),
        *("a=setup:actpass", "a=mid:0", "a=sendrecv", "a=rtcp-mux", "a=rtpmap:111 opus/48000/2"),
        *("a=rtpmap:9 G722/8000", "a=rtpmap:8 PCMA/8000", "a=rtpmap:0 PCMU/8000"),
        *("a=rtpmap:126 telephone-event/8000", ""),
    ]
)


def answered(codecs: tuple[str, ...], offered: str) -> str:
    lines = [
        line
        for line in OFFER.format(offered).split("\r\n")
        if not line.startswith("a=rtpmap:") or line[9:].split()[0] in offered.split()
    ]

    async def answer() -> str:
        leg = PeerLeg(codecs)
        try:
            return await leg.answer("\r\n".join(lines))
        finally:
            await leg.hang_up()

    return asyncio.run(answer())


@pytest.mark.parametrize(
    ("codecs", "offered", "chosen"),
    [
        (BROWSER_CODECS, "9 0 8 111 126", "111 8 0 126"),
        (TELEPHONE_CODECS, "111 9 0 8 126", "8 0 126"),
        (TELEPHONE_CODECS, "9 0", "0"),
        (BROWSER_CODECS, "9 8", "8"),
    ],
)
def test_an_answer_has_our_codecs_alone_in_our_order(
    codecs: tuple[str, ...], offered: str, chosen: str
) -> None:
    sdp = answered(codecs, offered)

    media = re.search(r"^m=audio \d+ \S+ (.*?)\r?$", sdp, re.MULTILINE)
    assert media is not None
    assert sorted(media[1].split()) == sorted(chosen.split())
    ours = [each for each in media[1].split() if each != "126"]
    assert ours == [each for each in chosen.split() if each != "126"]
    assert "G722" not in sdp
    assert "a=setup:passive" in sdp


def test_an_offer_without_a_codec_of_ours_is_refused() -> None:
    with pytest.raises(LineFailed, match="speaks none of PCMA, PCMU"):
        answered(TELEPHONE_CODECS, "9 111")


def test_a_leg_that_is_closed_holds_no_codecs() -> None:
    async def closed() -> PeerLeg:
        caller, called = PeerLeg(BROWSER_CODECS), PeerLeg(BROWSER_CODECS)
        await caller.accept(await called.answer(await caller.offer()))
        assert called._codec is not None
        assert called._decoders
        await caller.close()
        await called.close()
        return called

    leg = asyncio.run(closed())

    assert leg._codec is None
    assert leg._decoders == {}
