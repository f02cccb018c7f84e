"""The HTTP endpoint of browsers' calls: good offers, bad ones, and far too many."""

import asyncio
import gc
import json
import re
import threading
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.adapters.web_peers import (
    AUTHORISED,
    PATIENT,
    RATE,
    TOKEN,
    BrowserService,
    WebCaller,
    browser_service,
    hasty,
    web_caller,
    web_client,
)
from tests.builders import OPENING, ROBOT_HZ, drawn, script
from voicebot.dialogue.script import EndReason
from voicebot.runtime.answering import Answer

OFFER = "\r\n".join(
    [
        *("v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0"),
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 8 126",
        *("c=IN IP4 0.0.0.0", "a=ice-ufrag:R7md", "a=ice-pwd:/Ayagay96SPdpTDiyLn57pax"),
        "a=fingerprint:sha-256 " + ":".join(["C5"] * 32),
        *("a=setup:actpass", "a=mid:0", "a=sendrecv", "a=rtcp-mux"),
        *("a=rtpmap:111 opus/48000/2", "a=rtpmap:8 PCMA/8000", "a=rtpmap:126 telephone-event/8000"),
        "",
    ]
)
"""Good, and from nobody: no media follows it."""

Story = Callable[[BrowserService, httpx.AsyncClient], Awaitable[None]]


def run(story: Story, *arguments: Any, **options: Any) -> None:
    """Run a story at a line with these options."""

    async def main() -> None:
        async with browser_service(*arguments, **options) as service, web_client(service) as client:
            await story(service, client)

    asyncio.run(main())


def loudest_hz(pcm: bytes) -> float:
    samples = np.frombuffer(pcm, np.int16)[-RATE:]
    return float(np.abs(np.fft.rfft(samples)).argmax() * RATE / len(samples))


async def until(true: Callable[[], object], seconds: float = 8) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.02)


async def post(client: httpx.AsyncClient, body: str = OFFER, **headers: str) -> httpx.Response:
    return await client.post("/calls/any", content=body, headers={**AUTHORISED, **headers})


# Good calls


def test_a_peer_calls_hears_the_robot_and_hangs_up() -> None:
    async def story(service: BrowserService, client: httpx.AsyncClient) -> None:
        async with web_caller(service, client) as caller:
            response = await caller.call()
            # Soon the caller's own tone interrupts the robot.
            heard = await caller.hear(0.25)
            await caller.hear(1.2)
            left = await caller.leave()
            await until(lambda: service.finished)

        assert response.status_code == 201
        assert response.headers["content-type"].startswith("application/sdp")
        assert "a=setup:passive" in response.text
        assert loudest_hz(heard) == pytest.approx(ROBOT_HZ, abs=4)
        assert left.status_code == 200
        call = service.finished[0]
        assert call.record.end_reason is EndReason.CALLER_HUNG_UP
        assert loudest_hz(service.recorded(call)) == pytest.approx(440, abs=4)

    run(story)


def test_a_page_that_vanishes_ends_its_call() -> None:
    async def story(service: BrowserService, client: httpx.AsyncClient) -> None:
        async with web_caller(service, client) as caller:
            await caller.call()
            await caller.hear(0.5)
        await until(lambda: service.finished)

        assert service.finished[0].record.end_reason is EndReason.CALLER_HUNG_UP

    run(story)


def test_the_news_tell_the_call_from_its_beginning_to_its_end() -> None:
    pcm = drawn("." * 90 + "#####" + "." * 100, step_ms=100)

    async def story(service: BrowserService, client: httpx.AsyncClient) -> None:
        async with web_caller(service, client, pcm) as caller:
            await caller.call()
            await caller.hear(0.5)
            news = []
            async with connect(socket_address(service, caller)) as socket:
                async for message in socket:
                    news.append(json.loads(message))
                    if news[-1]["type"] == "caller":
                        await caller.leave()

        assert news[:2] == [
            {"type": "state", "state": "opening"},
            {"type": "robot", "id": 1, "text": OPENING},
        ]
        said = next(each for each in news if each["type"] == "caller")
        assert (said["text"], said["intent"]) == ("方便", "affirm")
        assert news[-1]["type"] == "ended"
        assert news[-1]["reason"] == "caller_hung_up"

    run(story)


def socket_address(service: BrowserService, caller: WebCaller) -> str:
    return f"{service.url.replace('http', 'ws')}{caller.location}/events"


def test_the_call_ends_when_its_page_has_closed_the_news() -> None:
    async def story(service: BrowserService, client: httpx.AsyncClient) -> None:
        async with web_caller(service, client) as caller:
            await caller.call()
            async with connect(socket_address(service, caller)):
                await caller.hear(0.5)
            await until(lambda: service.finished)

    run(story, hasty(gone_s=0.2))


def test_a_call_that_does_not_end_is_hung_up() -> None:
    async def story(service: BrowserService, client: httpx.AsyncClient) -> None:
        async with web_caller(service, client) as caller:
            await caller.call()
            await until(lambda: service.finished)

        assert service.finished[0].record.duration_ms == pytest.approx(700, abs=500)

    run(story, hasty(longest_s=0.7))


def test_each_number_has_its_own_campaign() -> None:
    answers = {"4001": Answer(script())}

    async def story(service: BrowserService, client: httpx.AsyncClient) -> None:
        settings = await client.get("/talk.json", headers=AUTHORISED)
        async with web_caller(service, client) as caller:
            right = await caller.call("4001")
            await caller.hear(0.2)
        async with web_caller(service, client) as caller:
            wrong = await caller.call("4002")

        assert settings.json() == {
            "numbers": [{"called": "4001", "title": "How was the coffee?"}],
            "iceServers": [],
        }
        assert (right.status_code, wrong.status_code) == (201, 404)
        await until(lambda: service.finished)
        assert service.finished[0].called == "4001"

    run(story, answers=answers)


# Who may call


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", "Bearer ü"])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/calls/any"), ("GET", "/talk.json"), ("DELETE", "/sessions/x")]
)
def test_without_the_token_nothing_is_done(method: str, path: str, given: str) -> None:
    async def story(service: BrowserService, client: httpx.AsyncClient) -> None:
        headers = [(b"Authorization", given.encode()), (b"Content-Type", b"application/sdp")]

        response = await client.request(method, path, headers=headers, content=OFFER)

        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"
        assert service.calls.counts == {"401": 1}

    run(story)


def test_pages_from_elsewhere_may_not_call_unless_they_are_named() -> None:
    async def story(service: BrowserService, client: httpx.AsyncClient) -> None:
        own = await post(client, Origin=service.url)
        named = await post(client, Origin="https://shop.example")
        foreign = await post(client, Origin="https://evil.example")
        nonsense = await post(client, Origin="null")

        assert [each.status_code for each in (own, named, foreign, nonsense)] == [
            *(201, 201),
            *(403, 403),
        ]

    run(story, origins=("https://shop.example",))


def test_pages_from_elsewhere_may_not_read_the_news() -> None:
    async def story(service: BrowserService, client: httpx.AsyncClient) -> None:
        async with web_caller(service, client) as caller:
            await caller.call()
            address = socket_address(service, caller)

            with pytest.raises(InvalidStatus, match="403"):
                async with connect(address, origin="https://evil.example"):  # type: ignore[arg-type]
                    pass
            with pytest.raises(InvalidStatus, match="403"):
                async with connect(address.replace(caller.location, "/sessions/guessed")):
                    pass

    run(story)


# Offers that are none


def lines(*left_out: str, **changed: str) -> str:
    """Return the good offer without some lines, or with other ones."""
    kept = [each for each in OFFER.split("\r\n") if not each.startswith(left_out or ("\0",))]
    return "\r\n".join(changed.get(each[:1], each) for each in kept)


BAD_OFFERS = {
    "nothing": "",
    "words": "hello",
    "zero bytes": "\0" * 100,
    "only a version": "v=0\r\n",
    "no media": lines("m=", "a=rtpmap"),
    "no ice": lines("a=ice"),
    "no codec of ours": OFFER.replace("opus/48000/2", "speex/8000").replace("PCMA", "G729"),
    "codec without a rate": OFFER.replace("opus/48000/2", "opus"),
    "payload types that are no numbers": OFFER.replace("111 8 126", "x y z"),
    "video": OFFER.replace("m=audio", "m=video"),
    "two streams": OFFER + OFFER[OFFER.index("m=") :].replace("a=mid:0", "a=mid:1"),
    "a port that is none": OFFER.replace("m=audio 9", "m=audio 99999999999999999999x"),
    "a candidate that is none": OFFER + "a=candidate:1\r\n",
    "two thousand lines": OFFER + "a=x:y\r\n" * 2000 + "m=\r\n",
}


@pytest.mark.parametrize("body", BAD_OFFERS.values(), ids=list(BAD_OFFERS))
def test_a_bad_offer_is_refused_and_leaves_nothing(body: str) -> None:
    async def story(service: BrowserService, client: httpx.AsyncClient) -> None:
        response = await post(client, body)

        assert response.status_code == 400
        assert response.json()["reason"]
        assert service.calls.counts == {"400": 1}
        udp = psutil.Process().net_connections("udp")
        assert udp == []
        good = await post(client)
        assert good.status_code == 201, "the place is free again"

    run(story, hasty(waiting=1))


def test_what_is_no_session_description_is_refused_by_its_type() -> None:
    async def story(service: BrowserService, client: httpx.AsyncClient) -> None:
        response = await post(client, **{"Content-Type": "application/json"})

        assert response.status_code == 415

    run(story)


def test_a_huge_body_is_refused_before_it_is_read() -> None:
    async def pieces() -> Any:
        for _ in range(1000):
            yield b"a=x\r\n" * 1000

    async def story(service: BrowserService, client: httpx.AsyncClient) -> None:
        announced = await post(client, "x" * 100_000)
        streamed = 0
        try:
            response = await client.post("/calls/any", content=pieces(), headers=AUTHORISED)
            streamed = response.status_code
        except httpx.TransportError:
            # The server has answered and closed, while we were still sending.
            streamed = 413

        assert announced.status_code == 413
        assert streamed == 413
        assert service.calls.counts == {"413": 2}

    run(story)


def test_absurd_headers_are_refused() -> None:
    async def story(service: BrowserService, client: httpx.AsyncClient) -> None:
        async def refused(headers: dict[str, str]) -> bool:
            try:
                return (await client.get("/talk", headers=headers)).status_code == 400
            except httpx.TransportError:
                # The server has answered and closed, while we were still sending.
                return True

        long = await refused({"X-Absurd": "x" * 500_000})
        many = await refused({f"X-{each}": "y" * 200 for each in range(2000)})
        good = await client.get("/talk")

        assert (long, many, good.status_code) == (True, True, 200)

    run(story)


def test_slow_clients_are_not_waited_for() -> None:
    async def story(service: BrowserService, client: httpx.AsyncClient) -> None:
        host, port = service.url.removeprefix("http://").split(":")
        mute_reader, mute_writer = await asyncio.open_connection(host, int(port))
        slow_reader, slow_writer = await asyncio.open_connection(host, int(port))
        slow_writer.write(b"GET /talk HTTP/1.1\r\nHost: here\r\nX-Slow: ")
        body_reader, body_writer = await asyncio.open_connection(host, int(port))
        body_writer.write(
            f"POST /calls/any HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {TOKEN}\r\n"
            "Content-Type: application/sdp\r\nContent-Length: 1000\r\n\r\nv=0".encode()
        )

        async with asyncio.timeout(5):
            answers = await asyncio.gather(
                *(each.read() for each in (mute_reader, slow_reader, body_reader)),
                return_exceptions=True,
            )

        assert not isinstance(answers[2], BaseException)
        assert answers[2].startswith(b"HTTP/1.1 408")
        assert all(isinstance(each, ConnectionError) or each == b"" for each in answers[:2])
        for writer in (mute_writer, slow_writer, body_writer):
            writer.close()

    run(story, hasty(body_s=0.3), request_s=0.3)


# Far too many


def test_offers_without_media_are_given_up_and_their_places_are_free_again() -> None:
    async def story(service: BrowserService, client: httpx.AsyncClient) -> None:
        first = [(await post(client)).status_code for _ in range(4)]
        await until(lambda: service.calls.counts["no_media"] == 2)
        then = (await post(client)).status_code

        assert first == [201, 201, 429, 429]
        assert then == 201

    run(story, hasty(media_s=0.3, waiting_per_address=2))


def test_thousands_of_offers_without_media_cost_no_memory() -> None:
    async def story(service: BrowserService, client: httpx.AsyncClient) -> None:
        async def many(number: int) -> None:
            for _ in range(number):
                await post(client)

        process = psutil.Process()
        await asyncio.gather(*(many(50) for _ in range(4)))
        gc.collect()
        before, handles = process.memory_info().rss, process.num_fds()
        await asyncio.gather(*(many(250) for _ in range(4)))
        gc.collect()

        counts = service.calls.counts
        assert counts["429"] + counts["no_media"] + 3 >= 1200
        assert counts["no_media"] >= 3
        assert process.memory_info().rss - before < 12 << 20
        assert process.num_fds() - handles < 20
        await until(lambda: not psutil.Process().net_connections("udp"))

    run(story, hasty(media_s=0.2, waiting_per_address=3))


def test_no_more_callers_are_taken_than_there_are_lines() -> None:
    async def story(service: BrowserService, client: httpx.AsyncClient) -> None:
        async with web_caller(service, client) as first, web_caller(service, client) as second:
            await first.call()
            await first.hear(0.1)
            response = await second.call()

            assert response.status_code == 503
            assert int(response.headers["retry-after"]) > 0

            await first.leave()
            await until(lambda: service.answering.calls == 0)
            service.answering.draining = True
            assert (await post(client)).status_code == 503

    run(story, max_calls=1)


def test_many_calls_one_after_another_leave_nothing_behind() -> None:
    async def story(service: BrowserService, client: httpx.AsyncClient) -> None:
        process = psutil.Process()

        async def one() -> None:
            async with web_caller(service, client) as caller:
                await caller.call()
                await caller.hear(0.06)
                await caller.leave()

        async def left() -> tuple[int, int, int]:
            await until(lambda: service.answering.calls == 0)
            gc.collect()
            return threading.active_count(), process.num_fds(), len(asyncio.all_tasks())

        for _ in range(5):
            await one()
        threads, handles, tasks = await left()
        for _ in range(25):
            await one()
        after = await left()

        assert len(service.finished) == 30
        assert after[0] <= threads + 1
        assert after[1] <= handles + 2
        assert after[2] <= tasks + 2

    run(story, PATIENT)


# The page


def test_the_page_needs_nothing_from_elsewhere() -> None:
    async def story(service: BrowserService, client: httpx.AsyncClient) -> None:
        page = await client.get("/talk")
        other = await client.get("/talk/4001")
        assets = re.findall(r'(?:href|src)="([^"]+)"', page.text)
        async with AsyncExitStack():
            files = [await client.get(each) for each in assets if each.startswith("/")]
        missing = await client.get("/assets/..%2fapp.py")

        assert page.text == other.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert [each.status_code for each in files] == [200, 200]
        for each in (page, *files):
            assert re.findall(r"https?://[^\"' ]+", each.text) == []
        assert missing.status_code == 404

    run(story)
