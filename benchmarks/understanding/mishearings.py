"""Write grammars/heard.tsv: what the bundled recogniser makes of the shared intents' examples.

    python -m benchmarks.understanding.mishearings --every 6

Pairs of what was said and what was written, over a telephone line with noise 10 dB under the
voice, by voices that the benchmark does not test with. Training learns from them which syllables
are taken for which.
"""

import argparse
from collections.abc import Sequence

from benchmarks.understanding.hearing import LEARNED_FROM, NOISY, Hearing
from voicebot import bootstrap
from voicebot.dialogue.classifier import UNRELATED
from voicebot.dialogue.shared_intents import FOLDER, MISHEARINGS, examples, shared_intents

HEADER = (
    "# What was said, and what the bundled recogniser wrote of it over a telephone line with\n"
    "# noise 10 dB under the voice; made by `python -m benchmarks.understanding.mishearings`.\n"
)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.understanding.mishearings")
    parser.add_argument("--every", type=int, default=6, metavar="N", help="every Nth example")
    chosen = parser.parse_args(arguments)
    said = [text for name in (*shared_intents(), UNRELATED) for text in examples(name)]
    hearing = Hearing(bootstrap.load_model(None), LEARNED_FROM, NOISY)
    pairs = [
        (text, hearing.hear(hearing.sound(number, text)).text)
        for number, text in enumerate(said[:: chosen.every])
    ]
    lines = [f"{text}\t{heard}\n" for text, heard in pairs if heard and heard != text]
    (FOLDER / MISHEARINGS).write_text(HEADER + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
