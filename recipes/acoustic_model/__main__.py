"""Make the acoustic model: `python -m recipes.acoustic_model STAGE --config FILE`.

Stages, each of which leaves its result in the work folder and skips what is there already:

    lexicon    the words and their readings
    speech     synthetic telephone speech
    bootstrap  a first network, from synthetic speech
    align-1    human speech: where its phones are, by the first network
    human-1    human speech turned into other voices on telephone lines
    realign    a second network, from both
    align-2    alignment again, by the second network
    human-2    human speech again
    train      the network that is shipped
    export     am/final.mdl and conf
    graph      graph
    evaluate   every figure of the model card
    calibrate  what a confidence means
    card       the model card
    all        everything above
    check      the model loads in vosk and hears better than chance
    smoke      a model and its check, without evaluation; meant for smoke.toml
"""

import argparse
import json
import logging
import os
import resource
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

from recipes.acoustic_model.config import Config, ConfigError, load

HERE = Path(__file__).parent

# Stage -> module, function and further arguments. A module is imported only by its own stage,
# and `all` gives every stage a process of its own: the OpenFst inside vosk and the one inside
# pywrapfst wait for each other for ever when both are loaded.
STAGES: dict[str, tuple[str, str, tuple[int, ...]]] = {
    "lexicon": ("lexicon", "run", ()),
    "speech": ("speech", "run", ()),
    "bootstrap": ("training", "bootstrap", ()),
    "align-1": ("training", "align", (1,)),
    "human-1": ("human", "run", (1,)),
    "realign": ("training", "realign", ()),
    "align-2": ("training", "align", (2,)),
    "human-2": ("human", "run", (2,)),
    "train": ("training", "run", ()),
    "export": ("export", "run", ()),
    "graph": ("graph", "run", ()),
    "evaluate": ("evaluation", "run", ()),
    "calibrate": ("calibration", "run", ()),
    "card": ("card", "run", ()),
    "check": ("check", "run", ()),
}
SERIES = {
    "all": tuple(name for name in STAGES if name != "check"),
    "smoke": tuple(n for n in STAGES if n not in {"evaluate", "calibrate", "card"}),
}
HUMAN_STAGES = frozenset({"align-1", "human-1", "realign", "align-2", "human-2"})
# What a finished model to go on from makes needless.
FIRST_STAGES = frozenset({"bootstrap", "align-1", "human-1", "realign"})
# Threads that spin while they wait slow torch down tenfold beside any other work.
ENVIRONMENT = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0", "KMP_BLOCKTIME": "0"}


def main() -> None:
    """Run one stage or a series of them."""
    parser = argparse.ArgumentParser(
        prog="python -m recipes.acoustic_model",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("stage", choices=[*STAGES, *SERIES])
    parser.add_argument("--config", type=Path, default=HERE / "config.toml")
    parser.add_argument(
        "--human", type=Path, action="append", default=[], help="folder of labelled human speech"
    )
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("jieba").setLevel(logging.WARNING)
    try:
        config = load(arguments.config, tuple(arguments.human))
        if arguments.stage in SERIES:
            run_series(arguments.stage, config)
        else:
            run_stage(arguments.stage, config)
    except (ConfigError, ValueError) as error:
        parser.exit(2, f"{error}\n")


def run_stage(name: str, config: Config) -> None:
    """Run one stage here."""
    module, function, extra = STAGES[name]
    logging.info("stage %s", name)
    getattr(import_module(f"recipes.acoustic_model.{module}"), function)(config, *extra)


def run_series(series: str, config: Config) -> None:
    """Run every stage that applies, each in its own process; the first failure ends it.

    How long each took, by the clock and in CPU seconds, is added to `timings.jsonl`.
    """
    config.work.mkdir(parents=True, exist_ok=True)
    for name in SERIES[series]:
        if name in HUMAN_STAGES and not config.human_folders:
            continue
        if name in FIRST_STAGES and config.start:
            continue
        command = [sys.executable, "-m", "recipes.acoustic_model", name]
        command += ["--config", str(config.file)]
        for folder in config.human_folders:
            command += ["--human", str(folder)]
        began, used = time.monotonic(), _cpu_of_children()
        finished = subprocess.run(command, check=False, env={**ENVIRONMENT, **os.environ})
        row = {
            "stage": name,
            "wall_s": round(time.monotonic() - began, 1),
            "cpu_s": round(_cpu_of_children() - used, 1),
        }
        with (config.work / "timings.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        if finished.returncode:
            sys.exit(finished.returncode)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
