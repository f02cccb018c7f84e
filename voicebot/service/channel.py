"""Messages between two processes of one service: questions that are answered, and news.

A message is a line of JSON. Both ends are the same program, so nothing here is guarded against a
sender that means harm; a peer that is gone or stuck is.
"""

import asyncio
import json
import logging
import socket
from collections.abc import Awaitable, Callable, Coroutine
from itertools import count
from typing import Any

from voicebot.errors import LineFailed

log = logging.getLogger(__name__)

LONGEST_LINE = 2**20
"""Bytes: a session description has 64 KiB at the most."""
LONGEST_BACKLOG = 8 * 2**20
"""Bytes that the other end has not taken. More means that it is stuck: the channel is closed."""

Answer = Callable[[str, dict[str, Any]], Awaitable[Any]]
Take = Callable[[str, dict[str, Any]], None]


class Channel:
    """One end. `run` must run for anything to come."""

    def __init__(
        self,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        *,
        answer: Answer,
        take: Take,
    ) -> None:
        """`answer` gets a question and its data, and returns what JSON can hold or raises
        `LineFailed`; `take` gets news, in their order."""
        self._reader, self._writer = streams
        self._answer = answer
        self._take = take
        self._numbers = count(1)
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._deaf = False
        """Nothing comes any more."""
        self._closed = False

    async def ask(self, what: str, **data: Any) -> Any:
        """Ask, and return the answer. Raises `LineFailed`: refused, or the other end is gone."""
        number = next(self._numbers)
        answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked[number] = answered
        try:
            if self._deaf or self._closed:
                raise LineFailed(_GONE)
            self._send({"ask": what, "number": number, "data": data})
            return await answered
        finally:
            self._asked.pop(number, None)

    def tell(self, what: str, **data: Any) -> None:
        """Send news; nothing happens when the other end is gone."""
        if not self._closed:
            self._send({"tell": what, "data": data})

    async def run(self) -> None:
        """Take messages until the other end is gone or has finished, or the channel is closed."""
        try:
            while line := await self._reader.readline():
                self._route(json.loads(line))
        except OSError as error:
            log.info("a process of the service is gone: %s", error)
        except ValueError as error:
            log.error("a process of the service cannot be understood: %s", error)
        finally:
            self._deaf = True
            for answered in self._asked.values():
                if not answered.done():
                    answered.set_exception(LineFailed(_GONE))
            for task in self._answering:
                task.cancel()
            await asyncio.gather(*self._answering, return_exceptions=True)

    def finish(self) -> None:
        """Let the other end know that nothing more is asked or told; what it tells still comes."""
        if not self._closed:
            self._writer.write_eof()

    def close(self) -> None:
        """End it; harmless when it is closed."""
        self._closed = True
        self._writer.close()

    def _send(self, message: dict[str, Any]) -> None:
        self._writer.write(json.dumps(message, ensure_ascii=False).encode() + b"\n")
        if self._writer.transport.get_write_buffer_size() > LONGEST_BACKLOG:
            log.error("a process of the service takes no messages")
            self._writer.transport.abort()
            self.close()

    def _route(self, message: dict[str, Any]) -> None:
        if "tell" in message:
            self._take(message["tell"], message["data"])
        elif "ask" in message:
            self._later(self._reply(message))
        else:
            answered = self._asked.get(message["number"])
            if answered is not None and not answered.done():
                if "failed" in message:
                    answered.set_exception(LineFailed(message["failed"]))
                else:
                    answered.set_result(message["answer"])

    async def _reply(self, message: dict[str, Any]) -> None:
        reply: dict[str, Any] = {"number": message["number"]}
        try:
            reply["answer"] = await self._answer(message["ask"], message["data"])
        except LineFailed as error:
            reply["failed"] = str(error)
        except Exception as error:
            # The asker must not wait for ever, and one call's fault ends no other call.
            log.exception("%s cannot be answered", message["ask"])
            reply["failed"] = f"{type(error).__name__}: {error}"
        if not self._closed:
            self._send(reply)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)


_GONE = "the other process of the service is gone"


async def open_channel(end: socket.socket, *, answer: Answer, take: Take) -> Channel:
    """Return this process's end of a connected pair of sockets."""
    streams = await asyncio.open_connection(sock=end, limit=LONGEST_LINE)
    return Channel(streams, answer=answer, take=take)
