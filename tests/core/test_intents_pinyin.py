import pytest

from voicebot.dialogue.negation import negations, resolve
from voicebot.dialogue.pinyin import fuzzy, split, syllables
from voicebot.dialogue.wording import plain, without_fillers


def test_text_becomes_one_toneless_syllable_a_character() -> None:
    found = syllables("买云南咖啡，绿的3包OK")

    assert " ".join(found) == "mai yun nan ka fei lv de 3 bao o k"


def test_a_character_is_read_as_its_word_says() -> None:
    found = syllables("重庆的银行行不行，很重")

    assert " ".join(found) == "chong qing de yin hang xing bu xing hen zhong"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("电池", "点吃"),
        ("货", "或"),
        ("知道", "滋到"),
        ("上课", "散客"),
        ("牛奶", "流来"),
        ("请", "亲"),
    ],
)
def test_common_mishearings_sound_the_same(first: str, second: str) -> None:
    assert fuzzy(first) == fuzzy(second)


@pytest.mark.parametrize(("first", "second"), [("需要", "不要"), ("两包", "三包"), ("发", "花")])
def test_different_words_do_not(first: str, second: str) -> None:
    assert fuzzy(first) != fuzzy(second)


@pytest.mark.parametrize(
    ("syllable", "parts"),
    [("zhang", ("zh", "ang")), ("xu", ("x", "v")), ("an", ("", "an")), ("ka", ("k", "a"))],
)
def test_a_syllable_has_an_initial_and_a_final(syllable: str, parts: tuple[str, str]) -> None:
    assert split(syllable) == parts


@pytest.mark.parametrize(
    ("text", "count"),
    [("不需要", 1), ("没有不满意", 2), ("是不是", 0), ("有没有货", 0), ("没问题", 0), ("不错", 0),
     ("不好意思我不要", 1), ("要不要", 0), ("别打了", 1), ("特别好", 0)],
)  # fmt: skip
def test_negations_are_counted_and_look_alikes_are_not(text: str, count: int) -> None:
    assert negations(text) == count


@pytest.mark.parametrize(
    ("text", "core"),
    [
        ("嗯，那个好的啊", "好的"),
        ("嗯", "嗯"),
        ("呃呃", "呃呃"),
        ("好 的！", "好的"),
        ("喂你好", "你好"),
    ],
)
def test_fillers_are_dropped_unless_they_are_all_there_is(text: str, core: str) -> None:
    assert without_fillers(plain(text)) == core


@pytest.mark.parametrize(
    ("text", "positive"),
    [
        ("没有什么不满意的", "满意的"),
        ("我不是不想要", "想要"),
        ("不是没收到", "收到"),
        ("也不是没有兴趣", "有兴趣"),
        ("没什么不好的", "好的"),
        ("不是不是", "不是不是"),
        ("不对不对", "不对不对"),
        ("不用不用", "不用不用"),
        ("我不要", "我不要"),
    ],
)
def test_two_negations_are_none(text: str, positive: str) -> None:
    assert resolve(text) == positive
