"""The HTTP side of browsers' calls, by the conventions of WHIP (RFC 9725), and the page `/talk`.

POST   /calls/{called}        an offer (application/sdp) -> 201, answer, Location: /sessions/{id}
DELETE /sessions/{id}         hang up
WS     /sessions/{id}/events  the call's news as JSON (`voicebot.call.live`)
GET    /talk, /talk/{called}  the page; its link carries the token behind #
GET    /talk.json             what the page needs to know: numbers, STUN and TURN servers

POST, DELETE and talk.json want `Authorization: Bearer TOKEN`. A request of a page from elsewhere is
refused by its Origin. Refusals are JSON: {"status", "reason"}.
"""

import asyncio
import contextlib
import hmac
import logging
from collections.abc import AsyncIterator, Sequence
from importlib import resources
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response, WebSocket
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.websockets import WebSocketDisconnect

from voicebot.call.live import News
from voicebot.campaign.routes import ANY_NUMBER
from voicebot.transports.peer import LONGEST_SDP, IceServer
from voicebot.web.call_news import CallNews, Calls, Refused

log = logging.getLogger(__name__)

PAGE = {
    "talk.html": "text/html; charset=utf-8",
    "talk.css": "text/css; charset=utf-8",
    "talk.js": "text/javascript; charset=utf-8",
}
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; media-src 'self' blob:; img-src 'self' data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "microphone=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
ANY_IN_PATH = "any"
"""What * is in an address."""


def talk_app(
    calls: Calls,
    token: str,
    *,
    origins: Sequence[str] = (),
    ice_servers: Sequence[IceServer] = (),
) -> FastAPI:
    """Return the application. `origins` (`https://shop.example`) may call besides our own page."""
    app = FastAPI(title="voicebot", docs_url=None, redoc_url=None, openapi_url=None)
    files = {name: resources.files("voicebot.web").joinpath("talk", name) for name in PAGE}

    def check_origin(connection: HTTPConnection) -> None:
        origin = connection.headers.get("origin")
        if origin is None or origin in origins:
            return
        if urlsplit(origin).netloc != connection.headers.get("host"):
            raise Refused(403, f"calls from pages of {origin[:100]} are not allowed")

    def check(request: Request) -> None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        right = hmac.compare_digest(given.strip().encode(), token.encode())
        if scheme.lower() != "bearer" or not right:
            raise Refused(401, "the link's token is missing or wrong")
        check_origin(request)

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> Response:
        calls.counts[str(error.status)] += 1
        headers = {}
        if error.retry_after_s is not None:
            headers["Retry-After"] = str(error.retry_after_s)
        if error.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        if request.method == "POST":
            # What was not read of the body is not read; the connection cannot be used again.
            headers["Connection"] = "close"
        content = {"status": error.status, "reason": str(error)}
        return JSONResponse(content, error.status, headers)

    @app.exception_handler(HTTPException)
    async def missing(request: Request, error: HTTPException) -> Response:
        content = {"status": error.status_code, "reason": error.detail}
        return JSONResponse(content, error.status_code, error.headers)

    @app.get("/talk", include_in_schema=False)
    @app.get("/talk/{called}", include_in_schema=False)
    async def page(called: str = "") -> Response:
        return asset("talk.html")

    @app.get("/assets/{name}", include_in_schema=False)
    async def asset_of_page(name: str) -> Response:
        if name not in files:
            raise Refused(404, "there is no such file")
        return asset(name)

    def asset(name: str) -> Response:
        return Response(files[name].read_bytes(), media_type=PAGE[name], headers=PAGE_HEADERS)

    @app.get("/talk.json")
    async def settings(request: Request) -> Response:
        check(request)
        numbers = [
            {"called": ANY_IN_PATH if called == ANY_NUMBER else called, "title": title}
            for called, title in calls.titles.items()
        ]
        servers = [
            {"urls": each.url}
            | ({"username": each.username} if each.username is not None else {})
            | ({"credential": each.credential} if each.credential is not None else {})
            for each in ice_servers
        ]
        headers = {"Cache-Control": "no-store"}
        return JSONResponse({"numbers": numbers, "iceServers": servers}, headers=headers)

    @app.post("/calls/{called}")
    async def offer(request: Request, called: str) -> Response:
        check(request)
        called = ANY_NUMBER if called == ANY_IN_PATH else called
        address = request.client.host if request.client else ""
        # Before the body is read: a refusal costs nothing.
        calls.admit(called, address)
        call, answer = await calls.answer(
            await sent_sdp(request, calls.limits.body_s), called, address
        )
        headers = {"Location": f"/sessions/{call.id}", "Cache-Control": "no-store"}
        return Response(answer, 201, headers, media_type="application/sdp")

    @app.delete("/sessions/{call_id}")
    async def hang_up(request: Request, call_id: str) -> Response:
        check(request)
        if calls.find(call_id) is None:
            raise Refused(404, "there is no such call")
        await calls.end(call_id)
        return Response(status_code=200)

    @app.websocket("/sessions/{call_id}/events")
    async def events(socket: WebSocket, call_id: str) -> None:
        call = calls.find(call_id)
        try:
            check_origin(socket)
            if call is None or call.watchers >= calls.limits.watchers:
                raise Refused(404, "there is no such call")
        except Refused as error:
            calls.counts[str(error.status)] += 1
            await socket.close(1008, str(error))
            return
        await socket.accept()
        call.watchers += 1
        gone = asyncio.create_task(_closed(socket))
        news = asyncio.create_task(_send(call.follow(), socket))
        try:
            await asyncio.wait((gone, news), return_when=asyncio.FIRST_COMPLETED)
            if news.done():
                with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                    await socket.close()
        finally:
            for task in (gone, news):
                task.cancel()
            await asyncio.gather(gone, news, return_exceptions=True)
            call.watchers -= 1
            if not call.over:
                loop = asyncio.get_running_loop()
                loop.call_later(calls.limits.gone_s, _end_if_left, calls, call)

    return app


async def sent_sdp(request: Request, longest_s: float) -> str:
    """Return the request's session description. Raises `Refused`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/sdp":
        raise Refused(415, "an offer is application/sdp")
    try:
        if int(request.headers.get("content-length", 0)) > LONGEST_SDP:
            raise Refused(413, f"an offer has {LONGEST_SDP} bytes at the most")
        body = bytearray()
        async with asyncio.timeout(longest_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LONGEST_SDP:
                    raise Refused(413, f"an offer has {LONGEST_SDP} bytes at the most")
        return body.decode()
    except ValueError as error:
        raise Refused(400, f"the offer is no text: {error}") from error
    except TimeoutError as error:
        raise Refused(408, f"the offer did not come within {longest_s:.0f} s") from error
    except ClientDisconnect as error:
        raise Refused(499, "the client went away") from error


async def _send(news: AsyncIterator[News], socket: WebSocket) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        async for each in news:
            await socket.send_json(each)


async def _closed(socket: WebSocket) -> None:
    """Wait until the page closes its events; what it sends is of no interest."""
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.receive_text()


def _end_if_left(calls: Calls, call: CallNews) -> None:
    if not call.over and call.watchers == 0:
        log.info("the page of a call is closed")
        calls.hang_up_soon(call.id)
