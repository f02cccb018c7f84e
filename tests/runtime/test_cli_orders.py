"""`voicebot orders import` as its user runs it."""

from pathlib import Path

import pytest
from sqlalchemy import select

from voicebot.campaign.orders import parse_amount
from voicebot.cli.main import main
from voicebot.store import tables
from voicebot.store.engine import open_store

GOOD = """手机号,订单号,下单时间,金额,商品
15400000001,A-1,2026-11-02 10:30,128,咖啡豆
15400000002,A-2,2026/11/03,"¥1,299.50",
"""


def kept(address: str) -> list[tuple[str, str, int, str]]:
    store = open_store(address)
    with store.read() as connection:
        order = tables.shop_order
        rows = connection.execute(
            select(order.c.phone, order.c.order_no, order.c.amount_cents, order.c.placed_at)
        ).all()
    store.close()
    return [(row[0], row[1], row[2], row[3].isoformat()) for row in rows]


def test_orders_are_kept_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, address = tmp_path / "november.csv", str(tmp_path / "shop.db")
    file.write_text(GOOD, encoding="utf-8")

    assert main(["orders", "import", str(file), "--store", address]) == 0
    first = capsys.readouterr().out
    assert main(["orders", "import", str(file), "--store", address]) == 0

    assert "2 orders added for default, 0 there already" in first
    assert "0 orders added for default, 2 there already" in capsys.readouterr().out
    assert kept(address) == [
        ("+8615400000001", "A-1", 12_800, "2026-11-02T02:30:00+00:00"),
        ("+8615400000002", "A-2", 129_950, "2026-11-02T16:00:00+00:00"),
    ]


def test_bad_rows_are_kept_apart_with_their_reasons(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, address = tmp_path / "november.csv", str(tmp_path / "shop.db")
    file.write_text(GOOD + "15400000003,,yesterday,free,\n12,A-4,2026-11-02,1,\n", "utf-8")

    main(["orders", "import", str(file), "--store", address])

    said = capsys.readouterr()
    assert "2 rejected" in said.out
    rejected = (tmp_path / "november.rejected.csv").read_text(encoding="utf-8-sig")
    reasons = rejected.replace('""', '"')
    for reason in ('"yesterday" is no date', '"free" is no amount of money', "order_no: is empty"):
        assert reason in reasons
    assert len(kept(address)) == 2


def test_a_file_without_amounts_is_refused_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "november.csv"
    file.write_text("phone,order,time\n15400000001,1,2026-11-02\n", encoding="utf-8")

    code = main(["orders", "import", str(file), "--store", str(tmp_path / "shop.db")])

    assert code == 2
    assert 'there is no column "amount"' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("written", "cents"),
    [("0", 0), ("128", 12_800), ("128.5", 12_850), ("¥1,299.50", 129_950), ("99.999元", 10_000)],
)
def test_amounts_are_read_as_people_write_them(written: str, cents: int) -> None:
    assert parse_amount(written) == cents


@pytest.mark.parametrize("written", ["", "free", "-5", "1,29", "1.2.3", "9" * 14, "12 kg"])
def test_what_is_no_amount_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="is no amount"):
        parse_amount(written)
