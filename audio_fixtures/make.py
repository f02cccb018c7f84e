"""Make the recordings and labels of this folder anew.

    python audio_fixtures/make.py [--out FOLDER] [NAME ...]

Each caller of `personas.yaml` is called once by the whole robot, in virtual time, over a simulated
line. What arrives of the caller is the recording; what the caller did is its label, together with
what `expected.yaml` says must come of it. A call that comes to something else is told and makes
the command fail: mend the robot, or make the caller clearer. The same seed gives the same files.
"""

import argparse
import sys
from pathlib import Path

from voicebot import bootstrap, config
from voicebot.audio import wav
from voicebot.call.record import CallRecord
from voicebot.call.session import CallSession
from voicebot.campaign.contacts import Contact
from voicebot.dialogue.loader import load_script
from voicebot.dialogue.script import Script
from voicebot.errors import BadInput, Problem, VoicebotError
from voicebot.runtime.call_runner import Parts, run_call
from voicebot.runtime.virtual_time import run_virtual
from voicebot.simulation.caller import CallerRecord
from voicebot.simulation.labels import (
    Expected,
    Label,
    LabelledUtterance,
    read_expectations,
    write_label,
)
from voicebot.simulation.line import DELAY_MS, LineSettings
from voicebot.simulation.persona import Persona
from voicebot.simulation.persona_file import FILE, load_personas

SEED = 20
FOLDER = Path(__file__).parent
MAX_MS = 60_000
"""The longest recording: the folder is part of the repository and stays under 8 MB."""


async def call(
    persona: Persona, script: Script, variables: dict[str, str], parts: Parts
) -> tuple[CallRecord, CallerRecord, bytes]:
    """Call one caller; return both sides' records and what arrived of the caller."""
    contact = Contact("15400000000", variables.get("name", ""), {"persona": persona.name}, 1)
    trunk = bootstrap.simulated_trunk(FOLDER, script, [contact], SEED)
    dialled = await trunk.dial(contact, contact.phone)
    if dialled.leg is None:
        raise ValueError(f"{persona.name} does not pick up and cannot be recorded")
    session = CallSession(script, variables)
    record, recording = await run_call(session, dialled.leg, parts, dialled.watch)
    await trunk.close()
    return record, trunk.records[contact.phone], bytes(recording.caller)


def label(
    persona: Persona,
    script: Script,
    caller: CallerRecord,
    variables: dict[str, str],
    expected: Expected,
) -> Label:
    """Join what the caller did to what must come of it."""
    said = tuple(
        LabelledUtterance(
            each.text,
            each.start_ms + DELAY_MS,
            each.end_ms + DELAY_MS,
            tuple((first + DELAY_MS, end + DELAY_MS) for first, end in each.pauses),
            each.barge_in,
        )
        for each in caller.said
    )
    return Label(
        persona.about,
        caller.voice,
        describe(persona.line),
        script.name,
        variables,
        said,
        expected,
    )


def describe(line: LineSettings) -> str:
    """Say what a line is like."""
    codec = "no codec" if line.codec is None else str(line.codec)
    noise = "no noise" if line.noise is None else f"{line.noise} noise at {line.snr_db:g} dB"
    return f"{codec}, voice at {line.level_dbfs:g} dBFS, {noise}"


def differences(record: CallRecord, expected: Expected) -> list[str]:
    """Say where a call came to something else than it must."""
    found = []
    intents = tuple(turn.intent for turn in record.turns if turn.intent is not None)
    if intents != expected.intents:
        heard = ", ".join(f"{turn.text}: {turn.intent}" for turn in record.turns if turn.text)
        found.append(f"intents {intents} instead of {expected.intents}; heard {heard}")
    if record.end_reason is not expected.end_reason:
        found.append(f"ended with {record.end_reason} instead of {expected.end_reason}")
    for name, value in expected.outcome.items():
        if record.outcome.get(name) != value:
            found.append(f'{name} is "{record.outcome.get(name)}" instead of "{value}"')
    if record.duration_ms > MAX_MS:
        found.append(f"lasts {record.duration_ms} ms; {MAX_MS} are the most")
    return found


def main(names: list[str], out: Path) -> int:
    """Make the named recordings, or all."""
    ear = bootstrap.load_model(None)
    script = load_script(config.DEMO_CAMPAIGN, can_say=ear.missing)
    personas = load_personas(FOLDER, states=script.states)
    expectations = read_expectations(FOLDER / "expected.yaml", personas)
    voice = bootstrap.prompt_voice("espeak")
    for name in names:
        if name not in personas:
            raise BadInput(
                Problem(str(FOLDER / FILE), f'has no "{name}"', hint=", ".join(personas))
            )
    failed = False
    for name in names or list(personas):
        variables, expected = expectations[name]
        bootstrap.prepare(voice, script, variables)
        parts = bootstrap.parts(ear, voice, realtime=False)
        persona = personas[name]
        record, caller, pcm = run_virtual(call(persona, script, dict(variables), parts))
        wav.write(out / f"{name}.wav", config.LINE_RATE, pcm)
        made = label(persona, script, caller, dict(variables), expected)
        write_label(out / f"{name}.yaml", made)
        print(f"{name}: {record.duration_ms / 1000:.1f} s, {len(caller.said)} utterances")
        for difference in differences(record, expected):
            failed = True
            print(f"{name}: {difference}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make the recordings and labels anew.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="of one recording; else all")
    parser.add_argument("--out", type=Path, default=FOLDER, help="default: this folder")
    options = parser.parse_args()
    try:
        sys.exit(main(options.names, options.out))
    except VoicebotError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
