"""`voicebot understand`: what a sentence means, and why."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from voicebot import bootstrap, config
from voicebot.audio import wav
from voicebot.cli.options import model_option
from voicebot.dialogue.classifier import Classifier
from voicebot.dialogue.emotion import judge
from voicebot.dialogue.intents import Understanding, understand
from voicebot.dialogue.script import ANY_ANSWER, Intent, Script
from voicebot.dialogue.shared_intents import shared_intents
from voicebot.dialogue.slots import KINDS, SlotValue, extract
from voicebot.errors import BadInput, Problem
from voicebot.speech.recogniser import Transcript

BESIDES = ("number", "yes_no", "time", "date", "address")
"""Kinds that stand in nearly every sentence, or within another kind: shown when asked for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What sentences are compared with."""

    intents: tuple[Intent, ...]
    expected: tuple[str, ...]
    classifier: Classifier
    options: tuple[str, ...] = ()
    """Product names, for the slot of that kind."""


@click.command("understand")
@click.argument("text", required=False)
@click.option(
    "--script",
    "folder",
    type=click.Path(path_type=Path),
    help="A campaign's folder: its intents instead of the shared ones.",
)
@click.option("--state", help="The state of the script that asks; without it, all are possible.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--audio",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Recognise this WAV first.",
)
@click.option(
    "--batch",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE|-",
    help="One utterance a line; prints one JSON object a line.",
)
@click.option("--slots", "all_slots", is_flag=True, help="Look for slots of every kind.")
@click.option("--product", "products", multiple=True, help="A product's name; several times.")
@model_option
def understand_command(
    text: str | None,
    folder: Path | None,
    state: str | None,
    as_json: bool,
    audio: Path | None,
    batch: Path | None,
    all_slots: bool,
    products: tuple[str, ...],
    model: Path | None,
) -> None:
    """Print what TEXT means: intent, confidence, runner-up, slots, emotion and the reason.

    Without --script the shared intents are looked for, which every script may name.

    \b
    Examples:
      voicebot understand 我的快递怎么还没到
      voicebot understand 不用了谢谢 --script campaigns/repurchase --state offer
      voicebot understand 后天晚上八点给我打电话 --json
      voicebot understand --audio caller.wav
      printf '好的\\n别再打了\\n' | voicebot understand --batch -
    """
    if sum(each is not None for each in (text, audio, batch)) != 1:
        raise click.UsageError("give one of TEXT, --audio and --batch")
    asked = _asked(folder, state, products)
    now = datetime.now().astimezone()
    kinds = KINDS if all_slots else tuple(kind for kind in KINDS if kind not in BESIDES)
    if batch is not None:
        for line in _lines(batch):
            click.echo(_json(_all(Transcript(line), asked, kinds, now)))
        return
    transcript = Transcript(text or "") if audio is None else _recognised(audio, asked, model)
    found = _all(transcript, asked, kinds, now)
    if as_json:
        click.echo(_json(found))
    else:
        _show(found, heard=audio is not None)


def _asked(folder: Path | None, state: str | None, products: tuple[str, ...]) -> Asked:
    if folder is None:
        if state is not None:
            raise click.UsageError("--state needs --script")
        shared = shared_intents()
        trained = bootstrap.shared_classifier()
        return Asked(tuple(shared.values()), (), trained, products)
    script = bootstrap.load_script(folder)
    assert script.classifier is not None
    names, expected = _reachable(script, state)
    intents = tuple(script.intents[name] for name in names if name in script.intents)
    return Asked(intents, expected, script.classifier, products)


def _reachable(script: Script, state: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if state is None:
        return tuple(script.intents), ()
    if state not in script.states:
        known = ", ".join(script.states)
        raise click.BadParameter(f'no state "{state}"; it has: {known}', param_hint="--state")
    here = script.states[state]
    names = tuple(name for name in script.transitions(here) if name != ANY_ANSWER)
    return names, tuple(here.on)


def _lines(batch: Path) -> Iterator[str]:
    lines: Iterable[str]
    if str(batch) == "-":
        lines = sys.stdin
    else:
        try:
            lines = batch.read_text("utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise BadInput(Problem(str(batch), "is not UTF-8", hint="save it as UTF-8")) from error
    for line in lines:
        if line.strip():
            yield line.strip()


def _recognised(audio: Path, asked: Asked, model: Path | None) -> Transcript:
    """Recognise a recording as a call does: by the sentences that are expected, then freely."""
    pcm = wav.read_mono(audio, config.LINE_RATE)
    phrases = tuple(sentence for intent in asked.intents for sentence in intent.sentences)
    return bootstrap.recognise(bootstrap.load_model(model), pcm, phrases)


def _all(
    transcript: Transcript, asked: Asked, kinds: Iterable[str], now: datetime
) -> dict[str, Any]:
    hot = [intent for intent in asked.intents if intent.hot_words]
    meant = understand(
        transcript, asked.intents, hot, classifier=asked.classifier, expected=asked.expected
    )
    slots = {
        kind: value
        for kind in kinds
        if (value := extract(kind, transcript.text, now=now, options=asked.options))
    }
    mood = judge(transcript.text)
    return {
        "text": transcript.text,
        "intent": meant.intent,
        "confidence": round(meant.confidence, 3),
        "runner_up": meant.runner_up,
        "runner_up_confidence": round(meant.runner_up_confidence, 3),
        "slots": {kind: _slot(value) for kind, value in slots.items()},
        "emotion": str(mood.mood),
        "emotion_reason": mood.reason,
        "reason": _reason(meant),
        **({"alternatives": list(transcript.alternatives)} if transcript.alternatives else {}),
    }


def _reason(meant: Understanding) -> str:
    return meant.reason or "nothing was said"


def _slot(value: SlotValue) -> dict[str, Any]:
    return {
        "value": value.value,
        "text": value.text,
        "confidence": value.confidence,
        **({"unit": value.unit} if value.unit else {}),
        **({"approximate": True} if value.approximate else {}),
    }


def _json(found: Mapping[str, Any]) -> str:
    return json.dumps(found, ensure_ascii=False)


def _show(found: Mapping[str, Any], *, heard: bool) -> None:
    if heard:
        click.echo(f"heard       {found['text'] or '(nothing)'}")
    click.echo(f"intent      {found['intent'] or 'no match'}  {found['confidence']:.2f}")
    if found["runner_up"]:
        click.echo(f"runner-up   {found['runner_up']}  {found['runner_up_confidence']:.2f}")
    for kind, slot in found["slots"].items():
        unit = f" {slot['unit']}" if "unit" in slot else ""
        about = ", approximately" if slot.get("approximate") else ""
        click.echo(f"slot        {kind}: {slot['value']}{unit} ({slot['text']}{about})")
    click.echo(f"emotion     {found['emotion']}")
    click.echo(f"because     {found['reason']}")
