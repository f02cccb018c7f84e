"""`voicebot check`: every mistake of a script at once."""

import json
from pathlib import Path

import click

from voicebot import bootstrap
from voicebot.campaign.contacts import read_contacts, read_header
from voicebot.campaign.policy import Policy, load_policy
from voicebot.campaign.settings import FILE, CampaignSettings, load_settings
from voicebot.cli.campaign_kept import spoken_faults
from voicebot.cli.options import model_option
from voicebot.dialogue import draw
from voicebot.dialogue.json_schema import json_schema
from voicebot.dialogue.loader import check_script
from voicebot.errors import BadCampaign, BadContacts, BadPolicy, Problem


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option(
    "--schema",
    is_flag=True,
    help="Print the JSON Schema of script.yaml for editors instead, and check nothing.",
)
@click.option(
    "--draw",
    "drawing",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write the flow as a picture: FILE.svg, or FILE.mmd for Mermaid.",
)
@model_option
@click.pass_context
def check(
    context: click.Context,
    folder: Path | None,
    schema: bool,
    drawing: Path | None,
    model: Path | None,
) -> None:
    """Look for mistakes in the campaign in FOLDER: its script, grammars, recordings and contacts.

    Prints every mistake as `file:line: path: what; hint` and exits with 2 when there is one.
    Warnings are printed too and do not count.

    \b
    Examples:
      voicebot check campaigns/repurchase
      voicebot check campaigns/repurchase --draw flow.svg
      voicebot check --schema > script.schema.json
    """
    if schema:
        click.echo(json.dumps(json_schema(), ensure_ascii=False, indent=2))
        return
    if folder is None:
        raise click.UsageError("name a campaign's folder, such as campaigns/repurchase")
    ear = bootstrap.load_model(model)
    problems: list[Problem] = []
    contacts = folder / "contacts.csv"
    columns = None
    if contacts.exists():
        try:
            columns = read_header(contacts)
        except BadContacts as error:
            problems += error.problems
    settings, policy = _policy(folder, problems)
    checked = check_script(folder, columns=columns, can_say=ear.missing)
    problems += checked.faults
    script = checked.script
    if script is not None and settings is not None and policy is not None:
        problems += spoken_faults(folder, script, policy, settings.rules)
    if script is not None and columns is not None and not problems:
        required = [name for name, each in script.variables.items() if each.default is None]
        try:
            read_contacts(contacts, required)
        except BadContacts as error:
            problems += error.problems
    for warning in checked.warnings:
        click.echo(f"warning: {warning}", err=True)
    for problem in problems:
        click.echo(str(problem), err=True)
    if script is None or problems:
        click.echo(f"{len(problems)} problem{'s' if len(problems) != 1 else ''}", err=True)
        context.exit(2)
    if drawing is not None:
        mermaid = drawing.suffix.lower() in (".mmd", ".mermaid", ".md")
        text = draw.to_mermaid(script) if mermaid else draw.to_svg(script)
        drawing.write_text(text, encoding="utf-8")
    click.echo(
        f"{folder}: {len(script.states)} states, {len(script.intents)} intents, no mistakes"
        + (f"; drawn in {drawing}" if drawing else "")
    )


def _policy(folder: Path, problems: list[Problem]) -> tuple[CampaignSettings | None, Policy | None]:
    """Return the campaign and the rules that it calls by; None when it is a script alone."""
    if not (folder / FILE).exists():
        return None, None
    try:
        settings = load_settings(folder)
        return settings, load_policy(settings.policy or settings.region)
    except (BadCampaign, BadPolicy) as error:
        problems += error.problems
        return None, None
