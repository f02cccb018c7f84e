import random
from pathlib import Path

import pytest

from recipes.acoustic_model.grammar_text import GrammarError, SentenceGrammar
from recipes.acoustic_model.lexicon import Entry, Lexicon, common_characters, sentence_grammar
from recipes.acoustic_model.spoken_numbers import cardinal, code
from recipes.acoustic_model.syllables import PhoneSet, parse
from recipes.acoustic_model.text import DIGIT_STRINGS, TextSource


@pytest.mark.parametrize(
    ("pinyin", "phones"),
    [
        ("zhuang4", ("zh_u", "uang4")),
        ("shi4", ("sh_z", "iii4")),
        ("si1", ("s_z", "ii1")),
        ("yi1", ("i1",)),
        ("liu2", ("l_i", "iou2")),
        ("lv3", ("l_v", "v3")),
        ("ju2", ("j_v", "v2")),
        ("xiong1", ("x_v", "iong1")),
        ("er2", ("er2",)),
        ("ng4", ("en4",)),
    ],
)
def test_a_syllable_is_cut_into_initial_and_final(pinyin: str, phones: tuple[str, ...]) -> None:
    assert parse(pinyin).phones == phones


@pytest.mark.parametrize("text", ["hello1", "ma", "b3", ""])
def test_what_is_no_syllable_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=repr(text)):
        parse(text)


def test_outputs_are_numbered_without_gaps_and_silence_is_first() -> None:
    phone_set = PhoneSet.covering({"ma1", "ma2", "an4"})

    assert phone_set.first_states() == {"SIL": 0, "m_a": 1, "a1": 2, "a2": 4, "an4": 6}
    assert phone_set.state_count == 8


@pytest.mark.parametrize(
    ("value", "spoken"),
    [
        (0, "零"),
        (10, "十"),
        (15, "十五"),
        (20, "二十"),
        (105, "一百零五"),
        (112, "一百一十二"),
        (1_305, "一千三百零五"),
        (2_000, "二千"),
        (10_010, "一万零一十"),
    ],
)
def test_numbers_are_read_aloud(value: int, spoken: str) -> None:
    assert cardinal(value) == spoken


def test_choices_options_and_slots_are_expanded() -> None:
    grammar = SentenceGrammar({"s": ("{who}(来|去)[了]",), "who": ("我",)}, {})

    found = {grammar.expand("s", random.Random(i)) for i in range(50)}

    assert found == {"我来", "我去", "我来了", "我去了"}


def test_all_unknown_rules_are_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "g.toml"
    path.write_text('[rules]\na = ["{b}"]\nc = ["{d}"]\n', "utf-8")

    with pytest.raises(GrammarError, match=r"a: unknown rule \{b\}\n.*c: unknown rule \{d\}"):
        SentenceGrammar.read(path, {})


def test_a_rule_that_never_ends_is_an_error() -> None:
    grammar = SentenceGrammar({"a": ("{a}x",)}, {})

    with pytest.raises(GrammarError, match="does not end"):
        grammar.expand("a", random.Random(1))


def test_every_rule_of_the_language_expands() -> None:
    grammar = sentence_grammar()
    rng = random.Random(3)

    for name in grammar.rules:
        for _ in range(5):
            assert "{" not in grammar.expand(name, rng)


def test_common_characters_are_those_of_the_standard() -> None:
    characters = common_characters()

    assert len(characters) == 3_755
    assert {"我", "的", "订", "货"} <= set(characters)


def test_text_is_cut_into_words_of_the_lexicon_only() -> None:
    lexicon = Lexicon(
        (
            Entry("退货", 50, (("tui4", "huo4"),)),
            Entry("我要", 50, (("wo3", "yao4"),)),
            Entry("要", 50, (("yao4",),)),
            Entry("不", 50, (("bu4",),)),
        )
    )
    source = TextSource(lexicon, SentenceGrammar({"sentence": ("不要，退货",)}, {}))

    spoken = source.spoken("不要，退货", random.Random(1))

    assert lexicon.segment("我要退货") == ["我要", "退货"]
    assert spoken.clauses == ((("bu2",), ("yao4",)), (("tui4", "huo4"),))


def test_sentences_of_callers_are_spoken_if_they_are_short_and_every_word_is_known() -> None:
    lexicon = Lexicon((Entry("好", 50, (("hao3",),)), Entry("要", 50, (("yao4",),))))
    digits = dict.fromkeys(DIGIT_STRINGS, lambda rng: "好")
    grammar = SentenceGrammar({"sentence": ("好",)}, digits)
    source = TextSource(lexicon, grammar, ("要，好", "要" * 25, "要退货", "……"))
    rng = random.Random(1)

    drawn = [source.draw(rng).clauses for _ in range(300)]

    assert ((("yao4",),), (("hao3",),)) in drawn
    assert all(drawn)
    assert max(len(clause) for clauses in drawn for clause in clauses) < 10


def test_an_order_number_is_digits_or_letters_and_digits() -> None:
    rng = random.Random(4)

    drawn = [code((8,), rng) for _ in range(200)]

    assert all(len(text) >= 8 for text in drawn)
    assert 20 < sum(len(text) > 8 for text in drawn) < 80
    assert any(text.startswith("艾斯艾弗") for text in drawn)
