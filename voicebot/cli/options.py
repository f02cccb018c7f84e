"""Options that several commands share."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from voicebot.bootstrap import SYNTHESISERS
from voicebot.config import MODEL_VARIABLE
from voicebot.dialogue.script import Script

Command = TypeVar("Command", bound=Callable[..., Any])

model_option = click.option(
    "--model",
    type=click.Path(path_type=Path),
    help=f"Folder of a Vosk model to hear with; else ${MODEL_VARIABLE}, else the bundled one.",
)

engine_option = click.option(
    "--engine",
    type=click.Choice(sorted(SYNTHESISERS)),
    default="espeak",
    show_default=True,
    help="What the robot speaks with.",
)

variable_option = click.option(
    "--var",
    "variables",
    multiple=True,
    metavar="NAME=VALUE",
    help="A variable of the script, as a contact would bring it; may be given several times.",
)


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
