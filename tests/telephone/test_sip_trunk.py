"""Dialling out: what telephones and networks do becomes a disposition, or a conversation."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.adapters.hearing import heard, sounds_in
from tests.telephone import sip_peers
from tests.telephone.sip_peers import RESPONSE, Janus, description
from voicebot import bootstrap_lines, config
from voicebot.audio import g711, wav
from voicebot.campaign.contacts import Contact
from voicebot.campaign.outcome import Disposition
from voicebot.campaign.trunk import Dialled
from voicebot.engines.espeak import EspeakSynthesiser
from voicebot.engines.vosk import VoskModel
from voicebot.errors import BadInput
from voicebot.runtime.sip_trunk import DialPlan
from voicebot.simulation.utterance import Utterance
from voicebot.simulation.voices import VOICES, CallerSpeech
from voicebot.transports.janus_sip import JanusGateway, SipAccount

ROOT = Path(__file__).parents[2]

AUTO_DESCRIPTION = description("m=audio [auto_media_port] RTP/AVP 8", "a=rtpmap:8 PCMA/8000")

EARLY_MEDIA = f"""<?xml version="1.0"?><scenario name="early media">
<recv request="INVITE"/>
<send><![CDATA[
SIP/2.0 183 Session Progress
{RESPONSE}
{AUTO_DESCRIPTION}
]]></send>
<nop><action><exec rtp_stream="{{sound}},1,8,PCMA/8000"/></action></nop>
<pause milliseconds="{{pause}}"/>
<send retrans="500"><![CDATA[
SIP/2.0 {{code}} Whatever
{RESPONSE}
Content-Length: 0
]]></send>
<recv request="ACK"/>
</scenario>"""


def announcement(text: str, folder: Path) -> Path:
    """Write what a network says, as SIPp plays it: A-law without a header."""
    voice = VOICES["chen"]
    speech = CallerSpeech(
        EspeakSynthesiser(variant=voice.variant, rate=voice.rate, pitch=voice.pitch), 8000
    )
    path = folder / "announcement.alaw"
    path.write_bytes(g711.encode(speech(Utterance((text,))).pcm, g711.Codec.ALAW))
    return path


def dial(janus: Janus, model: VoskModel, phone: str, user: str = "somebody") -> Dialled:
    async def story() -> Dialled:
        gateway = JanusGateway(janus.url, SipAccount(f"sip:robot@{janus.address}", lines=1))
        running = asyncio.create_task(gateway.run())
        async with asyncio.timeout(10):
            await gateway.ready.wait()
        plan = DialPlan(f"sip:{user}@{phone};for={{number}}")
        trunk = bootstrap_lines.sip_trunk(gateway, plan, model, ring_ms=15_000)
        dialled = await trunk.dial(Contact("+8615400000001", "", {}, 0), "call-1")
        if dialled.leg is not None:
            await dialled.leg.hang_up()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return dialled

    return asyncio.run(story())


def test_an_announcement_outranks_the_code_and_ends_the_waiting(
    janus: Janus, model: VoskModel, tmp_path: Path
) -> None:
    sound = announcement("对不起，您拨打的号码是空号，请核对后再拨。", tmp_path)
    scenario = tmp_path / "early.xml"
    scenario.write_text(EARLY_MEDIA.format(sound=sound, pause=12_000, code=480))

    with sip_peers.sipp(tmp_path, "-sf", str(scenario)) as phone:
        dialled = dial(janus, model, phone)

    assert dialled.disposition is Disposition.EMPTY
    assert dialled.leg is None
    assert dialled.evidence is not None
    assert "空号" in dialled.evidence.text


def test_the_code_alone_tells_where_nothing_is_said(
    janus: Janus, model: VoskModel, tmp_path: Path
) -> None:
    silence = tmp_path / "silence.alaw"
    silence.write_bytes(b"\xd5" * 8000)
    scenario = tmp_path / "early.xml"
    scenario.write_text(EARLY_MEDIA.format(sound=silence, pause=1500, code=486))

    with sip_peers.sipp(tmp_path, "-sf", str(scenario)) as phone:
        dialled = dial(janus, model, phone)

    assert dialled.disposition is Disposition.BUSY
    assert dialled.evidence is not None
    assert dialled.evidence.sip_code == 486


def test_a_telephone_that_nobody_answers_is_given_up_after_its_time(
    janus: Janus, model: VoskModel, tmp_path: Path
) -> None:
    wav.write(tmp_path / "quiet.wav", 8000, bytes(16000))

    with sip_peers.phone(tmp_path / "phone", tmp_path / "quiet.wav", answers="manual") as phone:
        dialled = dial(janus, model, phone.uri.partition("@")[2], "caller")

    assert dialled.disposition is Disposition.NO_ANSWER
    assert 15_000 <= dialled.ring_ms <= 17_000


def test_a_trunk_that_is_not_there_is_the_line_s_fault(janus: Janus, model: VoskModel) -> None:
    dialled = dial(janus, model, f"{janus.address}:9")

    assert dialled.disposition is Disposition.LINE_ERROR


@pytest.mark.parametrize(
    ("phone", "address"),
    [
        ("+8615400000001", "sip:15400000001@trunk;from=+8615400000001"),
        ("15400000001", "sip:15400000001@trunk;from=+8615400000001"),
        ("+14155550100", "sip:14155550100@trunk;from=+14155550100"),
    ],
)
def test_a_dial_plan_writes_numbers_as_the_trunk_wants_them(phone: str, address: str) -> None:
    plan = DialPlan("sip:{number}@trunk;from={e164}")

    assert plan.address(phone) == address


@pytest.mark.parametrize("template", ["sip:robot@trunk", "{number}@trunk", "sip:{phone}@trunk"])
def test_a_dial_plan_without_a_place_for_the_number_is_refused(template: str) -> None:
    with pytest.raises(BadInput, match=r"--dial: .* is no address with a place for the number"):
        DialPlan(template)


def test_the_command_calls_a_telephone_and_has_a_whole_conversation(
    janus: Janus, tmp_path: Path
) -> None:
    recording = ROOT / "audio_fixtures" / "willing.wav"
    with sip_peers.phone(tmp_path / "phone", recording) as phone:
        command = [sys.executable, "-m", "voicebot", "call", phone.uri]
        command += ["--campaign", str(ROOT / "campaigns/repurchase"), "--janus", janus.url]
        command += ["--sip", f"sip:robot@{janus.address}", "--out", str(tmp_path / "out")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        phone_heard = phone.heard()

    assert done.returncode == 0, done.stderr
    assert "finished" in done.stdout
    call = json.loads(next((tmp_path / "out/calls").glob("*.json")).read_text(encoding="utf-8"))
    assert call["record"]["outcome"]["interest"] == "yes"
    assert call["record"]["outcome"]["satisfaction"] == "good"
    assert sounds_in("智能语音助手", heard(phone_heard, config.LINE_RATE, config.LINE_RATE))
