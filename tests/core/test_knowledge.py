"""A knowledge base: its files, what it answers, what it refuses, what it lacks."""

from collections import Counter
from pathlib import Path

import openpyxl
import pytest

from benchmarks.understanding.load import FOLDER
from voicebot.dialogue.knowledge import evaluation, files
from voicebot.dialogue.knowledge.background import synonyms, topics
from voicebot.dialogue.knowledge.entry import Entry
from voicebot.dialogue.knowledge.gaps import gaps
from voicebot.dialogue.knowledge.index import Index
from voicebot.dialogue.knowledge.meaning import Groups
from voicebot.errors import BadInput, BadScript

ENTRIES = (
    Entry("多久发货？", "两天内发货。", ("什么时候发货", "几天能发货")),
    Entry("发票怎么开？", "在订单页申请电子发票。", ("能开发票吗", "我要开发票")),
    Entry("退货运费谁出？", "质量问题我们出。", ("退货要不要运费", "退货邮费谁付")),
    Entry("退款多久到账？", "三到五天原路退回。", ("钱什么时候退给我", "退款几天到")),
)


@pytest.fixture(scope="module")
def known() -> Index:
    return Index(ENTRIES)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("几天能发货", "多久发货？"),
        ("请问一下大概多久能发货啊", "多久发货？"),
        ("我想问问发票", "发票怎么开？"),
        ("法票怎么开", "发票怎么开？"),
        ("退货的运费是谁出呢", "退货运费谁出？"),
        ("退款什么时候能到账", "退款多久到账？"),
    ],
)
def test_a_question_is_answered_however_it_is_put(text: str, question: str, known: Index) -> None:
    hit = known.answer(text)

    assert hit is not None
    assert hit.entry.question == question


@pytest.mark.parametrize(
    "text",
    ["今天天气怎么样", "你叫什么名字", "嗯", "", "[unk]", "我家孩子放学了", "你们店在哪个城市"],
)
def test_what_is_not_known_is_refused(text: str, known: Index) -> None:
    assert known.answer(text) is None


DEV = FOLDER / "dev" / "knowledge"


@pytest.mark.parametrize(
    ("shop", "first", "among_three"),
    [
        ("appliances", 0.7, 0.9),
        ("beauty", 0.75, 0.9),
        ("family", 0.7, 0.9),
        ("general", 0.85, 0.95),
    ],
)
def test_a_shop_that_has_few_wordings_is_asked_in_others(
    shop: str, first: float, among_three: float
) -> None:
    entries = files.read(DEV / f"{shop}.md")
    questions = evaluation.read(DEV / f"{shop}.questions.tsv", entries)

    result = evaluation.evaluate(Index(entries), questions)

    assert result.top1 >= first
    assert result.top3 >= among_three
    assert result.told >= 0.5
    assert result.refused >= 0.85
    assert result.wrong <= 0.12


def test_what_stands_in_the_answer_alone_leads_to_it() -> None:
    entries = (
        Entry("默认发哪家快递？", "我们默认发中通，加十元可以改顺丰。"),
        Entry("羊绒大衣怎么清洗？", "羊绒大衣要干洗，不能水洗。"),
        Entry("会员有什么好处？", "会员每单九五折，生日送券。"),
    )

    hits = Index(entries).search("我想走顺丰行不行")

    assert hits[0].entry is entries[0]


def test_a_word_that_is_heard_wrongly_still_belongs_to_its_group() -> None:
    groups = Groups(synonyms())

    assert groups.find("法票怎么开") == groups.find("发票怎么开")
    assert "invoice" in groups.find("法票怎么开")
    assert "furniture" not in groups.find("镯子断了")  # sounds like 桌子, and is a word itself


def test_no_word_of_a_group_stands_there_twice_and_every_topic_has_several_questions() -> None:
    asked = Counter(topic for topic, _ in topics())

    assert min(asked.values()) >= 5
    for name, words in synonyms().words.items():
        assert len(set(words)) == len(words), name


MARKDOWN = """\
# 常见问题

## 多久发货？
- 什么时候发货
- 几天能发货

下单后两天内发货，
节假日顺延。
"""
CSV = "问题,答案,相似问法\n多久发货？,下单后两天内发货，节假日顺延。,什么时候发货|几天能发货\n"
YAML = """\
- question: 多久发货？
  variants: [什么时候发货, 几天能发货]
  answer: 下单后两天内发货，节假日顺延。
"""


@pytest.mark.parametrize("name", ["faq.md", "faq.csv", "gb.csv", "faq.yaml", "faq.xlsx"])
def test_every_kind_of_file_holds_the_same(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    texts = {"faq.md": MARKDOWN, "faq.csv": CSV, "gb.csv": CSV, "faq.yaml": YAML}
    if name == "faq.xlsx":
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.append(["问题", "答案", "相似问法"])
        sheet.append(["多久发货？", "下单后两天内发货，节假日顺延。", "什么时候发货；几天能发货"])
        book.save(path)
    else:
        path.write_text(texts[name], encoding="gb18030" if name == "gb.csv" else "utf-8")

    entries = files.read(path)

    assert [(each.question, each.answer, each.variants) for each in entries] == [
        ("多久发货？", "下单后两天内发货，节假日顺延。", ("什么时候发货", "几天能发货"))
    ]


def test_what_is_written_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "faq.md"
    path.write_text(files.write_markdown(ENTRIES), encoding="utf-8")

    entries = files.read(path)

    assert [(e.question, e.answer, e.variants) for e in entries] == [
        (e.question, e.answer, e.variants) for e in ENTRIES
    ]


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("faq.txt", b"", "is no kind of knowledge file"),
        ("faq.xlsx", b"no zip", "is no spreadsheet (BadZipFile)"),
        ("faq.csv", "问,答\n多久,\n".encode(), ':2: "多久" has no answer'),
        ("faq.csv", "标题,内容\n多久,两天\n".encode(), ':1: has no column "question"'),
        ("faq.csv", b"\xff\xff\xff", "is neither UTF-8 nor GB18030"),
        ("faq.yaml", "- question: 多久\n".encode(), ':1: [1]: the key "answer" is missing'),
        ("faq.md", b"", "has no entry"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(
    name: str, data: bytes, told: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(data)

    with pytest.raises(BadScript) as caught:
        files.read(path)

    assert told in str(caught.value)


def test_what_was_asked_in_vain_is_grouped_and_proposed(known: Index) -> None:
    asked = [
        *["你们店在哪里", "店铺地址在哪里", "你们店在哪里啊"],
        *["能用花呗吗", "可以用花呗付款吗"],
        *["嗯", "发票能寄纸质的吗"],
    ]

    found = gaps(asked, known)

    assert [(gap.question, gap.times) for gap in found[:2]] == [
        ("你们店在哪里", 3),
        ("能用花呗吗", 2),
    ]
    assert found[-1].nearest == "发票怎么开？"
    assert gaps([]) == []


def test_an_evaluation_counts_hits_refusals_and_mistakes(known: Index, tmp_path: Path) -> None:
    path = tmp_path / "questions.tsv"
    path.write_text(
        "# a comment\n几天发货啊\t多久发货？\n能开发票吗\t退款多久到账？\n今天天气如何\t-\n",
        encoding="utf-8",
    )

    result = evaluation.evaluate(known, evaluation.read(path, ENTRIES))

    assert (result.top1, result.refused) == (0.5, 1.0)
    assert result.wrong == pytest.approx(1 / 3)


def test_every_fault_of_a_test_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "questions.tsv"
    path.write_text("几天发货\n几天发货\t多久\n", encoding="utf-8")

    with pytest.raises(BadInput) as caught:
        evaluation.read(path, ENTRIES)

    assert [problem.line for problem in caught.value.problems] == [1, 2]
