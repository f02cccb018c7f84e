"""Everything that voicebot raises on purpose.

VoicebotError
|-- BadInput           a person gave us something wrong and can mend it (exit 2)
|   |-- BadAudio
|   |-- BadCampaign    every problem of a campaign's file, or an order that makes no sense
|   |-- BadContacts    every bad row at once
|   |-- BadModel
|   |-- BadPolicy      every problem of a policy file at once
|   |-- BadRules       every problem of a file of grading rules at once
|   |-- BadScript      every problem of a script at once
|   |-- BadSegment     a segment or condition that cannot be read, with its place
|   `-- BadStore       an address of a store that cannot be one, a store of a newer version
|-- Busy               somebody else is at work with the same thing (exit 2)
|-- StorageFailed      a result could not be kept: a full disk, a folder in the way (exit 2)
|-- NoWorker           the processes of a service could not be started, and have said why (exit 2)
|-- MissingPart        a program, device or package that is not installed (exit 2)
|-- LineFailed         a telephone line or a peer's session description cannot be used
|   `-- NoMedia        a call was answered, and no audio comes
`-- EngineFailed       a recogniser or synthesiser broke while it worked
    |-- HookFailed
    |-- RecogniserFailed
    `-- SynthesiserFailed
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in a file: where it stands, what it is, and what to do about it."""

    file: str
    what: str
    line: int | None = None
    """Counted from 1."""
    path: str = ""
    """The way to the fault inside the file, such as `states.offer.on.affirm`."""
    hint: str = ""

    def __str__(self) -> str:
        """`file:line: path: what; hint`, leaving out what is not known."""
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        text = ": ".join(part for part in (where, self.path, self.what) if part)
        return f"{text}; {self.hint}" if self.hint else text


class VoicebotError(Exception):
    """The root of the tree."""


class BadInput(VoicebotError):
    """Something a person gave us is wrong; `problems` has one entry a fault."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class BadAudio(BadInput):
    """A file or stream that is not the audio it should be."""


class BadCampaign(BadInput):
    """A campaign's file with at least one fault, or a campaign that cannot do what it is told."""


class BadContacts(BadInput):
    """A contacts file that cannot be used."""


class BadModel(BadInput):
    """A folder that is not a usable recognition model."""


class BadPolicy(BadInput):
    """A policy file with at least one fault: nobody is called by it."""


class BadRules(BadInput):
    """A file of grading rules with at least one fault."""


class BadSegment(BadInput):
    """A segment of outcomes, or another condition on them, that cannot be read."""


class BadScript(BadInput):
    """A call script with at least one fault."""


class BadStore(BadInput):
    """A store that cannot be used as it is addressed."""


class Busy(VoicebotError):
    """Somebody else is at work with the same thing; the text says with what, and until when."""


class NoWorker(VoicebotError):
    """The first process of a service ended before it was ready; it has said why."""


class MissingPart(VoicebotError):
    """Something is not installed; the text says what and how to get it."""


class StorageFailed(VoicebotError):
    """A result could not be kept; the text names the file, the fault and the way out."""


class LineFailed(VoicebotError):
    """A line could not be opened or broke; one call's matter, or a server's that is away."""


class NoMedia(LineFailed):
    """The other side of a call that was answered sends no audio."""


class EngineFailed(VoicebotError):
    """An engine broke while it worked; the call goes on without it, or ends politely."""


class HookFailed(EngineFailed):
    """A program of the shop hung, broke, or answered nonsense."""


class RecogniserFailed(EngineFailed):
    """The recogniser raised, fell too far behind, or did not answer in time."""


class SynthesiserFailed(EngineFailed):
    """A text could not be spoken."""
