import pytest

from voicebot.call.record import CallRecord, TurnRecord
from voicebot.campaign.contacts import Contact
from voicebot.campaign.outcome import Attempt, Disposition, Intention, intention
from voicebot.dialogue.script import Counts, EndReason, usually_counts

CONTACT = Contact("13800000001", "王女士", {}, 2)


def attempt(
    *intents: str | None, reason: EndReason = EndReason.FINISHED, silent: int = 0
) -> Attempt:
    """A call in which these intents were understood; None is an answer that was not."""
    record = CallRecord("coffee", "1", {}, end_reason=reason)
    for intent in intents:
        counts = str(usually_counts(intent or ""))
        record.turns.append(TurnRecord("ask", text="...", intent=intent, counts=counts))
    record.turns += [TurnRecord("ask") for _ in range(silent)]
    return Attempt(1, CONTACT, Disposition.ANSWERED_HUMAN, 5000, record)


@pytest.mark.parametrize(
    ("tried", "grade"),
    [
        (attempt("affirm", "affirm"), Intention.A),
        (attempt("ask_price", "ask_delivery"), Intention.A),
        (attempt("affirm", "affirm", "deny"), Intention.B),
        (attempt("affirm"), Intention.B),
        (attempt("ask_price", "deny"), Intention.B),
        (attempt("ask_price", "deny", "not_interested"), Intention.C),
        (attempt("deny"), Intention.C),
        (attempt("already_bought", "no_money"), Intention.C),
        (attempt(), Intention.C),
        (attempt(None, "good"), Intention.C),
        (attempt(None, silent=5), Intention.C),
        (attempt(None, "good", "bad"), Intention.D),
        (attempt("affirm", "affirm", reason=EndReason.OPTED_OUT), Intention.F),
    ],
)
def test_a_call_is_graded_by_what_was_understood(tried: Attempt, grade: Intention) -> None:
    assert intention(tried)[0] is grade


@pytest.mark.parametrize(
    "disposition", [Disposition.NO_ANSWER, Disposition.BUSY, Disposition.LINE_ERROR]
)
def test_who_was_not_reached_has_a_grade_of_their_own(disposition: Disposition) -> None:
    missed = Attempt(1, CONTACT, disposition, 30_000)

    assert intention(missed) == (Intention.E, "not connected")
    assert missed.end_reason is None


def test_a_grade_says_what_was_counted() -> None:
    tried = attempt("ask_price", "affirm", "deny", "deny", None)

    assert intention(tried) == (
        Intention.C,
        "1 questions, 1 affirmatives, 2 refusals, 5 answers",
    )


def test_an_attempt_ends_as_its_call_did() -> None:
    assert attempt(reason=EndReason.NO_INPUT).end_reason is EndReason.NO_INPUT


def test_what_an_answer_counts_as_is_the_scripts_word() -> None:
    """没有了 after 还有别的事吗 is no refusal, whatever its intent is called."""
    tried = attempt("affirm", "affirm", "deny")
    assert tried.record is not None

    tried.record.turns[-1].counts = str(Counts.NOTHING)

    assert intention(tried)[0] is Intention.A
