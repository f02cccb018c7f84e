"""A web server on this machine that gives one file, and breaks off when it is told to."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Site:
    """What the server gives and how; what it was asked."""

    content: bytes
    etag: str = '"first"'
    """Empty for none."""
    breaks: list[int] = field(default_factory=list)
    """Bytes that each answer sends before it breaks off; complete ones follow."""
    statuses: list[int] = field(default_factory=list)
    """Sent instead of the file, one an answer, before everything else."""
    ranges: bool = True
    """Whether parts are given when they are asked for."""
    moved_to: str = ""
    asked: list[str] = field(default_factory=list)
    """The Range header of each request, empty for none."""
    address: str = ""


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    """Serve until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            site.asked.append(wanted)
            if site.statuses:
                self.send_error(site.statuses.pop(0))
                return
            if site.moved_to:
                self.send_response(302)
                self.send_header("Location", site.moved_to)
                self.end_headers()
                return
            start = 0
            known = re.fullmatch(r"bytes=(\d+)-", wanted)
            if known and site.ranges and self.headers.get("If-Range") == site.etag:
                start = int(known[1])
            whole = len(site.content)
            if start >= whole:
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
            self.send_header("Content-Length", str(whole - start))
            if site.etag:
                self.send_header("ETag", site.etag)
            self.end_headers()
            length = site.breaks.pop(0) if site.breaks else whole
            self.wfile.write(site.content[start : start + length])

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing."""

        def log_error(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.address = f"http://127.0.0.1:{server.server_port}/models/my-cn.zip"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
