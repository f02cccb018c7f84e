"""Keeping the shop's orders, to be attributed to calls."""

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from voicebot.campaign.columns import Rejected
from voicebot.campaign.orders import OrderRow
from voicebot.store.engine import Store
from voicebot.store.lists import Kept, import_rows
from voicebot.store.tables import shop_order


def import_orders(
    store: Store,
    merchant: str,
    file: tuple[str, str],
    rows: Iterable[OrderRow | Rejected],
    rejected: Callable[[Rejected], None],
    advance: Callable[[int], None] = lambda rows: None,
) -> Kept:
    """Keep orders of a merchant, each number once; the same file again adds nothing."""

    def keep(connection: Connection, batch: int, some: Sequence[OrderRow]) -> int:
        once = {each.order_no: each for each in some}
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        entry = dialect.insert(shop_order).values(
            [
                {
                    "merchant": merchant,
                    "order_no": each.order_no,
                    "phone": each.phone,
                    "placed_at": each.placed_at,
                    "amount_cents": each.amount_cents,
                    "product": each.product,
                    "batch_id": batch,
                }
                for each in once.values()
            ]
        )
        new = connection.execute(entry.on_conflict_do_nothing().returning(shop_order.c.id))
        return len(new.all())

    return import_rows(store, "orders", file, rows, keep, rejected, advance)
