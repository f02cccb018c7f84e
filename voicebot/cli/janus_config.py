"""`voicebot janus-config`: the configuration of a Janus gateway."""

from pathlib import Path

import click

from voicebot.cli.line_options import own_address
from voicebot.transports.janus_config import JanusSettings, write_janus_config


@click.command("janus-config")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--address", help="This machine's own address; found out when left out.")
@click.option("--port", type=click.IntRange(1, 65535), default=8188, show_default=True)
@click.option("--media-ports", default="20000-29999", show_default=True, help="UDP, to us.")
@click.option("--sip-ports", default="30000-39999", show_default=True, help="UDP, to the trunk.")
@click.option("--plugins", default="", help="Janus' own folder, if it is in an unusual place.")
def janus_config(
    folder: Path, address: str | None, port: int, media_ports: str, sip_ports: str, plugins: str
) -> None:
    """Write the configuration of a Janus gateway into FOLDER.

    Its WebSocket listens on this machine only: whoever reaches it can make calls.

    \b
    Examples:
      voicebot janus-config janus
      voicebot janus-config janus --address 192.0.2.10
    """
    settings = JanusSettings(
        folder, address or own_address(), port, media_ports, sip_ports, plugins
    )
    for path in write_janus_config(settings):
        click.echo(path)
    click.echo(f"start it with: janus -F {folder} -o")
