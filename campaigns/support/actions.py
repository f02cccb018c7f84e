"""What the support line asks of the shop, and has it do. See demo_shop.py.

`send_sms` is the SMS gateway's place, and writes down what would be sent: a shop puts its gateway's
client here, or names the gateway's HTTP endpoint in the script instead.
"""

import os
from pathlib import Path

import demo_shop
import platformdirs

NOTHING = {"found": False, "order_id": "", "product": "", "status": "", "amount": "", "courier": ""}
NOTHING |= {"eta": "", "ordered_on": ""}

TEXTS = {
    "invoice": "【山谷咖啡】请点开填写发票抬头和税号：https://shop.example/invoice",
    "address": "【山谷咖啡】请点开填写新的收货地址：https://shop.example/address",
}


def find_order(order_no: str) -> dict[str, object]:
    """Return what the shop knows of an order."""
    with demo_shop.opened() as shop:
        row = shop.execute("select * from orders where order_no = ?", (order_no,)).fetchone()
    return _told(row)


def find_by_phone(phone: str) -> dict[str, object]:
    """Return the caller's last order, by the number that they call from."""
    with demo_shop.opened() as shop:
        row = shop.execute(
            "select * from orders where phone = ? order by order_no limit 1", (phone,)
        ).fetchone()
    return _told(row)


def request(order_no: str, kind: str, detail: str) -> dict[str, object]:
    """Note a request for the people of the shop; the same one twice is one."""
    with demo_shop.opened() as shop:
        shop.execute(
            "insert into requests values (?, ?, ?) on conflict (order_no, kind) "
            "do update set detail = excluded.detail",
            (order_no, kind, detail),
        )
    return {"noted": True}


def send_sms(phone: str, kind: str) -> dict[str, object]:
    """Send one of the texts; the same one to the same number once."""
    named = os.environ.get("VOICEBOT_SMS")
    file = Path(named) if named else platformdirs.user_cache_path("voicebot") / "sms.txt"
    file.parent.mkdir(parents=True, exist_ok=True)
    line = f"{phone}\t{TEXTS[kind]}\n"
    with file.open("a+", encoding="utf-8") as sent:
        sent.seek(0)
        if line not in sent:
            sent.write(line)
    return {"sent": True}


def _told(row: object) -> dict[str, object]:
    if row is None:
        return dict(NOTHING)
    order = dict(row)  # type: ignore[call-overload]
    return {
        "found": True,
        "order_id": order["order_no"],
        "product": order["product"],
        "status": order["status"],
        "amount": f"{_spoken(order['amount'])}元",
        "courier": order["courier"],
        "eta": order["eta"],
        "ordered_on": order["ordered_on"],
    }


def _spoken(number: int) -> str:
    """Return a number below a thousand as it is said."""
    digits = "零一二三四五六七八九"
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    said = f"{digits[hundreds]}百" if hundreds else ""
    if tens:
        said += f"{digits[tens]}十" if tens > 1 or hundreds else "十"
    elif hundreds and ones:
        said += "零"
    return said + (digits[ones] if ones or not said else "")
