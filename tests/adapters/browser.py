"""A real Chromium with a recording as its microphone, driven over its DevTools protocol."""

import base64
import itertools
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.needs import program
from tests.processes import running, wait_until

FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),
    "--autoplay-policy=no-user-gesture-required",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--remote-debugging-port=0",
)
ANSWER_S = 30.0


class Page:
    """One tab."""

    def __init__(self, line: ClientConnection) -> None:
        self._line = line
        self._numbers = itertools.count(1)
        self.faults: list[str] = []
        """What the page's code complained of."""
        for domain in ("Page", "Runtime", "Log"):
            self.command(f"{domain}.enable")

    def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result."""
        number = next(self._numbers)
        self._line.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._line.recv(timeout=ANSWER_S))
            level = message.get("params", {}).get("entry", {}).get("level")
            if message.get("method") == "Runtime.exceptionThrown" or level == "error":
                self.faults.append(json.dumps(message["params"], ensure_ascii=False))
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                result: dict[str, Any] = message["result"]
                return result

    def run(self, code: str) -> Any:
        """Evaluate JavaScript, as if a person had clicked; promises are awaited."""
        done = self.command(
            "Runtime.evaluate",
            expression=code,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def wait(self, code: str, seconds: float = 15) -> None:
        """Wait until a condition holds in the page."""
        wait_until(lambda: self.run(code), code, seconds)

    def open(self, address: str) -> None:
        """Go to an address."""
        self.command("Page.navigate", url=address)
        self.wait("document.readyState === 'complete'")

    def resize(self, width: int, height: int, *, dark: bool = False) -> None:
        """Look like a window or a telephone of this size."""
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2,
            mobile=width < 500,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.command("Emulation.setEmulatedMedia", features=[scheme])

    def screenshot(self, path: Path) -> None:
        """Save what is to be seen, the whole page."""
        shot = self.command("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))


@contextmanager
def browser(folder: Path, microphone: Path | None = None, *flags: str) -> Iterator[Page]:
    """Run a browser with one tab. Without a `microphone` (WAV, looped) it hears beeps."""
    profile = folder / "profile"
    profile.mkdir(parents=True)
    command = [program("chromium", "chromium-browser", "google-chrome"), *FLAGS, *flags]
    if microphone is not None:
        command.append(f"--use-file-for-fake-audio-capture={microphone}")
    command += [f"--user-data-dir={profile}", "about:blank"]
    port_file = profile / "DevToolsActivePort"
    with running(command, folder / "chromium.log"):
        wait_until(lambda: port_file.exists() and port_file.read_text().strip(), "it starts", 40)
        port = port_file.read_text().split()[0]
        with connect(_tab(port), max_size=None) as line:
            yield Page(line)


def _tab(port: str) -> str:
    """Return the address of the open tab's protocol."""
    listed = subprocess.run(
        ["curl", "-s", f"http://127.0.0.1:{port}/json/list"], capture_output=True, check=True
    )
    pages = [each for each in json.loads(listed.stdout) if each["type"] == "page"]
    return str(pages[0]["webSocketDebuggerUrl"])
