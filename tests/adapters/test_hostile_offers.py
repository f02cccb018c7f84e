"""Session descriptions from peers that are broken or mean harm."""

import asyncio
import random
import threading
from pathlib import Path

import pytest

from voicebot.errors import LineFailed
from voicebot.transports.peer import BROWSER_CODECS, LONGEST_SDP, TELEPHONE_CODECS, PeerLeg

GARBAGE = (
    "m=audio 9 UDP/TLS/RTP/SAVPF",
    "m=video 9 UDP/TLS/RTP/SAVPF 96",
    "a=rtpmap:999999999999 PCMA/8000",
    "a=rtpmap:8 PCMA/notanumber",
    "a=ice-ufrag:",
    "a=fingerprint:sha-256 nonsense",
    "a=setup:sideways",
    "a=candidate:1 1 udp not-a-number 999.999.999.999 70000 typ host",
    "c=IN IP9 nowhere",
    "v=\x00\xff",
    "a=" + "x" * 5000,
    "a=group:BUNDLE 0 1 2 3 4 5 6 7 8 9",
)


async def valid_offer() -> str:
    leg = PeerLeg(TELEPHONE_CODECS)
    offer = await leg.offer()
    await leg.hang_up()
    return offer


async def answered(offer: str) -> bool:
    """Offer it; True when it was answered, False when it was refused as `LineFailed`."""
    leg = PeerLeg(TELEPHONE_CODECS)
    try:
        async with asyncio.timeout(10):
            await leg.answer(offer)
    except LineFailed:
        return False
    finally:
        await leg.hang_up()
    return True


def mutated(offer: str, rng: random.Random) -> str:
    lines = offer.split("\r\n")
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(lines))
        match rng.randrange(5):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, rng.choice(GARBAGE))
            case 2:
                lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]
            case 3:
                lines[at] = lines[at][::-1]
            case _:
                lines[at], lines[at - 1] = lines[at - 1], lines[at]
    return "\r\n".join(lines)


def test_a_broken_offer_is_refused_or_answered_and_nothing_else_happens() -> None:
    async def story() -> list[bool]:
        offer = await valid_offer()
        assert await answered(offer)
        rng = random.Random(7)
        return [await answered(mutated(offer, rng)) for _ in range(120)]

    results = asyncio.run(story())

    assert results.count(False) >= 30
    assert results.count(True) >= 10


@pytest.mark.parametrize(
    ("offer", "told"),
    [
        ("", "malformed|one audio stream"),
        ("hello", "malformed|one audio stream"),
        ("v=0\r\n" * 20_000, f"{LONGEST_SDP} are the most"),
        ("\x00" * 100, "malformed|one audio stream"),
    ],
)
def test_what_is_no_offer_is_named(offer: str, told: str) -> None:
    async def story() -> None:
        leg = PeerLeg(TELEPHONE_CODECS)
        try:
            await leg.answer(offer)
        finally:
            await leg.hang_up()

    with pytest.raises(LineFailed, match=told):
        asyncio.run(story())


def test_an_offer_without_a_codec_of_ours_is_refused() -> None:
    async def story() -> None:
        browser = PeerLeg(("opus",))
        offer = await browser.offer()
        robot = PeerLeg(TELEPHONE_CODECS)
        try:
            await robot.answer(offer)
        finally:
            await browser.hang_up()
            await robot.hang_up()

    with pytest.raises(LineFailed):
        asyncio.run(story())


def test_offers_leave_nothing_behind() -> None:
    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    async def story() -> tuple[int, int]:
        offer = await valid_offer()
        await answered(offer)
        before = open_files(), threading.active_count()
        for number in range(40):
            await answered(offer if number % 2 else offer.replace("PCM", "XYZ"))
        await asyncio.sleep(0.2)
        after = open_files(), threading.active_count()
        return after[0] - before[0], after[1] - before[1]

    files, threads = asyncio.run(story())

    assert files <= 2
    assert threads <= 0


def test_a_peer_that_speaks_opus_is_understood() -> None:
    async def story() -> bool:
        browser, robot = PeerLeg(BROWSER_CODECS), PeerLeg(BROWSER_CODECS)
        await browser.accept(await robot.answer(await browser.offer()))
        async with asyncio.timeout(10):
            await asyncio.gather(browser.connected.wait(), robot.connected.wait())
        await browser.hang_up()
        await robot.hang_up()
        return browser.closed and robot.closed

    assert asyncio.run(story())
