import pytest

from voicebot.dialogue.grammar import MAX_PHRASES, expand
from voicebot.errors import BadScript

HEADER = "#JSGF V1.0 UTF-8 zh;\ngrammar test;\n"


@pytest.mark.parametrize(
    ("rule", "sentences"),
    [
        ("好 [的 | 啊]", ["好", "好的", "好啊"]),
        ("(不 | 别) 打 了", ["不打了", "别打了"]),
        ("/3/ 可以 | /1/ 行", ["可以", "行"]),
        ("好 {tag} // 好不好\n | 行", ["好", "行"]),
        ("<tail> 好", ["呀好", "啊好"]),
        ("好 [<tail>]", ["好", "好呀", "好啊"]),
        ("对+", ["对", "对对"]),
        ("对* 的", ["的", "对的", "对对的"]),
        ("好 | 好", ["好"]),
        ("<NULL> 好", ["好"]),
    ],
)
def test_a_rule_stands_for_its_sentences(rule: str, sentences: list[str]) -> None:
    found = expand(f"{HEADER}public <a> = {rule};\n<tail> = 呀 | 啊;", "a")

    assert list(found) == sentences


def test_a_rule_may_have_more_alternatives_than_pyjsgf_can_read_at_once() -> None:
    words = [f"好{chr(0x4E00 + number)}" for number in range(300)]

    found = expand(f"{HEADER}<a> = {' | '.join(words)};", "a")

    assert list(found) == words


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"{HEADER}<a> = 好;", 'has no rule "b"; its rules: a'),
        (f"{HEADER}<b> = 好 | ;", '3: <b>: has an empty alternative; remove the extra "|"'),
        (f"{HEADER}\n<b> = 好\n| <c>;", "4: <b>: refers to <c>, which does not exist"),
        (f"{HEADER}<b> = 好 <c>;\n<c> = 的 <b>;", "3: <b>: refers to itself (b -> c -> b)"),
        (f"{HEADER}<b> = <VOID>;", "3: <b>: stands for no words at all"),
        (f"{HEADER}<b> = [好];\n<b> = 行;", "4: <b>: is defined twice, first on line 3"),
        (f"{HEADER}<b> = 好\n<c> = 行;", '3: <b>: cannot be parsed at "好 <c> = 行"'),
        (f"{HEADER}yes = 好;", '3: is no rule: "yes = 好"'),
        ("<b> = 好;", "1: does not begin with a JSGF header"),
        (f"{HEADER}<b> = {'[好 | 的 | 啊] ' * 6};", f"4096 phrases; {MAX_PHRASES} are the most"),
        (
            f"{HEADER}<b> = ({'|'.join('好' * 300)});",
            "too many alternatives in one pair of brackets",
        ),
    ],
)
def test_a_fault_of_a_grammar_is_named_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(BadScript) as caught:
        expand(text, "b")

    assert problem in str(caught.value)
