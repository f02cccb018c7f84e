import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicebot.speech.phrases import phrases


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("请问是张三先生吗？我们是咖啡店。", ("请问是张三先生吗？", "我们是咖啡店。")),
        ("好的，我们明天联系您。", ("好的，我们明天联系您。",)),
        ("我们明天联系您，好的。", ("我们明天联系您，好的。",)),
        ("今天可以打3.5折，共1,299元；您看呢", ("今天可以打3.5折，", "共1,299元；您看呢")),
        ("他说：“我知道了！”然后就走了", ("他说：“我知道了！”", "然后就走了")),
        ("真的没有办法……我们再想想", ("真的没有办法……", "我们再想想")),
        ("好", ("好",)),
        ("", ()),
    ],
)
def test_a_text_is_cut_at_its_clauses(text: str, expected: tuple[str, ...]) -> None:
    assert phrases(text) == expected


@settings(deadline=None)
@given(st.text(alphabet="好的我们12,.，。！？；…”\n ", max_size=40))
def test_the_phrases_together_are_the_text(text: str) -> None:
    assert "".join(phrases(text)) == text
