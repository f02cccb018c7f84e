import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.adapters.hearing import SENTENCES, errors, heard, syllables
from voicebot.engines.espeak import (
    MAX_CHARACTERS,
    EspeakSynthesiser,
    variants,
    version,
    voices,
)
from voicebot.errors import SynthesiserFailed
from voicebot.speech.text_normaliser import spoken


def said(synthesiser: EspeakSynthesiser, text: str) -> bytes:
    return b"".join(synthesiser.synthesise(text))


@pytest.mark.parametrize("line_rate", [8000, 16000])
@pytest.mark.parametrize(("variant", "most_errors"), [("", 0.03), ("f4", 0.08)])
def test_what_it_says_in_mandarin_is_understood(
    variant: str, line_rate: int, most_errors: float
) -> None:
    synthesiser = EspeakSynthesiser(variant=variant)

    wrong = sum(
        errors(text, heard(said(synthesiser, text), synthesiser.sample_rate, line_rate))
        for text in SENTENCES
    )

    assert wrong <= most_errors * sum(len(syllables(text)) for text in SENTENCES)


@pytest.mark.parametrize("line_rate", [8000, 16000])
@pytest.mark.parametrize(
    "text",
    [
        "您的电话是13800001234",
        "尾号0105",
        "价格是105元",
        "2个订单",
        "九点30分",
        "2023年11月1日",
    ],
)
def test_digits_are_said_as_people_say_them(text: str, line_rate: int) -> None:
    synthesiser = EspeakSynthesiser()

    understood = heard(said(synthesiser, text), synthesiser.sample_rate, line_rate)

    assert syllables(understood) == syllables(spoken(text))


@pytest.mark.parametrize(
    ("text", "sounds_like"),
    [
        ("一会儿给您打电话", "一会给您打电话"),
        ("儿子喜欢喝咖啡", "而子喜欢喝咖啡"),
        ("今天便宜一点", "今天便宜一点"),
        ("您好，是贾先生吗", "您好是假先生吗"),
    ],
)
def test_what_its_dictionary_misreads_is_said_rightly(text: str, sounds_like: str) -> None:
    synthesiser = EspeakSynthesiser()

    understood = heard(said(synthesiser, text), synthesiser.sample_rate, 8000)

    assert syllables(understood) == syllables(sounds_like)


def test_a_text_sounds_the_same_bit_by_bit_whatever_was_said_before() -> None:
    robot, caller = EspeakSynthesiser(), EspeakSynthesiser(variant="whisper", rate=200, pitch=80)

    first = said(robot, SENTENCES[0])
    said(caller, SENTENCES[1])
    next(iter(caller.synthesise(SENTENCES[1])))

    assert said(robot, SENTENCES[0]) == first


def test_many_voices_speak_from_many_threads_and_stay_themselves() -> None:
    speakers = [EspeakSynthesiser(variant=name, pitch=40) for name in ("", "f2", "m3", "klatt")]
    alone = [said(speaker, SENTENCES[0]) for speaker in speakers]

    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(said, speakers * 10, [SENTENCES[0]] * 40))

    assert together == alone * 10
    assert len(set(alone)) == len(speakers)


def test_the_first_sound_is_there_before_the_text_is_finished() -> None:
    synthesiser = EspeakSynthesiser()
    text = "，".join(SENTENCES)
    started = time.perf_counter()

    chunks = synthesiser.synthesise(text)
    next(chunks)
    first_s = time.perf_counter() - started
    length = sum(map(len, chunks))
    all_s = time.perf_counter() - started

    assert first_s < all_s / 2
    assert length / 2 / synthesiser.sample_rate > 20 * all_s, "less than 20 times real time"


def test_a_listener_who_leaves_stops_the_synthesis() -> None:
    synthesiser = EspeakSynthesiser()
    long = "，".join(SENTENCES * 4)
    started = time.perf_counter()
    whole = said(synthesiser, long)
    whole_s = time.perf_counter() - started

    left = synthesiser.synthesise(long)
    next(left)
    del left
    started = time.perf_counter()
    next(synthesiser.synthesise(SENTENCES[0]))

    assert whole
    assert time.perf_counter() - started < whole_s / 3


def test_a_listener_who_never_asks_again_keeps_nobody_waiting() -> None:
    synthesiser = EspeakSynthesiser()
    slow = synthesiser.synthesise("，".join(SENTENCES))
    next(slow)

    quick = said(synthesiser, SENTENCES[0])

    assert quick
    assert sum(map(len, slow)) > len(quick)


@pytest.mark.parametrize("text", ["", "  ", "……", "😀"])
def test_a_text_without_words_is_refused(text: str) -> None:
    with pytest.raises(SynthesiserFailed, match="nothing to say"):
        said(EspeakSynthesiser(), text)


def test_a_text_that_is_too_long_is_refused_with_the_limit() -> None:
    with pytest.raises(SynthesiserFailed, match=f"at most {MAX_CHARACTERS}"):
        said(EspeakSynthesiser(), "好" * (MAX_CHARACTERS + 1))


def test_an_unknown_voice_or_variant_is_answered_with_those_that_exist() -> None:
    with pytest.raises(SynthesiserFailed, match=r"no voice 'mandarin'; it has .*\bcmn\b"):
        EspeakSynthesiser("mandarin")
    with pytest.raises(SynthesiserFailed, match=r"no variant 'f99'; it has .*\bf4\b"):
        EspeakSynthesiser(variant="f99")
    with pytest.raises(SynthesiserFailed, match="rate from 80 to 450, not 10"):
        EspeakSynthesiser(rate=10)


def test_the_library_tells_what_it_is_and_has() -> None:
    assert version()[0].isdigit()
    assert "cmn" in voices()
    assert {"f4", "m3", "whisper"} <= set(variants())


def test_everything_that_changes_the_sound_changes_the_identity() -> None:
    speakers = [
        EspeakSynthesiser(),
        EspeakSynthesiser(variant="f4"),
        EspeakSynthesiser(rate=160),
        EspeakSynthesiser(pitch=60),
        EspeakSynthesiser(pitch_range=60),
        EspeakSynthesiser(volume=80),
    ]

    assert len({speaker.identity for speaker in speakers}) == len(speakers)
    assert len({said(speaker, SENTENCES[0]) for speaker in speakers}) == len(speakers)
