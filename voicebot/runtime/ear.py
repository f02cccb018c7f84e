"""A recogniser at the end of a bounded queue, on a thread of its own.

Vosk releases the interpreter's lock while it decodes; one job at a time is in flight for a call.
The executor is the seam: one thread per call in real time, `InlineExecutor` in virtual time.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from typing import TypeVar

from voicebot.audio.frame import FRAME_MS
from voicebot.call.events import Event, Ms, Partial, Recognised, RecogniserBroke
from voicebot.speech import second_hearing
from voicebot.speech.recogniser import Recogniser, Transcript

T = TypeVar("T")

CHUNK_FRAMES = 3
"""Frames that go to the recogniser in one job: 60 ms, two of the network's own steps."""

BACKLOG_MS = 4000
"""Audio that may wait for the recogniser. More means that the machine cannot keep up: the call
gets an apology, since an answer that comes four seconds late is none."""


class Ear:
    """One call's hearing; every method is called on the event loop and never blocks."""

    def __init__(
        self, recogniser: Recogniser, executor: Executor, post: Callable[[Event], None]
    ) -> None:
        self._recogniser = recogniser
        self._executor = executor
        self._post = post
        self._loop = asyncio.get_running_loop()
        self._utterance: int | None = None
        self._phrases: Sequence[str] | None = None
        self._kept: list[bytes] = []
        """Every frame of the utterance, for hearing it again when the caller goes on."""
        self._closed = False
        """The words were asked for; what comes now is only kept."""
        self._chunk: list[bytes] = []
        self._waiting_ms = 0
        self._said = ""
        self._broken = False

    @property
    def listening(self) -> bool:
        """Whether an utterance is open."""
        return self._utterance is not None

    def open(self, utterance: int, phrases: Sequence[str] | None) -> None:
        """Begin an utterance; one that is open is forgotten."""
        self._kept = []
        self._begin(utterance, phrases)

    def reopen(self, utterance: int, phrases: Sequence[str] | None) -> None:
        """Begin the utterance again, with all that was heard of it; it was closed too early."""
        self._begin(utterance, phrases)
        # Not counted as backlog: it is decoded far faster than it was spoken.
        self._send(utterance, b"".join(self._kept), 0)

    def _begin(self, utterance: int, phrases: Sequence[str] | None) -> None:
        self._utterance = utterance
        self._phrases = phrases
        self._closed = False
        self._chunk = []
        self._said = ""
        self._submit(lambda: self._recogniser.listen(phrases), self._heard_nothing)

    def feed(self, pcm: bytes) -> None:
        """Give the utterance one more frame."""
        self._kept.append(pcm)
        if self._closed:
            return
        self._chunk.append(pcm)
        if len(self._chunk) >= CHUNK_FRAMES:
            self._send_chunk()

    def close(self) -> None:
        """Finish the open utterance; `Recognised` follows. It can be reopened."""
        utterance = self._utterance
        if utterance is None or self._closed:
            return
        self._send_chunk()
        self._closed = True

        def finished(transcript: Transcript) -> None:
            self._post(Recognised(utterance, transcript))

        pcm, phrases = b"".join(self._kept), self._phrases
        self._submit(lambda: second_hearing.finish(self._recogniser, pcm, phrases), finished)

    def drop(self) -> None:
        """Forget the open utterance."""
        self._utterance = None
        self._chunk = []
        self._kept = []

    def _send_chunk(self) -> None:
        utterance, pcm = self._utterance, b"".join(self._chunk)
        length_ms = len(self._chunk) * FRAME_MS
        self._chunk = []
        if utterance is not None:
            self._send(utterance, pcm, length_ms)

    def _send(self, utterance: int, pcm: bytes, length_ms: Ms) -> None:
        if not pcm or self._broken:
            return
        if self._waiting_ms > BACKLOG_MS:
            self._break(f"the recogniser is more than {BACKLOG_MS} ms behind")
            return
        self._waiting_ms += length_ms

        def accepted(text: str) -> None:
            self._waiting_ms -= length_ms
            if utterance == self._utterance and not self._closed and text != self._said:
                self._said = text
                self._post(Partial(utterance, text))

        self._submit(lambda: self._recogniser.accept(pcm), accepted)

    def _heard_nothing(self, nothing: None) -> None:
        pass

    def _submit(self, job: Callable[[], T], then: Callable[[T], None]) -> None:
        if self._broken:
            return
        future: Future[T] = self._executor.submit(job)
        if future.done():
            self._deliver(future, then)
        else:
            future.add_done_callback(lambda done: self._hand_over(done, then))

    def _hand_over(self, future: Future[T], then: Callable[[T], None]) -> None:
        """Take a result from the executor's thread to the loop's."""
        # A job may outlive its call, and even the loop; then nobody waits for it.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._deliver, future, then)

    def _deliver(self, future: Future[T], then: Callable[[T], None]) -> None:
        if future.cancelled() or self._broken:
            return
        error = future.exception()
        if error is None:
            then(future.result())
        else:
            self._break(f"{type(error).__name__}: {error}")

    def _break(self, reason: str) -> None:
        self._broken = True
        self._utterance = None
        self._post(RecogniserBroke(reason))
