"""Fetching one large file over HTTPS, so that a break costs only what is still missing.

What has come lies in FILE.part, and FILE.part.json says of which version of which address it is;
a later try, also of another process, asks for the rest of the same version only (Range, If-Range).
"""

import json
import shutil
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from email.message import Message
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from voicebot.errors import BadInput, MissingPart, Problem, StorageFailed

MAX_BYTES = 4 << 30
"""The largest Chinese Vosk model has 1.5 GB; more is not fetched."""
TRIES = 5
"""In a row without a single byte; anything that comes starts the count again."""
FIRST_WAIT_S = 1.0
"""Before the second try; doubled for each further one."""
TIMEOUT_S = 30
"""Without a byte, after which a connection is given up."""
CHUNK = 256 << 10
RESERVE_BYTES = 64 << 20
"""Left free on the disk."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""The only hosts that may be asked without encryption: no wire lies between."""

Progress = Callable[[int, int | None], None]
"""Told the bytes that are there and the bytes of the whole, when it is known."""


@dataclass(frozen=True, slots=True)
class Part:
    """Which version of what a part belongs to."""

    url: str
    validator: str = ""
    """An ETag or a date for If-Range; without one a part cannot be continued."""
    total: int | None = None
    """Bytes of the whole."""


class _Interrupted(Exception):
    """The connection ended before the file did; trying again may help."""


def check_address(url: str) -> str:
    """Return `url` when it may be fetched: https, or http to this machine. Raises `BadInput`."""
    try:
        address = urlsplit(url)
        host = address.hostname
    except ValueError as error:
        raise BadInput(Problem(url, f"is no address: {error}", hint="check it")) from error
    plain = address.scheme == "http" and host in LOOPBACK
    if not host or not (address.scheme == "https" or plain):
        hint = "give an address that begins with https://, or a ZIP file"
        raise BadInput(Problem(url, "is not fetched: it is not encrypted", hint=hint))
    return url


def download(
    url: str,
    file: Path,
    progress: Progress,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Fetch `url` to `file`, continuing what an earlier try left; `file` appears whole or not.

    A whole file that is there already is left as it is; see `discard`.

    Raises `MissingPart` when the network or the server does not give it, `BadInput` when the
    address is wrong, and `StorageFailed` when the disk does not take it.
    """
    check_address(url)
    part = _part(file)
    if file.exists() and _known(part, url).total == _size(file):
        # What came after the download failed, not the download.
        progress(_size(file), _size(file))
        return
    tries, wait_s = 0, FIRST_WAIT_S
    while True:
        before = _size(part)
        try:
            _fetch(url, part, progress)
            break
        except _Interrupted as error:
            if _size(part) > before:
                tries, wait_s = 0, FIRST_WAIT_S
            tries += 1
            if tries == TRIES:
                what = f"stopped {TRIES} times in a row at {_size(part)} bytes: {error}"
                hint = "run the same command again later: what has come is kept"
                raise MissingPart(str(Problem(url, what, hint=hint))) from error
        wait(wait_s)
        wait_s *= 2
    part.replace(file)


def discard(file: Path) -> None:
    """Remove a downloaded file, so that the next `download` fetches it again."""
    file.unlink(missing_ok=True)
    _forget(_part(file))


def _fetch(url: str, part: Path, progress: Progress) -> None:
    """Fetch what is missing. Raises `_Interrupted` when only a part of it came."""
    known = _known(part, url)
    have = _size(part) if known.validator else 0
    if known.total is not None and have == known.total:
        progress(have, have)
        return
    request = urllib.request.Request(url, headers={"Accept-Encoding": "identity"})
    if have:
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", known.validator)
    with _open(request, part) as response:
        total = _announced(response, have)
        if response.status != 206:
            have = 0
        elif response.headers.get("Content-Range", "").split("/")[0] != _rest(have, total):
            _forget(part)
            raise _Interrupted("the server sent another piece than was asked for")
        elif known.total not in (None, total):
            _forget(part)
            raise _Interrupted("the file changed on the server")
        _check_size(url, total, have, part)
        _remember(part, Part(url, _validator(response.headers), total))
        have = _receive(response, part, have, total, progress)
    if total is not None and have != total:
        raise _Interrupted(f"{have} of {total} bytes came")


def _receive(
    response: HTTPResponse, part: Path, have: int, total: int | None, progress: Progress
) -> int:
    progress(have, total)
    try:
        with part.open("ab" if have else "wb") as file:
            while chunk := _read(response):
                file.write(chunk)
                have += len(chunk)
                if have > MAX_BYTES or (total is not None and have > total):
                    _forget(part)
                    raise _refused(part.name, "is larger than announced, or than any model")
                progress(have, total)
    except OSError as error:
        raise _storage(part, error) from error
    return have


def _read(response: HTTPResponse) -> bytes:
    try:
        return response.read(CHUNK)
    except (OSError, HTTPException) as error:
        raise _Interrupted(str(error) or type(error).__name__) from error


def _open(request: urllib.request.Request, part: Path) -> HTTPResponse:
    handlers: list[urllib.request.BaseHandler] = [_SafeRedirects()]
    if urlsplit(request.full_url).hostname in LOOPBACK:
        # A proxy is not on this machine.
        handlers.append(urllib.request.ProxyHandler({}))
    opener = urllib.request.build_opener(*handlers)
    try:
        response: HTTPResponse = opener.open(request, timeout=TIMEOUT_S)
        return response
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416:
            _forget(part)
            raise _Interrupted("the server knows no such piece") from error
        if error.code in (408, 425, 429) or error.code >= 500:
            raise _Interrupted(f"the server answers {error.code} {error.reason}") from error
        what = f"is not to be had: the server answers {error.code} {error.reason}"
        raise BadInput(Problem(request.full_url, what, hint="check the address")) from error
    except urllib.error.URLError as error:
        reason = error.reason
        if isinstance(reason, ssl.SSLCertVerificationError):
            what = f"the server's certificate is not valid: {reason.verify_message}"
            raise MissingPart(str(Problem(request.full_url, what, hint=_OFFLINE))) from error
        if _size(part):
            # It worked a moment ago, or at an earlier try.
            raise _Interrupted(str(reason)) from error
        what = f"cannot be reached ({reason})"
        raise MissingPart(str(Problem(request.full_url, what, hint=_OFFLINE))) from error
    except (OSError, HTTPException) as error:
        raise _Interrupted(str(error) or type(error).__name__) from error


_OFFLINE = (
    "without a network, download this address on another computer, bring the ZIP file here, "
    "and run: voicebot model install FILE.zip"
)


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        target = urlsplit(newurl)
        hosts = {target.hostname, urlsplit(req.full_url).hostname}
        if target.scheme != "https" and not (target.scheme == "http" and hosts <= LOOPBACK):
            raise _refused(req.full_url, f"leads to {newurl}, which is not encrypted")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _announced(response: HTTPResponse, have: int) -> int | None:
    """Return the bytes of the whole file."""
    length = response.headers.get("Content-Length", "")
    if not length.isdecimal():
        return None
    return int(length) + (have if response.status == 206 else 0)


def _rest(have: int, total: int | None) -> str:
    return f"bytes {have}-{total - 1}" if total is not None else "unknown"


def _validator(headers: Message) -> str:
    """Return what names this version of the file; weak ETags do not, byte for byte."""
    tag = str(headers.get("ETag", ""))
    return tag if tag.startswith('"') else str(headers.get("Last-Modified", ""))


def _check_size(url: str, total: int | None, have: int, part: Path) -> None:
    if total is None:
        return
    if total > MAX_BYTES:
        raise _refused(url, f"has {total / 1e9:.1f} GB; {MAX_BYTES / 1e9:.1f} are the most")
    free = shutil.disk_usage(part.parent).free
    if total - have + RESERVE_BYTES > free:
        raise StorageFailed(
            f"{part.parent}: {(total - have) / 1e6:.0f} MB are still to come and {free / 1e6:.0f} "
            "MB are free; make room, or name another folder in VOICEBOT_DATA"
        )


def _known(part: Path, url: str) -> Part:
    """Return what an earlier try noted about this address, or a note that knows nothing."""
    try:
        noted = Part(**json.loads(_notes(part).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Part(url)
    return noted if noted.url == url else Part(url)


def _remember(part: Path, noted: Part) -> None:
    try:
        _notes(part).write_text(json.dumps(asdict(noted)), encoding="utf-8")
    except OSError as error:
        raise _storage(_notes(part), error) from error


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    _notes(part).unlink(missing_ok=True)


def _part(file: Path) -> Path:
    return file.with_name(file.name + ".part")


def _notes(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _size(part: Path) -> int:
    try:
        return part.stat().st_size
    except FileNotFoundError:
        return 0


def _refused(file: str, what: str) -> BadInput:
    return BadInput(Problem(file, what, hint="look for another source"))


def _storage(file: Path, error: OSError) -> StorageFailed:
    return StorageFailed(
        f"{file}: cannot be written ({error.strerror}); make room or take a folder that you may "
        "write to (VOICEBOT_DATA)"
    )
