"""Options of the browsers' line."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import click

from voicebot.cli.line_options import own_address
from voicebot.transports.peer import IceServer
from voicebot.web.server import Certificate

Command = TypeVar("Command", bound=Callable[..., Any])

DEFAULT_HTTP = "127.0.0.1:8080"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
EVERYWHERE = ("", "0.0.0.0", "::")

_OPTIONS = (
    click.option(
        "--http",
        metavar="HOST:PORT",
        help="Where the page for browsers is; 0.0.0.0:8443 is all networks of this machine. "
        f"[default: {DEFAULT_HTTP} without --sip, no page with it]",
    ),
    click.option(
        "--token",
        envvar="VOICEBOT_TOKEN",
        show_envvar=True,
        help="What the page's address must hold; a new one each time when none is given.",
    ),
    click.option(
        "--tls-cert",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Certificate chain (PEM), for https: browsers give a page the microphone only over "
        "https or on this same machine.",
    ),
    click.option(
        "--tls-key", type=click.Path(path_type=Path, dir_okay=False), help="Its key (PEM)."
    ),
    click.option(
        "--origin",
        "origins",
        multiple=True,
        metavar="URL",
        help="A site whose pages may call too, such as https://shop.example; repeatable.",
    ),
    click.option(
        "--ice",
        "ice_urls",
        multiple=True,
        metavar="URL",
        help="A STUN or TURN server, such as stun:192.0.2.9:3478; repeatable. None is needed on "
        "one network.",
    ),
    click.option("--ice-user", help="The TURN servers' user."),
    click.option(
        "--ice-secret",
        envvar="VOICEBOT_ICE_SECRET",
        show_envvar=True,
        help="The TURN servers' password.",
    ),
)


def browser_options(command: Command) -> Command:
    """Add the options of the browsers' line."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class BrowserLine:
    """Where and for whom the page is."""

    host: str
    port: int
    token: str
    certificate: Certificate | None
    origins: tuple[str, ...]
    ice_servers: tuple[IceServer, ...]

    def link(self, port: int) -> str:
        """Return the page's address with its token; `port` is the one that was got."""
        host = own_address() if self.host in EVERYWHERE else self.host
        shown = f"[{host}]" if ":" in host else host
        scheme = "http" if self.certificate is None else "https"
        return f"{scheme}://{shown}:{port}/talk#{quote(self.token)}"

    @property
    def mute(self) -> bool:
        """Whether browsers will refuse the microphone, for want of https."""
        return self.certificate is None and self.host not in LOOPBACK


def browser_line(
    http: str | None,
    token: str | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    origins: Sequence[str],
    ice_urls: Sequence[str],
    ice_user: str | None,
    ice_secret: str | None,
) -> BrowserLine:
    """Return the line that the options describe; faults are usage errors."""
    host, port = _address(http or DEFAULT_HTTP)
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key belong together")
    certificate = Certificate(tls_cert, tls_key) if tls_cert and tls_key else None
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path:
            raise click.BadParameter(f'"{origin}" is not https://HOST', param_hint="--origin")
    for url in ice_urls:
        if url.partition(":")[0] not in ("stun", "stuns", "turn", "turns"):
            raise click.BadParameter(f'"{url}" is not stun:HOST:PORT', param_hint="--ice")
    servers = tuple(
        IceServer(url, ice_user, ice_secret) if url.startswith("turn") else IceServer(url)
        for url in ice_urls
    )
    given = token or secrets.token_urlsafe(12)
    return BrowserLine(host, port, given, certificate, tuple(origins), servers)


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise click.BadParameter(f'"{text}" is not HOST:PORT', param_hint="--http")
    return host.strip("[]"), int(port)
