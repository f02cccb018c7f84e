"""Import a million contacts with validation: seconds and memory.

python -m benchmarks.contacts_import [--rows 1000000] [--store ADDRESS] [--workbook]

The file has mainland mobiles in five ways of writing, four further columns, and one bad row in a
thousand. Memory is the largest resident set of the importing process, which is a new one.
"""

import argparse
import csv
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
from sqlalchemy import insert

from benchmarks.conditions import conditions
from voicebot.campaign.contacts import contact_rows
from voicebot.campaign.table_file import open_table
from voicebot.store.contact_batches import find_campaign
from voicebot.store.contact_import import import_contacts
from voicebot.store.engine import open_store
from voicebot.store.tables import campaign

WRITINGS = ("{}", "+86{}", "86{}", "+86 {}", "{}")
HEADER = ("手机号", "姓名", "product", "last_order", "coupon")


def write_file(path: Path, rows: int) -> None:
    """Write a list of customers whose numbers are in no order."""
    draw = random.Random(1)
    numbers = draw.sample(range(10**9), rows)
    lines = (
        (
            "12345" if at % 1000 == 999 else WRITINGS[at % 5].format(f"13{number:09}"),
            f"王女士{at}",
            "云南小粒咖啡豆",
            "上个月十二号",
            "二十元",
        )
        for at, number in enumerate(numbers)
    )
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet()
        sheet.append(HEADER)
        for line in lines:
            sheet.append(line)
        book.save(path)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(lines)


def bring(path: Path, address: str) -> None:
    """Import the file and print what it took; in a process of its own."""
    store = open_store(address)
    now = datetime.now(UTC)
    with store.write() as connection:
        connection.execute(
            insert(campaign).values(
                name=f"bench-{os.getpid()}",
                purpose="marketing",
                region="CN",
                created_at=now,
                updated_at=now,
            )
        )
    target = find_campaign(store, f"bench-{os.getpid()}").target
    rejected: list[int] = []
    began, worked = time.perf_counter(), time.process_time()
    table = open_table(path)
    rows = contact_rows(table, ["product"], "CN")
    imported = import_contacts(
        store, target, (path.name, table.sha256), rows, lambda each: rejected.append(each.line)
    )
    seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{imported.added:,} added, {imported.rejected:,} rejected in {seconds:.1f} s "
        f"({cpu:.1f} s of CPU in this process), {memory:.0f} MiB"
    )
    store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--store", default=None, help="An address; else a new SQLite file.")
    parser.add_argument("--workbook", action="store_true", help="XLSX instead of CSV.")
    parser.add_argument("--file", type=Path, default=None, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.file is not None:
        bring(given.file, given.store)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("contacts.xlsx" if given.workbook else "contacts.csv")
        write_file(path, given.rows)
        print(conditions())
        print(f"{given.rows:,} rows, {path.stat().st_size / 1e6:.0f} MB of {path.suffix[1:]}")
        address = given.store or str(Path(folder) / "bench.db")
        command = [sys.executable, "-m", "benchmarks.contacts_import", "--file", str(path)]
        subprocess.run([*command, "--store", address], check=True)


if __name__ == "__main__":
    main()
