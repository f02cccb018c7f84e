"""Where messages may be sent: not into our own network, unless an operator says so.

Whoever may name a webhook could otherwise let the dialler ask a database, a router or a cloud's
metadata service. The name is resolved here and the connection goes to exactly the address that was
judged, so that a name cannot point elsewhere a moment later.
"""

import ipaddress
import socket
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from voicebot.errors import BadInput, Problem


class AddressRefused(Exception):
    """A message must not be sent there; the text says why."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Hosts within our own network that an operator trusts, by name or address."""

    hosts: frozenset[str] = frozenset()

    def __contains__(self, host: str) -> bool:
        return host.lower() in self.hosts


def check_url(url: str) -> str:
    """Return a URL that is one for webhooks. Raises `BadInput`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadInput(Problem("the webhook's URL", f"is none: {error}")) from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(Problem("the webhook's URL", "is not http://HOST or https://HOST"))
    if parts.username or parts.password:
        hint = "messages are signed with the webhook's own secret"
        raise BadInput(Problem("the webhook's URL", "has a password in it", hint=hint))
    if port == 0:
        raise BadInput(Problem("the webhook's URL", "has the port 0"))
    return url


def told_private(url: str) -> str | None:
    """Return what kind of address of our own network a URL names, as far as it says so itself."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return "this machine"
    try:
        return _private(host)
    except ValueError:
        # A name: what it stands for is looked up when a message is sent.
        return None


def resolve(host: str, port: int, allowed: Allowed) -> str:
    """Return the address to connect to; blocks. Raises `AddressRefused` and `OSError`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(each[4][0]) for each in found]
    if host in allowed:
        return addresses[0]
    for address in addresses:
        if why := _private(address):
            raise AddressRefused(
                f"{host} is {why}; VOICEBOT_WEBHOOK_HOSTS names hosts of our own network that "
                "messages may go to"
            )
    return addresses[0]


def allowed_hosts(named: Collection[str]) -> Allowed:
    """Return the trusted hosts by their names."""
    return Allowed(frozenset(each.strip().lower() for each in named if each.strip()))


def _private(address: str) -> str | None:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if parsed.is_loopback:
        return "this machine"
    if parsed.is_global and not parsed.is_multicast:
        return None
    return "an address of a private or special network"
