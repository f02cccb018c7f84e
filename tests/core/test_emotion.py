"""How callers feel, from words and from sound."""

import numpy as np
import pytest

from voicebot.call.own_voice import OwnVoice
from voicebot.dialogue.emotion import Mood, VoiceChange, judge, trend
from voicebot.dialogue.knowledge.background import topics
from voicebot.dialogue.mood_model import ANGRY_TOPICS, QUESTIONS_EACH
from voicebot.speech.prosody import Prosody, measure


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("你们太过分了", Mood.NEGATIVE),
        ("我要投诉你们", Mood.NEGATIVE),
        ("烦死了别打了", Mood.NEGATIVE),
        ("这什么破东西，气死我了", Mood.NEGATIVE),
        ("说了多少遍了不要", Mood.NEGATIVE),
        ("不太满意", Mood.NEGATIVE),
        ("很不满意", Mood.NEGATIVE),
        ("我不是要投诉", Mood.NEUTRAL),
        ("没有什么不满意的", Mood.POSITIVE),
        ("非常满意，谢谢", Mood.POSITIVE),
        ("太好了", Mood.POSITIVE),
        ("挺喜欢的", Mood.POSITIVE),
        ("好的", Mood.NEUTRAL),
        ("不用了谢谢", Mood.NEUTRAL),
        ("我的订单到哪了", Mood.NEUTRAL),
        ("", Mood.NEUTRAL),
    ],
)
def test_words_tell_the_mood(text: str, mood: Mood) -> None:
    assert judge(text).mood is mood


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("打了半天才有人接，你们都干什么去了", Mood.NEGATIVE),
        ("说今天给我答复，到现在也没个动静", Mood.NEGATIVE),
        ("这种东西也好意思拿出来卖", Mood.NEGATIVE),
        ("多亏有你们，孩子可高兴了", Mood.POSITIVE),
        ("用着真顺手，下次还来", Mood.POSITIVE),
        ("杯子有条裂缝，想换一个", Mood.NEUTRAL),
        ("投诉部门的电话是多少", Mood.NEUTRAL),
        ("好不好喝啊", Mood.NEUTRAL),
    ],
)
def test_no_word_need_be_angry_or_glad_by_itself(text: str, mood: Mood) -> None:
    assert judge(text).mood is mood


def test_asking_is_no_mood() -> None:
    asked = [question for topic, question in topics() if topic not in ANGRY_TOPICS]

    calm = [judge(question).mood is Mood.NEUTRAL for question in asked[4::QUESTIONS_EACH]]

    assert sum(calm) >= 0.85 * len(calm)


def test_a_voice_that_is_raised_in_two_ways_tells_it_too() -> None:
    raised = VoiceChange(louder_db=7, higher_semitones=4)

    found = judge("我的订单到哪了", raised)

    assert found.mood is Mood.NEGATIVE
    assert found.reason == "The caller speaks louder, higher than at the start."
    assert judge("我的订单到哪了", VoiceChange(louder_db=7)).mood is Mood.NEUTRAL
    assert judge("太好了，谢谢你", raised).mood is Mood.POSITIVE


def test_the_trend_compares_the_halves_of_a_call() -> None:
    assert trend([0.0, -0.2, -0.8, -0.6]) == -0.6
    assert trend([0.5]) == 0.0


def vowel(pitch_hz: float, level: float, seconds: float = 0.6, rate: int = 8000) -> bytes:
    """A sound like a voice: a pulse train through two resonances, drawn plainly."""
    time = np.arange(int(seconds * rate)) / rate
    tone = sum(np.sin(2 * np.pi * pitch_hz * n * time) / n for n in range(1, 12))
    wave = np.asarray(tone) / 2 * level * 32767
    return wave.astype("<i2").tobytes()


@pytest.mark.parametrize("pitch_hz", [95.0, 140.0, 210.0, 300.0])
@pytest.mark.parametrize("rate", [8000, 16000])
def test_pitch_and_level_are_measured(pitch_hz: float, rate: int) -> None:
    quiet, loud = (measure(vowel(pitch_hz, level, rate=rate), rate) for level in (0.1, 0.2))

    assert quiet is not None
    assert loud is not None
    assert quiet.pitch_hz == pytest.approx(pitch_hz, rel=0.03)
    assert loud.level_dbfs - quiet.level_dbfs == pytest.approx(6.0, abs=0.3)
    assert quiet.speech_ms == pytest.approx(600, abs=60)


def test_noise_and_silence_have_no_voice() -> None:
    rng = np.random.default_rng(1)
    noise = (rng.standard_normal(8000) * 2000).astype("<i2").tobytes()

    assert measure(noise, 8000) is None
    assert measure(bytes(8000), 8000) is None
    assert measure(b"", 8000) is None


def test_a_voice_is_compared_with_its_own_first_answers() -> None:
    voice = OwnVoice()
    calm = Prosody(120.0, -24.0, 1000)

    first = [voice.change(calm, "我的订单到哪了") for _ in range(2)]
    later = voice.change(Prosody(151.2, -18.0, 600), "我的订单到哪了")

    assert first == [None, None]
    assert later == VoiceChange(louder_db=6.0, higher_semitones=4.0, faster=1.67)
    assert voice.change(None, "好") is None
