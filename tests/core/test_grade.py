from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.call.record import CallRecord, TurnRecord
from voicebot.campaign.contacts import Contact
from voicebot.campaign.grade import Talk, default_rules, grade, load, rules_of, talk
from voicebot.campaign.outcome import Attempt, Disposition, Intention, intention
from voicebot.dialogue.script import EndReason
from voicebot.errors import BadRules

HUMAN = Disposition.ANSWERED_HUMAN


def graded(**counted: int | str) -> Intention:
    return grade(Talk(HUMAN, connected=True, **counted), default_rules()).intention  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("questions", "affirmatives", "refusals", "replies", "wanted"),
    [
        (2, 0, 0, 2, "A"),
        (0, 2, 0, 2, "A"),
        (3, 3, 1, 7, "B"),
        (1, 0, 0, 1, "B"),
        (0, 1, 1, 2, "B"),
        (2, 2, 2, 6, "C"),
        (0, 0, 1, 5, "C"),
        (0, 0, 0, 2, "C"),
        (0, 0, 0, 3, "D"),
    ],
)
def test_the_default_rules(
    questions: int, affirmatives: int, refusals: int, replies: int, wanted: str
) -> None:
    found = graded(
        questions=questions, affirmatives=affirmatives, refusals=refusals, replies=replies
    )

    assert found == wanted


def test_who_opted_out_is_f_however_keen_they_sounded() -> None:
    assert graded(end_reason="opted_out", affirmatives=5) is Intention.F


@pytest.mark.parametrize("disposition", [each for each in Disposition if each is not HUMAN])
def test_nobody_is_graded_by_a_call_that_no_person_answered(disposition: Disposition) -> None:
    record = CallRecord("s", "1", {}, [TurnRecord("a", text="好", counts="affirmative")] * 4)

    found = grade(talk(disposition, record), default_rules())

    assert (found.intention, found.rule, found.next_action) == ("E", "not connected", "retry")


def test_a_record_is_summed_up_for_the_rules() -> None:
    turns = [
        TurnRecord("a", text="好", counts="affirmative"),
        TurnRecord("b", text="多少钱", counts="question"),
        TurnRecord("c", text=None),
    ]
    record = CallRecord("s", "1", {}, turns, end_reason=EndReason.FINISHED, duration_ms=9500)

    summed = talk(HUMAN, record)

    assert (summed.affirmatives, summed.questions, summed.refusals) == (1, 1, 0)
    assert (summed.replies, summed.talk_s, summed.end_reason) == (2, 9.5, "finished")


def test_the_rule_that_gave_the_grade_is_named_with_what_was_counted() -> None:
    found = grade(Talk(HUMAN, connected=True, questions=2, replies=2), default_rules())

    assert found.rule == (
        "two questions or two affirmatives, no refusal: "
        "2 questions, 0 affirmatives, 0 refusals, 2 answers"
    )
    assert found.next_action == "sales_call"


def test_a_campaigns_own_rules_come_first(tmp_path: Path) -> None:
    (tmp_path / "grading_rules.yaml").write_text(
        "rules:\n"
        "  - {grade: A, name: wants it, when: outcome.wants_link = yes, next: sales_call}\n",
        encoding="utf-8",
    )
    rules = rules_of(tmp_path)

    keen = grade(Talk(HUMAN, outcome={"wants_link": "yes"}, connected=True), rules)
    other = grade(Talk(HUMAN, connected=True), rules)

    assert (keen.intention, keen.next_action) == ("A", "sales_call")
    assert (other.intention, other.next_action) == ("D", "none")
    assert other.rule.startswith("no rule: ")
    assert rules_of(tmp_path / "elsewhere") == default_rules()


def test_every_fault_of_a_rules_file_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "grading_rules.yaml"
    path.write_text(
        "rules:\n"
        "  - {grade: Z, name: a, when: questions > 1}\n"
        "  - {grade: A, name: b, when: question > 1}\n"
        "  - {grade: A, name: c, when: connected, next: call_again}\n"
        "  - {grade: A, when: connected}\n",
        encoding="utf-8",
    )

    with pytest.raises(BadRules) as caught:
        load(path)

    lines = str(caught.value).replace(str(path), "rules").splitlines()
    assert [line.split(": ")[0] for line in lines] == ["rules:2", "rules:3", "rules:4", "rules:5"]
    assert '"Z" is no grade; A to F' in lines[0]
    assert 'did you mean "questions"?' in lines[1]
    assert '"call_again" is no next action' in lines[2]
    assert 'the key "name" is missing' in lines[3]


@pytest.mark.parametrize("text", ["", "rules: []\n", "- a\n", "rules: [[1]]\n"])
def test_a_file_that_has_no_rules_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "grading_rules.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(BadRules):
        load(path)


@given(
    st.lists(st.sampled_from(["question", "affirmative", "refusal", "nothing", ""]), max_size=8),
    st.sampled_from([EndReason.FINISHED, EndReason.OPTED_OUT, EndReason.CALLER_HUNG_UP]),
)
def test_a_single_runs_report_grades_by_the_same_rules(counts: list[str], end: EndReason) -> None:
    turns = [TurnRecord("s", text="好" if each else None, counts=each) for each in counts]
    record = CallRecord("s", "1", {}, turns, end_reason=end)
    attempt = Attempt(1, Contact("15400000001", "", {}, 2), HUMAN, 0, record)

    by_rules = grade(talk(HUMAN, record), default_rules()).intention

    assert intention(attempt)[0] is by_rules
