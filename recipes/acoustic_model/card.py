"""Stage `card`: the model card, written from the measured figures and the configuration."""

import json
from typing import Any

from recipes.acoustic_model import lexicon
from recipes.acoustic_model.config import Config
from recipes.acoustic_model.evaluation import report_path
from recipes.acoustic_model.hearing import size_on_disk
from recipes.acoustic_model.test_sets import CONDITIONS

TARGETS = {
    "cer": (5, 6, 10, 18),
    "toneless": (2.5, 3, 7, 14),
    "grammar_exact": (99.5, 99, 97, 92),
    "false_accepts": (1, 1, 1, 1),
    "announcements": (None, 99, 95, None),
    "digits_right": (None, 99, None, None),
    "numbers_whole": (None, 90, None, None),
}
TITLES = {
    "cer": "free decoding, character error %",
    "toneless": "toneless syllable error %",
    "grammar_exact": "grammar of 30 phrases + [unk], exact %",
    "false_accepts": "sentences outside it read as a phrase %",
    "announcements": "network announcements classified right %",
    "digits_right": "11-digit numbers, digits right %",
    "numbers_whole": "11-digit numbers, whole %",
}
LOWER_IS_BETTER = frozenset({"cer", "toneless", "false_accepts"})


def run(config: Config) -> None:
    """Write `MODEL_CARD.md` and the calibration curve beside the model."""
    figures = json.loads(report_path(config).read_text("utf-8"))["figures"]
    calibration = json.loads((config.work / "calibration.json").read_text("utf-8"))
    other_path = config.work / "proto.json"
    other = json.loads(other_path.read_text("utf-8"))["figures"] if other_path.exists() else None
    text = render(config, figures, calibration, other)
    notes = config.work / "notes.md"
    if notes.exists():
        text += "\n" + notes.read_text("utf-8")
    (config.model / "MODEL_CARD.md").write_text(text, "utf-8")
    curve = (config.work / "calibration.svg").read_text("utf-8")
    (config.model / "calibration.svg").write_text(curve, "utf-8")


def render(
    config: Config,
    figures: dict[str, Any],
    calibration: dict[str, Any],
    other: dict[str, Any] | None,
) -> str:
    """The card as Markdown; `other` is a model judged by the same script."""
    words = len(lexicon.load(config).entries)
    parts = [
        "# Bundled Mandarin model\n",
        "Vosk model folder for 8 kHz telephone audio, made by `recipes/acoustic_model` "
        "from nothing but the data below.\n",
        f"- {words} words, {size_on_disk(config.model) / 1e6:.1f} MB, loads in "
        f"{figures['load_s']} s, {figures['grammar_real_time_factor']} of real time on one core "
        "with a grammar of 30 phrases (measured on a shared two-core machine).",
        *_data(config),
        "\n## Figures\n",
        "Voices f4, m6 and klatt3 of eSpeak NG 1.52 at 165 words a minute, never heard in "
        "training. Free decoding: hand-written sentences that are not in the grammar of the "
        "training text; the phrases, the digits and the wordings of the announcements are in it. "
        "Telephone: 300-3400 Hz and A-law; noise is pink, at the given ratio to "
        "the speech, after the band. Figures in brackets are the targets; **bold** misses them.\n",
        _table(figures, "unmatched", targets=True),
    ]
    if other is not None:
        parts += ["\nThe prototype that this model replaces, same script:\n"]
        parts += [_table(other, "unmatched", targets=False)]
    parts += [
        "\n### Matched",
        "Random draws of the language model's own grammar in two voices of training.\n",
        _matched(figures),
        "\n### By voice (telephone, character error / toneless %)\n",
        *(
            f"- {voice}: {row['cer']} / {row['toneless']}"
            for voice, row in figures["unmatched telephone by voice"].items()
        ),
        "\n### Nothing said\n",
        *(
            f"- {kind}: words in free decoding in {row['free_words_in']}, a phrase of the grammar "
            f"in {row['phrases_in']} of {row['of']}"
            for kind, row in figures["nothing said"].items()
        ),
    ]
    if "human" in figures:
        parts += _human(figures["human"])
    parts += _confidence(calibration)
    parts += [
        "\n## What it cannot do\n",
        "It learnt from synthetic voices and two people. It follows a script's grammars and the "
        "digits of a caller who speaks clearly; it does not transcribe free conversation of "
        "people. Most errors of free decoding are homophones and tones: match on toneless pinyin. "
        "For free speech install a larger official Vosk model.\n",
        "\n## Configuration\n",
        "```toml",
        config.file.read_text("utf-8").strip(),
        "```\n",
    ]
    return "\n".join(parts)


def _data(config: Config) -> list[str]:
    builds = ", ".join(config.speech.builds)
    lines = [
        f"- Synthetic speech: {config.speech.shards * config.speech.utterances_per_shard:,} "
        f"utterances (3 % of them without speech) by the eSpeak builds {builds}, all voices but "
        f"{', '.join(config.speech.held_out_voices)}.",
    ]
    if config.human_folders:
        lines.append(
            "- Human speech, by forced alignment, without the fifth held out by the hash of the "
            "file name: every toned syllable by one speaker (mp3-chinese-pinyin-sound, "
            "Unlicense), HSK words by Yue Tan (Shtooka collection cmn-caen-tan, CC-BY-SA, "
            "through audio-cmn). The recordings are not part of the product."
        )
    return lines


def _table(figures: dict[str, Any], kind: str, *, targets: bool) -> str:
    lines = ["| | " + " | ".join(CONDITIONS) + " |", "|---|" + "---|" * len(CONDITIONS)]
    for name, title in TITLES.items():
        cells = []
        for i, condition in enumerate(CONDITIONS):
            value = figures[f"{kind} {condition}"][name]
            goal = TARGETS[name][i] if targets else None
            cells.append(_cell(name, value, goal))
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(name: str, value: float, goal: float | None) -> str:
    if goal is None:
        return f"{value}"
    met = value <= goal if name in LOWER_IS_BETTER else value >= goal
    shown = f"{value}" if met else f"**{value}**"
    return f"{shown} ({goal})"


def _matched(figures: dict[str, Any]) -> str:
    lines = ["| | " + " | ".join(CONDITIONS) + " |", "|---|" + "---|" * len(CONDITIONS)]
    for name in ("cer", "toneless"):
        cells = [str(figures[f"matched {c}"][name]) for c in CONDITIONS]
        lines.append(f"| {TITLES[name]} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _human(human: dict[str, Any]) -> list[str]:
    lines = [
        "\n### People",
        "Held-out words of a speaker whose other words were in training "
        f"({human['held_out_words']} recordings). "
        "The sixty words are drawn at random from them.\n",
    ]
    if "free_cer" in human:
        lines.append(
            f"- Free decoding of {human['free_utterances']} words: character error "
            f"{human['free_cer']} %, toneless {human['free_toneless']} %."
        )
    for name, row in human.items():
        if name.startswith("grammar "):
            lines.append(
                f"- {row['words'][0]} words in a grammar + [unk], {name[8:]}: {row['right']} % "
                f"right, {row['wrong']} % wrong, {row['rejected']} % rejected; "
                f"{row['words'][1]} other words rejected: {row['others_rejected']} %."
            )
    return lines


def _confidence(calibration: dict[str, Any]) -> list[str]:
    lines = ["\n## Confidence\n", "![calibration](calibration.svg)\n"]
    threshold = calibration["threshold"]
    if threshold is None:
        lines.append("No confidence was found above which 99 % of grammar answers are right.")
    else:
        lines.append(
            f"At and above {threshold:.3f} (confidence of the weakest word), "
            f"{100 * calibration['precision_above']:.1f} % of the grammar answers were right and "
            f"{100 * calibration['accepted_above']:.1f} % of the right ones passed, counted on "
            f"the half of {calibration['answers']} answers that did not choose the threshold "
            "(all conditions, synthetic and human, sentences outside the grammar counted wrong)."
        )
    return lines
