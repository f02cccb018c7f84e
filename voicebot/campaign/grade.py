"""How much a customer leans to what was offered: grades A to F by rules that a shop may edit.

The rules are YAML, tried from the top; the first whose condition holds gives the grade and what to
do next. Conditions are in the language of `voicebot.campaign.condition`; the defaults beside this
module, `grading_rules.yaml`, name the fields. A campaign's own rules are the file of that name in
its folder.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from functools import cache
from pathlib import Path

from voicebot.call.record import CallRecord
from voicebot.campaign import condition
from voicebot.campaign.condition import Condition, Vocabulary
from voicebot.campaign.outcome import Disposition, Intention
from voicebot.dialogue import document
from voicebot.dialogue.document import Document, suggest
from voicebot.dialogue.script import Counts, EndReason
from voicebot.errors import BadRules, BadScript, BadSegment, Problem

FILE = "grading_rules.yaml"

FIELDS = Vocabulary(
    words={"disposition": frozenset(Disposition), "end_reason": frozenset(EndReason)},
    numbers=("questions", "affirmatives", "refusals", "replies", "talk_s"),
    flags=("connected",),
    open={"outcome": "outcome"},
)

NEXT_ACTIONS = ("sales_call", "follow_up", "rest", "retry", "do_not_call", "none")
"""What may be done with a customer: a person of the shop calls, a later campaign calls, a later
campaign may call after a while, this campaign tries again, nobody ever calls, nothing."""

UNGRADED = "no rule"


@dataclass(frozen=True, slots=True)
class Talk:
    """What the rules look at: one attempt in numbers."""

    disposition: str
    end_reason: str = ""
    questions: int = 0
    affirmatives: int = 0
    refusals: int = 0
    replies: int = 0
    talk_s: float = 0.0
    outcome: Mapping[str, str] = field(default_factory=dict)
    connected: bool = False
    """A conversation took place."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule."""

    grade: Intention
    name: str
    when: Condition
    next_action: str


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade and where it came from."""

    intention: Intention
    rule: str
    """The rule's name, and what was counted."""
    next_action: str


def talk(disposition: Disposition, record: CallRecord | None) -> Talk:
    """Sum an attempt up for the rules; a machine or an announcement is no conversation."""
    if record is None or disposition is not Disposition.ANSWERED_HUMAN:
        return Talk(disposition)
    counts = Counter(turn.counts for turn in record.turns)
    return Talk(
        disposition,
        "" if record.end_reason is None else record.end_reason,
        counts[Counts.QUESTION],
        counts[Counts.AFFIRMATIVE],
        counts[Counts.REFUSAL],
        sum(turn.text is not None for turn in record.turns),
        record.duration_ms / 1000,
        record.outcome,
        connected=True,
    )


def grade(of: Talk, rules: tuple[Rule, ...]) -> Grade:
    """Return the grade of the first rule that holds; D, and nothing to do, when none does."""
    counted = (
        f"{of.questions} questions, {of.affirmatives} affirmatives, {of.refusals} refusals, "
        f"{of.replies} answers"
    )
    for rule in rules:
        # No field of the rules is a date.
        if condition.holds(rule.when, FIELDS, of, UTC):
            why = f"{rule.name}: {counted}" if of.connected else rule.name
            return Grade(rule.grade, why, rule.next_action)
    return Grade(Intention.D, f"{UNGRADED}: {counted}", "none")


def rules_of(folder: Path) -> tuple[Rule, ...]:
    """Return the rules of a campaign's folder, or the defaults. Raises `BadRules`."""
    own = folder / FILE
    return load(own) if own.is_file() else default_rules()


@cache
def default_rules() -> tuple[Rule, ...]:
    """Return the rules that come with voicebot."""
    return load(Path(__file__).with_name(FILE))


def load(path: Path) -> tuple[Rule, ...]:
    """Read rules. Raises `BadRules` with every problem."""
    try:
        root = document.parse(path.read_bytes(), str(path))
    except OSError as error:
        raise BadRules(Problem(str(path), f"cannot be read: {error.strerror}")) from error
    except BadScript as error:
        raise BadRules(*error.problems) from error
    listed = root.fields(required=("rules",)).get("rules")
    found = [] if listed is None else [_rule(item) for item in listed.items()]
    if listed is not None and not found:
        listed.report("has no rules", "docs/outcomes.md has an example")
    problems = root.document.problems
    if problems:
        raise BadRules(*problems)
    return tuple(rule for rule in found if rule is not None)


def _rule(item: document.Value) -> Rule | None:
    fields = item.fields(required=("grade", "name", "when"), optional=("next",))
    if not {"grade", "name", "when"} <= set(fields):
        return None
    letter = fields["grade"].text().upper()
    if letter not in list(Intention):
        fields["grade"].report(f'"{letter}" is no grade', "A to F")
    action = fields["next"].text() if "next" in fields else "none"
    if action not in NEXT_ACTIONS:
        what = f'"{action}" is no next action'
        fields["next"].report(what, suggest(action, NEXT_ACTIONS, everything=True))
    when = _condition(fields["when"], item.document)
    if when is None or letter not in list(Intention):
        return None
    return Rule(Intention(letter), fields["name"].text(), when, action)


def _condition(value: document.Value, within: Document) -> Condition | None:
    text = value.text()
    try:
        return condition.parse(text, FIELDS)
    except BadSegment as error:
        for problem in error.problems:
            within.report(value.path, f"{problem.path}: {problem.what}", problem.hint)
        return None
