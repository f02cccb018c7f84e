"""Mistakes with forms, actions, conditions, sub-flows and knowledge: each named at its line."""

import re
from pathlib import Path

import pytest

from voicebot.dialogue.loader import check_script

PAGE = Path("docs/script.md").read_text(encoding="utf-8")
SOUND = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1]
FAQ = "## 运费谁出？\n- 运费谁付\n- 邮费怎么算\n\n运费都由我们出。\n"


def told(folder: Path, *changes: tuple[str, str], faq: str = FAQ) -> list[str]:
    """Return faults, and warnings in brackets, as `path: what; hint`."""
    text = SOUND
    for old, new in changes:
        assert text.count(old) == 1, (old, text.count(old))
        text = text.replace(old, new)
    (folder / "script.yaml").write_text(text, encoding="utf-8")
    (folder / "actions.py").write_text(
        "def find_order(order_no):\n    return {}\n\n\ndef _own():\n    return {}\n"
    )
    (folder / "faq.md").write_text(faq, encoding="utf-8")
    checked = check_script(folder)
    lines = [f"{each.path}: {each.what}; {each.hint}" for each in checked.faults]
    return [*lines, *(f"({each.path}: {each.what}; {each.hint})" for each in checked.warnings)]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "when: wrong_numbers >= 1",
            "when: wrong_number >= 1",
            'states.look_up.next[2].when: "wrong_number" is no name of this script; did you mean '
            '"wrong_numbers"?',
        ),
        (
            "when: found == yes, go",
            "when: found is yes, go",
            'states.look_up.next[1].when: the condition "found is yes" did not expect "is"; '
            "join with and / or; write when: found = yes and tries < 3",
        ),
        (
            "when: found == yes, go",
            "when: found == true, go",
            'states.look_up.next[1].when: found is never "true"; known: yes, no',
        ),
        (
            "when: wrong_numbers >= 1",
            "when: wrong_numbers >= many",
            'states.look_up.next[2].when: "many" is no number, and >= compares numbers; '
            "write wrong_numbers >= 3",
        ),
        (
            "- {go: identify, say",
            "- {when: found == no, go: identify, say",
            "states.look_up.next[3]: has a condition, and nothing is left when it fails; write "
            "[{when: tries >= 3, go: to_human}, {go: same}]",
        ),
        (
            "{text: 您好，这里是山谷咖啡换货热线，请问有什么可以帮您？, when: greeting == short}",
            "{text: 您好，请问有什么可以帮您？, when: emotion == negative}",
            "states.opening.prompt: has conditions on every wording, and may have nothing to say; "
            "add one without `when:`, for when no condition holds",
        ),
        (
            "digits: 6  ",
            "private: maybe  ",
            'slots.order_no.private: "maybe" is neither yes nor no; write yes or no',
        ),
        (
            "do: find_order",
            "do: find_orders",
            'states.look_up.do: unknown action "find_orders"; did you mean "find_order"?',
        ),
        (
            "function: find_order ",
            "function: _own ",
            'actions.find_order.function: FOLDER/actions.py has no function "_own"; '
            "known: find_order",
        ),
        (
            "function: find_order ",
            "url: https://shop:secret@shop.example/x ",
            "actions.find_order.url: holds a password; put a token into the environment: "
            "`token_from: NAME`",
        ),
        (
            "function: find_order ",
            "url: ftp://shop.example ",
            'actions.find_order.url: "ftp://shop.example" is no http address; write '
            "https://shop.example/orders",
        ),
        (
            "function: find_order ",
            "url: http://shop.example ",
            "(actions.find_order.url: sends customers' data unencrypted to another machine; "
            "use https)",
        ),
        (
            "failed: {go: to_human, say: 不好意思，系统查询有点慢。, set: {result: transferred}}",
            "",
            "states.look_up: does not say what to do when the action fails; add `failed: STATE`; "
            "programs do hang",
        ),
        (
            "form: [order_no]",
            "form: [order_number]",
            'states.identify.form: unknown slot "order_number"; did you mean "order_no"?',
        ),
        (
            "kind: order_number",
            "kind: ordernumber",
            'slots.order_no.kind: there is no kind of slot "ordernumber"; did you mean '
            '"order_number"?',
        ),
        (
            "forget: order_no}",
            "forget: order}",
            'states.look_up.next[3].forget: unknown slot "order"; did you mean "order_no"?',
        ),
        (
            "count: wrong_numbers,",
            "count: wrong,",
            'states.look_up.next[3].count: unknown counter "wrong"; known: wrong_numbers',
        ),
        (
            "{call: identify, go: details}",
            "identify",
            "states.look_up: returns, but no sub-flow was called; lead here with `call:` only",
        ),
        (
            "customer: }",
            "order: }",
            'actions.find_order.gives.order: "order" is an outcome field and a result of '
            "find_order; prompts could mean either: rename one",
        ),
        (
            "{short: 50, warm: 50}    #",
            "{short: 50}    #",
            "experiments.greeting: has nothing to choose from; write {short: 50, warm: 50}",
        ),
        (
            '{order_no: "{order_no}"}',
            '{order_no: "{number}"}',
            'actions.find_order.send.order_no: "number" is no name of this script; did you mean '
            '"wrong_numbers"?',
        ),
        (
            "[转人工, 人工客服, 我要找人工客服]",
            "[转人工, 人工客服]",
            "(intents.transfer_human: has only 2 examples; callers say it in many ways: give ten)",
        ),
        (
            "files: faq.md ",
            "files: questions.md ",
            "knowledge.files: FOLDER/questions.md cannot be read (No such file or directory); "
            "check the path",
        ),
        (
            "    next: booked",
            "    next: same",
            "states.details.next: same is for answers; here it would go round for ever; "
            "name a state",
        ),
    ],
)
def test_a_mistake_is_named(old: str, new: str, fault: str, tmp_path: Path) -> None:
    found = told(tmp_path, (old, new))

    assert fault.replace("FOLDER", str(tmp_path)) in found


@pytest.mark.parametrize(
    ("faq", "fault"),
    [
        (
            f"{FAQ}\n## 邮费怎么算？\n- 快递费谁出\n- 谁付快递费\n\n我们出。\n",
            ': "邮费怎么算？" is asked in "运费谁出？" too (FOLDER/faq.md:1); join the two entries',
        ),
        (
            f"{FAQ}\n## 云非谁初？\n- 快递费谁出\n- 谁付快递费\n\n我们出。\n",
            ': "云非谁初？" sounds like "运费谁出？" in "运费谁出？" too (FOLDER/faq.md:1); '
            "join the two entries",
        ),
        ("## 运费谁出？\n- 邮费\n", ': "运费谁出？" has no answer; write what the robot says'),
        ("运费都由我们出。\n", ": has words before the first question; begin it with ##"),
        (
            f"## 运费谁出？\n- 运费谁付\n- 邮费怎么算\n\n{'运费都由我们出，' * 12}\n",
            '(: the answer to "运费谁出？" has 84 characters; say it in 80, or callers interrupt)',
        ),
        (
            "## 运费谁出？\n\n我们出。\n",
            '(: "运费谁出？" has 0 other wordings; callers ask in many ways: give five)',
        ),
        (
            f"{FAQ}\n## 退款多久到？\n- 退款几天到\n- 钱什么时候退\n\n{{days}}天。\n",
            ': the answer to "退款多久到？" names "days", which the script lacks; ',
        ),
    ],
)
def test_a_mistake_of_a_knowledge_file_is_named(faq: str, fault: str, tmp_path: Path) -> None:
    found = told(tmp_path, faq=faq)

    assert any(fault.replace("FOLDER", str(tmp_path)) in each for each in found), found


def test_a_file_of_functions_is_read_and_never_run(tmp_path: Path) -> None:
    told(tmp_path)
    (tmp_path / "actions.py").write_text(
        "raise SystemExit('it was run')\n\n\ndef find_order(order_no):\n    return {}\n"
    )

    assert check_script(tmp_path).faults == ()
