"""Options of the commands that use a telephone line through Janus."""

import socket
from collections.abc import Callable
from typing import Any, TypeVar

import click

from voicebot.transports.janus_sip import SipAccount

Command = TypeVar("Command", bound=Callable[..., Any])

janus_option = click.option(
    "--janus",
    "janus_url",
    envvar="VOICEBOT_JANUS",
    default="ws://127.0.0.1:8188",
    show_default=True,
    show_envvar=True,
    help="Where Janus listens; `voicebot janus-config` sets one up.",
)

_SIP_OPTIONS = (
    click.option(
        "--sip",
        "sip_uri",
        metavar="URI",
        envvar="VOICEBOT_SIP",
        show_envvar=True,
        help="Our own address, such as sip:robot@192.0.2.10.",
    ),
    click.option(
        "--sip-secret",
        envvar="VOICEBOT_SIP_SECRET",
        show_envvar=True,
        help="The password to register with; without one the PBX must know us by our address.",
    ),
    click.option(
        "--proxy",
        metavar="URI",
        help="The registrar or outbound proxy, if it is not the host of --sip.",
    ),
)


def sip_options(command: Command) -> Command:
    """Add the options of a SIP account."""
    for option in reversed(_SIP_OPTIONS):
        command = option(command)
    return command


def sip_account(uri: str, secret: str | None, proxy: str | None, lines: int) -> SipAccount:
    """Return the account; a uri that is none is a usage error."""
    if not uri.startswith(("sip:", "sips:")) or "@" not in uri:
        raise click.BadParameter(f'"{uri}" is not sip:USER@HOST', param_hint="--sip")
    return SipAccount(uri, secret, proxy, lines)


def own_address() -> str:
    """Return this machine's address on its network; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError as error:
            raise click.UsageError(
                "this machine has no network address; name one with --address"
            ) from error
        return str(probe.getsockname()[0])
