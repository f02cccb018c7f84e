"""`voicebot chat`: a script by keyboard, without audio."""

from pathlib import Path

import click

from voicebot.cli.options import given_variables, variable_option
from voicebot.dialogue.conversation import Conversation, Step
from voicebot.dialogue.loader import load_script
from voicebot.speech.recogniser import Transcript

SILENCE = ""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@variable_option
def chat(folder: Path, variables: tuple[str, ...]) -> None:
    """Play the script in FOLDER by typing what the caller says.

    An empty line is silence. Ctrl-D hangs up. Nothing is spoken or recognised, so this is the
    fastest way to hear how a script reads.

    \b
    Examples:
      voicebot chat campaigns/repurchase
      voicebot chat campaigns/repurchase --var name=李先生
      printf '方便\\n挺好的\\n' | voicebot chat campaigns/repurchase
    """
    script = load_script(folder)
    conversation = Conversation(script, given_variables(script, variables))
    step = conversation.begin()
    while True:
        _show(step)
        if step.end is not None:
            break
        try:
            said = click.prompt("您", prompt_suffix="> ", default=SILENCE, show_default=False)
        except click.Abort:
            click.echo()
            break
        step = _react(conversation, str(said).strip())
    click.echo(f"end: {step.end or 'caller_hung_up'}")
    for name, value in conversation.outcome.items():
        click.echo(f"  {name}: {value}")


def _react(conversation: Conversation, said: str) -> Step:
    if said == SILENCE:
        return conversation.no_input()
    transcript = Transcript(said)
    understanding = conversation.understand(transcript)
    click.secho(
        f"    [{understanding.intent or 'no match'} {understanding.confidence:.2f}] "
        f"{understanding.reason}",
        dim=True,
    )
    return conversation.answer(transcript, understanding)


def _show(step: Step) -> None:
    for spoken in step.say:
        click.echo(f"机器人: {spoken.text}")
    click.secho(f"    ({step.state})", dim=True)
