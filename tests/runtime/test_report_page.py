import base64
import gzip
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from tests.runtime.report_samples import RATE, bought, contact, silent, sound, unanswered
from voicebot.audio.g711 import Codec, decode
from voicebot.call.record import TurnRecord
from voicebot.campaign.outcome import Attempt, Disposition, Intention
from voicebot.dialogue.script import Counts, EndReason
from voicebot.errors import StorageFailed
from voicebot.report import labels
from voicebot.report.report import write_report
from voicebot.report.sound import CallSounds, Sides

VOID = frozenset({"meta", "input", "link", "br", "hr", "img", "path"})
LOADING = frozenset({"src", "srcset", "data", "poster", "action", "formaction", "background"})

RUN = (
    bought(1, contact(2, "17000000012", "张丽")),
    unanswered(2, contact(3, "17000000013", "王强"), Disposition.BUSY),
    silent(3, contact(4, "17000000014", "赵敏")),
)


class Page(HTMLParser):
    """A page taken apart; a tag that closes what is not open is a failing test."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.shown = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "xlink:href"):
                self.links.append(value or "")
            if name in LOADING:
                self.loads.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.shown += data


def report(folder: Path, *attempts: Attempt, audio: dict[int, Sides] | None = None) -> str:
    if audio is None:
        audio = {each.number: sound(each) for each in attempts if each.record}
    write_report(folder / "report.html", "老客户复购", attempts, audio, {"seed": "7"})
    return (folder / "report.html").read_text(encoding="utf-8")


def outline(path: str) -> list[tuple[int, int]]:
    numbers = [int(each) for each in re.findall(r"-?\d+", path)]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def test_the_page_is_whole_and_every_id_stands_once(tmp_path: Path) -> None:
    page = Page(report(tmp_path, *RUN))

    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert (page.tags["html"], page.tags["main"], page.tags["h1"]) == (1, 1, 1)


def test_the_page_loads_nothing(tmp_path: Path) -> None:
    text = report(tmp_path, *RUN)

    page = Page(text)

    assert page.loads == []
    assert page.tags["link"] == page.tags["iframe"] == page.tags["img"] == 0
    assert all(link.startswith(("#", "calls/")) for link in page.links)
    assert not re.search(r"https?://|//\w+\.\w+/|@import|url\(", text)
    assert "default-src 'none'" in text


def test_every_call_is_shown_and_every_link_leads_somewhere(tmp_path: Path) -> None:
    page = Page(report(tmp_path, *RUN))

    within = {link[1:] for link in page.links if link.startswith("#")}
    assert {"call-1", "call-2", "call-3"} <= within <= set(page.ids)
    for words in ("张丽", "王强", "赵敏", "占线", "客户挂断", "挺满意的", "170****0014"):
        assert words in page.shown


def test_hostile_words_are_words(tmp_path: Path) -> None:
    nasty = "</script><script>alert('x')</script><img src=x onerror=alert(1)>"
    attempt = bought(who=contact(name=nasty))
    assert attempt.record is not None
    attempt.record.turns[0].text = nasty
    attempt.record.turns[0].reason = nasty
    attempt.record.turns[0].prompts[0].text = attempt.record.turns[0].prompts[0].heard_text = nasty
    attempt.record.outcome = {nasty: nasty}
    attempt.record.timeline[8].detail["text"] = nasty
    write_report(tmp_path / "report.html", nasty, [attempt], {}, {nasty: nasty})

    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))

    assert page.tags["script"] == 1
    assert page.tags["img"] == 0
    assert page.shown.count(nasty) >= 10


def test_no_telephone_number_stands_anywhere(tmp_path: Path) -> None:
    attempt = bought(who=contact(second="170 0000 0012"))
    assert attempt.record is not None
    attempt.record.turns[0].prompts[0].heard_text = "您的号码是17000000012吗"
    attempt.record.turns[0].prompts[0].complete = False
    attempt.record.turns[0].alternatives = ("一七零零零零零零零一二",)

    text = report(tmp_path, attempt)

    assert not re.search(r"170\s?0000\s?0012|一七零零零零零零零一二", text)
    assert "您的号码是170****0012吗" in text


def test_the_embedded_sound_is_the_sound_of_the_call(tmp_path: Path) -> None:
    attempt = bought()
    caller, robot, rate = sound(attempt)

    text = report(tmp_path, attempt)

    found = re.search(r'<script type="text/plain" id="sound-1">([^<]*)</script>', text)
    assert found is not None
    coded = gzip.decompress(base64.b64decode(found[1]))
    played = decode(coded, Codec.ULAW)
    assert f'data-rate="{rate}"' in text
    assert len(played) == len(caller) + len(robot)
    error = np.frombuffer(played, "<i2").astype(int) - np.frombuffer(caller + robot, "<i2")
    # Half of mu-law's step at this loudness.
    assert np.abs(error).max() <= 256


def test_calls_beyond_the_limit_of_sound_point_to_their_files() -> None:
    one, two, three = bought(1), bought(2), silent(3, contact())
    alone = CallSounds.of({1: sound(one)}).get(1)
    assert alone is not None
    assert alone.packed is not None
    sounds = CallSounds(max_embedded_bytes=len(alone.packed) + 100)

    for each in (one, two, three):
        sounds.add(each.number, *sound(each))

    kept = [sounds.get(number) for number in (1, 2, 3)]
    assert [each is not None and each.packed is not None for each in kept] == [True, False, False]
    assert all(each is not None and each.caller_path.startswith("M0 ") for each in kept)


def test_a_call_whose_sound_is_not_embedded_names_its_file_and_has_no_player(
    tmp_path: Path,
) -> None:
    sounds = CallSounds(max_embedded_bytes=0)
    sounds.add(1, *sound(bought()))

    write_report(tmp_path / "report.html", "复购", [bought()], sounds, {})

    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert 'href="calls/001.wav"' in text
    assert 'id="sound-1"' not in text
    assert 'class="play"' not in text


def test_a_waveform_is_high_where_it_is_loud_and_flat_where_it_is_quiet() -> None:
    loud = (np.sin(np.arange(RATE) / 3) * 9000).astype("<i2").tobytes()
    sounds = CallSounds.of({1: (bytes(len(loud)) + loud, bytes(2 * len(loud)), RATE)})

    drawn = sounds.get(1)

    assert drawn is not None
    assert drawn.columns == 50
    assert {y for _, y in outline(drawn.robot_path)} == {0}
    top = outline(drawn.caller_path)[:50]
    assert [x for x, _ in top] == list(range(50))
    assert {y for _, y in top[:25]} == {0}
    assert all(-50 <= y < -45 for _, y in top[26:])


def test_a_run_in_which_nobody_answered_has_a_report(tmp_path: Path) -> None:
    page = Page(report(tmp_path, unanswered(1, contact(), Disposition.NO_ANSWER)))

    assert "没有人接听" in page.shown
    assert "—" in page.shown
    assert page.open == []


@pytest.mark.parametrize("virtual_time", [True, False])
def test_latencies_of_virtual_time_are_called_so(tmp_path: Path, virtual_time: bool) -> None:
    write_report(tmp_path / "report.html", "复购", RUN, {}, {}, virtual_time=virtual_time)

    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert ("Run in virtual time" in text) is virtual_time


def test_a_run_without_attempts_has_a_report(tmp_path: Path) -> None:
    page = Page(report(tmp_path))

    assert page.open == []
    assert "nan" not in page.shown


def test_two_reports_of_one_run_are_the_same_file(tmp_path: Path) -> None:
    first = report(tmp_path, *RUN)

    assert report(tmp_path, *RUN) == first


def test_everything_that_can_happen_has_a_name_in_both_languages() -> None:
    assert set(labels.DISPOSITIONS) == set(Disposition)
    assert set(labels.END_REASONS) == set(EndReason)
    assert set(labels.INTENTIONS) == set(Intention)
    assert set(labels.COUNTS) == set(Counts)


@pytest.mark.parametrize(
    ("rule", "zh"),
    [
        ("not connected", "未接通"),
        ("opted out", "要求不再联系"),
        ("1 questions, 2 affirmatives, 0 refusals", "提问 1 次，肯定 2 次，拒绝 0 次"),
        ("a rule of tomorrow", "a rule of tomorrow"),
    ],
)
def test_the_rule_behind_a_grade_is_named(rule: str, zh: str) -> None:
    label = labels.rule(rule)

    assert (label.zh, label.en) == (zh, rule)


def test_a_report_that_cannot_be_written_says_where(tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()

    with pytest.raises(StorageFailed, match=r"report\.html: cannot be written: .*in the way"):
        write_report(tmp_path / "report.html", "复购", RUN, {}, {})


def test_moods_slots_knowledge_and_the_shops_answers_are_shown(tmp_path: Path) -> None:
    attempt = bought()
    assert attempt.record is not None
    calm, angry = attempt.record.turns[:2]
    calm.emotion, calm.emotion_score, calm.knowledge = "neutral", 0.0, "运费谁出？"
    angry.emotion, angry.emotion_score = "negative", -0.6
    angry.emotion_reason = "The caller says 差劲."
    angry.slots = {"order_no": "138520"}
    attempt.record.experiments = {"offer_words": "gift"}
    attempt.record.turns.insert(2, TurnRecord("look_up", action="done -> offer"))
    attempt.record.note(9000, "hook", action="find_order", order_no="138520")
    attempt.record.note(9400, "hook_returned", action="find_order", status="shipped")
    attempt.record.note(9900, "hook_failed", action="file_ticket", why="no answer in 4000 ms")

    shown = Page(report(tmp_path, attempt)).shown

    assert "不快Negative -0.60" in shown
    assert "变差Worse -0.60" in shown
    assert "order_no 138520" in shown
    assert "运费谁出？" in shown
    assert "offer_words" in shown
    for name in ("查询店铺系统", "店铺系统回答", "店铺系统没有答上"):
        assert name in shown
    for detail in ("find_order", "shipped", "no answer in 4000 ms"):
        assert detail in shown
    assert "done → offer" not in shown
