"""The words the model can write, and how each may be pronounced.

Words: the project's own vocabulary, every word of the sentence grammar, the most frequent
words of jieba's dictionary, and the 3,755 common characters of GB 2312 level one.
Pronunciations come from pypinyin, with the variants that people really say: neutral tones
both ways, and the tone changes of 不 and 一.
"""

import random
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import jieba
from pypinyin import Style, lazy_pinyin

from recipes.acoustic_model.config import Config
from recipes.acoustic_model.grammar_text import SentenceGrammar
from recipes.acoustic_model.spoken_numbers import slots
from recipes.acoustic_model.syllables import PhoneSet, parse

LANGUAGE = Path(__file__).with_name("language.toml")

# Readings that dictionaries do not give, or give wrongly for speech on the telephone.
BY_HAND: dict[str, tuple[str, ...]] = {
    "嗯": ("en1", "en4", "en5", "en2"),
    "啊": ("a1", "a5", "a4"),
    "哦": ("o4", "o2", "o5"),
    "噢": ("o1", "o4"),
    "呃": ("e4", "e1"),
    "喂": ("wei2", "wei4"),
    "诶": ("ei4", "ei2", "ei1"),
    "哎": ("ai1",),
    "唉": ("ai4", "ai1"),
    "幺": ("yao1",),
    "谁": ("shei2", "shui2"),
    "这": ("zhe4", "zhei4"),
    "那": ("na4", "nei4"),
    "哪": ("na3", "nei3"),
    "了": ("le5", "liao3"),
    "的": ("de5", "di4"),
    "地": ("di4", "de5"),
    "得": ("de5", "de2", "dei3"),
    "着": ("zhe5", "zhao2", "zhuo2"),
    "过": ("guo4", "guo5"),
    "还": ("hai2", "huan2"),
    "都": ("dou1", "du1"),
    "和": ("he2",),
    "为": ("wei4", "wei2"),
    "没": ("mei2", "mo4"),
    "一": ("yi1", "yi2", "yi4", "yao1"),
    "不": ("bu4", "bu2", "bu5"),
    "血": ("xue4", "xie3"),
    "拜拜": ("bai2 bai2", "bai4 bai4"),
    "丰巢": ("feng1 chao2",),
    "极兔": ("ji2 tu4",),
    "重拨": ("chong2 bo1",),
    "拨打": ("bo1 da3",),
    "充不进电": ("chong1 bu5 jin4 dian4",),
    # Letters of order numbers, as people in China say them: C, H, J, K and those of two syllables.
    "西": ("xi1", "sei1"),
    "艾曲": ("ei2 chi1", "ai2 qu3"),
    "杰": ("jie2", "zhei4"),
    "凯": ("kai3", "kei4"),
    "艾弗": ("ai2 fu2", "ai4 fu2"),
    "艾勒": ("ai2 le5", "ai2 lou2", "ai4 er3"),
    "艾姆": ("ai2 mu3", "ai4 mu3"),
    "艾斯": ("ai2 si1", "ai4 si4"),
    "艾克斯": ("ai2 ke4 si1", "ai4 ke4 si4"),
    "达不溜": ("da2 bu2 liu2", "da2 bu4 liu4"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One word: its frequency in jieba's dictionary and its readings, most usual first."""

    word: str
    frequency: int
    readings: tuple[tuple[str, ...], ...]


class Lexicon:
    """Words with readings, and the segmenter that cuts text into exactly these words."""

    def __init__(self, entries: tuple[Entry, ...]) -> None:
        self.entries = {entry.word: entry for entry in entries}

    @cached_property
    def _segmenter(self) -> jieba.Tokenizer:
        tokenizer = jieba.Tokenizer()
        tokenizer.FREQ = {}
        tokenizer.total = 0
        for entry in self.entries.values():
            frequency = max(entry.frequency, 3)
            tokenizer.FREQ[entry.word] = frequency
            tokenizer.total += frequency
            for end in range(1, len(entry.word)):
                tokenizer.FREQ.setdefault(entry.word[:end], 0)
        tokenizer.initialized = True
        return tokenizer

    def segment(self, text: str) -> list[str]:
        """Cut text into words of the lexicon; anything else (punctuation) comes out as is."""
        return list(self._segmenter.cut(text, HMM=False))

    def known(self, text: str) -> bool:
        """Whether every word of the text has a reading (punctuation is ignored)."""
        return all(w in self.entries for w in self.segment(text) if is_hanzi(w))

    def pinyin(self) -> set[str]:
        """Every toned syllable in use."""
        return {s for e in self.entries.values() for r in e.readings for s in r}

    def phone_set(self) -> PhoneSet:
        """The phones of the whole lexicon."""
        return PhoneSet.covering(self.pinyin())


def is_hanzi(word: str) -> bool:
    """Whether a token is written in Chinese characters."""
    return bool(word) and all("\u4e00" <= c <= "\u9fff" for c in word)


def sentence_grammar() -> SentenceGrammar:
    """The project's own sentences."""
    return SentenceGrammar.read(LANGUAGE, dict(slots(LANGUAGE)))


def common_characters() -> list[str]:
    """GB 2312 level one, straight from the encoding's own order."""
    characters = []
    for row in range(0xB0, 0xD8):
        for cell in range(0xA1, 0xFF):
            try:
                characters.append(bytes((row, cell)).decode("gb2312"))
            except UnicodeDecodeError:
                continue
    return characters


def read_jieba() -> dict[str, int]:
    """jieba's dictionary: word -> frequency, Chinese words only."""
    tokenizer = jieba.Tokenizer()
    with tokenizer.get_dict_file() as lines:
        rows = (line.decode("utf-8").split() for line in lines)
        return {row[0]: int(row[1]) for row in rows if is_hanzi(row[0])}


def read_kinds(lexicon: Lexicon) -> dict[str, str]:
    """Part of speech of each word, one letter; a word jieba does not know is taken as a noun."""
    tokenizer = jieba.Tokenizer()
    found = dict.fromkeys(lexicon.entries, "n")
    with tokenizer.get_dict_file() as lines:
        for line in lines:
            row = line.decode("utf-8").split()
            if row[0] in found and len(row) > 2:
                found[row[0]] = row[2][0]
    return found


def build(words_wanted: int, seed: int, sentences: int = 20_000) -> Lexicon:
    """Choose the words and give each its readings.

    `sentences` expansions of the grammar tell which words it needs.
    """
    frequencies = read_jieba()
    chosen = dict.fromkeys(_own_words())
    rng = random.Random(seed)
    grammar = sentence_grammar()
    tokenizer = jieba.Tokenizer()
    for word in chosen:
        tokenizer.add_word(word)
    for _ in range(sentences):
        for word in tokenizer.cut(grammar.expand("sentence", rng), HMM=False):
            if is_hanzi(word) and len(word) <= 6 and not _is_long_number(word):
                chosen.setdefault(word)
    for character in common_characters():
        chosen.setdefault(character)
    by_frequency = sorted(frequencies, key=lambda w: (-frequencies[w], w))
    for word in by_frequency:
        if len(chosen) >= words_wanted:
            break
        if len(word) <= 5 and not _is_long_number(word):
            chosen.setdefault(word)
    usual = _character_readings(by_frequency[:60_000], frequencies)
    entries = []
    for word in sorted(chosen):
        readings = _readings(word, usual)
        if readings:
            entries.append(Entry(word, frequencies.get(word, 0), readings))
    return Lexicon(tuple(entries))


@cache
def _vocabulary() -> dict[str, str]:
    table: dict[str, str] = tomllib.loads(LANGUAGE.read_text("utf-8"))["vocabulary"]
    return table


@cache
def _neutral_second() -> frozenset[str]:
    """Two-syllable words whose second syllable most people say without a tone."""
    return frozenset(_vocabulary()["neutral_second"].split())


def _is_long_number(word: str) -> bool:
    """Numbers are said in parts; whole ones as words would fill the lexicon at random."""
    return (
        len(word) > 2 and sum(c in "零一二两三四五六七八九十百千万" for c in word) >= len(word) - 1
    )


def _own_words() -> list[str]:
    table = _vocabulary()
    return [w for text in table.values() for w in text.split() if is_hanzi(w)]


def _toned(word: str) -> tuple[str, ...]:
    return tuple(lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True, v_to_u=False))


def _character_readings(words: list[str], frequencies: dict[str, int]) -> dict[str, Counter[str]]:
    """How often each character has each reading, weighted by the words it stands in."""
    table: dict[str, Counter[str]] = {}
    for word in words:
        readings = _toned(word)
        if len(readings) != len(word):
            continue
        for character, reading in zip(word, readings, strict=True):
            table.setdefault(character, Counter())[reading] += frequencies[word]
    return table


def _readings(word: str, usual: dict[str, Counter[str]]) -> tuple[tuple[str, ...], ...]:
    """All readings of a word that can be cut into phones; empty when there is none."""
    if word in BY_HAND:
        found = [tuple(reading.split()) for reading in BY_HAND[word]]
    elif len(word) == 1:
        counts = usual.get(word, Counter())
        total = sum(counts.values())
        found = [_toned(word)]
        found += [(r,) for r, n in counts.most_common(3) if n > 0.1 * total]
    else:
        found = [_toned(word)]
        found += _variants(word, found[0])
    kept = dict.fromkeys(r for r in found if _speakable(r))
    return tuple(kept)


def _variants(word: str, reading: tuple[str, ...]) -> list[tuple[str, ...]]:
    variants: list[tuple[str, ...]] = []
    if len(word) != len(reading):
        return variants
    changed = list(reading)
    for i, character in enumerate(word):
        following = reading[i + 1][-1] if i + 1 < len(reading) else ""
        if character == "不" and following == "4":
            changed[i] = "bu2"
        elif character == "一" and following and word[i + 1] not in "一二三四五六七八九十月号":
            changed[i] = "yi2" if following in "45" else "yi4"
    if tuple(changed) != reading:
        variants.append(tuple(changed))
    if len(word) == 2:
        if word in _neutral_second():
            variants.append((reading[0], reading[1][:-1] + "5"))
        if reading[1].endswith("5"):
            full = _toned(word[1])
            if full and not full[0].endswith("5"):
                variants.append((reading[0], full[0]))
    return variants


def _speakable(reading: tuple[str, ...]) -> bool:
    try:
        for syllable in reading:
            parse(syllable)
    except ValueError:
        return False
    return bool(reading)


def path_of(config: Config) -> Path:
    """Where the finished lexicon lies: word, frequency, readings, tab-separated."""
    return config.work / "lexicon.tsv"


def run(config: Config) -> None:
    """Stage `lexicon`: choose the words once; every later stage reads them from disk."""
    path = path_of(config)
    if path.exists():
        return
    built = build(config.text.lexicon_words, config.seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = (
        f"{e.word}\t{e.frequency}\t{'|'.join(' '.join(r) for r in e.readings)}\n"
        for e in built.entries.values()
    )
    path.write_text("".join(rows), "utf-8")


def load(config: Config) -> Lexicon:
    """The lexicon that the stage `lexicon` wrote."""
    entries = []
    for line in path_of(config).read_text("utf-8").splitlines():
        word, frequency, readings = line.split("\t")
        parsed = tuple(tuple(r.split()) for r in readings.split("|"))
        entries.append(Entry(word, int(frequency), parsed))
    return Lexicon(tuple(entries))
