"""The speech synthesisers used for training, called through espeak's C interface.

Every build is a shared library of the eSpeak family with its data folder; versions differ in
phoneme data, durations and tone contours, which is why several are used. A build that is
not installed is left out. Besides the audio each gives the time of every phoneme.
"""

import ctypes
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_RETRIEVAL, _PHONEME_EVENTS, _DONT_EXIT = 2, 0x0001, 0x8000
_CHARS_UTF8 = 1
_END, _PHONEME = 0, 7
_RATE, _VOLUME, _PITCH, _RANGE, _WORDGAP = 1, 2, 3, 4, 7


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("name", ctypes.c_char * 8),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass(frozen=True, slots=True)
class Build:
    """One installed synthesiser."""

    name: str
    library: str
    data: Path
    voice: str

    def variants(self) -> tuple[str, ...]:
        """Voice variants that come with it."""
        return tuple(sorted(p.name for p in (self.data / "voices" / "!v").iterdir()))


@dataclass(frozen=True, slots=True)
class Manner:
    """How one utterance is spoken; the units are espeak's."""

    variant: str
    words_per_minute: int = 165
    pitch: int = 50
    pitch_range: int = 50
    word_gap: int = 0


@dataclass(frozen=True, slots=True)
class Speech:
    """Audio with the start of each phoneme in milliseconds."""

    samples: NDArray[np.int16]
    sample_rate: int
    phonemes: tuple[tuple[int, str], ...]


class Synthesiser:
    """One build, loaded once a process."""

    def __init__(self, build: Build) -> None:
        self.build = build
        self._library = ctypes.CDLL(build.library)
        self._rate = self._library.espeak_Initialize(
            _RETRIEVAL, 0, str(build.data.parent).encode(), _PHONEME_EVENTS | _DONT_EXIT
        )
        if self._rate <= 0:
            raise RuntimeError(f"{build.name}: cannot read {build.data}")
        self._audio: list[bytes] = []
        self._phonemes: list[tuple[int, str]] = []
        self._callback = _Callback(self._receive)
        self._library.espeak_SetSynthCallback(self._callback)

    def _receive(self, samples: object, count: int, events: object) -> int:
        if count > 0:
            self._audio.append(ctypes.string_at(samples, count * 2))  # type: ignore[arg-type]
        position = 0
        while events[position].type != _END:  # type: ignore[index]
            event = events[position]  # type: ignore[index]
            if event.type == _PHONEME:
                name = event.name.decode("utf-8", "replace")
                self._phonemes.append((event.audio_position, name))
            position += 1
        return 0

    def say(self, text: str, manner: Manner) -> Speech:
        """Speak toned pinyin, or characters with a build whose voice reads them."""
        name = f"{self.build.voice}+{manner.variant}"
        if self._library.espeak_SetVoiceByName(name.encode()) != 0:
            raise ValueError(f"{self.build.name}: no voice {name}")
        for parameter, value in (
            (_RATE, manner.words_per_minute),
            (_PITCH, manner.pitch),
            (_RANGE, manner.pitch_range),
            (_WORDGAP, manner.word_gap),
        ):
            self._library.espeak_SetParameter(parameter, value, 0)
        self._audio, self._phonemes = [], []
        data = text.encode()
        self._library.espeak_Synth(data, len(data) + 1, 0, 0, 0, _CHARS_UTF8, None, None)
        self._library.espeak_Synchronize()
        samples = np.frombuffer(b"".join(self._audio), np.int16)
        return Speech(samples, self._rate, tuple(self._phonemes))


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent


def _loader() -> Build | None:
    """PyPI `espeakng-loader`: eSpeak NG 1.52, the library that the robot itself speaks with."""
    folder = _package("espeakng_loader")
    if folder is None:
        return None
    library = next(iter(sorted(folder.glob("libespeak-ng.*"))))
    return Build("loader", str(library), folder / "espeak-ng-data", "cmn-latn-pinyin")


def _piper() -> Build | None:
    """PyPI `piper-phonemize`: a fork of eSpeak NG."""
    folder = _package("piper_phonemize")
    if folder is None:
        return None
    libraries = sorted((folder.parent / "piper_phonemize.libs").glob("libespeak-ng*"))
    if not libraries:
        return None
    return Build("piper", str(libraries[0]), folder / "espeak-ng-data", "cmn-latn-pinyin")


def _debian_package(library: str, data: str, name: str, voice: str) -> Build | None:
    """A library of the system, by its full path.

    By its bare name the loader would hand back any library of that name already open, which
    is another build with the first one's state.
    """
    for path in sorted(Path("/usr/lib").glob(f"*/{library}")):
        folder = path.parent / data
        if (folder / "voices" / "!v").is_dir():
            return Build(name, str(path), folder, voice)
    return None


def _debian() -> Build | None:
    """Debian `libespeak-ng1`: eSpeak NG 1.51."""
    return _debian_package("libespeak-ng.so.1", "espeak-ng-data", "debian", "cmn-latn-pinyin")


def _classic() -> Build | None:
    """Debian `libespeak1`: the original eSpeak 1.48."""
    return _debian_package("libespeak.so.1", "espeak-data", "classic", "zh")


_FINDERS: dict[str, Callable[[], Build | None]] = {
    "loader": _loader,
    "debian": _debian,
    "piper": _piper,
    "classic": _classic,
}


def installed(names: tuple[str, ...]) -> tuple[Build, ...]:
    """The named builds that this machine has."""
    found = (_FINDERS[name]() for name in names)
    return tuple(build for build in found if build is not None)
