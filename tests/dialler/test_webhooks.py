"""Messages to the shop, over real HTTP on loopback."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.dialler.rig import Network, new_campaign, run_worker, until, worker
from tests.dialler.shop_server import Shop, shop_server
from voicebot.campaign.outcome import Disposition
from voicebot.dialler.ledger import Ledger
from voicebot.dialler.webhook_address import AddressRefused, Allowed, check_url, resolve
from voicebot.dialler.webhook_sender import TRIES, WebhookSender, again_at, sign
from voicebot.errors import BadInput
from voicebot.store import webhooks
from voicebot.store.conclusions import Outcome
from voicebot.store.dialling import Intent
from voicebot.store.engine import Store
from voicebot.store.tables import outbox

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
HERE = Allowed(frozenset({"127.0.0.1"}))


class Noon:
    """A clock that stands still until it is moved."""

    speed = 1.0

    def __init__(self) -> None:
        self.moment = NOON

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def shop() -> Iterator[Shop]:
    with shop_server() as shop:
        yield shop


def told(store: Store, campaign: int, contact: int, number: int) -> str:
    """Keep the message of one finished call; return the attempt's id."""
    intent = Intent(
        id=f"{campaign}:{contact}:{number}",
        campaign_id=campaign,
        campaign="spring",
        merchant="beans",
        folder="",
        purpose="service",
        region="CN",
        timezone="Asia/Shanghai",
        contact_id=contact,
        number=number,
        phone=f"+86154{contact:08}",
        name="王女士",
        variables={"product": "咖啡豆"},
        line=2,
        trunk_id=1,
        caller_number=None,
        script_version_id=None,
        state="dialing",
        owner="me",
        slot_at=NOON,
        created_at=NOON,
    )
    outcome = Outcome(Disposition.ANSWERED_HUMAN, NOON, 900, outcome={"interest": "yes"})
    with store.write() as connection:
        webhooks.announce(connection, [(intent, outcome)], NOON)
    return intent.id


def hook(store: Store, url: str) -> tuple[int, str]:
    campaign = new_campaign(store, 0)
    with store.write() as connection:
        return campaign, webhooks.add_hook(connection, url, None, NOON).secret


def send(store: Store, clock: Noon, times: int = 1, allowed: Allowed = HERE) -> int:
    async def run() -> int:
        ledger = Ledger(store, 2)
        sender = WebhookSender(ledger, clock, allowed)
        arrived = 0
        for _ in range(times):
            arrived += await sender.send_due()
        ledger.close()
        return arrived

    return asyncio.run(run())


def rows(store: Store) -> list[tuple[str, int, str]]:
    with store.read() as connection:
        found = connection.execute(
            select(outbox.c.state, outbox.c.attempts, outbox.c.last_error).order_by(outbox.c.id)
        )
        return [(row.state, row.attempts, row.last_error) for row in found]


def test_a_message_is_signed_and_tells_what_came_of_the_call(store: Store, shop: Shop) -> None:
    campaign, secret = hook(store, shop.url)
    attempt = told(store, campaign, 7, 1)

    assert send(store, Noon()) == 1

    message = shop.received[0]
    name, stamp = message.headers["Webhook-Id"], message.headers["Webhook-Timestamp"]
    signed = f"{name}.{stamp}.".encode() + message.body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    assert message.headers["Webhook-Signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert int(stamp) == int(NOON.timestamp())
    told_of = json.loads(message.body)
    assert told_of["id"] == name == f"call.finished:{attempt}"
    assert told_of["contact"]["name"] == "王女士"
    assert told_of["outcome"] == {"interest": "yes"}


def test_what_fails_is_sent_again_later_with_the_same_id(store: Store, shop: Shop) -> None:
    campaign, _ = hook(store, shop.url)
    told(store, campaign, 7, 1)
    clock = Noon()
    shop.answers = [500, 503]

    send(store, clock)
    send(store, clock)
    clock.moment += timedelta(seconds=10)
    send(store, clock)
    assert rows(store) == [("wait", 2, "HTTP 503")]
    clock.moment += timedelta(seconds=20)
    send(store, clock)

    assert rows(store) == [("sent", 3, "")]
    assert len({each.headers["Webhook-Id"] for each in shop.received}) == 1
    assert len({each.headers["Webhook-Signature"] for each in shop.received}) == 3


def test_messages_of_one_contact_keep_their_order_and_hold_up_no_other(
    store: Store, shop: Shop
) -> None:
    campaign, _ = hook(store, shop.url)
    for number in (1, 2, 3):
        told(store, campaign, 7, number)
    clock = Noon()
    shop.answers = [500]

    send(store, clock)
    told(store, campaign, 8, 1)
    send(store, clock)
    clock.moment += timedelta(minutes=5)
    send(store, clock)

    order = [each.headers["Webhook-Id"].partition(":")[2] for each in shop.received]
    assert order == [f"{campaign}:{each}" for each in ("7:1", "8:1", "7:1", "7:2", "7:3")]
    assert {state for state, _, _ in rows(store)} == {"sent"}


def test_after_a_day_a_message_is_dead_is_seen_and_can_be_sent_again(
    store: Store, shop: Shop
) -> None:
    campaign, _ = hook(store, shop.url)
    told(store, campaign, 7, 1)
    told(store, campaign, 7, 2)
    clock = Noon()
    shop.answers = [500] * TRIES

    for _ in range(TRIES):
        send(store, clock)
        clock.moment += timedelta(hours=1)
    with store.read() as connection:
        given_up = webhooks.dead(connection, 10)
    assert [(each.attempts, each.last_error) for each in given_up] == [(TRIES, "HTTP 500")]
    send(store, clock)
    assert [state for state, _, _ in rows(store)] == ["dead", "sent"]

    with store.write() as connection:
        assert webhooks.retry(connection, [given_up[0].id], clock.now()) == 1
    assert send(store, clock) == 1
    assert [state for state, _, _ in rows(store)] == ["sent", "sent"]


def test_who_says_gone_is_not_asked_again(store: Store, shop: Shop) -> None:
    campaign, _ = hook(store, shop.url)
    told(store, campaign, 7, 1)
    shop.answers = [410]

    send(store, Noon())

    assert rows(store) == [("dead", 1, "HTTP 410")]


def test_a_redirect_is_no_way_around_the_address_check(store: Store, shop: Shop) -> None:
    campaign, _ = hook(store, shop.url)
    told(store, campaign, 7, 1)
    shop.answers, shop.location = [302], "http://169.254.169.254/latest/meta-data"

    send(store, Noon())

    assert rows(store) == [("wait", 1, "HTTP 302")]
    assert len(shop.received) == 1


def test_our_own_network_is_not_called_unless_it_is_allowed(store: Store, shop: Shop) -> None:
    campaign, _ = hook(store, shop.url)
    told(store, campaign, 7, 1)

    send(store, Noon(), allowed=Allowed())

    assert shop.received == []
    state, _, error = rows(store)[0]
    assert state == "dead"
    assert "127.0.0.1 is this machine" in error


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "::1",
        "fe80::1",
        "fd00::1",
        "0.0.0.0",
        "224.0.0.1",
        "::ffff:10.0.0.1",
        "2130706433",
    ],
)
def test_addresses_inside_are_refused(host: str) -> None:
    with pytest.raises(AddressRefused):
        resolve(host, 80, Allowed())


def test_addresses_outside_and_trusted_hosts_are_not() -> None:
    assert resolve("93.184.216.34", 443, Allowed()) == "93.184.216.34"
    assert resolve("10.1.2.3", 80, Allowed(frozenset({"10.1.2.3"}))) == "10.1.2.3"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://shop.example",
        "shop.example/calls",
        "http://",
        "https://me:secret@shop.example",
        "http://shop.example:99999/",
    ],
)
def test_what_is_no_url_for_messages_is_refused_at_once(url: str) -> None:
    with pytest.raises(BadInput):
        check_url(url)


def test_the_waits_grow_to_an_hour_and_end_after_about_a_day() -> None:
    waits = []
    now = NOON
    for attempts in range(1, TRIES + 1):
        at = again_at(attempts, now)
        if at is None:
            break
        waits.append((at - now).total_seconds())
        now = at

    assert waits[:4] == [10, 20, 40, 80]
    assert max(waits) == 3600
    assert 20 < (now - NOON).total_seconds() / 3600 < 28


def test_another_secret_or_body_is_another_signature() -> None:
    signature = sign("secret", "id", 1, b"{}")

    assert signature != sign("other", "id", 1, b"{}")
    assert signature != sign("secret", "id", 1, b"{ }")
    assert signature != sign("secret", "id", 2, b"{}")


def test_a_worker_tells_the_shop_of_each_call(store: Store, shop: Shop) -> None:
    new_campaign(store, 5)
    with store.write() as connection:
        webhooks.add_hook(connection, shop.url, None, NOON)

    run_worker(
        worker(store, Network(), webhook_hosts=HERE),
        lambda: until(lambda: len(shop.received) == 5),
    )

    assert {json.loads(each.body)["attempt"]["disposition"] for each in shop.received} == {"BUSY"}
