"""A small shop to talk about: orders in an SQLite file that is made at its first use.

`VOICEBOT_DEMO_SHOP` names another file. A real shop has its own database or an HTTP endpoint
instead; the functions of `actions.py` are all that the script sees.
"""

import os
import random
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

SEED = 20_260_101
"""The same orders on every machine: what callers say is about them."""

PRODUCTS = {
    "云南小粒咖啡豆": 68,
    "耶加雪菲咖啡豆": 88,
    "意式拼配咖啡豆": 58,
    "曼特宁咖啡豆": 78,
    "挂耳咖啡": 45,
}

KNOWN = (
    # phone, order, product, status: the orders that the demo's callers ask about.
    ("15400000101", "138520", "云南小粒咖啡豆", "shipped"),
    ("15400000102", "246813", "耶加雪菲咖啡豆", "delivered"),
    ("15400000103", "357924", "挂耳咖啡", "delivered"),
    ("15400000104", "468135", "意式拼配咖啡豆", "delivered"),
    ("15400000105", "579246", "曼特宁咖啡豆", "waiting"),
    ("15400000106", "680357", "云南小粒咖啡豆", "delivered"),
    ("15400000107", "791468", "挂耳咖啡", "shipped"),
    ("15400000108", "802579", "耶加雪菲咖啡豆", "waiting"),
    ("15400000109", "913680", "意式拼配咖啡豆", "delivered"),
    ("15400000110", "624791", "曼特宁咖啡豆", "shipped"),
    ("15400000111", "735802", "云南小粒咖啡豆", "delivered"),
    ("15400000112", "846913", "挂耳咖啡", "waiting"),
)

OTHERS = 300
"""Orders of other customers."""

COURIERS = ("顺丰快递", "中通快递", "圆通快递", "京东快递")

_TABLES = """
create table orders (
    order_no text primary key, phone text not null, product text not null,
    quantity integer not null, amount integer not null, status text not null,
    courier text not null, eta text not null, ordered_on text not null
);
create table requests (
    order_no text not null, kind text not null, detail text not null,
    unique (order_no, kind)
);
"""


def path() -> Path:
    """Return the shop's file: what the environment names, or one in the user's cache."""
    named = os.environ.get("VOICEBOT_DEMO_SHOP")
    return Path(named) if named else platformdirs.user_cache_path("voicebot") / "demo_shop.sqlite"


@contextmanager
def opened() -> Iterator[sqlite3.Connection]:
    """Open the shop, and make it first where there is none yet."""
    file = path()
    if not file.exists():
        _make(file)
    connection = sqlite3.connect(file, timeout=3)
    connection.row_factory = sqlite3.Row
    try:
        with connection:
            yield connection
    finally:
        connection.close()


def _make(file: Path) -> None:
    """Make the shop beside its place and move it there whole: calls may begin at once."""
    file.parent.mkdir(parents=True, exist_ok=True)
    made = file.with_suffix(f".{os.getpid()}")
    made.unlink(missing_ok=True)
    connection = sqlite3.connect(made)
    with connection:
        connection.executescript(_TABLES)
        connection.executemany(
            "insert into orders values (?, ?, ?, ?, ?, ?, ?, ?, ?)", list(_orders())
        )
    connection.close()
    made.replace(file)


def _orders() -> Iterator[tuple[str, str, str, int, int, str, str, str, str]]:
    rng = random.Random(SEED)
    for phone, order_no, product, status in KNOWN:
        yield _order(rng, phone, order_no, product, status)
    taken = {order_no for _, order_no, _, _ in KNOWN}
    while len(taken) < len(KNOWN) + OTHERS:
        order_no = f"{rng.randrange(100_000, 1_000_000)}"
        if order_no not in taken:
            taken.add(order_no)
            phone = f"1540001{rng.randrange(10_000):04d}"
            product = rng.choice(list(PRODUCTS))
            yield _order(rng, phone, order_no, product, rng.choice(("shipped", "delivered")))


def _order(
    rng: random.Random, phone: str, order_no: str, product: str, status: str
) -> tuple[str, str, str, int, int, str, str, str, str]:
    quantity = rng.choice((1, 1, 2, 3))
    etas = {"waiting": "明天", "shipped": "后天", "delivered": "前天"}
    return (
        *(order_no, phone, product, quantity, quantity * PRODUCTS[product], status),
        *(rng.choice(COURIERS), etas[status], rng.choice(("上周三", "上周五", "这周一"))),
    )
