"""Calls that are answered the moment they ring: Janus loses an answer that comes too early.

Its SIP plugin announces a call to us, sends 180, and only then keeps the call's handle; an answer
in between goes to no handle. A library that is loaded before Janus makes that moment as long as a
test wants, where a busy machine makes it so by chance.
"""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.builders import ScriptedRecogniser, ToneVoice, loud, script
from tests.needs import program
from tests.telephone import sip_peers
from tests.telephone.sip_peers import Janus, description
from voicebot.call.record import CallRecord
from voicebot.call.session import CallSession
from voicebot.dialogue.script import EndReason
from voicebot.runtime.call_runner import Parts, run_call
from voicebot.runtime.virtual_time import InlineExecutor
from voicebot.speech.detector import SpeechDetector
from voicebot.transports.janus_leg import IncomingCall
from voicebot.transports.janus_sip import JanusGateway, SipAccount

SLOW_RINGING = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>

/* Janus asks for the words of 180 after it has announced a call, and before it keeps its handle. */
char const *sip_status_phrase(int status) {
  void *sofia = dlopen("libsofia-sip-ua.so.0", RTLD_NOLOAD | RTLD_LAZY);
  char const *(*real)(int) = (char const *(*)(int))dlsym(sofia, "sip_status_phrase");
  if (status == 180) usleep(1000 * DELAY_MS);
  return real(status);
}
"""

PATIENT_CALLER = f"""<?xml version="1.0"?><scenario name="rings until it is told something">
<send retrans="500"><![CDATA[
INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: <sip:caller@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
{description()}
]]></send>
<recv response="100" optional="true"/>
<recv response="180"/>
<recv request="BYE" optional="true" next="1"/>
<recv response="486" next="2"/>
<label id="1"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0
]]></send>
<recv response="486"/>
<label id="2"/>
</scenario>"""


def slowed(folder: Path, delay_ms: int) -> str:
    """Make the library and return its path."""
    source, made = folder / "slow.c", folder / "slow.so"
    source.write_text(SLOW_RINGING)
    command = [program("gcc", "cc"), "-shared", "-fPIC", f"-DDELAY_MS={delay_ms}"]
    subprocess.run([*command, "-o", str(made), str(source), "-ldl"], check=True)
    return str(made)


@asynccontextmanager
async def answering(
    janus: Janus, ring: Callable[[IncomingCall], Awaitable[None]], lines: int
) -> AsyncIterator[int]:
    """Take calls, and yield the port at which they come."""
    before = set(janus.sip_ports())
    account = SipAccount(f"sip:robot@{janus.address}", lines=lines)
    made = JanusGateway(janus.url, account, ring)  # type: ignore[arg-type]
    running = asyncio.create_task(made.run())
    async with asyncio.timeout(10):
        await made.ready.wait()
    yield (set(janus.sip_ports()) - before).pop()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def callers(janus: Janus, port: int, folder: Path, *options: str) -> int:
    """Let SIPp call; return how it ended: 0 when every call went as its scenario says."""
    command = [program("sipp"), f"{janus.address}:{port}", "-s", "robot", "-i", janus.address]
    command += ["-mi", janus.address, "-nostdin", "-timeout", "60", "-timeout_error", *options]
    with (folder / "sipp.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log, cwd=folder)
        return await process.wait()


async def take(call: IncomingCall) -> None:
    await call.accept()


def test_two_hundred_calls_in_a_row_are_each_answered(janus: Janus, tmp_path: Path) -> None:
    async def story() -> int:
        async with answering(janus, take, lines=40) as port:
            options = ("-sn", "uac", "-m", "200", "-r", "20", "-l", "5", "-d", "100")
            return await callers(janus, port, tmp_path, *options)

    assert asyncio.run(story()) == 0
    assert "still null" not in (janus.folder / "janus.log").read_text()


def test_an_answer_waits_until_janus_can_take_it(tmp_path: Path) -> None:
    async def story(janus: Janus) -> int:
        async with answering(janus, take, lines=20) as port:
            options = ("-sn", "uac", "-m", "10", "-r", "5", "-l", "1", "-d", "100")
            return await callers(janus, port, tmp_path, *options)

    with sip_peers.janus(tmp_path / "janus", slowed(tmp_path, delay_ms=60)) as janus:
        assert asyncio.run(story(janus)) == 0


def test_a_refusal_waits_until_janus_can_take_it(tmp_path: Path) -> None:
    (tmp_path / "caller.xml").write_text(PATIENT_CALLER)

    async def refuse(call: IncomingCall) -> None:
        await call.reject()

    async def story(janus: Janus) -> int:
        async with answering(janus, refuse, lines=2) as port:
            return await callers(janus, port, tmp_path, "-sf", "caller.xml", "-m", "1")

    with sip_peers.janus(tmp_path / "janus", slowed(tmp_path, delay_ms=60)) as janus:
        assert asyncio.run(story(janus)) == 0


def test_when_the_answer_is_lost_all_the_same_the_call_ends_on_both_sides(tmp_path: Path) -> None:
    (tmp_path / "caller.xml").write_text(PATIENT_CALLER)
    parts = Parts(
        lambda: SpeechDetector(loud),
        lambda rate: ScriptedRecogniser(),
        ToneVoice(),
        InlineExecutor,
        InlineExecutor(),
    )
    records: list[CallRecord] = []

    async def talk(call: IncomingCall) -> None:
        leg = await call.accept()
        record, _ = await run_call(CallSession(script(), {}), leg, parts)
        records.append(record)

    async def story(janus: Janus) -> int:
        async with answering(janus, talk, lines=1) as port:
            return await callers(janus, port, tmp_path, "-sf", "caller.xml", "-m", "1")

    with sip_peers.janus(tmp_path / "janus", slowed(tmp_path, delay_ms=500)) as janus:
        told = asyncio.run(story(janus))
        log = (tmp_path / "janus" / "janus.log").read_text()

    assert "NUA Handle for 200 OK still null" in log
    assert told == 0
    assert [record.end_reason for record in records] == [EndReason.NO_MEDIA]
