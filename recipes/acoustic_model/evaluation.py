"""Stage `evaluate`: every figure of the model card, for any Vosk model folder.

    python -m recipes.acoustic_model.evaluation MODEL --config FILE --json OUT \\
        [--human DIR] [--only PART]

The same script judges the prototype, the finished model and any official one that has the
words, so that figures can be compared. Every rate has its 95 % interval: of error rates by a
bootstrap over sentences (the voices of one sentence go wrong together), of shares by Wilson.
"""

import argparse
import json
import logging
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pypinyin import lazy_pinyin
from rich.progress import track

from recipes.acoustic_model import answers, test_sets
from recipes.acoustic_model.answers import Decisions, as_row
from recipes.acoustic_model.config import Config, load
from recipes.acoustic_model.hearing import UNKNOWN, Ear, nearest, plain, rejected, syllables
from recipes.acoustic_model.test_sets import CONDITIONS, ROUGH, Item
from voicebot.speech.evaluation import Hearing, score, wilson

LOG = logging.getLogger(__name__)
DIGIT_GRAMMAR = tuple("零一二三四五六七八九幺")
MATCHED_VOICES = ("f2", "m3")
HUMAN_FREE_WORDS = 400
PARTS = ("unmatched", "rough", "matched", "human")


@dataclass(slots=True)
class Report:
    """Figures by name and the decisions behind them."""

    figures: dict[str, Any] = field(default_factory=dict)
    decisions: Decisions = field(default_factory=Decisions)


def judge(folder: Path, config: Config, seed: int = 1, parts: Collection[str] = PARTS) -> Report:
    """The figures of one model, all or some parts of them."""
    ear = Ear(folder)
    report = Report({"model": folder.name, "load_s": round(ear.load_s, 3)})
    if "unmatched" in parts:
        _unmatched(ear, config, report, seed)
    if "rough" in parts:
        _rough(ear, config, report)
    if "matched" in parts:
        alike = test_sets.matched(test_sets.test_build(), MATCHED_VOICES, 150, seed)
        for condition in CONDITIONS:
            _keep(report, f"matched {condition}", _free(ear, alike, _in(condition)))
    if "human" in parts and config.human_folders:
        _people(ear, config, report, seed)
    return report


def _unmatched(ear: Ear, config: Config, report: Report, seed: int) -> None:
    """Voices and sentences that training never had; also silence and speed."""
    voices = config.speech.held_out_voices
    build = test_sets.test_build()
    sentences = test_sets.unmatched(build, voices)
    inside = test_sets.phrases(build, voices, test_sets.PHRASES)
    outside = test_sets.phrases(build, voices, test_sets.OUTSIDE)
    called = test_sets.announcements(build, voices)
    digits = test_sets.numbers(build, voices, 120, seed)
    ear.silence_score = answers.silence_score(ear, inside, _in("telephone"))
    report.figures["silence_score"] = ear.silence_score
    for condition in CONDITIONS:
        line = _in(condition)
        row = _free(ear, sentences, line, report.decisions)
        row |= answers.phrases(ear, inside, outside, line, report.decisions)
        row |= _announcements(ear, called, line)
        row |= _digits(ear, digits, line)
        _keep(report, f"unmatched {condition}", row)
    report.figures["unmatched telephone by voice"] = {
        v: _free(ear, [s for s in sentences if s.voice == v], _in("telephone")) for v in voices
    }
    report.figures["nothing said"] = _nothing_said(ear)
    grammar = [ear.segment(p) for p in test_sets.PHRASES] + [UNKNOWN]
    report.figures["grammar_real_time_factor"] = _real_time_factor(ear, inside + outside, grammar)
    report.figures["free_real_time_factor"] = _real_time_factor(ear, sentences, None)


def _rough(ear: Ear, config: Config, report: Report) -> None:
    """What lines do to speech besides noise."""
    voices = config.speech.held_out_voices
    build = test_sets.test_build()
    sentences = test_sets.unmatched(build, voices)
    inside = test_sets.phrases(build, voices, test_sets.PHRASES)
    outside = test_sets.phrases(build, voices, test_sets.OUTSIDE)
    for condition in ROUGH:
        row = _free(ear, sentences, _in(condition))
        row |= answers.phrases(ear, inside, outside, _in(condition), report.decisions)
        _keep(report, f"rough {condition}", row)


def _keep(report: Report, name: str, row: dict[str, Any]) -> None:
    report.figures[name] = row
    LOG.info("%s: %s", name, {k: v["value"] if isinstance(v, dict) else v for k, v in row.items()})


def _in(condition: str) -> answers.Line:
    return lambda item, seed: test_sets.in_condition(item.wave, condition, seed)


def _free(
    ear: Ear, items: Sequence[Item], line: answers.Line, decisions: Decisions | None = None
) -> dict[str, Any]:
    """Character and toneless errors; with `decisions` heard once more as the robot does."""
    heard = []
    for i, item in enumerate(track(items, "free decoding", transient=True)):
        pcm = line(item, i)
        text = plain(ear.listen(pcm))
        heard.append(Hearing(item.text, "", plain(item.text), text))
        if decisions is not None:
            heard_freely = ear.answer(pcm, None)
            decisions.add_free(heard_freely, ear.fit, item.text, item.text)
    judged = score(heard, syllables, np.random.default_rng(1))
    wrong = judged.sentences.total - judged.sentences.count
    return {
        "cer": as_row(judged.characters),
        "toneless": as_row(judged.syllables),
        "sentence_error": as_row(wilson(wrong, judged.sentences.total)),
        "utterances": judged.utterances,
    }


def _announcements(
    ear: Ear, called: Sequence[tuple[str, Item]], line: answers.Line
) -> dict[str, Any]:
    keys = {kind: lazy_pinyin(kind) for kind in test_sets.ANNOUNCEMENTS}
    right = sum(
        nearest(ear.listen(line(item, i)), keys) == kind for i, (kind, item) in enumerate(called)
    )
    return {"announcements": as_row(wilson(right, len(called)))}


def _digits(ear: Ear, items: Sequence[Item], line: answers.Line) -> dict[str, Any]:
    grammar = [d for d in DIGIT_GRAMMAR if d in ear.words]
    heard = [
        Hearing(item.text, "", plain(item.text), plain(ear.listen(line(item, i), grammar)))
        for i, item in enumerate(items)
    ]
    judged = score(heard, syllables, np.random.default_rng(1))
    wrong = as_row(judged.characters)
    right = {
        "value": round(100 - wrong["value"], 1),
        "low": round(100 - wrong["high"], 1),
        "high": round(100 - wrong["low"], 1),
        "of": wrong["of"],
    }
    return {"digits_right": right, "numbers_whole": as_row(judged.sentences)}


def _nothing_said(ear: Ear) -> dict[str, Any]:
    """Words heard in stretches of line without speech, six seconds each."""
    found = {}
    for name, make in test_sets.NOTHING_SAID.items():
        free = listed = 0
        for number in range(test_sets.STRETCHES):
            pcm = test_sets.stretch(make, number)
            free += bool(plain(ear.listen(pcm)))
            listed += not rejected(ear.answer(pcm, test_sets.PHRASES).text)
        found[name] = {"free_words_in": free, "phrases_in": listed, "of": test_sets.STRETCHES}
    return found


def _people(ear: Ear, config: Config, report: Report, seed: int) -> None:
    """The held-out fifth: free decoding, and sixty words + [unk] against others."""
    spoken = answers.held_out_words(config, ear)
    random.Random(seed).shuffle(spoken)
    report.figures["human"] = {"held_out_words": len(spoken)}
    if not spoken:
        return
    free = test_sets.people(spoken[:HUMAN_FREE_WORDS])
    row = _free(ear, free, _in("telephone"), report.decisions)
    _keep(report, "human free", row)
    report.figures["human"] |= answers.people(ear, config, seed, report.decisions)
    LOG.info("human: %s", report.figures["human"])


def _real_time_factor(ear: Ear, items: Sequence[Item], grammar: Sequence[str] | None) -> float:
    ear.cpu_s = ear.audio_s = 0.0
    for i, item in enumerate(items):
        ear.listen(test_sets.in_condition(item.wave, "telephone", i), grammar)
    return round(ear.cpu_s / ear.audio_s, 4)


def report_path(config: Config) -> Path:
    """Where the figures of the finished model are."""
    return config.work / "evaluation.json"


def run(config: Config) -> None:
    """Stage `evaluate`: the finished model."""
    save(judge(config.model, config), report_path(config))


def save(report: Report, path: Path) -> None:
    """Figures and decisions as JSON."""
    decisions = {
        kind: [[round(d.share, 4), d.right, d.source, round(d.fit, 3)] for d in found]
        for kind, found in report.decisions.by_kind.items()
    }
    raw = {"figures": report.figures, "decisions": decisions}
    path.write_text(json.dumps(raw, ensure_ascii=False) + "\n", "utf-8")


def main() -> None:
    """Judge any model folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--human", type=Path, action="append", default=[])
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--only", choices=PARTS, action="append", help="some parts of the figures")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("jieba").setLevel(logging.WARNING)
    config = load(arguments.config, tuple(arguments.human))
    parts = arguments.only or PARTS
    save(judge(arguments.model, config, parts=parts), arguments.json)


if __name__ == "__main__":
    main()
