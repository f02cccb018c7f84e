"""Recording a call while it runs: stereo, caller left, robot right, readable after a crash."""

import logging
import struct
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import BinaryIO

import numpy as np

from voicebot.audio.frame import SAMPLE_BYTES
from voicebot.errors import StorageFailed

log = logging.getLogger(__name__)

WRITTEN_S = 1
"""How much is written at once: the most that a crash loses."""
APART_S = 2
"""A side that is so far behind the other one has stopped (a line that went dead): it is filled up
with silence, so that both stay aligned."""

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")


class FileRecording:
    """One call's sound in one file; see `voicebot.runtime.driver.Recorder`.

    Writing happens on `writer`, one job at a time. A disk that is full ends the recording, never
    the call: `failed` says why.
    """

    def __init__(self, path: Path, sample_rate: int, writer: Executor) -> None:
        """Raises `StorageFailed` when the file cannot be begun."""
        self.path = path
        self.failed: str | None = None
        self._rate = sample_rate
        self._writer = writer
        self._caller = bytearray()
        self._robot = bytearray()
        self._written = 0
        self._jobs: list[Future[None]] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = path.open("wb")
            self._file.write(_header(sample_rate, 0))
            self._file.flush()
        except OSError as error:
            raise StorageFailed(f"{path}: cannot be recorded to: {error.strerror}") from error

    def hear(self, pcm: bytes) -> None:
        """Take what came from the caller."""
        self._caller += pcm
        self._flush()

    def say(self, pcm: bytes) -> None:
        """Take what was sent to the caller."""
        self._robot += pcm
        self._flush()

    def close(self) -> None:
        """Write the rest and wait until all is on disk."""
        longest = max(len(self._caller), len(self._robot))
        self._write(longest)
        for job in self._jobs:
            job.result()
        try:
            self._file.close()
        except OSError as error:
            self._fail(error)

    def _flush(self) -> None:
        second = self._rate * SAMPLE_BYTES
        shorter, longer = sorted((len(self._caller), len(self._robot)))
        if shorter >= WRITTEN_S * second:
            self._write(shorter)
        elif longer >= APART_S * second:
            self._write(longer)

    def _write(self, size: int) -> None:
        sides = []
        for side in (self._caller, self._robot):
            sides.append(np.frombuffer(bytes(side[:size]).ljust(size, b"\0"), np.int16))
            del side[:size]
        if size and self.failed is None:
            self._submit(lambda: self._append(np.stack(sides, axis=1).tobytes()))

    def _submit(self, job: Callable[[], object]) -> None:
        def guarded() -> None:
            try:
                job()
            except OSError as error:
                self._fail(error)

        self._jobs = [each for each in self._jobs if not each.done()]
        self._jobs.append(self._writer.submit(guarded))

    def _fail(self, error: OSError) -> None:
        if self.failed is None:
            self.failed = f"{self.path.name}: {error.strerror}"
            log.error("the recording ends here: %s", self.failed)

    def _append(self, stereo: bytes) -> None:
        if self.failed is not None:
            return
        self._file.write(stereo)
        self._written += len(stereo)
        # The header is true after every second, whatever happens then.
        self._file.seek(0)
        self._file.write(_header(self._rate, self._written))
        self._file.seek(0, 2)
        self._file.flush()


def _header(rate: int, size: int) -> bytes:
    frame = 2 * SAMPLE_BYTES
    return _HEADER.pack(
        b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 2, rate, rate * frame, frame, 16, b"data", size
    )
