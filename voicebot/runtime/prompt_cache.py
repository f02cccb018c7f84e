"""What the robot says, ready to play: rendered once, kept in memory and on disk.

Every text of a voice is amplified by the same gain, measured once on a reference sentence, so that
a text sounds the same whether it was streamed, rendered or cached, and two prompts in a row are
equally loud. All methods may be called from any thread; folders may be shared by processes. Two
threads that ask for the same new text at the same time both make it.
"""

import hashlib
import logging
import os
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from voicebot.audio.levels import (
    PEAK_DBFS,
    TARGET_DBFS,
    Leveller,
    SilenceTrimmer,
    gain_db,
    normalise,
    trim_silence,
)
from voicebot.audio.recording import load_recording
from voicebot.audio.resample import stream_resampler
from voicebot.errors import SynthesiserFailed
from voicebot.speech.synthesiser import Synthesiser
from voicebot.speech.text_normaliser import spoken

PIECE_MS = 200
"""The longest piece of a stream: half of what the playout takes ahead."""
REFERENCE = "您好，欢迎光临，请问有什么可以帮您？好的，谢谢您，祝您生活愉快，再见。"
"""Its active level stands for the voice's: sentences differ from it by 1 dB."""

_FORMAT = 1
"""To be raised when the same text and voice would be rendered otherwise than before."""
_SUFFIX = ".prompt"
_DIGEST_BYTES = hashlib.sha256().digest_size
_STALE_S = 3600
"""An unfinished file as old as this was left by a process that died."""

_log = logging.getLogger(__name__)


class PromptCache:
    """Renders texts and recordings for lines of one sample rate."""

    def __init__(
        self,
        folder: Path | None,
        synthesiser: Synthesiser,
        sample_rate: int,
        *,
        max_memory_bytes: int = 64 << 20,
        max_disk_bytes: int = 512 << 20,
    ) -> None:
        """Keep nothing on disk when `folder` is None.

        The least recently used goes first: in memory at once (64 MiB are 70 minutes at 8 kHz), on
        disk when a cache is opened.
        """
        self._synthesiser = synthesiser
        self._sample_rate = sample_rate
        self._piece_bytes = sample_rate * PIECE_MS // 1000 * 2
        self._memory = _Memory(max_memory_bytes)
        self._disk = None if folder is None else _Disk(folder, max_disk_bytes)
        self._gain_db: float | None = None
        self._measuring = threading.Lock()

    @property
    def sample_rate(self) -> int:
        """Hz of everything that comes out."""
        return self._sample_rate

    def remembered(self, text: str) -> bytes | None:
        """Return what `render` would if it is in memory; never waits for disk or engine."""
        return self._memory.get(self._key(text))

    def render(self, text: str) -> bytes:
        """Return `text` as signed 16-bit mono samples; raises `SynthesiserFailed`."""
        return b"".join(self.stream(text))

    def stream(self, text: str, *, keep: bool = True) -> Iterator[bytes]:
        """Yield `text` in pieces of at most 200 ms while it is made, and keep it when complete
        unless it holds something that must not be kept.

        Raises `SynthesiserFailed`, perhaps after some pieces.
        """
        key = self._key(text)
        pcm = self._find(key)
        if pcm is None:
            yield from self._make(key, text, keep=keep)
            return
        for start in range(0, len(pcm), self._piece_bytes):
            yield pcm[start : start + self._piece_bytes]

    def render_recording(self, path: Path) -> bytes:
        """Return a recorded prompt, as loud as synthesised ones; raises `BadAudio`.

        A file that was replaced is read again.
        """
        with suppress(OSError):
            status = path.stat()
            key = f"{path.absolute()} {status.st_mtime_ns} {status.st_size}"
            pcm = self._memory.get(key)
            if pcm is None:
                recorded = load_recording(path, self._sample_rate)
                levelled = normalise(recorded, self._sample_rate)
                pcm = trim_silence(levelled, self._sample_rate)
                self._memory.put(key, pcm)
            return pcm
        # Only to say what is wrong with the file.
        return load_recording(path, self._sample_rate)

    def _make(self, key: str, text: str, *, keep: bool) -> Iterator[bytes]:
        resampler = stream_resampler(self._synthesiser.sample_rate, self._sample_rate)
        leveller = Leveller(self._sample_rate, self._gain())
        trimmer = SilenceTrimmer(self._sample_rate)
        made: list[bytes] = []
        waiting = b""
        for chunk in self._synthesiser.synthesise(text):
            waiting += trimmer.push(leveller.push(resampler.push(chunk)))
            while len(waiting) >= self._piece_bytes:
                made.append(waiting[: self._piece_bytes])
                waiting = waiting[self._piece_bytes :]
                yield made[-1]
        waiting += trimmer.push(leveller.push(resampler.flush()) + leveller.flush())
        waiting += trimmer.flush()
        for start in range(0, len(waiting), self._piece_bytes):
            made.append(waiting[start : start + self._piece_bytes])
            yield made[-1]
        if not made:
            raise SynthesiserFailed(
                f"{self._synthesiser.identity} made nothing audible of {text[:40]!r}"
            )
        if keep:
            self._keep(key, b"".join(made))

    def _gain(self) -> float:
        """Return what brings this voice to the level of all prompts, in dB."""
        with self._measuring:
            if self._gain_db is None:
                key = self._key(REFERENCE, "reference")
                pcm = self._find(key)
                if pcm is None:
                    resampler = stream_resampler(self._synthesiser.sample_rate, self._sample_rate)
                    chunks = [
                        resampler.push(chunk) for chunk in self._synthesiser.synthesise(REFERENCE)
                    ]
                    pcm = b"".join(chunks) + resampler.flush()
                    self._keep(key, pcm)
                self._gain_db = gain_db(pcm, self._sample_rate)
            return self._gain_db

    def _key(self, text: str, kind: str = "prompt") -> str:
        parts = (
            *(str(_FORMAT), kind, self._synthesiser.identity, str(self._sample_rate)),
            *(str(TARGET_DBFS), str(PEAK_DBFS), spoken(text)),
        )
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def _find(self, key: str) -> bytes | None:
        pcm = self._memory.get(key)
        if pcm is None and self._disk is not None:
            pcm = self._disk.get(key)
            if pcm is not None:
                self._memory.put(key, pcm)
        return pcm

    def _keep(self, key: str, pcm: bytes) -> None:
        self._memory.put(key, pcm)
        if self._disk is not None:
            self._disk.put(key, pcm)


class _Memory:
    """The most recently used sounds, up to a number of bytes."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._sounds: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        with self._lock:
            if key in self._sounds:
                self._sounds.move_to_end(key)
            return self._sounds.get(key)

    def put(self, key: str, pcm: bytes) -> None:
        with self._lock:
            self._bytes += len(pcm) - len(self._sounds.pop(key, b""))
            self._sounds[key] = pcm
            while self._bytes > self._max_bytes:
                _, dropped = self._sounds.popitem(last=False)
                self._bytes -= len(dropped)


class _Disk:
    """A folder of sounds, each with the SHA-256 of its samples in front.

    A folder that cannot be read or written (full, read-only) costs time, not a call: the first
    fault is logged and the sound is made anew.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._warned = False
        self._lock = threading.Lock()
        self._prune(max_bytes)

    def get(self, key: str) -> bytes | None:
        path = self._path(key)
        try:
            content = path.read_bytes()
            # Tells the pruning of another day that this one is in use.
            os.utime(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._warn(error)
            return None
        digest, pcm = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        return pcm if pcm and hashlib.sha256(pcm).digest() == digest else None

    def put(self, key: str, pcm: bytes) -> None:
        unfinished: Path | None = None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                dir=self._folder, prefix=f"{key[:8]}-", suffix=".part", delete=False
            ) as file:
                unfinished = Path(file.name)
                file.write(hashlib.sha256(pcm).digest() + pcm)
            unfinished.replace(self._path(key))
        except OSError as error:
            self._warn(error)
            if unfinished is not None:
                with suppress(OSError):
                    unfinished.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}{_SUFFIX}"

    def _prune(self, max_bytes: int) -> None:
        try:
            for left in self._folder.glob("*.part"):
                if time.time() - left.stat().st_mtime > _STALE_S:
                    left.unlink(missing_ok=True)
            kept = [(path.stat(), path) for path in self._folder.glob(f"*{_SUFFIX}")]
            size = sum(status.st_size for status, _ in kept)
            for status, path in sorted(kept, key=lambda each: each[0].st_mtime_ns):
                if size <= max_bytes:
                    break
                path.unlink(missing_ok=True)
                size -= status.st_size
        except FileNotFoundError:
            # Another process prunes at the same time; it does the rest.
            return
        except OSError as error:
            self._warn(error)

    def _warn(self, error: OSError) -> None:
        with self._lock:
            first, self._warned = not self._warned, True
        if first:
            _log.warning(
                "prompts are not kept on disk: %s; free some space or mend the folder %s",
                error,
                self._folder,
            )
