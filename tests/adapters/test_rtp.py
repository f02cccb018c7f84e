"""RTP headers as we write and read them, against those of aiortc."""

import pytest
from aiortc.rtp import HeaderExtensionsMap, RtpPacket

from tests.builders import tone
from voicebot.audio.levels import rms_dbfs
from voicebot.transports import rtp
from voicebot.transports.peer import HUSHED_FRAMES
from voicebot.transports.peer_codecs import CODECS


def test_our_packets_are_read_by_others() -> None:
    packets = rtp.Packets(ssrc=7, payload_type=111, number=0xFFFE, timestamp=0xFFFFFF00)

    read = [RtpPacket.parse(packets.make(payload, 960)) for payload in (b"one", b"two", b"three")]

    assert [each.payload for each in read] == [b"one", b"two", b"three"]
    assert [each.sequence_number for each in read] == [0xFFFF, 0, 1]
    assert [each.timestamp for each in read] == [0xFFFFFF00, 704, 1664]
    assert [each.marker for each in read] == [1, 0, 0]
    assert {(each.ssrc, each.payload_type) for each in read} == {(7, 111)}


def test_others_packets_are_read_by_us_whatever_their_headers_hold() -> None:
    packet = RtpPacket(payload_type=8, sequence_number=3, timestamp=160, payload=b"sound")
    packet.csrc = [1, 2]
    packet.extensions.mid = "0"
    packet.padding_size = 4
    extensions = HeaderExtensionsMap()
    extensions._HeaderExtensionsMap__ids.mid = 1  # type: ignore[attr-defined]

    read = rtp.parse(packet.serialize(extensions))

    assert read == rtp.Packet(8, 160, b"sound")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x08\x00\x01" + bytes(7),
        b"\x40\x08" + bytes(20),
        b"\x8f\x08" + bytes(20),
        b"\x90\x08" + bytes(10),
        b"\x90\x08" + bytes(10) + b"\x00\x00\xff\xff",
        b"\xa0\x08" + bytes(10) + b"\xff",
        b"\xa0\x08" + bytes(12),
    ],
)
def test_damaged_packets_are_none(data: bytes) -> None:
    assert rtp.parse(data) is None


@pytest.mark.parametrize("codec", list(CODECS))
def test_the_same_silent_packet_again_and_again_is_silence_and_speech_after_it_is_speech(
    codec: str,
) -> None:
    encoder, decoder = CODECS[codec](), CODECS[codec]()
    sounds = [tone(20)] * 25
    for pcm in [*sounds, *[bytes(320)] * HUSHED_FRAMES]:
        hush = encoder.encode(pcm)
        decoder.decode(hush)

    silence = b"".join(decoder.decode(hush) for _ in range(50))
    speech = b"".join(decoder.decode(encoder.encode(pcm)) for pcm in sounds)

    assert len(silence) >= 49 * 320
    assert rms_dbfs(silence) < -65
    assert rms_dbfs(speech[1600:]) == pytest.approx(rms_dbfs(tone(20)), abs=2)
