"""`voicebot chat`: a script by keyboard, without audio."""

from datetime import datetime
from pathlib import Path
from typing import assert_never

import click

from voicebot import bootstrap
from voicebot.cli.options import given_variables, variable_option
from voicebot.dialogue.conversation import Conversation
from voicebot.dialogue.emotion import Mood
from voicebot.dialogue.form import Filled, ReadBack
from voicebot.dialogue.hook import judged
from voicebot.dialogue.intents import Understanding
from voicebot.dialogue.listener import Reaction, Told
from voicebot.dialogue.script import EndReason, Transition
from voicebot.dialogue.step import Step
from voicebot.errors import HookFailed
from voicebot.runtime.hooks import HookRunner
from voicebot.speech.recogniser import Transcript

SILENCE = ""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@variable_option
def chat(folder: Path, variables: tuple[str, ...]) -> None:
    """Play the script in FOLDER by typing what the caller says.

    An empty line is silence. Ctrl-D hangs up. Nothing is spoken or recognised, so this is the
    fastest way to hear how a script reads. Its actions do run: an SMS that they send is sent.

    \b
    Examples:
      voicebot chat campaigns/repurchase
      voicebot chat campaigns/repurchase --var name=李先生
      printf '方便\\n挺好的\\n' | voicebot chat campaigns/repurchase
    """
    script = bootstrap.load_script(folder)
    conversation = Conversation(
        script, given_variables(script, variables), now=datetime.now().astimezone()
    )
    hooks = bootstrap.hook_runner()
    try:
        end = _play(conversation, hooks)
    finally:
        hooks.close()
    click.echo(f"end: {end or 'caller_hung_up'}")
    for name, value in conversation.outcome.items():
        click.echo(f"  {name}: {value}")


def _play(conversation: Conversation, hooks: HookRunner) -> EndReason | None:
    step = _on(conversation, conversation.begin(), hooks)
    while step.end is None:
        try:
            said = click.prompt("您", prompt_suffix="> ", default=SILENCE, show_default=False)
        except click.Abort:
            click.echo()
            return None
        step = _on(conversation, _react(conversation, str(said).strip()), hooks)
    return step.end


def _on(conversation: Conversation, step: Step, hooks: HookRunner) -> Step:
    """Show a step, and do what it asks of the shop's programs."""
    _show(step, conversation.place)
    while step.hook is not None:
        hook = step.hook.hook
        sent = ", ".join(f"{name}={value}" for name, value in step.hook.arguments.items())
        try:
            results = judged(hook, hooks.run(step.hook))
        except (HookFailed, ValueError) as error:
            click.secho(f"    {hook.name}({sent}) failed: {error}", dim=True)
            step = conversation.broke()
        else:
            got = ", ".join(f"{name}={value}" for name, value in results.items())
            click.secho(f"    {hook.name}({sent}) -> {got}", dim=True)
            step = conversation.returned(results)
        _show(step, conversation.place)
    return step


def _react(conversation: Conversation, said: str) -> Step:
    if said == SILENCE:
        return conversation.no_input()
    transcript = Transcript(said)
    understanding = conversation.understand(transcript)
    click.secho(
        f"    [{_heard(conversation.reaction(transcript, understanding), understanding)}] "
        f"{understanding.reason}",
        dim=True,
    )
    step = conversation.answer(transcript, understanding)
    if conversation.emotion.mood is not Mood.NEUTRAL:
        click.secho(f"    {conversation.emotion.mood}: {conversation.emotion.reason}", dim=True)
    return step


def _heard(reaction: Reaction | None, understanding: Understanding) -> str:
    """Say in some words what an answer was taken for."""
    match reaction:
        case None:
            return "no match"
        case Transition():
            return f"{understanding.intent or 'any words'} {understanding.confidence:.2f}"
        case Filled(values):
            return ", ".join(f"{name} = {value.value}" for name, value in values.items())
        case ReadBack(right):
            return "right" if right else "wrong"
        case Told(hit):
            return f"knowledge {hit.score:.2f}: {hit.entry.question}"
        case _:
            assert_never(reaction)


def _show(step: Step, place: str) -> None:
    for spoken in step.say:
        click.echo(f"机器人: {spoken.text}")
    click.secho(f"    ({place})", dim=True)
