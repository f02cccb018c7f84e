"""The browsers' line in this process, and callers on stock aiortc at its real HTTP endpoint."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import httpx
import numpy as np
import soundfile
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from tests.builders import ScriptedRecogniser, ToneVoice, loud, script, tone
from voicebot import bootstrap_lines
from voicebot.runtime.answering import Answer, Answering, InboundCall
from voicebot.runtime.call_runner import Parts
from voicebot.runtime.load import LoadMeter
from voicebot.runtime.recorder import FileRecording
from voicebot.runtime.virtual_time import InlineExecutor
from voicebot.speech.detector import SpeechDetector
from voicebot.web.app import talk_app
from voicebot.web.browser_calls import BrowserCalls
from voicebot.web.call_news import BrowserLimits
from voicebot.web.server import Certificate, listen, serving

TOKEN = "open-sesame"
AUTHORISED = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/sdp"}
PATIENT = BrowserLimits(waiting_per_address=10)
RATE = 8000


@dataclass(slots=True)
class BrowserService:
    """A running line."""

    url: str
    calls: BrowserCalls
    answering: Answering
    folder: Path
    finished: list[InboundCall] = field(default_factory=list)

    def recorded(self, call: InboundCall) -> bytes:
        """Return the caller's side of a finished call, as it was recorded."""
        samples, _ = soundfile.read(self.folder / f"{call.number}.wav", dtype="int16")
        return bytes(samples[:, 0].tobytes())


@asynccontextmanager
async def browser_service(
    limits: BrowserLimits = PATIENT,
    *,
    answers: Mapping[str, Answer] | None = None,
    max_calls: int = 20,
    origins: tuple[str, ...] = (),
    certificate: Certificate | None = None,
    request_s: float = 5,
) -> AsyncIterator[BrowserService]:
    """Answer every number with the small script of tone prompts, unless told otherwise."""
    parts = Parts(
        lambda: SpeechDetector(loud),
        lambda rate: ScriptedRecogniser("方便", "很好喝"),
        ToneVoice(),
        InlineExecutor,
        InlineExecutor(),
    )
    finished: list[InboundCall] = []

    async def keep(call: InboundCall) -> None:
        finished.append(call)

    folder = Path(tempfile.mkdtemp())
    disk = ThreadPoolExecutor(1)

    def record(number: int) -> FileRecording:
        return FileRecording(folder / f"{number}.wav", RATE, disk)

    answering = Answering(
        parts,
        LoadMeter(),
        max_calls=max_calls,
        blocking=ThreadPoolExecutor(2),
        record=record,
        finished=keep,
    )
    made = bootstrap_lines.browser_calls(answering, answers or {"*": Answer(script())})
    calls = BrowserCalls(answering, made.answers, made.make_leg, limits)
    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    app = talk_app(calls, TOKEN, origins=origins)
    scheme = "http" if certificate is None else "https"
    async with serving(app, listening, certificate, request_s=request_s):
        yield BrowserService(f"{scheme}://127.0.0.1:{port}", calls, answering, folder, finished)
        await calls.close()
    disk.shutdown()
    shutil.rmtree(folder)


class _Microphone(MediaStreamTrack):
    kind = "audio"

    def __init__(self, pcm: bytes) -> None:
        super().__init__()
        self._samples = np.frombuffer(pcm, np.int16)
        self._number = 0
        self._due: float | None = None

    async def recv(self) -> Any:
        loop = asyncio.get_running_loop()
        self._due = loop.time() if self._due is None else self._due + 0.02
        await asyncio.sleep(max(0.0, self._due - loop.time()))
        if self.readyState != "live":
            raise MediaStreamError
        size = RATE // 50
        places = np.arange(self._number * size, (self._number + 1) * size) % len(self._samples)
        samples = self._samples[places].reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = RATE
        frame.pts = self._number * size
        frame.time_base = Fraction(1, RATE)
        self._number += 1
        return frame


class WebCaller:
    """A peer of stock aiortc that plays a sound for ever and keeps what it hears."""

    def __init__(self, client: httpx.AsyncClient, pcm: bytes | None = None) -> None:
        self.heard = bytearray()
        self.location = ""
        self._client = client
        self._connection = RTCPeerConnection()
        self._connection.addTrack(_Microphone(pcm or tone(1000, hz=440)))
        self._connection.on("track", self._listen)
        self._listening: asyncio.Task[None] | None = None

    async def offer(self) -> str:
        """Return a session description."""
        await self._connection.setLocalDescription(await self._connection.createOffer())
        return str(self._connection.localDescription.sdp)

    async def call(self, called: str = "any") -> httpx.Response:
        """Offer, and take the answer if there is one."""
        response = await self._client.post(
            f"/calls/{called}", content=await self.offer(), headers=AUTHORISED
        )
        if response.status_code == 201:
            self.location = response.headers["location"]
            await self._connection.setRemoteDescription(
                RTCSessionDescription(response.text, "answer")
            )
        return response

    async def hear(self, seconds: float, within: float = 8) -> bytes:
        """Wait until so much was heard, and return its end."""
        size = int(seconds * RATE) * 2
        async with asyncio.timeout(within):
            while len(self.heard) < size:
                await asyncio.sleep(0.02)
        return bytes(self.heard[-size:])

    async def leave(self) -> httpx.Response:
        """End the call as a page does."""
        response = await self._client.delete(self.location, headers=AUTHORISED)
        await self.close()
        return response

    async def close(self) -> None:
        """Vanish."""
        await self._connection.close()
        if self._listening is not None:
            # The track of a connection that never came about does not end by itself.
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    def _listen(self, track: MediaStreamTrack) -> None:
        self._listening = asyncio.create_task(self._keep(track))

    async def _keep(self, track: MediaStreamTrack) -> None:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        try:
            while True:
                for frame in resampler.resample(cast(av.AudioFrame, await track.recv())):
                    self.heard += frame.to_ndarray().astype(np.int16).tobytes()
        except MediaStreamError:
            return


@asynccontextmanager
async def web_client(service: BrowserService) -> AsyncIterator[httpx.AsyncClient]:
    """Return an HTTP client of the service."""
    async with httpx.AsyncClient(base_url=service.url, timeout=15) as client:
        yield client


@asynccontextmanager
async def web_caller(
    service: BrowserService, client: httpx.AsyncClient, pcm: bytes | None = None
) -> AsyncIterator[WebCaller]:
    """Return a caller; it vanishes with the context."""
    caller = WebCaller(client, pcm)
    try:
        yield caller
    finally:
        await caller.close()


def hasty(**limits: float) -> BrowserLimits:
    """Return limits that a test can wait for."""
    return replace(PATIENT, **limits)  # type: ignore[arg-type]
