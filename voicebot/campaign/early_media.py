"""Listening to a line before anybody answers: tones, announcements, or the customer's colour ring.

Frames go in, what is noticed comes out. It blocks while the recogniser works (about a tenth of a
second for ten of sound), so it belongs on a call's own thread. Only sound that is no tone goes to
the recogniser. A colour ring (彩铃) is whatever sounds for longer than a sentence and is no
announcement: music, or a shop that praises itself. An announcement may come after it or over it.
"""

from dataclasses import dataclass

from voicebot.audio.frame import FRAME_MS, AudioFrame
from voicebot.campaign.announcements import Announcements, Said
from voicebot.campaign.outcome import Disposition
from voicebot.speech.detector import level_dbfs
from voicebot.speech.recogniser import Recogniser
from voicebot.speech.tones import Signal, ToneDetector

SOUND_DBFS = -50.0
"""Quieter is a silent line; A-law's own noise is at -68."""

GAP_MS = 500
"""Silence that ends a piece of sound; announcements pause for less between their clauses."""

LONGEST_MS = 9000
"""Of one piece: an announcement said in Chinese and begun in English lasts as long. Music is cut
here, with the last `OVERLAP_MS` heard again."""
OVERLAP_MS = 2000

TONE_MS = 80
"""A tone for so long is one; vowels are pure for less."""
BEGIN_FRAMES = 5
"""Sound for so long, and no tone, begins a piece."""

CHUNK_FRAMES = 5
"""Frames between two looks at the text."""

STEADY_CHUNKS = 3
"""Looks that must find the same words before the sentence's end is not waited for."""

COLOUR_RING_MS = 2500
"""Sound of another kind that has lasted as long is a colour ring."""


@dataclass(frozen=True, slots=True)
class Tone:
    """A cadence was heard."""

    signal: Signal
    age_ms: int = 0
    """How long ago it began."""


@dataclass(frozen=True, slots=True)
class ColourRing:
    """The customer's telephone rings, and its music is heard instead of the ringback tone."""

    age_ms: int = 0


@dataclass(frozen=True, slots=True)
class Announced:
    """The network spoke."""

    disposition: Disposition
    text: str
    """As recognised, whole."""
    words: str
    """That decided it."""
    age_ms: int = 0


Noticed = Tone | ColourRing | Announced


class EarlyMedia:
    """One call's ear before the answer."""

    def __init__(self, recogniser: Recogniser, announcements: Announcements) -> None:
        self._recogniser = recogniser
        self._announcements = announcements
        self._tones = ToneDetector()
        self._now_ms = 0
        self._piece: list[bytes] = []
        """Frames of the piece of sound that is being heard."""
        self._waiting: list[bytes] = []
        """Sound that may begin one."""
        self._chunk: list[bytes] = []
        self._start_ms = 0
        self._sound_ms = 0
        """Since when this sound goes on, whatever pieces it was cut into."""
        self._quiet_ms = 0
        self._found: tuple[Said, int] | None = None
        """What the last looks found, and how many they were."""
        self._text = ""
        """Of the piece, at the last look."""
        self._last: list[bytes] = []
        """Frames of the piece before."""
        self._rings = False

    def hear(self, frame: AudioFrame) -> list[Noticed]:
        """Take 20 ms; raises `RecogniserFailed`."""
        noticed: list[Noticed] = []
        self._now_ms = frame.start_ms + FRAME_MS
        heard = self._tones.process(frame)
        if heard is not None:
            noticed.append(Tone(heard.signal, self._age(heard.start_ms)))
            if heard.signal is not Signal.RINGBACK:
                # What sounded until now was the tone: in noise words were heard in it.
                self._piece, self._waiting, self._chunk = [], [], []
                self._found, self._text = None, ""
        tone = self._tones.length_ms >= TONE_MS
        loud = not tone and level_dbfs(frame.pcm) > SOUND_DBFS
        if not self._piece:
            self._waiting = [*self._waiting, frame.pcm] if loud else []
            if len(self._waiting) >= BEGIN_FRAMES:
                self._sound_ms = self._now_ms - BEGIN_FRAMES * FRAME_MS
                self._begin(self._sound_ms, self._waiting)
            return noticed
        self._quiet_ms = 0 if loud else self._quiet_ms + FRAME_MS
        self._piece.append(frame.pcm)
        self._chunk.append(frame.pcm)
        length_ms = len(self._piece) * FRAME_MS
        if self._quiet_ms >= GAP_MS or (len(self._chunk) >= CHUNK_FRAMES and self._steady()):
            noticed += self._close()
        elif length_ms >= LONGEST_MS:
            noticed += self._close()
            again = self._last[-OVERLAP_MS // FRAME_MS :]
            self._begin(frame.start_ms + FRAME_MS - OVERLAP_MS, again)
        noticed += self._colour_ring()
        return noticed

    def finish(self) -> list[Noticed]:
        """End the listening; an announcement that was cut off by the line may still be known."""
        return self._close() if self._piece else []

    def _begin(self, start_ms: int, frames: list[bytes]) -> None:
        self._recogniser.listen(self._announcements.sentences)
        self._piece = list(frames)
        self._chunk = list(frames)
        self._waiting = []
        self._start_ms = start_ms
        self._quiet_ms = 0
        self._found = None

    def _steady(self) -> bool:
        """Give the recogniser what waits; tell whether it is sure of what is announced."""
        text = self._recogniser.accept(b"".join(self._chunk))
        self._chunk = []
        self._text = text
        said = self._announcements.find(text)
        if said is None:
            self._found = None
            return False
        same = self._found is not None and self._found[0] == said
        count = self._found[1] + 1 if same and self._found is not None else 1
        self._found = said, count
        return count >= STEADY_CHUNKS

    def _close(self) -> list[Noticed]:
        if self._chunk:
            self._recogniser.accept(b"".join(self._chunk))
        transcript = self._recogniser.finish()
        self._last, self._piece, self._chunk = self._piece, [], []
        said, text = self._announcements.find(transcript.text), transcript.text
        if said is None and self._found is not None and self._found[1] >= STEADY_CHUNKS:
            # Closed within a word: the final text may lose it.
            said, text = self._found[0], self._text
        self._text = ""
        if said is None:
            return []
        return [Announced(said.disposition, text, said.words, self._age(self._start_ms))]

    def _colour_ring(self) -> list[Noticed]:
        lasts_ms = self._age(self._sound_ms)
        if self._rings or not self._piece or lasts_ms < COLOUR_RING_MS:
            return []
        if self._announcements.begins(self._text) or self._found is not None:
            return []
        self._rings = True
        return [ColourRing(lasts_ms)]

    def _age(self, start_ms: int) -> int:
        return self._now_ms - start_ms
