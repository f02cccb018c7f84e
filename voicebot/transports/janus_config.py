"""The configuration of a Janus gateway that carries the robot's SIP calls."""

from dataclasses import dataclass
from pathlib import Path

from voicebot.errors import BadInput, Problem

PLUGIN_FOLDERS = (
    "/usr/lib/x86_64-linux-gnu/janus",
    "/usr/lib/aarch64-linux-gnu/janus",
    "/usr/local/lib/janus",
    "/usr/lib/janus",
)
"""Where Debian's package and Janus' own installation put plugins, transports and the rest."""

_JANUS = """\
# Written by `voicebot janus-config`. Start: janus -F {folder} -o
general: {{
    configs_folder = "{folder}"
    plugins_folder = "{plugins}/plugins"
    transports_folder = "{plugins}/transports"
    events_folder = "{plugins}/events"
    loggers_folder = "{plugins}/loggers"
    session_timeout = 60
    debug_level = 3
}}
media: {{
    rtp_port_range = "{media_ports}"
    no_media_timer = 5
}}
nat: {{
    ice_lite = true
    full_trickle = false
    ice_enforce_list = "{address}"
}}
plugins: {{
    disable = "{no_plugins}"
}}
transports: {{
    disable = "{no_transports}"
}}
"""

_WEBSOCKETS = """\
general: {{
    ws = true
    ws_port = {port}
    ws_ip = "127.0.0.1"
    wss = false
}}
admin: {{
    admin_ws = false
    admin_wss = false
}}
"""

_SIP = """\
general: {{
    local_ip = "{address}"
    local_media_ip = "{address}"
    sdp_ip = "{address}"
    keepalive_interval = 120
    behind_nat = false
    register_ttl = 300
    rtp_port_range = "{sip_ports}"
    user_agent = "voicebot"
}}
"""

_NO_PLUGINS = (
    "audiobridge echotest nosip recordplay streaming textroom videocall videoroom voicemail "
    "duktape lua"
)
_NO_TRANSPORTS = "http pfunix rabbitmq mqtt nanomsg"


def _files(names: str) -> str:
    return ",".join(f"libjanus_{name}.so" for name in names.split())


@dataclass(frozen=True, slots=True)
class JanusSettings:
    """Where Janus runs."""

    folder: Path
    """Where the files go; Janus reads them there."""
    address: str
    """The machine's own address, for media and SIP: never 127.0.0.1, which both sides skip."""
    port: int = 8188
    """Of the WebSocket, on 127.0.0.1 only: who reaches it can make calls."""
    media_ports: str = "20000-29999"
    sip_ports: str = "30000-39999"
    plugins: str = ""
    """The folder of plugins and transports; looked for when empty."""


def write_janus_config(settings: JanusSettings) -> tuple[Path, ...]:
    """Write the configuration and return its files. Raises `BadInput` without Janus' plugins."""
    plugins = settings.plugins or next(
        (each for each in PLUGIN_FOLDERS if Path(each, "plugins").is_dir()), ""
    )
    if not plugins or not Path(plugins, "plugins", "libjanus_sip.so").is_file():
        where = plugins or ", ".join(PLUGIN_FOLDERS)
        hint = "install Janus (apt-get install janus), or name its folder with --plugins"
        raise BadInput(Problem(where, "has no plugins/libjanus_sip.so", hint=hint))
    places = {
        "folder": settings.folder.resolve(),
        "plugins": plugins,
        "address": settings.address,
        "port": settings.port,
        "media_ports": settings.media_ports,
        "sip_ports": settings.sip_ports,
        "no_plugins": _files(_NO_PLUGINS),
        "no_transports": _files(_NO_TRANSPORTS),
    }
    files = {
        "janus.jcfg": _JANUS,
        "janus.transport.websockets.jcfg": _WEBSOCKETS,
        "janus.plugin.sip.jcfg": _SIP,
    }
    settings.folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in files.items():
        path = settings.folder / name
        path.write_text(text.format(**places), encoding="utf-8")
        written.append(path)
    return tuple(written)
