"""A web server within our own event loop, which slow and mute clients cannot occupy."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from voicebot.errors import BadInput, Problem

REQUEST_S = 10.0
"""The longest that a client may take to send a request's head."""
CONNECTIONS = 400
"""At once: a browser holds two or three. More get 503."""
IDLE_S = 5
"""A connection without a request is closed after this."""
LONGEST_HEAD = 16 * 1024
"""Bytes of a request's line and headers."""
CLOSING_S = 2
"""Connections that are still open when the server ends are cut after this."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What https needs, as PEM files."""

    chain: Path
    key: Path


class Server(uvicorn.Server):
    """Leaves signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


class PunctualProtocol(H11Protocol):
    """Closes a connection whose request does not come whole in time; uvicorn waits for ever."""

    def __init__(self, *, request_s: float, **uvicorns: Any) -> None:
        super().__init__(**uvicorns)
        self._request_s = request_s
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._await_request()

    def data_received(self, data: bytes) -> None:
        """Stop waiting when the request's head is whole (or the connection is a WebSocket's now),
        wait again when the next one begins."""
        super().data_received(data)
        upgraded = self.transport.get_protocol() is not self
        if upgraded or (self.cycle is not None and not self.cycle.response_complete):
            self._stop_waiting()
        elif self._late is None:
            self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _await_request(self) -> None:
        self._late = self.loop.call_later(self._request_s, self._give_up)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _give_up(self) -> None:
        self._late = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one. Raises `BadInput`."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        hint = "another program uses it? take another one with --http HOST:PORT"
        where = f"--http {host}:{port}"
        raise BadInput(Problem(where, f"cannot be used: {error.strerror}", hint=hint)) from error


@asynccontextmanager
async def serving(
    app: Any,
    listening: socket.socket,
    certificate: Certificate | None = None,
    *,
    request_s: float = REQUEST_S,
) -> AsyncIterator[None]:
    """Serve an ASGI application while the context lasts. Raises `BadInput` for a certificate."""
    config = uvicorn.Config(
        app,
        http=partial(PunctualProtocol, request_s=request_s),  # type: ignore[arg-type]
        ws="websockets-sansio",
        ws_max_size=4096,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=CLOSING_S,
        h11_max_incomplete_event_size=LONGEST_HEAD,
        ssl_certfile=None if certificate is None else certificate.chain,
        ssl_keyfile=None if certificate is None else certificate.key,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        assert certificate is not None
        where = f"{certificate.chain}, {certificate.key}"
        hint = "give a certificate chain and its unencrypted key, both PEM"
        raise BadInput(Problem(where, f"cannot be used: {error}", hint=hint)) from error
    server = Server(config)
    running = asyncio.create_task(server.serve(sockets=[listening]), name="web server")
    try:
        while not server.started and not running.done():
            await asyncio.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        await running
