"""Sending the outbox: signed, in order for each contact, again and again until it is taken.

    POST /your/path
    Webhook-Id: call.finished:1:2:1            the same at each try: take each once
    Webhook-Timestamp: 1795741716              when this try was made; refuse old ones
    Webhook-Signature: v1,<base64 of HMAC-SHA256 of "id.timestamp.body" under the secret>

Any 2xx is taken. Everything else is tried again after 10 s, 20 s ... up to an hour, for a day or
so; then the message is dead, and the contact's next one is sent. 410 Gone is dead at once.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import ssl
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

import httpx

from voicebot.dialler.clock import Clock
from voicebot.dialler.ledger import Ledger
from voicebot.dialler.webhook_address import AddressRefused, Allowed, resolve
from voicebot.store import webhooks
from voicebot.store.webhooks import Message

log = logging.getLogger(__name__)

FIRST_AGAIN = timedelta(seconds=10)
LONGEST_AGAIN = timedelta(hours=1)
TRIES = 30
"""About a day: 9 tries within the first hour and a half, then one an hour."""

TIMEOUT_S = 10.0
AT_ONCE = 20
TAKEN_FOR = timedelta(seconds=90)
"""A message that was taken for sending is nobody else's for so long; longer than any try."""

GONE = 410


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a message, as its receiver computes it too."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def again_at(attempts: int, now: datetime, first: timedelta = FIRST_AGAIN) -> datetime | None:
    """Return when a message that failed `attempts` times is tried again; None: never."""
    if attempts >= TRIES:
        return None
    wait: timedelta = min(first * 2 ** min(attempts - 1, 20), LONGEST_AGAIN)
    return now + wait


class WebhookSender:
    """Sends what is due."""

    def __init__(
        self, ledger: Ledger, clock: Clock, allowed: Allowed, first_again: timedelta = FIRST_AGAIN
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._allowed = allowed
        self._first_again = first_again
        self._tls = ssl.create_default_context()

    async def send_due(self) -> int:
        """Send what is due now, and what becomes due by it; say how much arrived."""
        arrived = 0
        while due := await self._take():
            sent = await asyncio.gather(*(self._send(each) for each in due))
            arrived += sum(sent)
            if not any(sent):
                break
        return arrived

    async def _take(self) -> Sequence[Message]:
        now = self._clock.now()
        return await self._ledger.try_write(
            lambda it: webhooks.take_due(it, now, now + TAKEN_FOR, AT_ONCE)
        )

    async def _send(self, message: Message) -> bool:
        error, final = await self._post(message)
        now = self._clock.now()
        if error is None:
            await self._ledger.write(partial(webhooks.sent, message_id=message.id, now=now))
            return True
        tries = message.attempts + 1
        next_at = None if final else again_at(tries, now, self._first_again)
        if next_at is None:
            log.error("message %s to a webhook is given up: %s", message.event_id, error)
        await self._ledger.write(
            partial(webhooks.failed, message_id=message.id, error=error, next_at=next_at)
        )
        return False

    async def _post(self, message: Message) -> tuple[str | None, bool]:
        """Return what went wrong, and whether it always will."""
        parts = urlsplit(message.url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        body = json.dumps(message.payload, ensure_ascii=False, separators=(",", ":")).encode()
        timestamp = int(self._clock.now().timestamp())
        try:
            address = await asyncio.to_thread(resolve, host, port, self._allowed)
            async with httpx.AsyncClient(
                timeout=TIMEOUT_S, follow_redirects=False, trust_env=False, verify=self._tls
            ) as client:
                shown = f"[{address}]" if ":" in address else address
                answer = await client.post(
                    httpx.URL(message.url).copy_with(host=shown.strip("[]"), port=port),
                    content=body,
                    headers={
                        "Host": parts.netloc,
                        "Content-Type": "application/json; charset=utf-8",
                        "User-Agent": "voicebot",
                        "Webhook-Id": message.event_id,
                        "Webhook-Timestamp": str(timestamp),
                        "Webhook-Signature": sign(
                            message.secret, message.event_id, timestamp, body
                        ),
                    },
                    # The certificate is the name's, not the address's.
                    extensions={"sni_hostname": host},
                )
        except AddressRefused as error:
            return str(error), True
        except (OSError, httpx.HTTPError, httpx.InvalidURL) as error:
            return f"{type(error).__name__}: {error}", False
        if answer.is_success:
            return None, False
        return f"HTTP {answer.status_code}", answer.status_code == GONE
