"""Do simulated callers reach what they want, and does every call come to an end?

    python -m benchmarks.task_success campaigns/support --calls 200

Every persona of the campaign that picks up and has a `goal` calls again and again, each time with
other words, thinking times and noise, through a telephone line and the real recogniser, in virtual
time. Prints a table for docs/sample_campaigns.md.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.conditions import conditions
from voicebot import bootstrap
from voicebot.campaign.contacts import Contact, read_contacts
from voicebot.campaign.outcome import Attempt, Disposition
from voicebot.dialogue.script import EndReason
from voicebot.report.files import write_attempt
from voicebot.runtime.campaign_runner import run_campaign
from voicebot.runtime.driver import Recording
from voicebot.runtime.virtual_time import run_virtual
from voicebot.simulation.persona import Persona
from voicebot.simulation.persona_file import load_personas
from voicebot.simulation.trunk import COLUMN

ENDLESS = (EndReason.TOO_LONG, EndReason.TOO_MANY_TURNS)
"""Ends of calls that would not have ended."""

FILES = ("VOICEBOT_DEMO_SHOP", "VOICEBOT_TICKETS", "VOICEBOT_SMS")
"""Where the campaigns' actions write; a run has its own."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of one persona."""

    persona: Persona
    attempt: Attempt

    @property
    def reached(self) -> bool:
        """Whether the caller got what they wanted."""
        record = self.attempt.record
        goal = self.persona.goal
        return record is not None and goal is not None and goal.reached(record)


def main() -> None:
    """Run the calls and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--persona", help="only this one")
    parser.add_argument("--out", type=Path, help="keep the records of calls that failed")
    arguments = parser.parse_args()
    print(conditions())
    with tempfile.TemporaryDirectory() as scratch:
        for name in FILES:
            os.environ[name] = str(Path(scratch) / name.lower())
        for folder in arguments.folders:
            began = time.perf_counter()
            calls = list(simulate(folder, arguments.calls, arguments.seed, only=arguments.persona))
            report(folder, calls, time.perf_counter() - began)
            if arguments.out is not None:
                for number, call in enumerate(calls, 1):
                    if not call.reached:
                        attempt = replace(call.attempt, number=number)
                        write_attempt(arguments.out / folder.name, attempt)


def simulate(folder: Path, count: int, seed: int, *, only: str | None = None) -> Iterator[Call]:
    """Yield `count` calls, the personas in turn."""
    ear = bootstrap.load_model(None)
    voice = bootstrap.prompt_voice("espeak")
    script = bootstrap.load_script(folder, ear)
    personas = load_personas(folder, states=script.states)
    contacts = [
        contact
        for contact in _contacts(folder, personas)
        if only is None or contact.variables[COLUMN] == only
    ]
    for contact in contacts:
        bootstrap.prepare(voice, script, contact.variables)
    parts = bootstrap.parts(ear, voice, realtime=False)
    left = count
    while left > 0:
        some = contacts[:left]
        trunk = bootstrap.simulated_trunk(folder, script, some, seed)
        finished: list[Attempt] = []

        async def note(
            attempt: Attempt, recording: Recording | None, into: list[Attempt] = finished
        ) -> None:
            into.append(attempt)

        run_virtual(run_campaign(some, script, trunk, parts, finished=note))
        for attempt in finished:
            yield Call(personas[attempt.contact.variables[COLUMN]], attempt)
        left -= len(some)
        seed += 1


def report(folder: Path, calls: Sequence[Call], seconds: float) -> None:
    """Print what came of one campaign's calls."""
    reached = sum(call.reached for call in calls)
    records = [call.attempt.record for call in calls if call.attempt.record is not None]
    endless = sum(record.end_reason in ENDLESS for record in records)
    turns = sorted(len(record.turns) for record in records)
    lengths = [record.duration_ms / 1000 for record in records]
    print(f"\n## {folder.name}: {len(calls)} calls, {reached / len(calls):.1%} of goals reached")
    print(f"endless: {endless}; longest: {turns[-1]} turns, {max(lengths):.0f} s")
    print(f"median: {statistics.median(turns):.0f} turns, {statistics.median(lengths):.0f} s")
    print(f"computed in {seconds:.0f} s\n")
    print("| persona | wants | calls | reached | otherwise |\n|---|---|---|---|---|")
    for name in dict.fromkeys(call.persona.name for call in calls):
        own = [call for call in calls if call.persona.name == name]
        good = sum(call.reached for call in own)
        ends = Counter(_came_to(call) for call in own if not call.reached)
        other = ", ".join(f"{end} {times}" for end, times in ends.most_common(3))
        print(f"| {name} | {own[0].persona.about} | {len(own)} | {good} | {other} |", flush=True)


def _came_to(call: Call) -> str:
    record = call.attempt.record
    return "no call" if record is None else f"{record.end_reason} in {record.end_state}"


def _contacts(folder: Path, personas: dict[str, Persona]) -> list[Contact]:
    """Return one contact for each persona with a goal; who has no row borrows the first one's."""
    rows = {row.variables[COLUMN]: row for row in reversed(read_contacts(folder / "contacts.csv"))}
    usual = next(iter(rows.values()))
    found = []
    for number, persona in enumerate(personas.values()):
        if persona.goal is None or persona.answer is not Disposition.ANSWERED_HUMAN:
            continue
        row = rows.get(persona.name)
        if row is None:
            phone = f"{usual.phone[:-3]}{900 + number}"
            variables = {**usual.variables, COLUMN: persona.name, "phone": phone}
            row = replace(usual, phone=phone, variables=variables)
        found.append(row)
    return found


if __name__ == "__main__":
    main()
