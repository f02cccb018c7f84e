"""Telephones and gateways that nobody here wrote: Janus, baresip, SIPp. Ended by their process."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.needs import program
from tests.processes import free_port, listens, running, wait_until
from voicebot.audio import wav
from voicebot.cli.line_options import own_address
from voicebot.transports.janus_config import JanusSettings, write_janus_config

EDGE = Path(__file__).parents[2] / "deploy" / "kamailio" / "kamailio.cfg"
RESPONSE = """[last_Via:]
[last_From:]
[last_To:];tag=[pid]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port]>"""
"""What SIPp answers a request with, besides its first line."""

BARESIP_MODULES = ("/usr/lib/baresip/modules", "/usr/lib/x86_64-linux-gnu/baresip/modules")


@dataclass(slots=True)
class Janus:
    """A running gateway; can be killed and started again at the same place."""

    folder: Path
    address: str
    port: int
    preloaded: str = ""
    """A library that changes how it behaves."""
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where its WebSocket is."""
        return f"ws://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it listens."""
        with (self.folder / "janus.log").open("ab") as out:
            self.process = subprocess.Popen(
                [program("janus"), "-F", str(self.folder), "-o"],
                stdout=out,
                stderr=out,
                env={**os.environ, "LD_PRELOAD": self.preloaded},
            )
        wait_until(lambda: listens(self.port), "Janus listens")

    def kill(self) -> None:
        """End it without a word."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def sip_ports(self) -> list[int]:
        """Return the UDP ports it has open: each account has one for SIP."""
        assert self.process is not None
        connections = psutil.Process(self.process.pid).net_connections("udp4")
        return [each.laddr.port for each in connections if each.laddr.ip == self.address]


@contextmanager
def janus(folder: Path, preloaded: str = "") -> Iterator[Janus]:
    """Run a gateway with our own configuration."""
    program("janus")
    folder.mkdir(parents=True, exist_ok=True)
    address = own_address()
    port = free_port(socket.SOCK_STREAM)
    write_janus_config(JanusSettings(folder, address, port, "20000-20999", "30000-30999"))
    gateway = Janus(folder, address, port, preloaded)
    gateway.start()
    try:
        yield gateway
    finally:
        gateway.kill()


@dataclass(slots=True)
class Phone:
    """A baresip."""

    folder: Path
    uri: str
    control: int

    def command(self, name: str, parameters: str = "") -> None:
        """Give it a command, such as `dial` or `hangup`."""
        text = json.dumps({"command": name, "params": parameters}).encode()
        with socket.create_connection(("127.0.0.1", self.control), timeout=5) as line:
            line.sendall(str(len(text)).encode() + b":" + text + b",")
            line.settimeout(2)
            line.recv(4096)

    def log(self) -> str:
        """Return what it has printed."""
        return (self.folder / "baresip.log").read_text(encoding="utf-8", errors="replace")

    def heard(self) -> bytes:
        """Return what it heard in its last call, at 8 kHz."""
        return wav.read_mono(sorted(self.folder.glob("dump-*-dec.wav"))[-1], 8000)


@contextmanager
def phone(
    folder: Path,
    plays: Path,
    *,
    answers: str = "auto",
    name: str = "caller",
    registrar: str = "",
    password: str = "",
) -> Iterator[Phone]:
    """Run a telephone that plays a recording into its calls and records what it hears; with a
    registrar it is registered there."""
    baresip = program("baresip")
    modules = next(each for each in BARESIP_MODULES if Path(each).is_dir())
    folder.mkdir(parents=True, exist_ok=True)
    address = own_address()
    sip, control, media = free_port(host=address), free_port(socket.SOCK_STREAM), free_port()
    loaded = "\n".join(f"module {each}.so" for each in ("g711", "aufile", "sndfile"))
    (folder / "config").write_text(
        f"sip_listen {address}:{sip}\naudio_source aufile,{plays}\naudio_player aufile,/dev/null\n"
        f"audio_alert aufile,/dev/null\nmodule_path {modules}\n{loaded}\n"
        "module_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n"
        f"snd_path {folder}\nctrl_tcp_listen 127.0.0.1:{control}\n"
        f"rtp_ports {media - media % 2}-{media - media % 2 + 20}\n"
    )
    uri = f"sip:{name}@{address}:{sip}"
    registers = "regint=0"
    if registrar:
        uri, registers = f"sip:{name}@{registrar}", f"auth_pass={password};regint=60"
    (folder / "accounts").write_text(
        f"<{uri}>;{registers};answermode={answers};audio_codecs=PCMA\n"
    )
    (folder / "contacts").touch()
    with running([baresip, "-f", str(folder)], folder / "baresip.log"):
        wait_until(lambda: listens(control), "baresip listens")
        telephone = Phone(folder, uri, control)
        if registrar:
            wait_until(lambda: "200 OK" in telephone.log(), "baresip is registered")
        yield telephone


def description(*media: str) -> str:
    """Return what a message of SIPp ends with: a session description, of A-law from SIPp's own
    port or with these lines."""
    lines = media or ("m=audio [media_port] RTP/AVP 8", "a=rtpmap:8 PCMA/8000")
    session = ("v=0", "o=- 1 1 IN IP4 [local_ip]", "s=-", "c=IN IP4 [media_ip]", "t=0 0", *lines)
    return "\n".join(("Content-Type: application/sdp", "Content-Length: [len]", "", *session))


@contextmanager
def sipp(folder: Path, *options: str) -> Iterator[str]:
    """Run SIPp as the called side and return its address."""
    folder.mkdir(parents=True, exist_ok=True)
    address = own_address()
    port, media = free_port(host=address), free_port(host=address)
    command = [program("sipp"), *options, "-i", address, "-p", str(port), "-mi", address]
    command += ["-mp", str(media - media % 2), "-nostdin"]
    with running(command, folder / "sipp.log") as process:
        wait_until(
            lambda: any(
                each.laddr.port == port for each in psutil.Process(process.pid).net_connections()
            ),
            "SIPp listens",
        )
        yield f"{address}:{port}"


@contextmanager
def kamailio(folder: Path, password: str) -> Iterator[str]:
    """Run the edge of deploy/kamailio and return its address."""
    folder.mkdir(parents=True, exist_ok=True)
    address = own_address()
    port = free_port(host=address)
    command = [program("kamailio"), "-f", str(EDGE), "-DD", "-E", "-Y", str(folder)]
    command += ["-A", f"ADDRESS=udp:{address}:{port}", "-A", f'REALM="{address}"']
    command += ["-A", f'PASSWORD="{password}"']
    with running(command, folder / "kamailio.log"):
        wait_until(lambda: answers_options(address, port), "Kamailio answers")
        yield f"{address}:{port}"


def answers_options(address: str, port: int) -> bool:
    """Tell whether a SIP server answers there."""
    lines = (
        f"OPTIONS sip:{address}:{port} SIP/2.0",
        f"Via: SIP/2.0/UDP {address}:9;rport;branch=z9hG4bK1",
        f"From: <sip:test@{address}>;tag=1",
        f"To: <sip:{address}>",
        f"Call-ID: {port}",
        "CSeq: 1 OPTIONS",
        "Max-Forwards: 9",
        "Content-Length: 0",
    )
    request = "\r\n".join(lines) + "\r\n\r\n"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.3)
        try:
            probe.sendto(request.encode(), (address, port))
            return probe.recv(2000).startswith(b"SIP/2.0 200")
        except OSError:
            return False
