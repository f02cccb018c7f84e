"""The composition root: the only place that names concrete engines and transports."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from voicebot import config
from voicebot.audio import wav
from voicebot.call.record import CallRecord
from voicebot.call.session import CallSession
from voicebot.campaign.contacts import Contact
from voicebot.dialogue.classifier import Classifier
from voicebot.dialogue.knowledge.entry import Entry
from voicebot.dialogue.knowledge.index import Index, index
from voicebot.dialogue.knowledge.meaning import background
from voicebot.dialogue.loader import load_script as read_script
from voicebot.dialogue.mood_model import moods
from voicebot.dialogue.script import Script
from voicebot.dialogue.shared_intents import shared_intents
from voicebot.dialogue.step import spoken_prompts
from voicebot.dialogue.warm_up import warm_up
from voicebot.engines.espeak import EspeakSynthesiser
from voicebot.engines.pyttsx3 import Pyttsx3Synthesiser
from voicebot.engines.vosk import VoskModel
from voicebot.engines.webrtc_echo import WebrtcEchoCanceller
from voicebot.engines.webrtc_vad import webrtc_vad
from voicebot.runtime import knowledge_store
from voicebot.runtime.call_runner import Parts, run_call
from voicebot.runtime.classifier_store import classifier, with_classifier
from voicebot.runtime.driver import Recording
from voicebot.runtime.hooks import HookRunner
from voicebot.runtime.prompt_cache import PromptCache
from voicebot.runtime.virtual_time import InlineExecutor, run_virtual
from voicebot.runtime.voice import PromptVoice
from voicebot.simulation.persona_file import load_personas
from voicebot.simulation.trunk import SimulatedTrunk, Wire, check_contacts
from voicebot.simulation.voices import CallerVoice
from voicebot.speech import second_hearing
from voicebot.speech.detector import SpeechDetector
from voicebot.speech.recogniser import Transcript
from voicebot.speech.synthesiser import Synthesiser
from voicebot.transports.loopback import Line, LoopbackLeg, connect
from voicebot.transports.replay import ReplayLeg

SYNTHESISERS: dict[str, Callable[[], Synthesiser]] = {
    "espeak": EspeakSynthesiser,
    "pyttsx3": Pyttsx3Synthesiser,
}

SYNTHESIS_THREADS = 2
"""Prompts made at once in real time; espeak itself makes one at a time."""

HOOK_THREADS = 8
"""Programs of shops that are asked at once in real time."""


def load_model(option: Path | None) -> VoskModel:
    """Load the model to hear with; see `config.model_folder`."""
    return VoskModel(config.model_folder(option))


def load_script(folder: Path, model: VoskModel | None = None) -> Script:
    """Return the script in `folder`, ready to understand at once: with its classifier, which is
    trained when it is not kept, its knowledge base, and what moods are judged by.

    With a model, phrases that it could never hear are faults. Raises `BadScript`.
    """
    script = read_script(folder, can_say=None if model is None else model.missing)
    knowledge_store.prepare(moods(), config.classifier_folder())
    if script.knowledge is not None:
        knowledge_index(script.knowledge.entries)
    script = with_classifier(script, config.classifier_folder())
    warm_up(script)
    return script


def knowledge_index(entries: tuple[Entry, ...]) -> Index:
    """Return what answers from these entries, ready for the first question."""
    knowledge_store.prepare(background(), config.classifier_folder())
    return index(entries)


def shared_classifier() -> Classifier:
    """Return the classifier of the shared intents alone."""
    return classifier(shared_intents(), config.classifier_folder())


def recognise(model: VoskModel, pcm: bytes, phrases: Sequence[str] | None) -> Transcript:
    """Recognise one utterance at the line's rate as a call does."""
    ear = model.recogniser(config.LINE_RATE)
    ear.listen(phrases)
    ear.accept(pcm)
    return second_hearing.finish(ear, pcm, phrases)


def prompt_voice(
    engine: str, line_rate: int = config.LINE_RATE, *, cache: Path | None = None
) -> PromptVoice:
    """Return the robot's voice by the name of its engine; `cache` is the user's when None."""
    folder = config.cache_folder() if cache is None else cache
    return PromptVoice(PromptCache(folder, SYNTHESISERS[engine](), line_rate))


def speech_detector() -> SpeechDetector:
    """Return an ear for one call, or for one simulated callee."""
    return SpeechDetector(webrtc_vad())


def hook_runner() -> HookRunner:
    """Return what asks the shop's programs, one at a time."""
    return HookRunner(InlineExecutor())


def parts(model: VoskModel, voice: PromptVoice, *, realtime: bool) -> Parts:
    """Return what calls are made of, in real or in virtual time."""
    asking = ThreadPoolExecutor(HOOK_THREADS, "hook") if realtime else InlineExecutor()
    return Parts(
        hooks=HookRunner(asking),
        detector=speech_detector,
        recogniser=model.recogniser,
        voice=voice,
        ears=(lambda: ThreadPoolExecutor(1, "ear")) if realtime else InlineExecutor,
        voices=ThreadPoolExecutor(SYNTHESIS_THREADS, "voice") if realtime else InlineExecutor(),
    )


def replay(
    recording: Path,
    script: Script,
    variables: Mapping[str, str],
    model: VoskModel,
    voice: PromptVoice,
) -> tuple[CallRecord, Recording]:
    """Run a recording of a caller's side through a whole call, in virtual time."""
    pcm = wav.read_mono(recording, config.LINE_RATE)
    prepare(voice, script, variables)

    async def call() -> tuple[CallRecord, Recording]:
        leg = ReplayLeg(pcm, config.LINE_RATE)
        made = parts(model, voice, realtime=False)
        session = CallSession(script, variables, now=datetime.now().astimezone())
        return await run_call(session, leg, made)

    return run_virtual(call())


def echo_canceller() -> WebrtcEchoCanceller:
    """Return what takes the loudspeaker out of the microphone. Raises `MissingPart`."""
    return WebrtcEchoCanceller(config.LINE_RATE)


def prepare(voice: PromptVoice, script: Script, variables: Mapping[str, str]) -> None:
    """Render everything a call with these variables may say, before the line is open."""
    voice.prepare(spoken_prompts(script, variables))


def simulated_trunk(
    folder: Path, script: Script, contacts: Sequence[Contact], seed: int
) -> SimulatedTrunk:
    """Return a network in which the contacts' personas, kept in `folder`, pick up."""
    personas = load_personas(folder, states=script.states)
    check_contacts(contacts, personas, str(folder / "contacts.csv"))
    return SimulatedTrunk(
        personas,
        seed=seed,
        sample_rate=config.LINE_RATE,
        open_wire=open_wire,
        synthesiser=caller_synthesiser,
        detector=speech_detector,
    )


def open_wire(to_robot: Line, to_caller: Line) -> Wire:
    """Return two ends of a simulated line."""
    robot, caller = LoopbackLeg(config.LINE_RATE), LoopbackLeg(config.LINE_RATE)
    return Wire(robot, caller, connect(robot, caller, to_robot=to_robot, to_caller=to_caller))


def caller_synthesiser(voice: CallerVoice) -> Synthesiser:
    """Return what a simulated caller speaks with."""
    return EspeakSynthesiser(
        variant=voice.variant, rate=voice.rate, pitch=voice.pitch, pitch_range=voice.pitch_range
    )
