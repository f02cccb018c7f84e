"""Stage `card`: the model card, written from the measured figures and the configuration."""

import json
from collections.abc import Sequence
from typing import Any

from recipes.acoustic_model import lexicon
from recipes.acoustic_model.config import Config
from recipes.acoustic_model.evaluation import report_path
from recipes.acoustic_model.hearing import size_on_disk
from recipes.acoustic_model.speech import NOTHING_SAID_SHARE
from recipes.acoustic_model.test_sets import CONDITIONS, ROUGH

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


# Rough lines have no targets of their own.
ROUGH_TITLES = ("cer", "toneless", "grammar_exact", "false_accepts")


def run(config: Config) -> None:
    """Write `MODEL_CARD.md` and the picture of the confidence beside the model."""
    figures = json.loads(report_path(config).read_text("utf-8"))["figures"]
    calibration = json.loads((config.work / "calibration.json").read_text("utf-8"))
    before_path = config.work / "before.json"
    before = json.loads(before_path.read_text("utf-8"))["figures"] if before_path.exists() else None
    text = render(config, figures, calibration, before)
    notes = config.work / "notes.md"
    if notes.exists():
        text += "\n" + notes.read_text("utf-8")
    (config.model / "MODEL_CARD.md").write_text(text, "utf-8")
    curve = (config.work / "calibration.svg").read_text("utf-8")
    (config.model / "calibration.svg").write_text(curve, "utf-8")


def _origin(config: Config) -> str:
    if config.start is None:
        return "from nothing but the data below"
    return (
        f"by {config.training.steps} further steps of training on the data below, from the model "
        "that was bundled before: that one came from nothing by the same recipe, with other draws "
        "of the same kinds of data"
    )


def render(
    config: Config,
    figures: dict[str, Any],
    calibration: dict[str, Any],
    before: dict[str, Any] | None,
) -> str:
    """The card as Markdown; `before` is the model that this one replaces, by the same script."""
    words = len(lexicon.load(config).entries)
    parts = [
        "# Bundled Mandarin model\n",
        "Vosk model folder for 8 kHz telephone audio, made by `recipes/acoustic_model` "
        f"{_origin(config)}.\n",
        f"- {words} words, {size_on_disk(config.model) / 1e6:.1f} MB, loads in "
        f"{figures['load_s']} s; takes {figures['grammar_real_time_factor']} of real time on one "
        f"core with a grammar of 30 phrases, {figures['free_real_time_factor']} freely (measured "
        "on a shared two-core machine).",
        *_data(config),
        "\n## Figures\n",
        "Voices f4, m6 and klatt3 of eSpeak NG 1.52 at 165 words a minute, never heard in "
        "training. Free decoding: hand-written sentences that are neither in the grammar of the "
        "training text nor among what callers say (the phrases, the digits and the wordings of the "
        "announcements are). "
        "Telephone: 300-3400 Hz and A-law; noise is pink, at the given ratio to the speech, after "
        "the band. In square brackets stands the 95 % confidence interval: of error rates by a "
        "bootstrap over sentences, of shares by Wilson's formula. In round brackets stands the "
        "target; **bold** misses it.\n",
        _table(figures, "unmatched", CONDITIONS, tuple(TITLES), targets=True),
        *_rough(figures),
        *_alike(figures),
        "\n### By voice (telephone, character error / toneless %)\n",
        *(
            f"- {voice}: {_interval(row['cer'])} / {_interval(row['toneless'])}"
            for voice, row in figures["unmatched telephone by voice"].items()
        ),
        "\n### Nothing said\n",
        "Stretches of six seconds on the telephone, -35 to -15 dBFS.\n",
        "| | stretches | with words, freely | with a phrase of the grammar |",
        "|---|---|---|---|",
        *(
            f"| {kind} | {row['of']} | {row['free_words_in']} | {row['phrases_in']} |"
            for kind, row in figures["nothing said"].items()
        ),
    ]
    if "human" in figures:
        parts += _human(figures)
    parts += _confidence(calibration)
    if before is not None:
        parts += _before(figures, before)
    parts += [
        "\n## What it cannot do\n",
        "- It learnt from synthetic voices and two people. It follows a script's grammars and the "
        "digits of a caller who speaks clearly; it does not transcribe free conversation of "
        "people: see the character errors of people's single words above.",
        "- Most errors of free decoding are homophones and tones: match on toneless pinyin.",
        "- Dialects, strong accents, children, whispering, shouting and singing were never in it.",
        "- Other people talking near the telephone are heard as speech.",
        "- English words, letters and spelling are not in its vocabulary.",
        "- The figures for synthetic voices tell how one model compares with another. What callers "
        "of a shop will get, only recordings of such callers can tell: `voicebot model eval`.",
        "\nFor free speech install a larger official Vosk model.\n",
        "\n## Configuration\n",
        "```toml",
        config.file.read_text("utf-8").strip(),
        "```\n",
    ]
    return "\n".join(parts)


def _rough(figures: dict[str, Any]) -> list[str]:
    table = _rough_table(figures)
    if not table:
        return []
    return [
        "\n### Other harm that lines do\n",
        "The same sentences and phrases on the telephone: through mu-law; at -45 dBFS; clipped at "
        "half of their highest sample; with one packet of 20 ms in twenty lost and silent; in a "
        "hard room of 0.4 s; with three to eight other people talking; in noise as loud as the "
        "speech; and with noise beside the speaker, which passes the band with the voice.\n",
        *table,
    ]


def _rough_table(figures: dict[str, Any]) -> list[str]:
    """The table, where a report has all of these conditions."""
    if any(f"rough {condition}" not in figures for condition in ROUGH):
        return []
    return [_table(figures, "rough", ROUGH, ROUGH_TITLES)]


def _alike(figures: dict[str, Any]) -> list[str]:
    if f"matched {CONDITIONS[0]}" not in figures:
        return []
    return [
        "\n### Matched\n",
        "Random draws of the language model's own grammar in two voices of training.\n",
        _table(figures, "matched", CONDITIONS, ("cer", "toneless")),
    ]


def _data(config: Config) -> list[str]:
    builds = ", ".join(config.speech.builds)
    lines = [
        f"- Synthetic speech: {config.speech.shards * config.speech.utterances_per_shard:,} "
        f"utterances ({NOTHING_SAID_SHARE:.0%} of them without speech) by the eSpeak builds "
        f"{builds}, all voices but "
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


def _table(
    figures: dict[str, Any],
    kind: str,
    conditions: Sequence[str],
    names: Sequence[str],
    *,
    targets: bool = False,
) -> str:
    lines = ["| | " + " | ".join(conditions) + " |", "|---|" + "---|" * len(conditions)]
    for name in names:
        goals = TARGETS[name] if targets else (None,) * len(conditions)
        cells = [
            _cell(name, figures[f"{kind} {condition}"][name], goal)
            for condition, goal in zip(conditions, goals, strict=True)
        ]
        lines.append(f"| {TITLES[name]} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _interval(row: dict[str, float]) -> str:
    return f"{row['value']} [{row['low']}, {row['high']}]"


def _cell(name: str, row: dict[str, float], goal: float | None) -> str:
    if goal is None:
        return _interval(row)
    value = row["value"]
    met = value <= goal if name in LOWER_IS_BETTER else value >= goal
    shown = f"{value}" if met else f"**{value}**"
    return f"{shown} [{row['low']}, {row['high']}] ({goal})"


def _human(figures: dict[str, Any]) -> list[str]:
    human, free = figures["human"], figures["human free"]
    lines = [
        "\n### People\n",
        "Held-out words of a speaker whose other words were in training "
        f"({human['held_out_words']} recordings; the sixty words are drawn at random from them).\n",
        f"- Free decoding of {free['utterances']} words on the telephone: character error "
        f"{_interval(free['cer'])} %, toneless {_interval(free['toneless'])} %.",
    ]
    for condition, row in human.items():
        if isinstance(row, dict):
            lines.append(
                f"- {row['right']['of']} words in a grammar + [unk], {condition}: "
                f"{_interval(row['right'])} % right, {_interval(row['wrong'])} % taken for another "
                f"word; {row['others_rejected']['of']} other words rejected: "
                f"{_interval(row['others_rejected'])} %."
            )
    return lines


def _confidence(calibration: dict[str, Any]) -> list[str]:
    lines = ["\n## Confidence\n", "![calibration](calibration.svg)\n"]
    lines.append(
        "The engine turns its numbers, and how well the sound fits the reading, into the "
        "probability of being right by these curves (`conf/confidence.json`), one each for "
        "utterances and words, with a grammar and freely."
    )
    sure_from = calibration["sure_from"]
    if sure_from is None:
        lines.append("No confidence was found from which on 99 % of a grammar's answers are right.")
        return lines
    (right, above), (passed, all_right) = calibration["right_above"], calibration["passed"]
    lines.append(
        f"From {sure_from:.4f} on, {right} of {above} answers to a grammar "
        f"({100 * right / max(1, above):.1f} %) were right, and {passed} of {all_right} right ones "
        f"({100 * passed / max(1, all_right):.1f} %) passed: counted on recordings and texts that "
        f"did not choose it ({calibration['grammar utterance']['decisions']:,} answers in all, "
        "synthetic and human, all conditions; what is not in the grammar counts as wrong when a "
        "phrase is heard)."
    )
    return lines


def _before(figures: dict[str, Any], before: dict[str, Any]) -> list[str]:
    lines = [
        "\n## The model before\n",
        "By the same script, on the same recordings (the fifth of the human ones that neither "
        "model heard).\n",
        _table(before, "unmatched", CONDITIONS, tuple(TITLES)),
        *_rough_table(before),
    ]
    if "human" in before and "human" in figures:
        lines.append("")
        for condition, row in before["human"].items():
            if isinstance(row, dict):
                lines.append(
                    f"- People, {condition}: {_interval(row['right'])} % right, other words "
                    f"rejected: {_interval(row['others_rejected'])} %."
                )
    return lines
