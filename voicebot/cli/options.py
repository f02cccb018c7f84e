"""Options that several commands share."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console

from voicebot.bootstrap import SYNTHESISERS
from voicebot.config import MODEL_VARIABLE, store_address
from voicebot.dialogue.script import Script
from voicebot.store.engine import Store, open_store

PIPE_COLUMNS = 160
Command = TypeVar("Command", bound=Callable[..., Any])

model_option = click.option(
    "--model",
    type=click.Path(path_type=Path),
    metavar="PATH|NAME",
    help=f"Vosk model to hear with, a folder or an installed one; else ${MODEL_VARIABLE}, else "
    "what `voicebot model use` chose, else the bundled one.",
)

engine_option = click.option(
    "--engine",
    type=click.Choice(sorted(SYNTHESISERS)),
    default="espeak",
    show_default=True,
    help="What the robot speaks with.",
)

store_option = click.option(
    "--store",
    "store_address",
    metavar="FILE|URL",
    help="The database of campaigns; else $VOICEBOT_STORE, else the user's own.",
)

variable_option = click.option(
    "--var",
    "variables",
    multiple=True,
    metavar="NAME=VALUE",
    help="A variable of the script, as a contact would bring it; may be given several times.",
)


class ShareType(click.ParamType[float]):
    """A share below one: `10%` or `0.1`."""

    name = "share"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read it, or say what it may be."""
        written = str(value).strip()
        try:
            share = float(written.removesuffix("%")) / (100 if written.endswith("%") else 1)
        except ValueError:
            share = -1.0
        if not 0 <= share < 1:
            self.fail(f'"{written}" is no share; write 10% or 0.1', param, ctx)
        return share


def wide_console() -> Console:
    """Return standard output for a table; a pipe has no width, and a narrow table breaks words."""
    return Console(width=None if sys.stdout.isatty() else PIPE_COLUMNS)


def given_variables(script: Script, pairs: Iterable[str]) -> dict[str, str]:
    """Return the script's examples, overridden by what was given."""
    values = {name: variable.example for name, variable in script.variables.items()}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise click.BadParameter(f'"{pair}" is not NAME=VALUE', param_hint="--var")
        if name not in script.variables:
            known = ", ".join(script.variables)
            raise click.BadParameter(
                f'the script has no variable "{name}"; it has: {known}', param_hint="--var"
            )
        values[name] = value
    return values


@contextmanager
def opened_store(address: str | None) -> Iterator[Store]:
    """Open the store that an option, the environment or nothing names, and close it again."""
    store = open_store(store_address(address))
    try:
        yield store
    finally:
        store.close()
