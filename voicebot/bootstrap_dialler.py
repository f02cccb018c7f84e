"""The composition root of the dialler: a module of its own, since `dbos` takes long to import."""

import logging
from pathlib import Path

from voicebot import bootstrap, config
from voicebot.audio import wav
from voicebot.campaign import announcements
from voicebot.campaign.answering_machine import MachineDetector
from voicebot.campaign.rules import machine_rule
from voicebot.dialler.audio_calls import AudioCalls, Keep, Voiced
from voicebot.dialler.calls import Calls
from voicebot.dialler.clock import Clock
from voicebot.dialler.queue import Queue
from voicebot.dialler.scripted_calls import PERSONA, ScriptedCalls, known_variables
from voicebot.dialler.scripts import Scripts
from voicebot.dialogue.step import spoken_text
from voicebot.engines.dbos_queue import DbosQueue
from voicebot.engines.vosk import VoskModel
from voicebot.runtime.driver import Recording
from voicebot.runtime.sip_trunk import SipTrunk
from voicebot.runtime.voice import PromptVoice
from voicebot.simulation.population import Population
from voicebot.simulation.trunk import SimulatedTrunk
from voicebot.store.dialling import Intent
from voicebot.store.engine import Store

log = logging.getLogger(__name__)


def scripted_calls(store: Store, seed: int, clock: Clock) -> ScriptedCalls:
    """Return calls to a made-up population, without sound."""
    scripts = Scripts(store, config.scripts_folder())
    return ScriptedCalls(Population(seed), scripts.personas, scripts.of, clock)


def simulated_audio_calls(
    store: Store, model: VoskModel, voice: PromptVoice, recordings: Path, seed: int
) -> Calls:
    """Return calls to simulated customers who speak and listen, in real time."""
    scripts = Scripts(store, config.scripts_folder())
    trunks: dict[str, SimulatedTrunk] = {}

    def trunk(intent: Intent) -> SimulatedTrunk:
        if intent.folder not in trunks:
            trunks[intent.folder] = SimulatedTrunk(
                scripts.personas(intent),
                seed=seed,
                sample_rate=config.LINE_RATE,
                open_wire=bootstrap.open_wire,
                synthesiser=bootstrap.caller_synthesiser,
                detector=bootstrap.speech_detector,
            )
        return trunks[intent.folder]

    def voiced(intent: Intent) -> Voiced:
        script = scripts.of(intent)
        variables = known_variables(intent, script)
        people = sorted(scripts.personas(intent))
        variables.setdefault(PERSONA, people[intent.contact_id % len(people)])
        bootstrap.prepare(voice, script, variables)
        return Voiced(script, variables, trunk(intent))

    return AudioCalls(voiced, bootstrap.parts(model, voice, realtime=True), _keep_in(recordings))


def sip_calls(
    store: Store, trunk: SipTrunk, model: VoskModel, voice: PromptVoice, recordings: Path
) -> Calls:
    """Return calls to real telephones."""
    scripts = Scripts(store, config.scripts_folder())

    def voiced(intent: Intent) -> Voiced:
        script = scripts.of(intent)
        bootstrap.prepare(voice, script, intent.variables)
        rule = machine_rule(intent.rules)
        message = b""
        if rule.message:
            said = spoken_text(rule.message, script, intent.variables)
            message = b"".join(pcm for _, pcm in voice.pieces(said))
        return Voiced(script, dict(intent.variables), trunk, rule.reaction, message)

    def machines() -> MachineDetector:
        recogniser = model.recogniser(config.LINE_RATE)
        return MachineDetector(recogniser, bootstrap.speech_detector(), announcements.load())

    made = bootstrap.parts(model, voice, realtime=True)
    return AudioCalls(voiced, made, _keep_in(recordings), machines)


def dial_queue(url: str, executor: str, calls: int) -> Queue:
    """Return the queue of a worker."""
    return DbosQueue(url, executor, calls)


def _keep_in(folder: Path) -> Keep:
    def keep(intent: Intent, recording: Recording) -> str | None:
        path = folder / intent.campaign / f"{intent.id.replace(':', '-')}.wav"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            wav.write(path, config.LINE_RATE, bytes(recording.caller), bytes(recording.robot))
        except OSError as error:
            # The outcome is worth more than the sound.
            log.error("%s: cannot be written: %s", path, error.strerror or error)
            return None
        return str(path)

    return keep
