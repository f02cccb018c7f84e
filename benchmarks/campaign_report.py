"""How long the report of a million attempts takes, and how long its numbers.

    python -m benchmarks.campaign_report [--contacts 640000] [--store FILE|URL]

Writes a drawn campaign (1.6 attempts a contact) into the store, or takes the one that is there,
and counts it three times: wall time, this process's CPU, and the page with its workbook.
"""

import argparse
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.campaign_data import fill
from benchmarks.conditions import conditions
from voicebot.campaign.figures import figures
from voicebot.errors import BadStore
from voicebot.report.campaign_report import write_page, write_workbook
from voicebot.store.engine import open_store
from voicebot.store.figures import counts
from voicebot.store.outcomes import campaign_id

NAME = "benchmark"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=640_000)
    parser.add_argument("--store")
    arguments = parser.parse_args()
    print(conditions())
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(arguments.store or Path(folder) / "shop.db")
        print(store.engine.dialect.name)
        try:
            with store.read() as connection:
                campaign = campaign_id(connection, NAME)
        except BadStore:
            begin = time.perf_counter()
            campaign = fill(store, arguments.contacts, name=NAME)
            print(f"filled in {time.perf_counter() - begin:.0f} s")
        for _ in range(3):
            begin, used = time.perf_counter(), time.process_time()
            with store.read() as connection:
                counted = counts(connection, campaign)
            worked_out = figures(counted, 12)
            wall, cpu = time.perf_counter() - begin, time.process_time() - used
            begin = time.perf_counter()
            write_page(Path(folder) / "page.html", worked_out, datetime.now(UTC))
            write_workbook(Path(folder) / "page.xlsx", worked_out)
            print(
                f"{worked_out.dialled:,} attempts counted in {wall:.2f} s ({cpu:.2f} s of CPU), "
                f"page and workbook {time.perf_counter() - begin:.2f} s"
            )
        store.close()


if __name__ == "__main__":
    main()
