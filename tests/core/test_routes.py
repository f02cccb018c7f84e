"""Which campaign answers which number."""

import re
from datetime import datetime
from pathlib import Path

import pytest

from voicebot.campaign.routes import find_route, load_routes
from voicebot.errors import BadInput

PAGE = Path(__file__).parents[2] / "docs" / "telephone.md"


def written(text: str, folder: Path) -> Path:
    path = folder / "lines.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_table_of_the_page_is_read(tmp_path: Path) -> None:
    block = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]

    routes = load_routes(written(block, tmp_path))

    support = find_route(routes, "4001")
    assert support is not None
    assert support.campaign == tmp_path / "campaigns/support"
    assert support.transfer_to == "sip:1000@192.0.2.20"
    other = find_route(routes, "4999")
    assert other is not None
    assert other.variables["product"] == "咖啡豆"


def test_a_number_without_a_route_has_none(tmp_path: Path) -> None:
    routes = load_routes(written('routes: [{called: "4001", campaign: here}]\n', tmp_path))

    assert find_route(routes, "4002") is None


def test_all_mistakes_of_a_table_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    path = written(
        """\
routes:
  - {called: "4001", campaign: here, transfer_to: 1000}
  - {called: "4001", campaign: there}
  - {campaign: nowhere}
  - {called: "4002", campaign: here, colour: red}
  - {called: "4003", campaign: here, transfer_to: sip:1000@pbx, people: 2}
  - {called: "4004", campaign: here, transfer_to: sip:1000@pbx, hand_over: bridge, people: none}
""",
        tmp_path,
    )

    with pytest.raises(BadInput) as caught:
        load_routes(path)

    text = str(caught.value)
    assert 'lines.yaml:2: routes[1].transfer_to: "1000" is no SIP address' in text
    assert 'lines.yaml:3: routes[2]: "4001" is routed twice, first on line 2' in text
    assert 'lines.yaml:4: routes[3]: the key "called" is missing' in text
    assert 'lines.yaml:5: routes[4].colour: unknown key "colour"' in text
    assert "lines.yaml:6: routes[5].people: can be counted only when" in text
    assert 'lines.yaml:7: routes[6].people: "none" is no number of people' in text


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"lines.yaml: cannot be read"):
        load_routes(tmp_path / "lines.yaml")


def test_hours_are_judged_where_the_shop_is_and_on_what_day_it_is(tmp_path: Path) -> None:
    table = written(
        """\
routes:
  - called: "*"
    campaign: support
    hours: {workday: [09:00-12:00, 13:30-21:00], weekend: [10:00-18:00], holiday: []}
    closed: message
""",
        tmp_path,
    )

    hours = load_routes(table)[0].hours

    assert hours is not None
    opens = {
        "2026-11-27T08:59+08:00": False,
        "2026-11-27T09:00+08:00": True,
        "2026-11-27T12:10+08:00": False,
        "2026-11-27T02:00+00:00": True,
        "2026-11-28T09:30+08:00": False,
        "2026-11-28T10:00+08:00": True,
        "2026-10-01T10:00+08:00": False,
    }
    assert {at: hours.open_at(datetime.fromisoformat(at)) for at in opens} == opens


def test_mistakes_of_hours_and_hand_over_are_told(tmp_path: Path) -> None:
    path = written(
        """\
routes:
  - called: "1"
    campaign: support
    hours: {workday: [9 to 5], weekend: [], holiday: []}
    closed: message
    zone: Moon/Crater
  - {called: "2", campaign: support, closed: message}
  - {called: "3", campaign: support, hand_over: shout, transfer_to: sip:1@here}
  - {called: "4", campaign: support, unanswered: message}
""",
        tmp_path,
    )

    with pytest.raises(BadInput) as caught:
        load_routes(path)

    text = str(caught.value)
    assert 'lines.yaml:4: routes[1].hours.workday[1]: "9 to 5" is no time of day' in text
    assert 'lines.yaml:6: routes[1].zone: there is no time zone "Moon/Crater"' in text
    assert "lines.yaml:7: routes[2]: `hours` and `closed` go together" in text
    assert 'lines.yaml:8: routes[3].hand_over: "shout" is no way to hand over' in text
    assert "lines.yaml:9: routes[4].unanswered: nobody is named to hand over to" in text
