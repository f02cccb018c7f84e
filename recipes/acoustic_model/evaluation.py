"""Stage `evaluate`: every figure of the model card, for any Vosk model folder.

    python -m recipes.acoustic_model.evaluation MODEL --config FILE --json OUT \\
        [--human DIR] [--only PART]

The same script judges the prototype, the finished model and any official one that has the
words, so that figures can be compared.
"""

import argparse
import json
import logging
import random
import resource
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pypinyin import lazy_pinyin
from rich.progress import track

from recipes.acoustic_model import lexicon, noises, recordings, test_sets
from recipes.acoustic_model.augmentation import at_level
from recipes.acoustic_model.config import Config, load
from recipes.acoustic_model.features import SAMPLE_RATE
from recipes.acoustic_model.hearing import UNKNOWN, Ear, Heard, distance, nearest, plain, syllables
from recipes.acoustic_model.test_sets import CONDITIONS, Item

LOG = logging.getLogger(__name__)
DIGIT_GRAMMAR = tuple("零一二三四五六七八九幺")
MATCHED_VOICES = ("f2", "m3")
HUMAN_GRAMMAR_WORDS, HUMAN_OTHER_WORDS, HUMAN_FREE_WORDS = 60, 240, 400
HUMAN_CONDITION = "telephone"
SOAK_HOURS = 0.5
PARTS = ("unmatched", "matched", "human")


@dataclass(slots=True)
class Count:
    """Errors out of a total."""

    errors: int = 0
    total: int = 0

    @property
    def share(self) -> float:
        """Errors in per cent."""
        return 100 * self.errors / self.total if self.total else 0.0


@dataclass(slots=True)
class Judgement:
    """One grammar decision, kept for calibration."""

    confidence: float
    right: bool
    source: str


@dataclass(slots=True)
class Report:
    """Figures by name and the decisions behind them."""

    figures: dict[str, Any] = field(default_factory=dict)
    judgements: list[Judgement] = field(default_factory=list)


def judge(folder: Path, config: Config, seed: int = 1, parts: Collection[str] = PARTS) -> Report:
    """The figures of one model, all or some parts of them."""
    ear = Ear(folder)
    report = Report({"model": folder.name, "load_s": round(ear.load_s, 3)})
    if "unmatched" in parts:
        _unmatched(ear, config, report, seed)
    if "matched" in parts:
        alike = test_sets.matched(test_sets.test_build(), MATCHED_VOICES, 150, seed)
        for condition in CONDITIONS:
            row = _free(ear, alike, _in(condition), f"matched {condition}")
            report.figures[f"matched {condition}"] = row
            LOG.info("matched %s: %s", condition, row)
    if "human" in parts and config.human_folders:
        report.figures["human"] = _people(ear, config, report, seed)
        LOG.info("human: %s", report.figures["human"])
    return report


def _unmatched(ear: Ear, config: Config, report: Report, seed: int) -> None:
    """Voices and sentences that training never had; also silence, speed and memory."""
    voices = config.speech.held_out_voices
    build = test_sets.test_build()
    sentences = test_sets.unmatched(build, voices)
    inside = test_sets.phrases(build, voices, test_sets.PHRASES)
    outside = test_sets.phrases(build, voices, test_sets.OUTSIDE)
    called = test_sets.announcements(build, voices)
    digits = test_sets.numbers(build, voices, 60, seed)
    grammar = [ear.segment(p) for p in test_sets.PHRASES] + [UNKNOWN]
    for condition in CONDITIONS:
        pcm = _in(condition)
        row = _free(ear, sentences, pcm, f"unmatched {condition}")
        row |= _grammar(ear, inside, outside, grammar, pcm, condition, report)
        row |= _announcements(ear, called, pcm)
        row |= _digits(ear, digits, pcm)
        report.figures[f"unmatched {condition}"] = row
        LOG.info("unmatched %s: %s", condition, row)
    report.figures["unmatched telephone by voice"] = {
        v: _free(ear, [s for s in sentences if s.voice == v], _in("telephone"), v) for v in voices
    }
    report.figures["nothing said"] = _nothing_said(ear, grammar)
    factor = _real_time_factor(ear, inside + outside, grammar)
    report.figures["grammar_real_time_factor"] = factor
    report.figures["memory"] = _memory(ear, sentences, SOAK_HOURS)


def _in(condition: str) -> Callable[[Item, int], bytes]:
    return lambda item, seed: test_sets.in_condition(item.wave, condition, seed)


def _free(
    ear: Ear, items: list[Item], pcm: Callable[[Item, int], bytes], title: str
) -> dict[str, Any]:
    characters, toneless, sentences = Count(), Count(), Count()
    for i, item in enumerate(track(items, title, transient=True)):
        heard = plain(ear.listen(pcm(item, i)).text)
        wanted = plain(item.text)
        characters.errors += distance(heard, wanted)
        characters.total += len(wanted)
        toneless.errors += distance(syllables(heard), syllables(wanted))
        toneless.total += len(wanted)
        sentences.errors += heard != wanted
        sentences.total += 1
    return {
        "cer": round(characters.share, 1),
        "toneless": round(toneless.share, 1),
        "sentence_error": round(sentences.share, 1),
        "utterances": sentences.total,
    }


def _grammar(
    ear: Ear,
    inside: list[Item],
    outside: list[Item],
    grammar: list[str],
    pcm: Callable[[Item, int], bytes],
    source: str,
    report: Report,
) -> dict[str, Any]:
    exact = 0
    for i, item in enumerate(inside):
        heard = ear.listen(pcm(item, i), grammar)
        exact += heard.text == item.text
        _remember(report, heard, heard.text == item.text, source)
    accepted = 0
    for i, item in enumerate(outside):
        heard = ear.listen(pcm(item, i), grammar)
        false = heard.text in test_sets.PHRASES
        accepted += false
        _remember(report, heard, False, source)
    return {
        "grammar_exact": round(100 * exact / len(inside), 1),
        "false_accepts": round(100 * accepted / len(outside), 1),
        "grammar_utterances": [len(inside), len(outside)],
    }


def _remember(report: Report, heard: Heard, right: bool, source: str) -> None:
    if not heard.rejected:
        report.judgements.append(Judgement(heard.confidence, right, source))


def _announcements(
    ear: Ear, called: list[tuple[str, Item]], pcm: Callable[[Item, int], bytes]
) -> dict[str, Any]:
    keys = {kind: lazy_pinyin(kind) for kind in test_sets.ANNOUNCEMENTS}
    right = sum(
        nearest(ear.listen(pcm(item, i)).text, keys) == kind
        for i, (kind, item) in enumerate(called)
    )
    return {"announcements": round(100 * right / len(called), 1)}


def _digits(ear: Ear, items: list[Item], pcm: Callable[[Item, int], bytes]) -> dict[str, Any]:
    errors, total, whole = 0, 0, 0
    grammar = [d for d in DIGIT_GRAMMAR if d in ear.words]
    for i, item in enumerate(items):
        heard, wanted = plain(ear.listen(pcm(item, i), grammar).text), plain(item.text)
        wrong = distance(heard, wanted)
        errors += wrong
        total += len(wanted)
        whole += wrong == 0
    return {
        "digits_right": round(100 - 100 * errors / total, 1),
        "numbers_whole": round(100 * whole / len(items), 1),
    }


def _memory(ear: Ear, items: list[Item], hours: float) -> dict[str, Any]:
    """Resident memory before and after many calls' worth of audio, one recogniser a call."""
    before, listened = _resident_mb(), 0.0
    while listened < hours * 3_600:
        for i, item in enumerate(items):
            pcm = test_sets.in_condition(item.wave, "telephone", i)
            ear.listen(pcm)
            listened += len(pcm) / 2 / SAMPLE_RATE
    return {"hours": hours, "before_mb": before, "after_mb": _resident_mb()}


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return round(pages * resource.getpagesize() / 1e6, 1)


def _nothing_said(ear: Ear, grammar: list[str]) -> dict[str, Any]:
    """Words heard in thirty stretches of line without speech, six seconds each."""
    rng = np.random.default_rng(11)
    makers = {
        "line tones": noises.call_tone,
        "music": noises.music,
        "noise": noises.any_noise,
    }
    found = {}
    for name, make in makers.items():
        free = listed = 0
        for _ in range(10):
            wave = at_level(make(48_000, rng), rng.uniform(-35, -15))
            pcm = np.clip(np.rint(wave), -32_768, 32_767).astype("<i2").tobytes()
            free += bool(plain(ear.listen(pcm).text))
            listed += not ear.listen(pcm, grammar).rejected
        found[name] = {"free_words_in": free, "phrases_in": listed, "of": 10}
    return found


def _people(ear: Ear, config: Config, report: Report, seed: int) -> dict[str, Any]:
    """The held-out fifth: free decoding, and sixty words + [unk] against others."""
    words = lexicon.load(config)
    found = [
        r
        for folder in config.human_folders
        for r in recordings.read_folder(folder, words)
        if recordings.held_out(r.path.name, config.human.held_out_fifth)
    ]
    spoken = [r for r in found if lexicon.is_hanzi(r.text)]
    random.Random(seed).shuffle(spoken)
    figures: dict[str, Any] = {"held_out_words": len(spoken)}
    if not spoken:
        return figures
    free = test_sets.people(spoken[:HUMAN_FREE_WORDS])
    figures |= {f"free_{k}": v for k, v in _free(ear, free, _in(HUMAN_CONDITION), "people").items()}
    usable = [r for r in spoken if len(r.text) > 1 and r.text in ear.words]
    listed: dict[str, recordings.Recording] = {}
    for r in usable:
        listed.setdefault(" ".join(lazy_pinyin(r.text)), r)
    chosen = list(listed.values())[:HUMAN_GRAMMAR_WORDS]
    sounds = {" ".join(lazy_pinyin(r.text)) for r in chosen}
    others = [r for r in usable if " ".join(lazy_pinyin(r.text)) not in sounds]
    grammar = [*(r.text for r in chosen), UNKNOWN]
    for condition in ("clean", "telephone", "+10 dB"):
        pcm = _in(condition)
        right = wrong = rejected = refused = 0
        for i, item in enumerate(test_sets.people(chosen)):
            heard = ear.listen(pcm(item, i), grammar)
            right += heard.text == item.text
            wrong += heard.text != item.text and not heard.rejected
            rejected += heard.rejected
            _remember(report, heard, heard.text == item.text, f"human {condition}")
        tested = test_sets.people(others[:HUMAN_OTHER_WORDS])
        for i, item in enumerate(tested):
            heard = ear.listen(pcm(item, i), grammar)
            refused += heard.rejected
            _remember(report, heard, False, f"human {condition}")
        figures[f"grammar {condition}"] = {
            "right": round(100 * right / len(chosen), 1),
            "wrong": round(100 * wrong / len(chosen), 1),
            "rejected": round(100 * rejected / len(chosen), 1),
            "others_rejected": round(100 * refused / max(1, len(tested)), 1),
            "words": [len(chosen), len(tested)],
        }
    return figures


def _real_time_factor(ear: Ear, items: list[Item], grammar: list[str]) -> float:
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
    """Figures and judgements as JSON."""
    decisions = [[round(j.confidence, 4), j.right, j.source] for j in report.judgements]
    text = json.dumps(
        {"figures": report.figures, "judgements": decisions}, ensure_ascii=False, indent=1
    )
    path.write_text(text + "\n", "utf-8")


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
