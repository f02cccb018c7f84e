"""A sound card of nothing: PulseAudio with a virtual loudspeaker and a virtual microphone."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.needs import missing, program
from tests.processes import running, wait_until

RATE = 8000
ALSA_PLUGIN = "/usr/lib/*/alsa-lib/libasound_module_pcm_pulse.so"


@dataclass(frozen=True, slots=True)
class SoundCard:
    """What a person would do with it: speak into the microphone, hear the loudspeaker."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to use it by default."""
        return {
            **os.environ,
            "PULSE_SERVER": f"unix:{self.folder / 'socket'}",
            "ALSA_CONFIG_PATH": str(self.folder / "asound.conf"),
        }

    @contextmanager
    def speaking(self, pcm: bytes) -> Iterator[None]:
        """Play a sound into the microphone."""
        sound = self.folder / "says.raw"
        sound.write_bytes(pcm)
        command = [program("pacat"), "--playback", "--device=microphone", "--raw"]
        command += [f"--rate={RATE}", "--channels=1", "--format=s16le", str(sound)]
        with _with(command, self.environment, self.folder / "pacat.log"):
            yield

    def echoes(self, ms: int, db: float) -> None:
        """Let the microphone hear the loudspeaker from now on, so much later and louder."""
        _control(
            self,
            "load-module module-loopback source=loudspeaker.monitor sink=microphone "
            f"latency_msec={ms}",
        )
        number = _control(self, "list short sink-inputs").split()[0]
        _control(self, f"set-sink-input-volume {number} {db}dB")

    def break_down(self) -> None:
        """Be no more, as a device that is pulled out."""
        _control(self, "exit")

    @contextmanager
    def listening(self) -> Iterator[Path]:
        """Record the loudspeaker, as raw samples, into the file."""
        sound = self.folder / "heard.raw"
        command = [program("pacat"), "--record", "--device=loudspeaker.monitor", "--raw"]
        command += [f"--rate={RATE}", "--channels=1", "--format=s16le", "--latency-msec=50"]
        with _with([*command, str(sound)], self.environment, self.folder / "parec.log"):
            wait_until(lambda: sound.exists() and sound.stat().st_size > 0, "it records")
            yield sound


@contextmanager
def sound_card(folder: Path, rate: int = RATE) -> Iterator[SoundCard]:
    """Run it; `rate` is its own, in Hz. What is spoken and heard here is converted."""
    if not list(Path("/").glob(ALSA_PLUGIN[1:])):
        missing("ALSA's plugin for PulseAudio is missing: apt-get install libasound2-plugins")
    folder.mkdir(parents=True, exist_ok=True)
    socket = folder / "socket"
    (folder / "asound.conf").write_text(
        "pcm.!default { type pulse hint { show on description sound-card } }\n"
        "ctl.!default { type pulse }\n"
    )
    command = [program("pulseaudio"), "-n", "--daemonize=no", "--exit-idle-time=-1"]
    command += ["--use-pid-file=no", "--disable-shm=yes"]
    for module in (
        f"module-native-protocol-unix auth-anonymous=1 socket={socket}",
        f"module-null-sink sink_name=loudspeaker rate={rate} channels=1",
        f"module-null-sink sink_name=microphone rate={rate} channels=1",
    ):
        command += ["-L", module]
    card = SoundCard(folder)
    environment = {**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    with _with(command, environment, folder / "pulse.log"):
        wait_until(socket.exists, "PulseAudio listens")
        for what in ("set-default-sink loudspeaker", "set-default-source microphone.monitor"):
            _control(card, what)
        yield card


def _control(card: SoundCard, command: str) -> str:
    done = subprocess.run(
        [program("pactl"), *command.split()],
        env=card.environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


@contextmanager
def _with(command: list[str], environment: dict[str, str], log: Path) -> Iterator[None]:
    words = [f"{name}={value}" for name, value in environment.items() if name.isidentifier()]
    env = shutil.which("env") or "/usr/bin/env"
    with running([env, "-i", *words, *command], log):
        yield
