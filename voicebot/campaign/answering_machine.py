"""Did a person pick up, or a machine? Decided beside the call, which never waits for it.

The script speaks as soon as the line is open; the frames of the other side come here too. A person
says 喂 and is silent. A machine goes on: its greeting is long, has words that no person answers
with, or ends with a beep. Length is counted in characters, not in words, which Chinese does not
write apart. Who cannot be told from a person is one.
"""

from dataclasses import dataclass
from enum import StrEnum

from voicebot.audio.frame import FRAME_MS, AudioFrame
from voicebot.campaign.announcements import Announcements
from voicebot.campaign.outcome import Disposition
from voicebot.speech.detector import SpeechDetector, SpeechPaused, SpeechStarted
from voicebot.speech.recogniser import UNKNOWN, Recogniser
from voicebot.speech.tones import Burst, ToneDetector

CHUNK_FRAMES = 5


class Reaction(StrEnum):
    """What a machine gets."""

    HANG_UP = "hang_up"
    LEAVE_MESSAGE = "leave_message"
    GO_ON = "go_on"
    """The script goes on: a telephone's assistant may tell its owner what was said."""


@dataclass(frozen=True, slots=True)
class MachineRule:
    """What the machines of a campaign get."""

    reaction: Reaction = Reaction.HANG_UP
    message: str = ""
    """What is left after the beep; may have places for variables, as prompts do."""


@dataclass(frozen=True, slots=True)
class MachineSettings:
    """What a machine is. The defaults were chosen on the table of docs/call_progress.md."""

    greeting_characters: int = 24
    """More in one breath is no person's greeting: 您好这里是某某公司请问您找哪位 has 15."""
    pause_ms: int = 800
    """Silence that ends the greeting."""
    begins_ms: int = 3000
    """A greeting begins within this. Speech that begins later answers what the robot said."""
    total_ms: int = 10_000
    """Of listening. Nothing heard by then is a silent person: the script asks whether they hear."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Who picked up."""

    disposition: Disposition
    """`ANSWERED_HUMAN`, `ANSWERED_MACHINE`, or what an announcement after the answer says: some
    switches answer a call only to tell that the number does not exist."""
    why: str
    text: str = ""
    """What was recognised of the greeting."""
    at_ms: int = 0
    """When it was known, from the answer on."""


class MachineDetector:
    """Listens to the beginning of one answered call."""

    def __init__(
        self,
        recogniser: Recogniser,
        detector: SpeechDetector,
        announcements: Announcements,
        settings: MachineSettings = MachineSettings(),
    ) -> None:
        """`recogniser` is this detector's own and hears anything; `detector` is a new one."""
        self._recogniser = recogniser
        self._detector = detector
        self._announcements = announcements
        self._settings = settings
        self._tones = ToneDetector()
        self._begin_ms: int | None = None
        self._listening = False
        self._chunk: list[bytes] = []
        self._text = ""
        self._spoke = False
        self._quiet_ms = 0
        self.judged: Judged | None = None

    def hear(self, frame: AudioFrame) -> Judged | None:
        """Take 20 ms of the other side; tell who it is once that is known, then no more.

        Raises `RecogniserFailed`.
        """
        if self.judged is not None:
            return None
        if self._begin_ms is None:
            # The line may have carried early media before.
            self._begin_ms = frame.start_ms
        now = frame.start_ms + FRAME_MS - self._begin_ms
        self._tones.process(frame)
        self._follow(frame)
        self._chunk.append(frame.pcm)
        if len(self._chunk) >= CHUNK_FRAMES:
            self._recognise()
        self.judged = self._judge(now)
        if self.judged is not None and self._listening:
            self._recogniser.finish()
        return self.judged

    def _follow(self, frame: AudioFrame) -> None:
        noticed = self._detector.process(frame)
        if isinstance(noticed, SpeechStarted):
            self._spoke = True
        if isinstance(noticed, SpeechPaused):
            behind = frame.position - noticed.position
            self._quiet_ms = behind * 1000 // frame.sample_rate
        self._quiet_ms = 0 if self._detector.speaking else self._quiet_ms + FRAME_MS

    def _recognise(self) -> None:
        if not self._listening:
            self._recogniser.listen(None)
            self._listening = True
        self._text = self._recogniser.accept(b"".join(self._chunk))
        self._chunk = []

    def _judge(self, now: int) -> Judged | None:
        settings = self._settings
        if is_beep(self._tones.last):
            return Judged(Disposition.ANSWERED_MACHINE, "beep", self._text, now)
        # Who offers to take a message does, whatever else is the matter.
        said = self._announcements.find(
            self._text, Disposition.ANSWERED_MACHINE
        ) or self._announcements.find(self._text)
        if said is not None and said.disposition in MACHINES:
            return Judged(Disposition.ANSWERED_MACHINE, f"says {said.words}", self._text, now)
        characters = len(self._text.replace(UNKNOWN, ""))
        long = characters > settings.greeting_characters
        ended = self._spoke and self._quiet_ms >= settings.pause_ms
        if said is not None and self._announcements.begins(self._text):
            # Not before its end, however long: 不方便接听您的电话 may go on with 请在提示音后留言.
            if ended or now >= settings.total_ms:
                return Judged(said.disposition, f"says {said.words}", self._text, now)
            return None
        if long:
            why = f"greets with more than {settings.greeting_characters} characters"
            return Judged(Disposition.ANSWERED_MACHINE, why, self._text, now)
        if ended:
            why = f"greets with {characters} characters and waits"
            return Judged(Disposition.ANSWERED_HUMAN, why, self._text, now)
        if not self._spoke and now >= settings.begins_ms:
            why = f"says nothing for {settings.begins_ms} ms"
            return Judged(Disposition.ANSWERED_HUMAN, why, "", now)
        if now >= settings.total_ms:
            return Judged(Disposition.ANSWERED_HUMAN, "undecided", self._text, now)
        return None


MACHINES = frozenset({Disposition.ANSWERED_MACHINE, Disposition.REMINDER, Disposition.FORWARDED})
"""What says these after the answer is a machine of the network or of the telephone."""

BEEP_MS = (150, 1500)
BEEP_HZ = (500, 2300)
"""Beeps of mailboxes and the answer of a fax (2100 Hz); voices hum lower."""
BEEP_PURITY = 0.88


def is_beep(burst: Burst | None) -> bool:
    """Tell whether a tone is what a mailbox gives before it records."""
    return (
        burst is not None
        and BEEP_MS[0] <= burst.length_ms <= BEEP_MS[1]
        and BEEP_HZ[0] <= burst.hz <= BEEP_HZ[1]
        and burst.purity >= BEEP_PURITY
    )
