import logging
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicebot.audio.levels import PEAK_DBFS, TARGET_DBFS, active_dbfs, peak_dbfs
from voicebot.engines.espeak import EspeakSynthesiser
from voicebot.errors import BadAudio, SynthesiserFailed
from voicebot.runtime.prompt_cache import PromptCache

GREETING = "您好，请问是张三先生吗？"
GOODBYE = "好的，谢谢您，祝您生活愉快，再见。"
RATE = 8000


class CountingVoice:
    """Says 100 ms of tone a character between two silences, and counts the texts."""

    sample_rate = RATE

    def __init__(self, identity: str = "tone", loud: float = 3000.0) -> None:
        self.identity = identity
        self.texts: list[str] = []
        self._loud = loud

    def synthesise(self, text: str) -> Iterator[bytes]:
        self.texts.append(text)
        yield bytes(RATE)
        if "坏" in text:
            raise SynthesiserFailed("the engine broke")
        for _ in text:
            time = np.arange(RATE // 10) / RATE
            yield (self._loud * np.sin(2 * np.pi * 300 * time)).astype("<i2").tobytes()
        yield bytes(RATE)

    def times(self, text: str) -> int:
        return self.texts.count(text)


def sounds(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


@pytest.mark.parametrize("rate", [8000, 16000])
def test_a_text_sounds_the_same_streamed_rendered_cached_and_in_another_process(
    tmp_path: Path, rate: int
) -> None:
    cache = PromptCache(tmp_path, EspeakSynthesiser(), rate)

    streamed = b"".join(cache.stream(GREETING))

    assert cache.render(GREETING) == streamed
    assert PromptCache(tmp_path, EspeakSynthesiser(), rate).render(GREETING) == streamed
    assert PromptCache(None, EspeakSynthesiser(), rate).render(GREETING) == streamed


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("variant", ["", "f4", "klatt"])
def test_every_voice_is_as_loud_as_the_others(rate: int, variant: str) -> None:
    cache = PromptCache(None, EspeakSynthesiser(variant=variant), rate)

    pcm = cache.render(GOODBYE)

    assert active_dbfs(pcm, rate) == pytest.approx(TARGET_DBFS, abs=2.0)
    assert peak_dbfs(pcm) <= PEAK_DBFS


def test_silence_around_the_words_is_taken_off() -> None:
    cache = PromptCache(None, CountingVoice(), RATE)

    pcm = cache.render("三个字")

    assert len(pcm) // 2 * 1000 // RATE == pytest.approx(300 + 2 * 40, abs=20)


def test_a_stream_comes_in_short_pieces_while_the_engine_still_works() -> None:
    voice = CountingVoice()
    cache = PromptCache(None, voice, RATE)
    cache.render("先量好音量")

    pieces = cache.stream("一二三四五六七八九十")
    first = next(pieces)
    remembered_early = cache.remembered("一二三四五六七八九十")
    lengths = [len(first), *map(len, pieces)]

    assert remembered_early is None
    assert max(lengths) == RATE // 5 * 2
    assert cache.remembered("一二三四五六七八九十") is not None
    assert [len(piece) for piece in cache.stream("一二三四五六七八九十")] == lengths


def test_a_stream_that_was_left_is_not_kept(tmp_path: Path) -> None:
    voice = CountingVoice()
    cache = PromptCache(tmp_path, voice, RATE)

    next(cache.stream("一二三四五六"))

    assert cache.remembered("一二三四五六") is None
    assert len(cache.render("一二三四五六")) // 2 >= RATE * 6 // 10
    assert voice.times("一二三四五六") == 2


def test_a_text_that_fails_is_reported_and_not_kept(tmp_path: Path) -> None:
    cache = PromptCache(tmp_path, CountingVoice(), RATE)
    cache.render("好")
    before = sounds(tmp_path)

    with pytest.raises(SynthesiserFailed, match="broke"):
        cache.render("坏")

    assert sounds(tmp_path) == before


def test_an_engine_that_makes_only_silence_fails() -> None:
    cache = PromptCache(None, CountingVoice(loud=0.0), RATE)

    with pytest.raises(SynthesiserFailed, match="nothing audible"):
        cache.render("好")


def test_each_text_voice_and_rate_is_made_once_for_all_that_share_the_folder(
    tmp_path: Path,
) -> None:
    first, second = CountingVoice(), CountingVoice()
    other = CountingVoice("another tone")

    PromptCache(tmp_path, first, RATE).render("你好")
    PromptCache(tmp_path, second, RATE).render("你好")
    PromptCache(tmp_path, other, RATE).render("你好")
    PromptCache(tmp_path, second, 16000).render("你好")

    assert first.times("你好") == 1
    assert other.times("你好") == 1
    assert second.times("你好") == 1, "only for its other rate"


def test_texts_that_are_said_alike_share_a_sound() -> None:
    voice = CountingVoice()
    cache = PromptCache(None, voice, RATE)
    cache.render("您有2个订单")
    before = len(voice.texts)

    cache.render("您有两个订单")

    assert len(voice.texts) == before


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: content[: len(content) // 2], id="cut"),
        pytest.param(lambda content: content[:-1] + bytes([content[-1] ^ 1]), id="one bit"),
        pytest.param(lambda content: b"", id="empty"),
        pytest.param(lambda content: content[:32], id="no samples"),
        pytest.param(lambda content: b"<html>" * 1000, id="something else"),
    ],
)
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    whole = PromptCache(tmp_path, CountingVoice(), RATE).render("你好")
    intact = {path: path.read_bytes() for path in sounds(tmp_path)}
    for path, content in intact.items():
        path.write_bytes(damage(content))

    again = PromptCache(tmp_path, CountingVoice(), RATE).render("你好")

    assert again == whole
    assert {path: path.read_bytes() for path in sounds(tmp_path)} == intact


def test_a_folder_that_cannot_be_written_costs_one_warning_and_no_sound(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    in_the_way = tmp_path / "cache"
    in_the_way.write_text("a file, not a folder", encoding="utf-8")
    cache = PromptCache(in_the_way, CountingVoice(), RATE)

    with caplog.at_level(logging.WARNING):
        rendered = [cache.render(text) for text in ("你好", "再见", "谢谢")]

    assert all(rendered)
    assert len(caplog.records) == 1
    assert str(in_the_way) in caplog.text


def test_a_full_disk_is_survived_and_leaves_no_half_written_file(tmp_path: Path) -> None:
    # A limit on the size of files makes writing fail in the middle, as a full disk does.
    program = f"""
import resource
from pathlib import Path
from tests.runtime.test_prompt_cache import CountingVoice
from voicebot.runtime.prompt_cache import PromptCache

resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
cache = PromptCache(Path({str(tmp_path)!r}), CountingVoice(), 8000)
print(len(cache.render("你好")), len(cache.render("再见")))
"""

    child = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    first, second = map(int, child.stdout.split())
    assert first == second > 0
    assert child.stderr.count("prompts are not kept on disk") == 1
    assert sounds(tmp_path) == []


def test_processes_that_share_a_folder_do_not_disturb_each_other(tmp_path: Path) -> None:
    program = f"""
from pathlib import Path
from tests.runtime.test_prompt_cache import CountingVoice
from voicebot.runtime.prompt_cache import PromptCache

for _ in range(20):
    cache = PromptCache(Path({str(tmp_path)!r}), CountingVoice(), 8000, max_disk_bytes=30_000)
    for text in ("一二三", "四五六", "七八九"):
        assert len(cache.render(text)) == len(cache.render("一二三"))
"""
    children = [
        subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) for _ in range(3)
    ]

    complaints = [child.communicate(timeout=60)[1].decode() for child in children]

    assert complaints == ["", "", ""]
    assert not list(tmp_path.glob("*.part"))


def test_threads_that_ask_for_the_same_texts_all_get_them(tmp_path: Path) -> None:
    cache = PromptCache(tmp_path, EspeakSynthesiser(), RATE)
    texts = [GREETING, GOODBYE, "请稍等。"]
    expected = [PromptCache(None, EspeakSynthesiser(), RATE).render(text) for text in texts]

    with ThreadPoolExecutor(8) as threads:
        rendered = list(threads.map(cache.render, texts * 20))

    assert rendered == expected * 20


def test_memory_keeps_what_was_used_last() -> None:
    voice = CountingVoice()
    # Room for two of these sounds of some 380 ms.
    cache = PromptCache(None, voice, RATE, max_memory_bytes=14_000)
    cache.render("一二三")
    cache.render("四五六")
    cache.render("一二三")

    cache.render("七八九")

    assert cache.remembered("一二三") is not None
    assert cache.remembered("四五六") is None
    assert voice.times("一二三") == 1


def test_opening_a_cache_drops_what_was_not_used_for_longest_and_what_was_left_unfinished(
    tmp_path: Path,
) -> None:
    cache = PromptCache(tmp_path, CountingVoice(), RATE)
    texts = ["一二三", "四五六", "七八九"]
    made: list[Path] = []
    for text in texts:
        cache.render(text)
        made += [path for path in sounds(tmp_path) if path not in made]
    for age, path in enumerate(reversed(made)):
        os.utime(path, (1_700_000_000 - age, 1_700_000_000 - age))
    (tmp_path / "0123-left.part").write_bytes(b"half")
    os.utime(tmp_path / "0123-left.part", (1_700_000_000, 1_700_000_000))

    PromptCache(tmp_path, CountingVoice(), RATE, max_disk_bytes=made[-1].stat().st_size + 10)

    assert sounds(tmp_path) == [made[-1]]


def test_a_recording_is_as_loud_as_the_voice_and_a_replaced_one_is_read_again(
    tmp_path: Path,
) -> None:
    cache = PromptCache(None, CountingVoice(), RATE)
    path = tmp_path / "greeting.wav"
    time = np.arange(44100) / 44100
    soundfile.write(str(path), 0.02 * np.sin(2 * np.pi * 300 * time), 44100)

    first = cache.render_recording(path)
    again = cache.render_recording(path)
    soundfile.write(str(path), 0.5 * np.sin(2 * np.pi * 300 * time[:22050]), 44100)
    replaced = cache.render_recording(path)

    assert first is again
    assert active_dbfs(first, RATE) == pytest.approx(TARGET_DBFS, abs=0.3)
    assert len(replaced) < len(first) * 0.6


def test_a_recording_that_is_missing_is_named(tmp_path: Path) -> None:
    cache = PromptCache(None, CountingVoice(), RATE)

    with pytest.raises(BadAudio, match=r"greeting\.wav: does not exist"):
        cache.render_recording(tmp_path / "greeting.wav")


def test_a_sound_in_memory_costs_less_than_a_millisecond() -> None:
    cache = PromptCache(None, EspeakSynthesiser(), RATE)
    cache.render(GREETING)
    before_s = resource.getrusage(resource.RUSAGE_SELF).ru_utime

    for _ in range(200):
        cache.render(GREETING)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before_s < 0.2
