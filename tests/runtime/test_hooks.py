"""The shop's programs for real: a process that is asked, hangs, breaks, prints, ends."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from voicebot.dialogue.hook import Hook, HookCall
from voicebot.errors import HookFailed
from voicebot.runtime.hooks import HookRunner

ACTIONS = """
import os
import sys

from prices import PRICES

asked = 0


def price(product):
    print("looking", product)
    return {"price": PRICES[product]}


def count():
    global asked
    asked += 1
    return {"count": asked}


def hang():
    while True:
        pass


def end():
    os._exit(3)


def strange():
    return {"price": object()}


def flood():
    return {"price": "y" * 100_000}


def _secret():
    return {}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "actions.py").write_text(ACTIONS, encoding="utf-8")
    (tmp_path / "prices.py").write_text("PRICES = {'云南小粒': '六十八元'}", encoding="utf-8")
    return tmp_path


@pytest.fixture
def runner() -> Iterator[HookRunner]:
    with ThreadPoolExecutor(4) as executor:
        runner = HookRunner(executor)
        yield runner
        runner.close()


def ask(runner: HookRunner, folder: Path, function: str, **arguments: str) -> object:
    hook = Hook(function, function=function, timeout_ms=1000, folder=folder)
    return runner.submit(HookCall(hook, arguments)).result()


def test_a_function_answers_and_what_it_prints_is_no_answer(
    runner: HookRunner, folder: Path
) -> None:
    assert ask(runner, folder, "price", product="云南小粒") == {"price": "六十八元"}


def test_one_process_serves_call_after_call(runner: HookRunner, folder: Path) -> None:
    counts = [ask(runner, folder, "count") for _ in range(3)]

    assert counts == [{"count": 1}, {"count": 2}, {"count": 3}]


@pytest.mark.parametrize(
    ("function", "arguments", "why"),
    [
        ("hang", {}, "did not answer in time and was ended"),
        ("end", {}, "the process ended"),
        ("price", {"product": "茶"}, "KeyError"),
        ("price", {"tea": "茶"}, "TypeError"),
        ("strange", {}, "cannot be written as JSON"),
        ("flood", {}, "more than 65536 bytes"),
        ("system", {}, "has no function system"),
    ],
)
def test_a_function_that_fails_says_how_and_the_next_one_works(
    function: str, arguments: dict[str, str], why: str, runner: HookRunner, folder: Path
) -> None:
    with pytest.raises(HookFailed, match=why):
        ask(runner, folder, function, **arguments)

    assert ask(runner, folder, "price", product="云南小粒") == {"price": "六十八元"}


def test_a_file_that_cannot_be_loaded_is_a_failure(runner: HookRunner, folder: Path) -> None:
    (folder / "actions.py").write_text("import nothing_of_that_name", encoding="utf-8")

    with pytest.raises(HookFailed, match="the process ended"):
        ask(runner, folder, "price", product="云南小粒")


class _Shop(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        asked = json.loads(self.rfile.read(length))
        token = self.headers.get("Authorization")
        bodies = {
            "/order": json.dumps({"asked": asked, "token": token}).encode(),
            "/text": b"<html>hello</html>",
            "/flood": b"[" + b"1," * 50_000 + b"1]",
        }
        self.send_response({"/gone": 500, "/moved": 302}.get(self.path, 200))
        if self.path == "/moved":
            self.send_header("Location", "/order")
        self.end_headers()
        self.wfile.write(bodies.get(self.path, b""))

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def shop() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Shop) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_an_endpoint_gets_the_arguments_and_the_token(
    runner: HookRunner, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "abc")
    hook = Hook("find", url=f"{shop}/order", token_from="SHOP_TOKEN")

    answer = runner.submit(HookCall(hook, {"order_no": "138520"})).result()

    assert answer == {"asked": {"order_no": "138520"}, "token": "Bearer abc"}


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/gone", "answered 500"),
        ("/moved", "answered 302"),
        ("/text", "no JSON"),
        ("/flood", "more than 65536 bytes"),
    ],
)
def test_an_endpoint_that_answers_nonsense_has_failed(
    path: str, why: str, runner: HookRunner, shop: str
) -> None:
    with pytest.raises(HookFailed, match=why):
        runner.submit(HookCall(Hook("find", url=shop + path), {})).result()


def test_an_endpoint_that_is_not_there_has_failed(runner: HookRunner) -> None:
    hook = Hook("find", url="http://127.0.0.1:9/order", timeout_ms=500)

    with pytest.raises(HookFailed, match="ConnectError"):
        runner.submit(HookCall(hook, {})).result()


def test_a_token_that_the_environment_lacks_is_named(runner: HookRunner) -> None:
    hook = Hook("find", url="http://127.0.0.1:9/order", token_from="NO_SUCH_TOKEN")

    with pytest.raises(HookFailed, match="NO_SUCH_TOKEN"):
        runner.submit(HookCall(hook, {})).result()
