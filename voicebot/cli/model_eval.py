"""`voicebot model eval`: how well a model hears recordings whose words are known."""

import json
import os
import sys
import time
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import click
import numpy as np
from rich.console import Console
from rich.progress import track

from voicebot import bootstrap
from voicebot.audio import wav
from voicebot.cli.model_scores import Heard, as_plain, show
from voicebot.cli.options import model_option
from voicebot.config import LINE_RATE
from voicebot.dialogue.phrase_file import read_phrases
from voicebot.dialogue.pinyin import syllables
from voicebot.engines import vosk_folder
from voicebot.engines.vosk import VoskModel
from voicebot.errors import BadInput, Problem
from voicebot.simulation.conditions import Condition, parse_conditions
from voicebot.simulation.labelled_audio import Labelled, read_labels
from voicebot.speech.evaluation import (
    GrammarScore,
    Hearing,
    Score,
    score,
    score_grammar,
)

T = TypeVar("T")

PIECE_MS = 200
"""Audio given to the recogniser at once; each piece costs one partial result, as in a call."""
AS_RECORDED = "as recorded"
ALL = "all"


@click.command("eval")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--grammar",
    metavar="FILE",
    help="Hear with a grammar: a text file of one phrase a line, or FILE.jsgf#rule.",
)
@click.option(
    "--condition",
    metavar="NAME,…",
    help="Hear each recording under these conditions, not the labelled one: clean, telephone, "
    "10dB, 5dB, …",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="Of the noise and of the confidence intervals.",
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@model_option
def eval_command(
    folder: Path,
    grammar: str | None,
    condition: str | None,
    seed: int,
    as_json: bool,
    model: Path | None,
) -> None:
    """Judge a model on the labelled recordings in DIR.

    Labels: labels.tsv (file, tab, text, and if wanted tab, condition), or NAME.txt beside each
    NAME.wav, or NAME.yaml as in audio_fixtures; `-` where nothing is said. Printed are character
    error rate, toneless syllable error rate and whole sentences right, each with its 95 %
    confidence interval, and how much of real time recognising took. With a grammar also: its
    sentences heard exactly, and others wrongly taken for one of them.

    \b
    Examples:
      voicebot model eval recordings
      voicebot model eval recordings --condition clean,telephone,10dB,5dB --json
      voicebot model eval audio_fixtures --model vosk-model-small-cn-0.22
      voicebot model eval words --grammar grammars/yes_no.jsgf#yes
    """
    conditions = parse_conditions(condition) if condition is not None else []
    ear = bootstrap.load_model(model)
    items, phrases = _inputs(folder, grammar, ear)
    _check_audio(items)
    # Without names the recordings are heard once, under the conditions that they are labelled with.
    chosen = conditions or [Condition("")]
    heard = _listen(ear, items, chosen, phrases, seed)
    groups = _groups(heard, overall=not conditions)
    report = {
        name: _judged([each.hearing for each in group], phrases, seed)
        for name, group in groups.items()
    }
    if as_json:
        told: dict[str, Any] = {
            "model": str(ear.folder),
            "sample_rate": ear.sample_rate,
            "grammar": grammar,
        }
        told |= {"seed": seed, **as_plain(heard, report)}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        show(heard, report)
        click.echo(f"model {ear.folder}, {ear.sample_rate} Hz")


def _inputs(
    folder: Path, grammar: str | None, ear: VoskModel
) -> tuple[list[Labelled], tuple[str, ...] | None]:
    """Read labels and grammar. Raises `BadInput` with the faults of both."""
    problems: list[Problem] = []
    items: list[Labelled] = []
    phrases: tuple[str, ...] | None = None
    try:
        items = read_labels(folder)
    except BadInput as error:
        problems += error.problems
    if grammar is not None:
        if not vosk_folder.has_runtime_graph(ear.folder):
            what = "has a static graph and takes no grammar"
            hint = "leave --grammar out, or take a model with HCLr.fst and Gr.fst"
            problems.append(Problem(str(ear.folder), what, hint=hint))
        try:
            phrases = read_phrases(grammar, ear.missing)
        except BadInput as error:
            problems += error.problems
    if problems:
        raise BadInput(*problems)
    return items, phrases


def _check_audio(items: Sequence[Labelled]) -> None:
    """Read every recording once. Raises `BadInput` with all that cannot be read."""
    problems: list[Problem] = []
    files = list(dict.fromkeys(item.audio for item in items))
    for file in _tracked(files, "reading"):
        try:
            _read(file, LINE_RATE)
        except BadInput as error:
            problems += error.problems
    if problems:
        raise BadInput(*problems)


def _listen(
    ear: VoskModel,
    items: Sequence[Labelled],
    conditions: Sequence[Condition],
    phrases: Sequence[str] | None,
    seed: int,
) -> list[Heard]:
    # The utterances of one recording follow each other.
    read = lru_cache(maxsize=2)(_read)
    heard = []
    work = [(number, item, each) for number, item in enumerate(items) for each in conditions]
    for number, item, condition in _tracked(work, "hearing"):
        rate = condition.rate(ear.sample_rate)
        pcm = _cut(read(item.audio, rate), item.span_ms, rate)
        # The same noise under every condition, another one for every utterance.
        pcm = condition.arrive(pcm, np.random.default_rng([seed, number]))
        recogniser = ear.recogniser(rate)
        began = time.thread_time()
        recogniser.listen(phrases)
        size = rate * PIECE_MS // 1000 * 2
        for at in range(0, len(pcm), size):
            recogniser.accept(pcm[at : at + size])
        transcript = recogniser.finish()
        took_s = time.thread_time() - began
        name = condition.name or item.condition or AS_RECORDED
        hearing = Hearing(item.name, name, item.text, transcript.text)
        heard.append(Heard(hearing, transcript, len(pcm) / 2 / rate, took_s))
    return heard


def _read(file: Path, rate: int) -> bytes:
    """Read a recording; keep off the terminal what the MP3 reader says of each frame it mends."""
    sys.stderr.flush()
    saved = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            return wav.read_mono(file, rate)
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def _cut(pcm: bytes, span_ms: tuple[int, int] | None, rate: int) -> bytes:
    if span_ms is None:
        return pcm
    start, end = (at * rate // 1000 * 2 for at in span_ms)
    return pcm[start:end]


def _groups(heard: Sequence[Heard], *, overall: bool) -> dict[str, list[Heard]]:
    """Return what was heard by condition; all together where the mixture is the recordings' own."""
    groups: dict[str, list[Heard]] = {}
    for each in heard:
        groups.setdefault(each.hearing.condition, []).append(each)
    return {**groups, ALL: list(heard)} if overall and len(groups) > 1 else groups


def _judged(
    hearings: Sequence[Hearing], phrases: Sequence[str] | None, seed: int
) -> tuple[Score, GrammarScore | None]:
    judged = score(hearings, syllables, np.random.default_rng(seed))
    return judged, None if phrases is None else score_grammar(hearings, phrases)


def _tracked(work: Sequence[T], what: str) -> Iterable[T]:
    console = Console(stderr=True)
    return track(work, what, console=console, transient=True, disable=not console.is_terminal)
