"""Does memory grow with the number of calls?

    python -m benchmarks.memory [CALLS ...]     (1, 100 and 1000 when none is given)

Runs the demo's campaign over and over in one process, with another seed each time, and prints the
resident memory after so many attempts that were answered. Recordings are dropped as a shop's
worker drops them once they are written.
"""

import gc
import sys
import time

import psutil

from benchmarks.conditions import conditions
from voicebot import bootstrap, config
from voicebot.campaign.contacts import read_contacts
from voicebot.campaign.outcome import Attempt
from voicebot.dialogue.loader import load_script
from voicebot.runtime.campaign_runner import run_campaign
from voicebot.runtime.driver import Recording
from voicebot.runtime.virtual_time import run_virtual

MEBIBYTE = 2**20


class Counted:
    """Counts the calls and tells the memory at the milestones."""

    def __init__(self, milestones: list[int]) -> None:
        self.milestones = milestones
        self.answered = 0
        self.begin = time.perf_counter()

    async def finished(self, attempt: Attempt, recording: Recording | None) -> None:
        """Take one attempt's end."""
        self.answered += attempt.record is not None
        if self.milestones and self.answered >= self.milestones[0]:
            self.milestones.pop(0)
            gc.collect()
            resident = psutil.Process().memory_info().rss / MEBIBYTE
            seconds = time.perf_counter() - self.begin
            print(
                f"after {self.answered:5} calls: {resident:7.1f} MiB, {seconds:.0f} s", flush=True
            )


def main(*milestones: int) -> None:
    print(conditions())
    model = bootstrap.load_model(None)
    script = load_script(config.DEMO_CAMPAIGN)
    contacts = read_contacts(config.DEMO_CAMPAIGN / "contacts.csv")
    voice = bootstrap.prompt_voice("espeak")
    for contact in contacts:
        bootstrap.prepare(voice, script, contact.variables)
    resident = psutil.Process().memory_info().rss / MEBIBYTE
    print(f"before the first call: {resident:7.1f} MiB")
    counted = Counted(sorted(milestones or (1, 100, 1000)))
    seed = 0
    while counted.milestones:
        seed += 1
        trunk = bootstrap.simulated_trunk(config.DEMO_CAMPAIGN, script, contacts, seed)
        parts = bootstrap.parts(model, voice, realtime=False)
        run_virtual(run_campaign(contacts, script, trunk, parts, finished=counted.finished))


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:]))
