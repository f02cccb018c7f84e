"""A leg over one WebRTC peer connection (aiortc): what Janus and browsers speak.

aiortc does ICE, DTLS and SRTP. Its media threads are left out, since they limit a process to some
twenty calls: RTP is written and read here, once every 20 ms, and received packets go through our
own jitter buffer. The second half leans on private names of aiortc; `tests/adapters/test_peer.py`
fails loudly when a new version renames them.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCSessionDescription,
)
from aiortc.clock import current_ntp_time
from aiortc.utils import random16, random32

from voicebot.audio.frame import FRAME_MS, AudioFrame, silence
from voicebot.audio.jitter import JitterBuffer, LineStatistics
from voicebot.call.leg import AudioSource
from voicebot.errors import LineFailed
from voicebot.transports import rtp
from voicebot.transports.inbox import Inbox
from voicebot.transports.key_events import CLOCK_RATE, KEY_MS, KEYS, check_keys, key_events
from voicebot.transports.peer_codecs import CODECS, LINE_RATE, PacketCodec

TELEPHONE_CODECS = ("PCMA", "PCMU")
"""What a SIP trunk is offered, the best first; nothing between transcodes."""
BROWSER_CODECS = ("opus", "PCMA", "PCMU")

HUSHED_FRAMES = 10
"""After so much silence the same packet is sent again and again: encoding silence costs as much as
encoding speech, and the robot listens most of the time."""
REPORTED_PACKETS = 25
"""A sender report needs one pair of times; reports go out every second."""
RTP_HEADER = 12
BEHIND_S = 0.2
"""A sender that is later than this does not catch up by a burst, but begins anew."""
BETWEEN_KEYS_S = 0.1
"""From the end of a key to the next one."""
LONGEST_SDP = 64 * 1024
"""Characters; ten times what any peer sends."""


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server."""

    url: str
    username: str | None = None
    credential: str | None = None


class PeerLeg:
    """See `voicebot.call.leg.CallLeg`. Make one in a running event loop."""

    sample_rate = LINE_RATE

    def __init__(self, codecs: Sequence[str], ice_servers: Sequence[IceServer] = ()) -> None:
        self.playout: AudioSource | None = None
        self.on_key: Callable[[str], None] | None = None
        """Called for every key that the other side presses."""
        self.takes_keys = False
        """Whether the other side has said that it takes keys by RFC 4733, beside G.711."""
        self._codecs = tuple(codecs)
        self._inbox = Inbox(LINE_RATE)
        self._jitter: JitterBuffer | None = None
        self._decoders: dict[int, PacketCodec] = {}
        """By payload type."""
        self._keys_type: int | None = None
        """The payload type in which the other side takes keys."""
        self._keys_offered: int | None = None
        """The one in which we do, if the other side did not choose it."""
        self._last_key: int | None = None
        """RTP timestamp of the last key's event, which has several packets."""
        self._pressing: Iterator[bytes] = iter(())
        """What is still to be sent of a key that we press."""
        self._key_begins = False
        self._pressed = asyncio.Event()
        self._codec: PacketCodec | None = None
        """Of what is sent."""
        self._quiet = silence(LINE_RATE)
        self._quiet_frames = 0
        self._hush = b""
        """The payload of the last silent frame."""
        self._loop = asyncio.get_running_loop()
        self.connected = asyncio.Event()
        servers = [RTCIceServer(each.url, each.username, each.credential) for each in ice_servers]
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._connection.on("connectionstatechange", self._state_changed)
        self._track = _Placeholder()

    @property
    def dropped_frames(self) -> int:
        """Frames that were not taken in time."""
        return self._inbox.dropped

    @property
    def closed(self) -> bool:
        """Whether either side has hung up."""
        return self._inbox.closed

    @property
    def statistics(self) -> LineStatistics:
        """What happened on the way to us so far."""
        return LineStatistics() if self._jitter is None else self._jitter.statistics

    def incoming(self) -> AsyncIterator[AudioFrame]:
        """Yield the other side's audio, until the line is closed."""
        return self._inbox.frames()

    async def hang_up(self) -> None:
        """Close the connection; harmless when it is closed."""
        await self.close()

    async def transfer(self, target: str) -> bool:
        """Tell that the other side cannot be moved: a peer connection has no telephone."""
        return False

    async def send_keys(self, keys: str) -> None:
        """Press keys by RFC 4733, in the place of what is said meanwhile.

        Raises `LineFailed` when the other side takes none, or the line ends before the last one.
        """
        check_keys(keys)
        if not self.takes_keys:
            raise LineFailed("the other side takes no keys")
        for key in keys:
            self._pressed.clear()
            self._pressing, self._key_begins = key_events(key), True
            try:
                async with asyncio.timeout(KEY_MS / 1000 + 1):
                    await self._pressed.wait()
            except TimeoutError as error:
                raise LineFailed(f"the key {key} could not be sent") from error
            await asyncio.sleep(BETWEEN_KEYS_S)

    async def close(self, fault: Exception | None = None) -> None:
        """Close the connection; `incoming` raises `fault`, if there is one."""
        self._inbox.close(fault)
        self._track.stop()
        await self._connection.close()
        # At once, and not when the garbage is collected: FFmpeg's encoder has threads of its own.
        self._codec = None
        self._decoders.clear()

    async def answer(self, offer: str) -> str:
        """Take the other side's session description and return ours.

        Raises `LineFailed` when it is malformed or has no codec of ours.
        """
        # As the passive side of DTLS: aiortc's first hello is lost when the other side is not
        # ready, which cost 8 of 48 calls a second of silence.
        await self._describe(offer.replace("a=setup:actpass", "a=setup:active"), "offer")
        transceiver = self._audio()
        transceiver.direction = "sendrecv"
        transceiver.sender.replaceTrack(self._track)
        self._choose_codecs(transceiver)
        try:
            await self._connection.setLocalDescription(await self._connection.createAnswer())
        except (ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
            raise LineFailed(f"the offer cannot be answered: {error}") from error
        self._take_media(offer)
        return self._with_keys(self._connection.localDescription.sdp, self._keys_type)

    async def offer(self) -> str:
        """Return our session description, to which the other side's is the answer."""
        self._connection.addTrack(self._track)
        self._keys_offered = KEYS_OFFERED
        self._prefer_codecs(self._audio())
        await self._connection.setLocalDescription(await self._connection.createOffer())
        return self._with_keys(self._connection.localDescription.sdp, KEYS_OFFERED)

    async def accept(self, answer: str) -> None:
        """Take the answer to `offer`. Raises `LineFailed` when it is malformed."""
        await self._describe(answer, "answer")
        self._take_media(answer)

    # Session descriptions

    async def _describe(self, sdp: str, kind: str) -> None:
        if len(sdp) > LONGEST_SDP:
            raise LineFailed(f"the {kind} has {len(sdp)} characters; {LONGEST_SDP} are the most")
        try:
            await self._connection.setRemoteDescription(RTCSessionDescription(sdp, kind))
        except Exception as error:
            # aiortc's parser raises whatever its code runs into; all of it is the sender's fault.
            raise LineFailed(f"the {kind} is malformed: {error!r}") from error

    def _audio(self) -> Any:
        streams = self._connection.getTransceivers()
        if [each.kind for each in streams] != ["audio"]:
            kinds = ", ".join(each.kind for each in streams) or "none"
            raise LineFailed(f"a call has one audio stream and nothing else; these came: {kinds}")
        return streams[0]

    def _prefer_codecs(self, transceiver: Any) -> None:
        capabilities = RTCRtpReceiver.getCapabilities("audio")
        known = capabilities.codecs if capabilities else []
        transceiver.setCodecPreferences(
            [each for name in self._codecs for each in known if each.name == name]
        )

    def _choose_codecs(self, transceiver: Any) -> None:
        """Answer with our codecs alone, in our order; aiortc would take others from an offer."""
        offered = transceiver._codecs
        transceiver._codecs = [
            each for name in self._codecs for each in offered if each.name == name
        ]
        if not transceiver._codecs:
            raise LineFailed(f"the other side speaks none of {', '.join(self._codecs)}")

    def _with_keys(self, sdp: str, payload_type: int | None) -> str:
        """Add the keys (telephone-event), which aiortc does not know, to our description."""
        if payload_type is None:
            return sdp
        sdp = re.sub(r"^(m=audio [^\r\n]*)", rf"\1 {payload_type}", sdp, count=1, flags=re.M)
        lines = f"a=rtpmap:{payload_type} telephone-event/8000\r\na=fmtp:{payload_type} 0-15\r\n"
        return re.sub(r"^(a=rtpmap:)", rf"{lines}\1", sdp, count=1, flags=re.M)

    def _take_media(self, remote: str) -> None:
        """Send and receive packets past aiortc, which would put threads and queues between."""
        transceiver = self._audio()
        for codec in transceiver._codecs:
            if codec.name in self._codecs:
                self._decoders[codec.payloadType] = CODECS[codec.name]()
        if not self._decoders:
            raise LineFailed(f"the other side speaks none of {', '.join(self._codecs)}")
        first = next(each for each in transceiver._codecs if each.name in self._codecs)
        self._codec = CODECS[first.name]()
        self._jitter = JitterBuffer(
            LINE_RATE, clock_rate=self._decoders[first.payloadType].clock_rate
        )
        self._keys_type = _keys_type(remote)
        self.takes_keys = self._keys_type is not None and self._codec.clock_rate == CLOCK_RATE
        transceiver.receiver.transport._handle_rtp_data = self._receive
        transceiver.sender._run_rtp = self._send

    # Media

    async def _send(self, codec: Any) -> None:
        """Send a packet every 20 ms while the connection lasts; aiortc runs this in a task."""
        sender = self._audio().sender
        state = _SenderState(sender)
        state.started.set()
        packets = rtp.Packets(sender._ssrc, codec.payloadType, random16(), random32())
        due = self._loop.time()
        try:
            while not self.closed:
                packet = self._next_packet(packets)
                await sender.transport._send_rtp(packet)
                state.count(packets.timestamp, len(packet))
                # Time goes on for the caller's side too, while no packet comes.
                self._deliver(self._now())
                due += FRAME_MS / 1000
                now = self._loop.time()
                if now - due > BEHIND_S:
                    due = now
                await asyncio.sleep(max(0.0, due - now))
        except (asyncio.CancelledError, ConnectionError):
            # aiortc stops its sender so; the connection's end is noticed by its state.
            pass
        finally:
            state.exited.set()

    def _next_packet(self, packets: rtp.Packets) -> bytes:
        payload, ticks = self._next_payload()
        event = next(self._pressing, None)
        if event is None or self._keys_type is None:
            self._pressed.set()
            return packets.make(payload, ticks)
        begins, self._key_begins = self._key_begins, False
        return packets.make_event(event, ticks, self._keys_type, first=begins)

    def _next_payload(self) -> tuple[bytes, int]:
        """Return what is said in the next 20 ms, encoded, and its length in the codec's ticks."""
        assert self._codec is not None
        ticks = self._codec.clock_rate * FRAME_MS // 1000
        pcm = self.playout.pull() if self.playout is not None else None
        self._quiet_frames = self._quiet_frames + 1 if pcm is None else 0
        if self._quiet_frames > HUSHED_FRAMES:
            return self._hush, ticks
        self._hush = self._codec.encode(pcm or self._quiet)
        return self._hush, ticks

    async def _receive(self, data: bytes, arrival_time_ms: int) -> None:
        packet = rtp.parse(data)
        if packet is None:
            return
        if packet.payload_type in (self._keys_type, self._keys_offered):
            self._receive_key(packet)
            return
        decoder = self._decoders.get(packet.payload_type)
        if decoder is None or self._jitter is None:
            return
        now = self._now()
        self._jitter.put(packet.timestamp, decoder.decode(packet.payload), now)
        self._deliver(now)

    def _receive_key(self, packet: rtp.Packet) -> None:
        if packet.timestamp == self._last_key or len(packet.payload) < 4:
            return
        self._last_key = packet.timestamp
        if packet.payload[0] < len(KEYS) and self.on_key is not None:
            self.on_key(KEYS[packet.payload[0]])

    def _deliver(self, now: int) -> None:
        if self._jitter is not None:
            for frame in self._jitter.take(now):
                self._inbox.put(frame)

    def _now(self) -> int:
        return round(self._loop.time() * 1000)

    def _state_changed(self) -> None:
        match self._connection.connectionState:
            case "connected":
                self.connected.set()
            case "failed":
                self._inbox.close(LineFailed("the media connection broke"))
            case "closed":
                self._inbox.close()
            case _:
                pass


class _Placeholder(MediaStreamTrack):
    """What is named in our description; its sound is sent past it."""

    kind = "audio"

    async def recv(self) -> Any:
        """Never give anything."""
        raise NotImplementedError


class _SenderState:
    """What aiortc's sender waits for and reports about, which only its own loop would set."""

    def __init__(self, sender: Any) -> None:
        self.started: asyncio.Event = sender._RTCRtpSender__rtp_started
        self.exited: asyncio.Event = sender._RTCRtpSender__rtp_exited
        self._sender = sender
        self._packets = self._octets = 0

    def count(self, timestamp: int, size: int) -> None:
        """Let the next sender report (RTCP) tell of a packet."""
        if self._packets % REPORTED_PACKETS == 0:
            self._sender._RTCRtpSender__ntp_timestamp = current_ntp_time()
            self._sender._RTCRtpSender__rtp_timestamp = timestamp
        self._packets += 1
        self._octets += size - RTP_HEADER
        self._sender._RTCRtpSender__packet_count = self._packets
        self._sender._RTCRtpSender__octet_count = self._octets


KEYS_OFFERED = 101
"""The payload type that everybody uses for keys."""


def _keys_type(sdp: str) -> int | None:
    """Return the payload type of telephone-event in a session description."""
    found = re.search(r"^a=rtpmap:(\d+) telephone-event/8000", sdp, re.M | re.I)
    return int(found[1]) if found and int(found[1]) < 128 else None
