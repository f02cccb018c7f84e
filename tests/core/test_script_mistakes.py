"""What a script's author hears about mistakes: all of them at once, each at its line."""

from pathlib import Path

import pytest

from voicebot.dialogue.loader import check_script, load_script
from voicebot.errors import BadScript

SOUND = """\
script: survey
version: "1"
variables: {name: 王女士}
outcome: {liked: {values: [yes, no]}}
intents:
  affirm: {examples: [好的, 可以, 喜欢]}
  deny: {examples: [不用, 没空, 不喜欢]}
start: ask
apology: 不好意思，系统出了点问题，再见。
no_input: {prompts: [您还在吗？], then: bye}
no_match: {prompts: [请再说一遍。], then: bye}
states:
  ask:
    prompt: "{name}您好，您喜欢吗？"
    on:
      affirm: {go: bye, set: {liked: yes}}
      deny: {go: bye, set: {liked: no}}
  bye:
    prompt: 谢谢您，再见。
    end: finished
"""


def write(folder: Path, text: str) -> Path:
    (folder / "script.yaml").write_text(text, encoding="utf-8")
    return folder


def faults(folder: Path, text: str) -> list[str]:
    """Return the faults as `line path: what; hint`."""
    checked = check_script(write(folder, text))
    return [
        f"{each.line} {each.path}: {each.what}; {each.hint}".removesuffix("; ")
        for each in checked.faults
    ]


def changed(*replacements: tuple[str, str]) -> str:
    text = SOUND
    for old, new in replacements:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def test_a_sound_script_has_neither_faults_nor_warnings(tmp_path: Path) -> None:
    checked = check_script(write(tmp_path, SOUND))

    assert (checked.faults, checked.warnings) == ((), ())


def test_ten_mistakes_are_ten_problems_at_their_lines(tmp_path: Path) -> None:
    text = """\
script: survey
version: "1"
titel: 问卷
variables: {name: 王女士}
outcome: {liked: {values: [yes, no]}}
intents:
  affirm: {examples: [好的, 可以, 喜欢]}
  deny: {examples: [不用, 可以, 不喜欢]}
  vague: {}
start: ask
apology: 不好意思，系统出了点问题，再见。
no_input: {prompts: [您还在吗？], then: bye}
no_match: {prompts: [请再说一遍。], then: byee}
states:
  ask:
    prompt: "{nmae}您好，您喜欢吗？"
    on:
      affirm: {go: bye, set: {liked: maybe}}
      affrim: bye
      deny: {go: bye, set: {liked: no}}
      vague: bye
  lonely:
    prompt: {text: 没有人来这里。, recording: lonely}
    end: finished
  bye:
    prompt: 谢谢您，再见。
    end: finish
"""

    found = faults(tmp_path, text)

    recording = tmp_path / "prompts" / "lonely.wav"
    assert found == [
        '3 titel: unknown key "titel"; did you mean "title"?',
        "9 intents.vague: has neither a grammar nor examples; add `examples: [好的, 可以]`",
        '13 no_match.then: unknown state "byee"; did you mean "bye"?',
        '16 states.ask.prompt: "nmae" is neither a variable nor an outcome field; '
        'did you mean "name"?',
        '18 states.ask.on.affirm.set.liked: "maybe" is not one of the values of liked; '
        "known: yes, no",
        '19 states.ask.on.affrim: unknown intent "affrim"; did you mean "affirm"?',
        '20 states.ask.on.deny: "可以" could be affirm or deny; keep each phrase in one of them',
        "22 states.lonely: no call ever comes here; lead to it from another state, or remove it",
        f"23 states.lonely.prompt.recording: the recording {recording} does not exist; "
        "check the path",
        '27 states.bye.end: "finish" is no reason to end that a script may give; '
        'did you mean "finished"?',
    ]


def test_a_circle_of_states_without_an_end_is_a_fault_of_each(tmp_path: Path) -> None:
    found = faults(tmp_path, changed(("end: finished", "next: ask")))

    hint = "no way leads from here to an end; add a state with end:"
    assert found == [f"13 states.ask: {hint}", f"18 states.bye: {hint}"]


def test_loading_raises_every_fault_with_file_and_line(tmp_path: Path) -> None:
    text = changed(("start: ask", "start: aks"), ("then: bye}\nno_match", "then: byes}\nno_match"))

    with pytest.raises(BadScript) as caught:
        load_script(write(tmp_path, text))

    assert str(caught.value).splitlines() == [
        f'{tmp_path}/script.yaml:8: start: unknown state "aks"; did you mean "ask"?',
        f'{tmp_path}/script.yaml:10: no_input.then: unknown state "byes"; did you mean "bye"?',
    ]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('version: "1"\n', "", '1 : the key "version" is missing; add `version:` here'),
        (
            "start: ask\n",
            "start: ask\nstart: bye\n",
            '9 start: the key "start" stands twice, first on line 8; remove or rename one of them',
        ),
        (
            "prompt: 谢谢您，再见。",
            "prompt: {text: [谢谢]}",
            "19 states.bye.prompt.text: is a list, but a text is needed here",
        ),
        (
            "prompt: 谢谢您，再见。",
            "prompt:",
            "19 states.bye.prompt: is empty; write what the robot says",
        ),
        (
            "prompt: 谢谢您，再见。",
            "prompt: Goodbye",
            '19 states.bye.prompt: "Goodbye" has no Chinese, which is all the voice speaks; '
            "write it as it is said",
        ),
        (
            "prompt: 谢谢您，再见。",
            'prompt: "谢谢{ name }"',
            "19 states.bye.prompt: has a brace that belongs to no {variable}; "
            "write {name}, without spaces",
        ),
        (
            "apology: 不好意思，系统出了点问题，再见。",
            'apology: "{name}不好意思。"',
            "9 apology: has variables, but is said when nothing can be relied on; "
            "use fixed words only",
        ),
        (
            "end: finished",
            "end: error",
            '20 states.bye.end: "error" is no reason to end that a script may give; '
            "known: call_later, finished, no_input, no_match, opted_out, transferred",
        ),
        (
            "    end: finished",
            "    end: finished\n    listen: free",
            "21 states.bye.listen: is for states that listen, but this one has end; "
            "remove it or end",
        ),
        (
            "    end: finished",
            "    end: finished\n    next: ask",
            "18 states.bye: has both next and end; a state either goes on or ends the call",
        ),
        (
            "    end: finished\n",
            "",
            "18 states.bye: has none of on, form, do, next and end; say what follows the prompt",
        ),
        (
            "    on:\n",
            "    save: liked\n    on:\n      any: bye\n",
            "15 states.ask.save: liked has fixed values, but an answer may be any words; "
            "save to a field without values",
        ),
        (
            "    on:\n",
            "    endpoint_ms: 8s\n    on:\n",
            '15 states.ask.endpoint_ms: "8s" is no number of milliseconds from 200 to 3000; '
            "write endpoint_ms: 800",
        ),
        (
            "[您还在吗？], then: bye}",
            "[您还在吗？], then: {go: same}}",
            "10 no_input.then: never leaves: when the prompts are used up, silence would be asked "
            "for ever; go to a state that ends the call or asks something else",
        ),
        (
            "start: ask",
            "anywhere: {any: bye}\nstart: ask",
            "8 anywhere.any: any is not for anywhere: every word would be an answer to "
            "everything; put it under one state's on",
        ),
        (
            "examples: [不用, 没空, 不喜欢]",
            "examples: [不用, 别打了, 不喜欢], hot_words: [好的]",
            '17 states.ask.on.deny: "好的" of affirm holds a hot word of deny; '
            "the hot word always wins: remove the phrase",
        ),
        (
            "examples: [不用, 没空, 不喜欢]",
            "grammar: [none.jsgf]",
            '7 intents.deny.grammar[1]: "none.jsgf" names no rule; '
            "write ../../grammars/yes_no.jsgf#yes",
        ),
        (
            "variables: {name: 王女士}",
            "variables: {name: }",
            "3 variables.name: has neither an example nor a default; add `example: 王女士`",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, fault: str) -> None:
    found = faults(tmp_path, changed((old, new)))

    assert found == [fault]


def test_a_variable_without_column_or_default_is_a_fault(tmp_path: Path) -> None:
    checked = check_script(write(tmp_path, SOUND), columns=["phone", "names"])

    assert [str(each) for each in checked.faults] == [
        f'{tmp_path}/script.yaml:3: variables.name: the contacts have no column "name", '
        'and there is no default; did you mean "names"?'
    ]


def test_a_word_that_the_model_lacks_is_a_fault_at_its_example(tmp_path: Path) -> None:
    own = "\n    examples:\n      - 好的\n      - 好嘞"
    text = changed(("{examples: [好的, 可以, 喜欢]}", own))

    checked = check_script(
        write(tmp_path, text), can_say=lambda phrase: tuple(set(phrase) & {"嘞"})
    )

    assert [(each.line, each.what) for each in checked.faults] == [
        (9, '"好嘞" holds "嘞", which the recognition model does not know')
    ]


@pytest.mark.parametrize(
    ("grammar", "line", "what"),
    [
        ("好 的;", 1, "does not begin with a JSGF header"),
        (
            "#JSGF V1.0;\ngrammar g;\n\n<yes> = 好 | <no>;",
            4,
            "refers to <no>, which does not exist",
        ),
        ("#JSGF V1.0;\ngrammar g;\n<yes> = (好;", 3, 'cannot be parsed at "(好"'),
        ("#JSGF V1.0;\n<yes> = 好 <yes>;", 2, "refers to itself (yes -> yes)"),
    ],
)
def test_a_broken_grammar_is_reported_in_its_own_file(
    tmp_path: Path, grammar: str, line: int, what: str
) -> None:
    (tmp_path / "own.jsgf").write_text(grammar, encoding="utf-8")
    text = changed(("{examples: [好的, 可以, 喜欢]}", "{grammar: own.jsgf#yes}"))

    checked = check_script(write(tmp_path, text))

    fault = checked.faults[0]
    assert (fault.file, fault.line, fault.what) == (str(tmp_path / "own.jsgf"), line, what)


@pytest.mark.parametrize(
    ("data", "line", "what"),
    [
        (b"", 1, "is empty"),
        ("script: a\ntitle: 问卷\n".encode("gb18030"), 2, "is not UTF-8 here"),
        (b"script: a\n\tversion: 1\n", 2, "is not YAML here"),
        ("script: a\nprompt: {name}您好\n".encode(), 2, "is not YAML here"),
        (b"script: a\x00\n", None, "is not YAML: unacceptable character"),
        (b"- a\n- b\n", 1, "is a list, but `key: value` lines are needed here"),
        (b"[" * 600, None, "is nested too deeply"),
        (b"#" * 1_000_001, None, "has 1,000,001 bytes; 1,000,000 are the most"),
    ],
)
def test_what_is_no_script_at_all_is_one_clear_fault(
    tmp_path: Path, data: bytes, line: int | None, what: str
) -> None:
    (tmp_path / "script.yaml").write_bytes(data)

    checked = check_script(tmp_path)

    assert [each.line for each in checked.faults] == [line]
    assert checked.faults[0].what.startswith(what)


def test_a_folder_without_script_says_what_to_name(tmp_path: Path) -> None:
    checked = check_script(tmp_path)

    assert [str(each) for each in checked.faults] == [
        f"{tmp_path}/script.yaml: cannot be read (No such file or directory); "
        "name a campaign's folder with a script.yaml"
    ]


def test_what_works_but_not_well_is_a_warning(tmp_path: Path) -> None:
    text = changed(
        (
            'prompt: "{name}您好，您喜欢吗？"',
            f"prompt: {{text: {'喜欢' * 20}, barge_in: hot_words}}",
        ),
        ("examples: [不用, 没空, 不喜欢]", "examples: [布用, 号的, 不喜欢]"),
    )

    checked = check_script(write(tmp_path, text))

    assert [(each.line, each.path, each.what) for each in checked.warnings] == [
        (3, "variables.name", "is never used"),
        (14, "states.ask.prompt", "takes about 8.9 s and cannot be interrupted"),
        (17, "states.ask.on.deny", '"好的/号的" sound alike, but are affirm and deny'),
    ]
