"""The page /talk in a real Chromium whose microphone is a recorded caller."""

import base64
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.adapters.browser import Page, browser
from tests.adapters.hearing import heard, sounds_in
from tests.needs import program
from tests.processes import free_port, running, wait_until
from voicebot.cli.line_options import own_address

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "audio_fixtures"
LABELS = YAML(typ="safe", pure=True).load(FIXTURES / "willing.yaml")
CALL_S = 90

RECORD = """(() => {
  const context = new AudioContext({sampleRate: 8000});
  const source = context.createMediaStreamSource(document.getElementById('voice').srcObject);
  const processor = context.createScriptProcessor(4096, 1, 1);
  window.heardByPage = [];
  processor.onaudioprocess = (event) =>
    window.heardByPage.push(...event.inputBuffer.getChannelData(0));
  source.connect(processor);
  processor.connect(context.destination);
})()"""
"""Keeps what comes out of the page's own player, sample by sample."""

HEARD = """(() => {
  const samples = Int16Array.from(heardByPage, (each) => Math.max(-1, Math.min(1, each)) * 32767);
  let text = '';
  for (const byte of new Uint8Array(samples.buffer)) text += String.fromCharCode(byte);
  return btoa(text);
})()"""


@contextmanager
def service(
    out: Path, *options: str, scheme: str = "http", host: str = "127.0.0.1"
) -> Iterator[str]:
    """Run `voicebot serve` and return the page's address."""
    command = [sys.executable, "-m", "voicebot", "serve", "--http", f"{host}:0"]
    command += ["--out", str(out), *options]
    serving = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert serving.stdout is not None
        line = serving.stdout.readline()
        assert line.startswith(f"talk to the robot: {scheme}://{host}:")
        yield line.removeprefix("talk to the robot: ").strip()
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(20) == 0
    finally:
        serving.kill()
        serving.wait()
        if serving.stdout is not None:
            serving.stdout.close()


def call(page: Page) -> None:
    page.wait("document.getElementById('number').options.length > 0")
    page.run("document.getElementById('call').click()")
    page.wait("document.body.dataset.state === 'talking'", 30)


def texts(page: Page, selector: str) -> list[str]:
    found: list[str] = page.run(
        f"[...document.querySelectorAll({selector!r})].map((each) => each.textContent)"
    )
    return found


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_caller_has_a_whole_conversation_in_the_page(workers: str, tmp_path: Path) -> None:
    variables = [f"--var={name}={value}" for name, value in LABELS["variables"].items()]
    with (
        service(tmp_path / "out", "--workers", workers, *variables) as link,
        browser(tmp_path / "browser", FIXTURES / "willing.wav") as page,
    ):
        page.open(link)
        call(page)
        page.run(RECORD)
        page.wait("document.body.dataset.state === 'ended'", CALL_S)
        robot = texts(page, "#transcript .robot p")
        caller = " ".join(texts(page, "#transcript .caller p"))
        understood = texts(page, "#transcript .understood")
        outcome = dict(zip(texts(page, "#outcome dt"), texts(page, "#outcome dd"), strict=True))
        pcm = base64.b64decode(page.run(HEARD))
        faults = page.faults

    call_file = next((tmp_path / "out" / "calls").glob("*.json"))
    record = json.loads(call_file.read_text(encoding="utf-8"))["record"]
    assert faults == []
    assert record["end_reason"] == LABELS["expected"]["end_reason"]
    intents = [turn["intent"] for turn in record["turns"] if turn["intent"]]
    assert intents == LABELS["expected"]["intents"]
    for name, value in LABELS["expected"]["outcome"].items():
        assert (record["outcome"][name], outcome[name]) == (value, value)
    prompts = [each["text"] for turn in record["turns"] for each in turn["prompts"]]
    assert robot == prompts
    assert sounds_in("给我吧", caller)
    assert sounds_in("没有了谢谢", caller)
    assert [each.split()[1] for each in understood] == intents
    words = heard(pcm, 8000, 8000)
    assert sounds_in("优惠券", words), words
    assert sounds_in("祝您生活愉快", words), words


def test_keys_mute_and_the_end_button_work(tmp_path: Path) -> None:
    with (
        service(tmp_path / "out") as link,
        browser(tmp_path / "browser", FIXTURES / "silent.wav") as page,
    ):
        page.resize(360, 740, dark=True)
        page.open(link)
        call(page)
        page.wait("document.getElementById('level-robot').getAttribute('aria-valuenow') > 20")
        page.run("document.getElementById('keys').click()")
        page.run("document.querySelector('#keypad button').click()")
        page.command("Input.dispatchKeyEvent", type="keyDown", key="#", text="#")
        page.wait("document.querySelectorAll('#transcript .note').length === 2")
        page.run("document.getElementById('mute').click()")
        muted = page.run("document.getElementById('status').textContent")
        wide = page.run("document.documentElement.scrollWidth")
        page.screenshot(tmp_path / "phone.png")
        page.run("document.getElementById('end').click()")
        page.wait("document.body.dataset.state === 'ended'")
        reason = texts(page, "#outcome dd")[0]
        faults = page.faults

    record = json.loads(next((tmp_path / "out" / "calls").glob("*.json")).read_text())["record"]
    keys = [each["detail"]["digit"] for each in record["timeline"] if each["what"] == "dtmf"]
    assert keys == ["1", "#"]
    assert muted == "通话中，已静音"
    assert reason == "您挂断了"
    assert wide <= 360
    assert faults == []
    assert record["end_reason"] == "caller_hung_up"


SEEN_SERVERS = """(() => {
  const Real = RTCPeerConnection;
  window.RTCPeerConnection = function (settings) {
    window.given = settings;
    return new Real(settings);
  };
})()"""
"""Keeps what the page gives its connection."""


def test_from_another_machine_the_page_needs_https_and_gets_the_turn_servers(
    tmp_path: Path,
) -> None:
    chain, key = certificate(tmp_path)
    turn = "turn:127.0.0.1:9?transport=udp"
    options = ["--tls-cert", str(chain), "--tls-key", str(key)]
    options += ["--ice", turn, "--ice-user", "shop", "--ice-secret", "open-sesame"]
    host = own_address()
    with (
        service(tmp_path / "out", *options, scheme="https", host=host) as link,
        browser(
            tmp_path / "browser", FIXTURES / "silent.wav", "--ignore-certificate-errors"
        ) as page,
    ):
        page.open(link)
        page.run(SEEN_SERVERS)
        call(page)
        page.wait("document.getElementById('level-robot').getAttribute('aria-valuenow') > 20")
        secure = page.run("window.isSecureContext")
        servers = page.run("window.given.iceServers")
        page.run("document.getElementById('end').click()")
        page.wait("document.body.dataset.state === 'ended'")

    assert secure
    assert servers == [{"urls": turn, "username": "shop", "credential": "open-sesame"}]


RELAY_ONLY = """(() => {
  const Real = RTCPeerConnection;
  window.RTCPeerConnection = function (settings) {
    window.made = new Real({ ...settings, iceTransportPolicy: 'relay' });
    return window.made;
  };
})()"""
"""As in a network that lets nothing through but the way to the TURN server."""

USED = """(async () => {
  const all = [...(await made.getStats()).values()];
  const pair = all.find((each) => each.type === 'candidate-pair' && each.nominated);
  const kind = (id) => all.find((each) => each.id === id).candidateType;
  return [kind(pair.localCandidateId), pair.bytesSent > 10000, pair.bytesReceived > 10000];
})()"""
"""Which way the sound went, and whether any did."""


def test_a_caller_behind_a_turn_server_has_a_whole_conversation(tmp_path: Path) -> None:
    variables = [f"--var={name}={value}" for name, value in LABELS["variables"].items()]
    with turn_server(tmp_path / "turn", "shop", "open-sesame") as turn:
        options = ["--ice", turn, "--ice-user", "shop", "--ice-secret", "open-sesame"]
        with (
            service(tmp_path / "out", *variables, *options) as link,
            browser(tmp_path / "browser", FIXTURES / "willing.wav") as page,
        ):
            page.open(link)
            page.run(RELAY_ONLY)
            call(page)
            page.run(RECORD)
            # Before the end, when the connection forgets.
            page.wait("document.querySelectorAll('#transcript .caller').length > 1", CALL_S)
            used = page.run(USED)
            page.wait("document.body.dataset.state === 'ended'", CALL_S)
            pcm = base64.b64decode(page.run(HEARD))

    call_file = next((tmp_path / "out" / "calls").glob("*.json"))
    record = json.loads(call_file.read_text(encoding="utf-8"))["record"]
    assert used == ["relay", True, True]
    assert record["end_reason"] == LABELS["expected"]["end_reason"]
    intents = [turn["intent"] for turn in record["turns"] if turn["intent"]]
    assert intents == LABELS["expected"]["intents"]
    for name, value in LABELS["expected"]["outcome"].items():
        assert record["outcome"][name] == value
    words = heard(pcm, 8000, 8000)
    assert sounds_in("优惠券", words), words
    assert sounds_in("祝您生活愉快", words), words


@contextmanager
def turn_server(folder: Path, user: str, password: str) -> Iterator[str]:
    """Run coturn and return its address."""
    folder.mkdir()
    host = own_address()
    port = free_port(host=host)
    command = [program("turnserver", "coturn"), "-n", "--no-cli", "--no-tls", "--no-dtls"]
    command += ["--listening-ip", host, "--relay-ip", host, "--listening-port", str(port)]
    command += ["--lt-cred-mech", "--user", f"{user}:{password}", "--realm", "shop.example"]
    command += ["--fingerprint", "--log-file", "stdout", "--pidfile", str(folder / "turn.pid")]
    command += ["--userdb", str(folder / "users.db")]
    with running(command, folder / "turn.log"):
        wait_until(lambda: binds(host, port), "coturn answers")
        yield f"turn:{host}:{port}?transport=udp"


def binds(host: str, port: int) -> bool:
    """Tell whether a STUN server answers there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.3)
        try:
            # A binding request of RFC 5389, and the beginning of its answer.
            probe.sendto(b"\x00\x01\x00\x00\x21\x12\xa4\x42" + bytes(12), (host, port))
            return probe.recv(2000).startswith(b"\x01\x01")
        except OSError:
            return False


def certificate(folder: Path) -> tuple[Path, Path]:
    """Return a certificate that nobody signed but itself, and its key."""
    chain, key = folder / "chain.pem", folder / "key.pem"
    command = [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", f"/CN={own_address()}", "-keyout", str(key), "-out", str(chain)]
    subprocess.run(command, check=True, capture_output=True)
    return chain, key


def test_a_page_that_is_closed_ends_its_call(tmp_path: Path) -> None:
    with (
        service(tmp_path / "out") as link,
        browser(tmp_path / "browser", FIXTURES / "silent.wav") as page,
    ):
        page.open(link)
        call(page)
        page.command("Page.navigate", url="about:blank")
        calls = tmp_path / "out" / "calls"
        wait_until(lambda: list(calls.glob("*.json")), "the call ends")


@pytest.mark.parametrize(("language", "told"), [("zh", "链接不完整"), ("en", "link is incomplete")])
def test_without_its_token_the_page_says_what_is_missing(
    language: str, told: str, tmp_path: Path
) -> None:
    with (
        service(tmp_path / "out") as link,
        browser(tmp_path / "browser", FIXTURES / "silent.wav") as page,
    ):
        page.open(link.partition("#")[0])
        page.wait("document.body.dataset.state === 'failed'")
        if language == "en":
            page.run("document.getElementById('language').click()")

        assert told in page.run("document.getElementById('status').textContent")
