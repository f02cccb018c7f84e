"""`voicebot kb`: the knowledge base of a campaign, asked, measured, filled."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from rich.table import Table

from voicebot.bootstrap import knowledge_index
from voicebot.cli.options import wide_console
from voicebot.dialogue.knowledge import evaluation, files
from voicebot.dialogue.knowledge.entry import Entry
from voicebot.dialogue.knowledge.gaps import Gap, gaps
from voicebot.dialogue.knowledge.index import SURE, Index
from voicebot.dialogue.loader import load_script
from voicebot.errors import BadInput, BadScript, Problem

SHOWN = 30
"""Wrong answers, or gaps, on the terminal."""

source_argument = click.argument("source", type=click.Path(path_type=Path))


@click.group()
def kb() -> None:
    """Ask, measure and fill a knowledge base.

    SOURCE is a campaign's folder or a knowledge file: Markdown, CSV, XLSX or YAML.

    \b
    Examples:
      voicebot kb ask campaigns/support 发票怎么开
      voicebot kb import questions.xlsx -o faq.md
      voicebot kb eval campaigns/support questions.tsv
      voicebot kb gaps out/demo --source campaigns/support
    """


@kb.command()
@source_argument
@click.argument("text")
def ask(source: Path, text: str) -> None:
    """Show what answers TEXT, and how sure that is. Exits with 1 when nothing does.

    \b
    Examples:
      voicebot kb ask campaigns/support 发票怎么开
      voicebot kb ask faq.md 几天能到
    """
    asked = knowledge_index(_entries(source))
    told = asked.answer(text)
    for hit in asked.search(text, 3):
        mark = "*" if told is not None and hit.entry is told.entry else " "
        click.echo(f"{mark} {hit.score:.2f} {hit.entry.question} (as {hit.question})")
    if told is None:
        click.echo(f"refused: {SURE} is needed")
        click.get_current_context().exit(1)
    click.echo(told.entry.answer)


@kb.command("import")
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The Markdown file to write.",
)
def import_(sources: tuple[Path, ...], out: Path) -> None:
    """Put knowledge files of any kind together into one Markdown file.

    Duplicate questions are named and nothing is written; long answers are warned about.

    \b
    Examples:
      voicebot kb import questions.xlsx -o campaigns/support/faq.md
      voicebot kb import old.csv more.yaml -o faq.md
    """
    entries = _read(sources)
    out.write_text(files.write_markdown(entries), encoding="utf-8")
    questions = sum(len(entry.questions) for entry in entries)
    click.echo(f"{out}: {len(entries)} entries, {questions} questions")


@kb.command("eval")
@source_argument
@click.argument("questions", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def eval_(source: Path, questions: Path, as_json: bool) -> None:
    """Measure how well SOURCE answers QUESTIONS: lines of question, tab, entry.

    The entry is named by its question, and is - where none should answer. Top 1 and top 3 say how
    often the right entry comes first or among three; told, how often it was sure enough to be said.

    \b
    Examples:
      voicebot kb eval campaigns/support questions.tsv
      voicebot kb eval faq.md questions.tsv --json
    """
    entries = _entries(source)
    result = evaluation.evaluate(knowledge_index(entries), evaluation.read(questions, entries))
    figures = {
        "questions": len(result.known),
        "top_1": round(result.top1, 4),
        "top_3": round(result.top3, 4),
        "told": round(result.told, 4),
        "unanswerable": len(result.unknown),
        "refused": round(result.refused, 4),
        "wrong": round(result.wrong, 4),
    }
    if as_json:
        click.echo(json.dumps(figures, ensure_ascii=False))
        return
    console = wide_console()
    table = Table(box=None, pad_edge=False)
    for column in ("line", "question", "should be", "first", "score", "told"):
        table.add_column(column)
    bad = [each for each in result.answers if each.given != each.question.entry]
    for each in bad[:SHOWN]:
        table.add_row(
            str(each.question.line),
            each.question.text,
            each.question.entry or "-",
            each.first[0] if each.first else "",
            f"{each.score:.2f}",
            each.given or "-",
        )
    if bad:
        console.print(table)
    for name, value in figures.items():
        click.echo(f"{name:14} {value if isinstance(value, int) else f'{value:.1%}'}")


@kb.command("gaps")
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--source",
    type=click.Path(path_type=Path),
    help="The knowledge base, to say which entry comes nearest.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the proposals as a Markdown file, its answers to be filled in.",
)
def gaps_(folders: tuple[Path, ...], source: Path | None, out: Path | None) -> None:
    """Group what callers said in vain, from the records of calls in FOLDERS, and propose entries.

    \b
    Examples:
      voicebot kb gaps out/demo --source campaigns/support
      voicebot kb gaps out/monday out/tuesday -o proposals.md
    """
    asked = [text for folder in folders for text in _unanswered(folder)]
    known = knowledge_index(_entries(source)) if source is not None else None
    found = gaps(asked, known)
    for gap in found[:SHOWN]:
        click.echo(f"{gap.times:4} {gap.question}{_near(gap, known)}")
        for variant in gap.variants[:5]:
            click.echo(f"       {variant}")
    if out is not None:
        out.write_text("\n".join(map(_proposal, found)), encoding="utf-8")
    click.echo(f"{len(asked)} answers not understood, {len(found)} groups")


def _near(gap: Gap, known: Index | None) -> str:
    if known is None or not gap.nearest:
        return ""
    return f"  (nearest: {gap.nearest}, {gap.nearest_score:.2f})"


def _proposal(gap: Gap) -> str:
    variants = "".join(f"- {each}\n" for each in gap.variants)
    near = f"最接近的已有条目：{gap.nearest}。" if gap.nearest else ""
    return f"## {gap.question}\n{variants}\n（待填写。问了 {gap.times} 次。{near}）\n"


def _unanswered(folder: Path) -> Iterator[str]:
    """Yield what was said and not understood, from the records that a run left behind."""
    records = sorted(folder.glob("calls/*.json")) or sorted(folder.glob("*.json"))
    if not records:
        hint = "name what `voicebot demo --out` wrote"
        raise BadInput(Problem(str(folder), "has no records of calls", hint=hint))
    for path in records:
        try:
            record = json.loads(path.read_text("utf-8"))
            turns = record.get("turns") or (record.get("record") or {}).get("turns") or []
            yield from (
                turn["text"].replace("[unk]", "")
                for turn in turns
                if turn.get("text") and turn.get("action", "").startswith("no_match")
            )
        except (ValueError, AttributeError, TypeError) as error:
            hint = "leave it out"
            raise BadInput(Problem(str(path), "is no record of a call", hint=hint)) from error


def _entries(source: Path) -> tuple[Entry, ...]:
    """Return the entries of a campaign or of a file. Raises `BadScript`."""
    if not source.is_dir():
        return tuple(_read([source]))
    script = load_script(source)
    if script.knowledge is None:
        hint = "add `knowledge: faq.md` to its script"
        raise BadScript(Problem(str(source), "has no knowledge base", hint=hint))
    return script.knowledge.entries


def _read(sources: Sequence[Path]) -> list[Entry]:
    entries: list[Entry] = []
    problems: list[Problem] = []
    for path in sources:
        try:
            entries += files.read(path)
        except BadScript as error:
            problems += error.problems
    problems += files.duplicates(entries)
    if problems:
        raise BadScript(*problems)
    for warning in files.long_answers(entries):
        click.echo(f"warning: {warning}", err=True)
    return entries
