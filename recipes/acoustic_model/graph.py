"""Stage `graph`: the look-ahead decoding graph that stock vosk composes at run time.

`HCLr.fst` turns transition numbers into words: a prefix tree of pronunciations, silence
between words, and a loop of phones for `[unk]`. `Gr.fst` is the language model. Words are
renumbered by OpenFst's look-ahead so that both fit together; `words.txt` follows.

States carry their self-loop AFTER the arc that enters them, and the cost of leaving on the
arcs that leave ("reorder" in Kaldi's words).
"""

import math
import os
import subprocess
import tempfile
from itertools import chain
from pathlib import Path

import pywrapfst as fst

from recipes.acoustic_model import language_model, lexicon
from recipes.acoustic_model.config import Config, GraphConfig
from recipes.acoustic_model.language_model import END, START, UNKNOWN, LanguageModel
from recipes.acoustic_model.lexicon import Lexicon
from recipes.acoustic_model.syllables import SILENCE, final_class, parse
from recipes.acoustic_model.text import TextSource, callers, segmented
from recipes.acoustic_model.transitions import Transitions

SILENCE_COST = NO_SILENCE_COST = math.log(2)
# Debian's OpenFst keeps its look-ahead types here; the variable is for its tools only, since
# with it vosk's own OpenFst would load the wrong library.
_PLUGINS = sorted(Path("/usr/lib").glob("*/fst/22"))


def run(config: Config) -> None:
    """Write `graph` of the model folder."""
    words = lexicon.load(config)
    source = TextSource(words, lexicon.sentence_grammar())
    drawn = source.sentences(config.text.lm_sentences, config.seed + 7)
    said = list(segmented(callers(), words)) * config.graph.callers_times
    model = language_model.estimate(words, chain(drawn, said), config.graph)
    write(config.model / "graph", words, model, config.graph)


def write(folder: Path, words: Lexicon, model: LanguageModel, config: GraphConfig) -> None:
    """All files of `graph` for a lexicon and a language model."""
    (folder / "phones").mkdir(parents=True, exist_ok=True)
    transitions = Transitions(words.phone_set())
    numbers = {w: n for n, w in enumerate([*sorted(words.entries), UNKNOWN], 1)}
    tree = _PrefixTree(transitions, config)
    for word in sorted(words.entries):
        for reading in words.entries[word].readings:
            tree.add(reading, numbers[word])
    homophones = tree.build()
    tree.add_unknown(words, numbers[UNKNOWN])
    graph = _minimised(tree.fst)
    relabelled = _look_ahead(graph, folder / "HCLr.fst")
    disambiguation = range(transitions.count + 1, transitions.count + 1 + homophones)
    (folder / "disambig_tid.int").write_text("".join(f"{n}\n" for n in disambiguation), "utf-8")
    new = {w: relabelled[n] for w, n in numbers.items()}
    _grammar(model, new).write(str(folder / "Gr.fst"))
    rows = sorted((n, w) for w, n in new.items())
    hash_symbol = rows[-1][0] + 1
    table = [(0, "<eps>"), *rows, (hash_symbol, "#0")]
    text = "".join(f"{w} {n}\n" for n, w in table)
    (folder / "words.txt").write_text(text, "utf-8")
    (folder / "phones" / "word_boundary.int").write_text(transitions.word_boundary(), "utf-8")
    (folder / "phones.txt").write_text(transitions.phone_table(), "utf-8")


class _PrefixTree:
    """HCL, grown word by word."""

    def __init__(self, transitions: Transitions, config: GraphConfig) -> None:
        self._transitions = transitions
        self._config = config
        self.fst = fst.VectorFst()
        self._root = self.fst.add_state()
        self._end = self.fst.add_state()
        self.fst.set_start(self._end)
        self.fst.set_final(self._root)
        self._leave = -math.log(0.5) * config.self_loop_scale
        self._arc(self._end, self._root, 0, 0, NO_SILENCE_COST)
        silence = self._state_after(
            self._end, transitions.states(SILENCE)[0], 0, SILENCE_COST, leaving=False
        )
        self._arc(silence, self._root, 0, 0, self._leave)
        # Trie over forward transition numbers: children and the words below each node.
        self._children: list[dict[tuple[int, int], int]] = [{}]
        self._below: list[set[int]] = [set()]
        self._ending: list[list[int]] = [[]]

    def _arc(self, source: int, target: int, symbol: int, word: int, cost: float) -> None:
        self.fst.add_arc(source, fst.Arc(symbol, word, cost, target))

    def _state_after(
        self,
        source: int,
        state: tuple[int, int],
        word: int,
        cost: float,
        *,
        leaving: bool = True,
    ) -> int:
        """Enter an HMM state by its forward arc; the new node has the self-loop."""
        target = int(self.fst.add_state())
        forward, loop = state
        self._arc(source, target, forward, word, cost + (self._leave if leaving else 0.0))
        self._arc(target, target, loop, 0, self._leave)
        return target

    def add(self, reading: tuple[str, ...], word: int) -> None:
        """One pronunciation of a word."""
        phones = [p for s in reading for p in parse(s).phones]
        node = 0
        self._below[0].add(word)
        for i, phone in enumerate(phones):
            last = i == len(phones) - 1
            position = ("S" if last else "B") if i == 0 else ("E" if last else "I")
            for state in self._transitions.states(phone, position):
                child = self._children[node].get(state)
                if child is None:
                    child = len(self._children)
                    self._children[node][state] = child
                    self._children.append({})
                    self._below.append(set())
                    self._ending.append([])
                node = child
                self._below[node].add(word)
        if word not in self._ending[node]:
            self._ending[node].append(word)

    def build(self) -> int:
        """Turn the trie into arcs; returns the greatest number of homophones."""
        most = 0
        # (trie node, state of the graph, whether the word is already out)
        stack = [(0, self._root, False)]
        while stack:
            node, state, written = stack.pop()
            for k, word in enumerate(self._ending[node]):
                symbol = 0 if written else self._transitions.count + 1 + k
                self._arc(state, self._end, symbol, 0 if written else word, self._leave)
                most = max(most, k + 1)
            for arc, child in sorted(self._children[node].items()):
                single = not written and len(self._below[child]) == 1
                word = next(iter(self._below[child])) if single else 0
                target = self._state_after(state, arc, word, 0.0, leaving=node != 0)
                stack.append((child, target, written or single))
        return most

    def add_unknown(self, words: Lexicon, number: int) -> None:
        """A loop of any syllables, one `[unk]` for a whole run of them."""
        phones = {p for s in words.pinyin() for p in parse(s).phones}
        initials = sorted(p for p in phones if "_" in p)
        finals = sorted(p for p in phones if "_" not in p)
        between = int(self.fst.add_state())  # after a syllable that another one follows
        per_class: dict[str, int] = {}
        syllable, phone_cost = self._config.unk_syllable_cost, self._config.unk_phone_cost
        for phone in initials:
            kind = phone.split("_")[1]
            if kind not in per_class:
                per_class[kind] = int(self.fst.add_state())
            junction = per_class[kind]
            for source, position, word in ((self._root, "B", number), (between, "I", 0)):
                (state,) = self._transitions.states(phone, position)
                entered = self._state_after(
                    source, state, word, syllable + phone_cost, leaving=False
                )
                self._arc(entered, junction, 0, 0, self._leave)
        for phone in finals:
            kind = final_class(phone.rstrip("12345"))
            if kind in per_class:
                self._final(per_class[kind], phone, "I", 0, phone_cost, between)
                self._final(per_class[kind], phone, "E", 0, phone_cost, self._end)
            if kind != "z":
                cost = syllable + phone_cost
                self._final(self._root, phone, "B", number, cost, between)
                self._final(self._root, phone, "S", number, cost, self._end)
                self._final(between, phone, "I", 0, cost, between)
                self._final(between, phone, "E", 0, cost, self._end)

    def _final(
        self, source: int, phone: str, position: str, word: int, cost: float, target: int
    ) -> None:
        first, second = self._transitions.states(phone, position)
        middle = self._state_after(source, first, word, cost, leaving=False)
        last = self._state_after(middle, second, 0, 0.0)
        self._arc(last, target, 0, 0, self._leave)


def _minimised(graph: fst.VectorFst) -> fst.VectorFst:
    mapper = fst.EncodeMapper("standard", encode_labels=True, encode_weights=True)
    graph.encode(mapper)
    graph.minimize(allow_nondet=True)
    graph.decode(mapper)
    graph.arcsort("olabel")
    return graph


def _look_ahead(graph: fst.VectorFst, path: Path) -> dict[int, int]:
    """Convert with Debian's `fstconvert`; returns old word number -> new."""
    environment = dict(os.environ)
    if _PLUGINS:
        environment["LD_LIBRARY_PATH"] = str(_PLUGINS[0])
    with tempfile.TemporaryDirectory() as folder:
        plain, pairs = Path(folder) / "plain.fst", Path(folder) / "pairs"
        graph.write(str(plain))
        try:
            subprocess.run(
                [
                    "fstconvert",
                    "--fst_type=olabel_lookahead",
                    f"--save_relabel_opairs={pairs}",
                    str(plain),
                    str(path),
                ],
                check=True,
                env=environment,
            )
        except FileNotFoundError:
            raise SystemExit(
                "fstconvert not found: install libfst-tools and libfst22-plugins-base"
            ) from None
        rows = (line.split() for line in pairs.read_text("utf-8").splitlines())
        return {int(old): int(new) for old, new in rows}


def _grammar(model: LanguageModel, numbers: dict[str, int]) -> fst.Fst:
    """The language model with plain epsilon back-off arcs."""
    graph = fst.VectorFst()
    states = {h: graph.add_state() for h in ("", *model.histories)}
    graph.set_start(states[model.history_after(START)])

    def arc(source: int, word: str, probability: float) -> None:
        if word == END:
            graph.set_final(source, -math.log(probability))
            return
        target = states[model.history_after(word)]
        number = numbers[word]
        graph.add_arc(source, fst.Arc(number, number, -math.log(probability), target))

    for word, probability in model.unigram.items():
        arc(states[""], word, probability)
    for name, history in model.histories.items():
        for word, probability in history.words.items():
            arc(states[name], word, probability)
        parent = states[history.parent]
        graph.add_arc(states[name], fst.Arc(0, 0, -math.log(history.back_off), parent))
    graph.arcsort("ilabel")
    return fst.convert(graph, "const")
