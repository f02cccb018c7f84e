"""`voicebot talk` with a sound card of nothing: a recorded caller speaks, the robot answers."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.adapters.hearing import heard, sounds_in
from tests.adapters.virtual_sound import RATE, SoundCard, sound_card
from tests.builders import tone
from tests.processes import wait_until
from voicebot.audio import wav
from voicebot.engines.espeak import EspeakSynthesiser
from voicebot.engines.webrtc_echo import WebrtcEchoCanceller
from voicebot.simulation.utterance import Utterance
from voicebot.simulation.voices import VOICES, CallerSpeech

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "audio_fixtures"
CALL_S = 120


def talk(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "voicebot", "talk", *options],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=CALL_S,
        cwd=ROOT,
    )


def test_a_whole_conversation_over_microphone_and_loudspeaker(tmp_path: Path) -> None:
    # The robot waits for its answers, so a caller who says one thing may say it over and over.
    caller = wav.read_mono(FIXTURES / "opt_out_barge_in.wav", RATE)
    with (
        sound_card(tmp_path / "card") as card,
        card.listening() as sound,
        card.speaking(caller + bytes(2 * RATE * 5)),
    ):
        done = talk("campaigns/repurchase", "--var", "name=张丽", **card.environment)
        words = heard(sound.read_bytes(), RATE, RATE)

    assert done.returncode == 0, done.stderr
    assert "机器人  张丽您好" in done.stdout
    assert "end: " in done.stdout
    assert sounds_in("智能语音助手", words), words


PICKY = """\
import importlib.machinery, importlib.util, sys
elsewhere = [each for each in sys.path if each != {here!r}]
spec = importlib.machinery.PathFinder.find_spec("sounddevice", elsewhere)
real = importlib.util.module_from_spec(spec)
spec.loader.exec_module(real)
globals().update({{name: value for name, value in vars(real).items() if name[0] != "_"}})

def RawStream(samplerate, **options):
    if samplerate != {rate}:
        raise PortAudioError("Error opening RawStream: Invalid sample rate", -9997)
    return real.RawStream(samplerate=samplerate, **options)
"""
"""sounddevice on a device that has one rate and does not convert, as a bare ALSA device does."""


LISTEN = """\
import asyncio, sys
from pathlib import Path
from voicebot.audio import wav
from voicebot.transports.local import LocalLeg

async def main():
    leg, frames = LocalLeg(), []
    leg.open()

    async def take():
        async for frame in leg.incoming():
            frames.append(frame.pcm)

    taking = asyncio.create_task(take())
    await asyncio.wait({taking}, timeout=float(sys.argv[2]))
    await leg.hang_up()
    await taking
    wav.write(Path(sys.argv[1]), leg.sample_rate, b"".join(frames))

asyncio.run(main())
"""
"""Writes what the microphone hears in so many seconds."""


class Caller:
    """Sits at the computer and answers what the robot asks; each answer is given once."""

    def __init__(self, card: SoundCard, loudspeaker: Path) -> None:
        self._card = card
        self._loudspeaker = loudspeaker
        voice = VOICES["lin"]
        mouth = EspeakSynthesiser(variant=voice.variant, rate=voice.rate, pitch=voice.pitch)
        self._voice = CallerSpeech(mouth, RATE)

    def answer(self, words: str) -> None:
        """Wait until the robot holds its tongue, and speak."""
        time.sleep(1)
        wait_until(self._quiet, "the robot ends", 20)
        self._say(words)

    def interrupt(self, words: str) -> None:
        """Speak in the midst of what the robot says."""
        time.sleep(1.2)
        self._say(words)

    def _say(self, words: str) -> None:
        pcm = self._voice(Utterance((words,))).pcm + bytes(RATE)
        with self._card.speaking(pcm):
            time.sleep(len(pcm) / (2 * RATE))

    def _quiet(self) -> bool:
        heard = self._loudspeaker.read_bytes()
        last = np.frombuffer(heard[: len(heard) // 2 * 2], np.int16)[-RATE * 7 // 10 :]
        return bool(np.abs(last.astype(float)).mean() < 30)


def test_at_48_khz_a_whole_conversation_is_had_and_the_robot_interrupted_over_its_echo(
    tmp_path: Path,
) -> None:
    (tmp_path / "picky").mkdir()
    picky = PICKY.format(here=str(tmp_path / "picky"), rate=48000)
    (tmp_path / "picky" / "sounddevice.py").write_text(picky)
    command = [sys.executable, "-u", "-m", "voicebot", "talk", "campaigns/repurchase"]
    told: list[str] = []
    with (
        sound_card(tmp_path / "card", 48000) as card,
        card.listening() as sound,
        (tmp_path / "talk.log").open("w") as log,
    ):
        card.echoes(ms=60, db=-8)
        caller = Caller(card, sound)
        answers = [
            ("您现在方便吗", caller.answer, "方便"),
            ("还满意吗", caller.answer, "挺好喝的"),
            ("给您发短信，可以吗", caller.answer, "可以"),
            ("优惠券稍后用短信", caller.interrupt, "多少钱"),
            ("还有别的", caller.answer, "没有了谢谢"),
        ]
        environment = {**card.environment, "PYTHONPATH": str(tmp_path / "picky")}
        talking = subprocess.Popen(
            [*command, "--var", "name=张丽"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=ROOT,
        )
        with talking, ThreadPoolExecutor(1) as mouth:
            assert talking.stdout is not None
            for line in talking.stdout:
                told.append(line.rstrip())
                for words, act, reply in answers:
                    if line.startswith("机器人") and words in line:
                        mouth.submit(act, reply)
            assert talking.wait(10) == 0, (tmp_path / "talk.log").read_text()
        words = heard(sound.read_bytes(), RATE, RATE)

    meant = [line.partition("[")[2].partition(" ")[0] for line in told if line.startswith("您 ")]
    assert meant == ["convenient", "good", "affirm", "ask_price", "deny"], "\n".join(told)
    assert "end: finished" in told
    assert {"  interest: yes", "  satisfaction: good", "  asked_price: yes"} <= {*told}
    assert sounds_in("六十八元", words), words
    # It was to be said, and was broken off.
    assert any("您这个手机号" in line for line in told)
    assert not sounds_in("手机号", words), words


def test_a_microphone_that_refuses_the_lines_rate_is_heard_at_its_own(tmp_path: Path) -> None:
    caller = wav.read_mono(FIXTURES / "opt_out_barge_in.wav", RATE)
    (tmp_path / "picky").mkdir()
    picky = PICKY.format(here=str(tmp_path / "picky"), rate=48000)
    (tmp_path / "picky" / "sounddevice.py").write_text(picky)
    kept = tmp_path / "heard.wav"
    with sound_card(tmp_path / "card", 48000) as card, card.speaking(caller):
        environment = {**card.environment, "PYTHONPATH": str(tmp_path / "picky")}
        command = [sys.executable, "-c", LISTEN, str(kept), "8"]
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, env=environment, timeout=60
        )

    assert done.returncode == 0, done.stderr
    assert heard(wav.read_mono(kept, RATE), RATE, RATE) == "别打了以后不要再打了"


FAINT = """\
import importlib.machinery, importlib.util, itertools, sys
elsewhere = [each for each in sys.path if each != {here!r}]
spec = importlib.machinery.PathFinder.find_spec("sounddevice", elsewhere)
real = importlib.util.module_from_spec(spec)
spec.loader.exec_module(real)
globals().update({{name: value for name, value in vars(real).items() if name[0] != "_"}})
opened = itertools.count(1)

def RawStream(callback, **options):
    number, blocks = next(opened), itertools.count(1)

    def sometimes(*exchanged):
        callback(*exchanged)
        if number <= {stops} and next(blocks) == 25:
            raise real.CallbackAbort

    return real.RawStream(callback=sometimes, **options)
"""
"""sounddevice whose first streams stop after half a second, as PortAudio's do now and then."""


@pytest.mark.parametrize(("stops", "ends"), [(2, False), (4, True)])
def test_devices_that_stop_by_themselves_are_opened_again_three_times(
    stops: int, ends: bool, tmp_path: Path
) -> None:
    (tmp_path / "faint").mkdir()
    faint = FAINT.format(here=str(tmp_path / "faint"), stops=stops)
    (tmp_path / "faint" / "sounddevice.py").write_text(faint)
    kept = tmp_path / "heard.wav"
    with sound_card(tmp_path / "card") as card, card.speaking(tone(60_000, hz=500)):
        environment = {**card.environment, "PYTHONPATH": str(tmp_path / "faint")}
        done = subprocess.run(
            [sys.executable, "-c", LISTEN, str(kept), "20" if ends else "10"],
            check=False,
            capture_output=True,
            text=True,
            env=environment,
            timeout=60,
        )

    assert ("the microphone or the loudspeaker stopped working" in done.stderr) == ends
    assert (done.returncode != 0) == ends, done.stderr
    if not ends:
        heard_hz = np.frombuffer(wav.read_mono(kept, RATE), np.int16)[-RATE:]
        assert np.abs(np.fft.rfft(heard_hz)).argmax() == 500


def test_a_device_that_breaks_down_ends_the_talk(tmp_path: Path) -> None:
    command = [sys.executable, "-u", "-m", "voicebot", "talk", "campaigns/repurchase"]
    with (
        sound_card(tmp_path / "card") as card,
        (tmp_path / "talk.log").open("w") as log,
        subprocess.Popen(
            command, env=card.environment, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT
        ) as talking,
    ):
        assert talking.stdout is not None
        said = iter(talking.stdout)
        next(each for each in said if each.startswith("机器人"))
        time.sleep(1)
        card.break_down()
        rest = list(said)

    assert "end: line_failed\n" in rest, (tmp_path / "talk.log").read_text()


def test_the_devices_are_listed_and_wrong_ones_refused(tmp_path: Path) -> None:
    with sound_card(tmp_path / "card") as card:
        listed = talk("--list", **card.environment)
        wrong = talk("--input", "nobody", **card.environment)

    assert "default" in listed.stdout
    assert " in (default)" in listed.stdout
    assert wrong.returncode == 2
    assert '"nobody" names no device of: ' in wrong.stderr


def test_without_devices_it_says_so(tmp_path: Path) -> None:
    nobody = {"PULSE_SERVER": str(tmp_path / "nobody")}
    if "no audio devices" not in talk("--list", **nobody).stdout:
        pytest.skip("this computer has devices")

    done = talk(**nobody)

    assert done.returncode == 2
    assert "this computer has no microphone" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_the_package_it_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "sounddevice.py").write_text("raise ImportError('no sounddevice')")

    done = talk(PYTHONPATH=str(tmp_path))

    assert done.returncode == 2
    assert 'pip install "voicebot[local]"' in done.stderr


def test_the_robots_voice_is_taken_out_of_the_microphone() -> None:
    played = np.frombuffer(wav.read_mono(FIXTURES / "willing.wav", RATE), np.int16)[: RATE * 40]
    delayed = np.concatenate([np.zeros(RATE // 10, np.int16), played])[: len(played)]
    echo = (delayed * 0.5).astype(np.int16)
    canceller = WebrtcEchoCanceller(RATE)

    clean = bytearray()
    for at in range(0, len(echo) - 160, 160):
        clean += canceller.cancel(
            echo[at : at + 160].tobytes(), played[at : at + 160].tobytes(), 100
        )

    left = np.frombuffer(bytes(clean), np.int16)[RATE * 12 :].astype(float)
    was = echo[RATE * 12 : RATE * 12 + len(left)].astype(float)
    assert 20 * np.log10(was.std() / max(left.std(), 1)) > 20


def test_a_caller_who_speaks_alone_is_let_through() -> None:
    voice = tone(3000, hz=300)
    canceller = WebrtcEchoCanceller(RATE)

    clean = b"".join(
        canceller.cancel(voice[at : at + 320], bytes(320), 100)
        for at in range(0, len(voice) - 320, 320)
    )

    assert np.frombuffer(clean, np.int16)[RATE:].std() == pytest.approx(
        np.frombuffer(voice, np.int16).std(), rel=0.3
    )
