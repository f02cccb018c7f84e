"""Speech by espeak-ng, from the library and Mandarin data of `espeakng_loader`.

The library has one state for the whole process (voice, parameters, callback), and parts of it,
such as the place in its table of pitch jitter, outlive an utterance and cannot be reset: the same
text never sounds the same twice. So the library is loaded anew for each utterance, under one lock.
That costs 4 ms before the first sound and makes every utterance reproducible bit by bit. Loading
a voice leaks some 2 kB inside espeak (1.52); the prompt cache keeps that to once a text.
"""

import ctypes
import os
import threading
from _ctypes import dlclose
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from queue import SimpleQueue

import espeakng_loader

from voicebot.engines.espeak_spelling import VERSION as SPELLING
from voicebot.engines.espeak_spelling import respelled
from voicebot.errors import MissingPart, SynthesiserFailed
from voicebot.speech.text_normaliser import is_speakable, spoken

CHUNK_MS = 50
MAX_CHARACTERS = 1000
"""The longest text of one utterance, four to five minutes. Its audio waits in memory for a slow
listener (13 MB), because an espeak that waited would keep the library from every other call."""

_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
"""Without this option espeak ends the process when its data are missing."""
_UTF8, _INLINE_PHONEMES = 1, 0x100
_GO_ON, _STOP = 0, 1
_Listener = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
_PARAMETERS = {
    "rate": (1, 80, 450),
    "volume": (2, 0, 200),
    "pitch": (3, 0, 100),
    "range": (4, 0, 100),
}
"""Number in `espeak_PARAMETER`, lowest and highest value, of speak_lib.h."""

_lock = threading.Lock()


class _Voice(ctypes.Structure):
    """`espeak_VOICE` of speak_lib.h."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_char_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


class _Library:
    """One fresh espeak-ng; exists only within `_loaded`."""

    def __init__(self, calls: ctypes.CDLL) -> None:
        data = espeakng_loader.get_data_path()
        calls.espeak_Info.restype = ctypes.c_char_p
        calls.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        calls.espeak_SetSynthCallback.restype = None
        calls.espeak_Synth.argtypes = [
            *(ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int),
            *(ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p),
        ]
        calls.espeak_ng_SetRandSeed.argtypes = [ctypes.c_long]
        self.sample_rate: int = calls.espeak_Initialize(
            _SYNCHRONOUS, CHUNK_MS, str(data).encode(), _DONT_EXIT
        )
        if self.sample_rate <= 0:
            raise MissingPart(
                f"espeak-ng cannot read its data in {data}; install it again, into a folder with "
                "a shorter path if this one is longer than 140 characters: "
                "pip install --force-reinstall espeakng-loader"
            )
        # Initialising seeds the breath noise from the clock.
        calls.espeak_ng_SetRandSeed(1)
        self.version: str = calls.espeak_Info(None).decode()
        self._calls = calls

    def list(self, kind: bytes | None) -> dict[str, str]:
        """Return languages by name, or for the kind `variant` the variants' names, with files."""
        wanted = None if kind is None else ctypes.byref(_Voice(languages=kind))
        found: dict[str, str] = {}
        for entry in self._calls.espeak_ListVoices(wanted):
            if not entry:
                break
            file = entry.contents.identifier.decode()
            # The first byte of `languages` is a priority.
            language = entry.contents.languages[1:].decode()
            found[file.removeprefix("!v/") if kind else language] = file
        return found

    def set_voice(self, name: str, parameters: Mapping[str, int]) -> None:
        if self._calls.espeak_SetVoiceByName(name.encode()) != 0:
            raise SynthesiserFailed(
                f"espeak-ng cannot load its voice {name}; `voicebot doctor` lists those it has"
            )
        for parameter, value in parameters.items():
            number, _, _ = _PARAMETERS[parameter]
            self._calls.espeak_SetParameter(number, value, 0)

    def speak(self, text: str, hear: Callable[[bytes], bool]) -> None:
        """Hand the samples to `hear` as they are made, for as long as it returns True."""

        def listener(samples: int | None, count: int, _events: int | None) -> int:
            if samples is None or count == 0:
                return _GO_ON
            return _GO_ON if hear(ctypes.string_at(samples, count * 2)) else _STOP

        data = text.encode()
        held = _Listener(listener)
        self._calls.espeak_SetSynthCallback(held)
        code = self._calls.espeak_Synth(
            data, len(data) + 1, 0, 0, 0, _UTF8 | _INLINE_PHONEMES, None, None
        )
        if code != 0:
            raise SynthesiserFailed(f"espeak-ng returned the error {code} for {text[:40]!r}")


@contextmanager
def _loaded() -> Iterator[_Library]:
    path = espeakng_loader.get_library_path()
    with _lock:
        try:
            calls = ctypes.CDLL(path)
        except OSError as error:
            raise MissingPart(
                f"the speech library {path} cannot be loaded ({error}); "
                "install it again: pip install --force-reinstall espeakng-loader"
            ) from error
        try:
            library = _Library(calls)
            try:
                yield library
            finally:
                calls.espeak_Terminate()
        finally:
            dlclose(calls._handle)


@cache
def version() -> str:
    """Return espeak-ng's version, such as `1.52.0`."""
    with _loaded() as library:
        return library.version


@cache
def voices() -> tuple[str, ...]:
    """Return the voices' names, which are languages: `cmn` is Mandarin in characters."""
    with _loaded() as library:
        return tuple(sorted(library.list(None)))


@cache
def variants() -> tuple[str, ...]:
    """Return the speakers that any voice can take on, such as `f4`."""
    with _loaded() as library:
        return tuple(sorted(library.list(b"variant")))


def lend() -> None:
    """Keep the library loaded, where another binding of this process finds it by its name.

    For a process of its own: it is the library's one state from then on.
    """
    os.environ["ESPEAK_DATA_PATH"] = str(Path(espeakng_loader.get_data_path()).parent)
    ctypes.CDLL(espeakng_loader.get_library_path())


class EspeakSynthesiser:
    """Mandarin speech in one voice; any number of these may speak from any threads."""

    def __init__(
        self,
        voice: str = "cmn",
        variant: str = "",
        *,
        rate: int = 190,
        pitch: int | None = None,
        pitch_range: int | None = None,
        volume: int = 100,
    ) -> None:
        """`rate` in words a minute (80 to 450), `volume` in percent (0 to 200).

        `pitch` and `pitch_range` go from 0 to 100 and are the voice's own when None.
        """
        _check_known("voice", voice, voices())
        if variant:
            _check_known("variant", variant, variants())
        chosen = {"rate": rate, "volume": volume, "pitch": pitch, "range": pitch_range}
        self._parameters = {name: value for name, value in chosen.items() if value is not None}
        for name, value in self._parameters.items():
            _, lowest, highest = _PARAMETERS[name]
            if not lowest <= value <= highest:
                raise SynthesiserFailed(
                    f"espeak-ng takes a {name} from {lowest} to {highest}, not {value}"
                )
        self._voice = f"{voice}+{variant}" if variant else voice
        with _loaded() as library:
            self._sample_rate = library.sample_rate

    @property
    def sample_rate(self) -> int:
        """22050 Hz; some voices of other languages differ, none of Mandarin does."""
        return self._sample_rate

    @property
    def identity(self) -> str:
        """See `Synthesiser`."""
        settings = " ".join(f"{name}={value}" for name, value in self._parameters.items())
        return f"espeak-ng {version()} spelling={SPELLING} {self._voice} {settings}"

    def synthesise(self, text: str) -> Iterator[bytes]:
        """See `Synthesiser`. Leaving the iteration early stops espeak within 50 ms of sound."""
        words = spoken(text)
        if not is_speakable(words):
            raise SynthesiserFailed(f"there is nothing to say in {text[:40]!r}; write some words")
        if len(words) > MAX_CHARACTERS:
            raise SynthesiserFailed(
                f"a text of {len(words)} characters is too long to say at once; "
                f"split it into parts of at most {MAX_CHARACTERS}"
            )
        return _Utterance(
            self._voice, self._parameters, respelled(words, inline_phonemes=True)
        ).chunks()


class _Utterance:
    """One text on its way from espeak's thread to the listener."""

    def __init__(self, voice: str, parameters: Mapping[str, int], text: str) -> None:
        self._voice = voice
        self._parameters = parameters
        self._text = text
        self._wanted = True
        self._complete = False
        self._made: SimpleQueue[bytes | Exception | None] = SimpleQueue()

    def chunks(self) -> Iterator[bytes]:
        threading.Thread(target=self._speak, name="espeak", daemon=True).start()
        audible = False
        try:
            while (item := self._made.get()) is not None:
                if isinstance(item, Exception):
                    raise item
                audible = audible or any(item)
                yield item
        finally:
            self._wanted = False
        if not self._complete:
            raise SynthesiserFailed(f"espeak-ng broke off within {self._text[:40]!r}")
        if not audible:
            raise SynthesiserFailed(
                f"espeak-ng made no sound for {self._text[:40]!r} with its voice {self._voice}; "
                "that voice cannot read this text, take `cmn` for Chinese characters"
            )

    def _speak(self) -> None:
        try:
            with _loaded() as library:
                library.set_voice(self._voice, self._parameters)
                library.speak(self._text, self._hear)
            self._complete = True
        except (MissingPart, SynthesiserFailed) as error:
            self._made.put(error)
        finally:
            self._made.put(None)

    def _hear(self, chunk: bytes) -> bool:
        if self._wanted:
            self._made.put(chunk)
        return self._wanted


def _check_known(what: str, name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        raise SynthesiserFailed(f"espeak-ng has no {what} {name!r}; it has {', '.join(known)}")
