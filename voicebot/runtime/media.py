"""What the other side of a leg sends, if it sends anything."""

import asyncio
from collections.abc import AsyncIterator

from voicebot.audio.frame import AudioFrame
from voicebot.call.leg import CallLeg
from voicebot.errors import NoMedia

NO_MEDIA_S = 8.0
"""From the answer to the first audio. Telephones send it at once, also what is silence; who sends
none does not know that we answered, or is kept from us by a firewall."""


async def audio(leg: CallLeg) -> AsyncIterator[AudioFrame]:
    """Yield the leg's audio from the answer on.

    Raises `NoMedia` when none comes within `NO_MEDIA_S`, and what the leg raises."""
    incoming = leg.incoming()
    try:
        async with asyncio.timeout(NO_MEDIA_S):
            first = await anext(incoming, None)
    except TimeoutError as error:
        raise NoMedia(f"no audio within {NO_MEDIA_S:.0f} s of the answer") from error
    if first is None:
        return
    yield first
    async for frame in incoming:
        yield frame
