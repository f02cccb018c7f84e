"""RTP headers as we write and read them, against those of aiortc."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from aiortc.rtp import HeaderExtensionsMap, RtpPacket

from tests.builders import tone
from voicebot.audio.levels import rms_dbfs
from voicebot.transports import rtp
from voicebot.transports.key_events import key_events
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


def test_a_key_is_one_event_in_the_midst_of_sound() -> None:
    packets = rtp.Packets(ssrc=7, payload_type=8, number=0, timestamp=1000)
    sent = [packets.make(b"before", 160)]
    sent += [
        packets.make_event(payload, 160, 97, first=number == 0)
        for number, payload in enumerate(key_events("#"))
    ]
    sent.append(packets.make(b"after", 160))

    read = [RtpPacket.parse(each) for each in sent]

    keys = read[1:-1]
    assert [each.sequence_number for each in read] == list(range(1, 13))
    assert {(each.payload_type, each.timestamp) for each in keys} == {(97, 1160)}
    assert [each.marker for each in keys] == [1] + [0] * 9
    assert {each.payload[0] for each in keys} == {11}
    assert [each.payload[1] >> 7 for each in keys] == [0] * 7 + [1] * 3
    durations = [int.from_bytes(each.payload[2:]) for each in keys]
    assert durations == [160, 320, 480, 640, 800, 960, 1120, 1280, 1280, 1280]
    assert read[-1].timestamp == 1000 + 11 * 160


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


@pytest.mark.parametrize(
    ("layout", "frame_ms"), [("mono", "20"), ("stereo", "20"), ("mono", "10"), ("mono", "60")]
)
def test_opus_of_other_shapes_is_decoded(layout: str, frame_ms: str) -> None:
    encoder = av.AudioCodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48000, layout, "s16"
    encoder.options = {"frame_duration": frame_ms}
    size = 48 * int(frame_ms)
    time_s = np.arange(48000) / 48000
    sound = (8000 * np.sin(2 * np.pi * 440 * time_s)).astype(np.int16)
    decoder, heard = CODECS["opus"](), b""

    for at in range(0, 48000 - size + 1, size):
        samples = np.repeat(sound[at : at + size], 2 if layout == "stereo" else 1)
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = 48000, at, Fraction(1, 48000)
        heard += b"".join(decoder.decode(bytes(each)) for each in encoder.encode(frame))

    assert len(heard) == pytest.approx(2 * 8000, rel=0.07)
    assert rms_dbfs(heard[3200:]) == pytest.approx(rms_dbfs(sound.tobytes()), abs=0.5)
    assert decoder.decode(b"\xff" * 40) == b""


def test_a_codec_that_is_let_go_leaves_no_threads() -> None:
    def threads() -> int:
        return len(list(Path("/proc/self/task").iterdir()))

    codec = CODECS["opus"]()
    codec.decode(codec.encode(bytes(320)))
    del codec
    before = threads()

    codecs = [CODECS["opus"]() for _ in range(5)]
    for each in codecs:
        each.decode(each.encode(bytes(320)))
    at_once = threads()
    codecs.clear()
    del each

    assert at_once > before  # else PyAV has changed, and closing a leg need not hurry
    assert threads() == before
