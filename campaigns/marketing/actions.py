"""The SMS gateway's place: what would be sent is written down.

A shop puts its gateway's client here, or names the gateway's HTTP endpoint in the script instead:
`url: https://sms.example/send` with `token_from: SMS_TOKEN`.
"""

import os
from pathlib import Path

import platformdirs

TEXTS = {
    "coupon": "【山谷咖啡】您的年货节优惠券{code}，满一百减三十，有效期到除夕。退订回T",
    "details": "【山谷咖啡】年货节老客户专享：满一百减三十，礼盒八折，全国包邮。退订回T",
}


def send_sms(phone: str, kind: str) -> dict[str, object]:
    """Send one of the texts; the same one to the same number once."""
    named = os.environ.get("VOICEBOT_SMS")
    file = Path(named) if named else platformdirs.user_cache_path("voicebot") / "sms.txt"
    file.parent.mkdir(parents=True, exist_ok=True)
    text = TEXTS[kind].format(code=f"NH{phone[-4:]}")
    line = f"{phone}\t{text}\n"
    with file.open("a+", encoding="utf-8") as sent:
        sent.seek(0)
        if line not in sent:
            sent.write(line)
    return {"sent": True}
