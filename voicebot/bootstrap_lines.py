"""The composition root of lines to real telephones and browsers."""

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import cn2an
import numpy as np

from voicebot import config
from voicebot.bootstrap import load_script, prepare
from voicebot.campaign.announcements import load as load_announcements
from voicebot.campaign.call_back import Wish
from voicebot.campaign.contacts import mask
from voicebot.campaign.early_media import EarlyMedia
from voicebot.campaign.phone import NotAPhone, parse_phone
from voicebot.campaign.progress import RING_MS
from voicebot.campaign.retry import callback_at
from voicebot.campaign.routes import Route
from voicebot.dialogue.document import suggest
from voicebot.dialogue.script import BargeIn
from voicebot.dialogue.step import Spoken
from voicebot.engines.vosk import VoskModel
from voicebot.errors import BadInput, Problem, StorageFailed
from voicebot.runtime.answering import GREETING, GREETINGS, Answer, Answering
from voicebot.runtime.sip_trunk import DialPlan, SipTrunk
from voicebot.runtime.voice import PromptVoice
from voicebot.runtime.waiting_line import WaitingSounds
from voicebot.simulation import sounds
from voicebot.store.callbacks import CallBack, ask_back, check_campaign
from voicebot.store.callers import known_caller
from voicebot.store.engine import Store
from voicebot.transports.janus_sip import JanusGateway
from voicebot.transports.peer import BROWSER_CODECS, IceServer, PeerLeg
from voicebot.web.browser_calls import BrowserCalls

log = logging.getLogger(__name__)


def answers(routes: Sequence[Route], model: VoskModel, voice: PromptVoice) -> dict[str, Answer]:
    """Return how each number of a route table is answered, with every fixed prompt rendered.

    Raises `BadInput` with every fault of the campaigns: a script that needs a contact's variables
    cannot answer somebody whom nobody knows.
    """
    problems: list[Problem] = []

    def answer(folder: Path, route: Route, **more: Any) -> Answer | None:
        try:
            script = load_script(folder, model)
        except BadInput as error:
            problems.extend(error.problems)
            return None
        missing = [
            name
            for name, variable in script.variables.items()
            if variable.default is None and name not in route.variables and name != GREETING
        ]
        for name in missing:
            what = f'needs the variable "{name}", which no caller brings'
            hint = "name it under `variables:` of the route, or give it a default in the script"
            problems.append(Problem(str(folder), what, path=route.called, hint=hint))
        if missing:
            return None
        own = {name: text for name, text in route.variables.items() if name in script.variables}
        for words in {greeting for _, greeting in GREETINGS}:
            prepare(voice, script, {GREETING: words, **own})
        return Answer(script, own, **more)

    found: dict[str, Answer] = {}
    for route in routes:
        others = [
            None if each is None else answer(each, route, call_back=route.call_back)
            for each in (route.closed, route.unanswered)
        ]
        main = answer(
            route.campaign,
            route,
            transfer_to=route.transfer_to,
            hand_over=route.hand_over,
            hours=route.hours,
            closed=others[0],
            unanswered=others[1],
            call_back=route.call_back,
            people=route.people,
        )
        if main is None:
            continue
        scripts = [main, *(each for each in others if each is not None)]
        known = {name for each in scripts for name in each.script.variables}
        for name in sorted(set(route.variables) - known):
            what = f'has no variable "{name}"'
            hint = suggest(name, sorted(known))
            problems.append(Problem(str(route.campaign), what, path=route.called, hint=hint))
        found[route.called] = main
    if problems:
        raise BadInput(*problems)
    return found


PLACE_WORDS = ("下一位就是您", "您前面还有一位", "您前面还有两位")
WAIT_MUSIC_MS = 24_000
WAIT_MUSIC_DB = -8.0
"""Under a prompt: who waits may be talking to somebody."""


def waiting_sounds(voice: PromptVoice, places: int) -> WaitingSounds:
    """Return what callers hear in a waiting line with so many places."""

    def said(text: str) -> bytes:
        spoken = Spoken(text, None, BargeIn.NEVER)
        voice.prepare([spoken])
        return b"".join(pcm for _, pcm in voice.pieces(spoken))

    def place(before: int) -> str:
        if before < len(PLACE_WORDS):
            return PLACE_WORDS[before]
        return f"您前面还有{cn2an.an2cn(before)}位"

    rng = np.random.default_rng(1)
    return WaitingSounds(
        sounds.scaled(sounds.music(config.LINE_RATE, WAIT_MUSIC_MS, rng), WAIT_MUSIC_DB),
        {n: said(f"您好，现在来电较多，{place(n)}，请稍等。") for n in range(places)},
        said("让您久等了，非常抱歉，现在还是没有空闲的座席，请您稍后再拨，再见。"),
        bytes(config.LINE_RATE) + said("不想等的话，请按一，我们稍后给您打回去。"),
        said("好的，我们会尽快给您打回去，再见。"),
    )


def known_callers(store: Store | None) -> Callable[[str], Mapping[str, str]]:
    """Return what tells what a shop knows of a caller; without a store nobody is known."""

    def known(caller: str) -> Mapping[str, str]:
        if store is None:
            return {}
        try:
            with store.read() as connection:
                return known_caller(connection, caller, config.REGION, ZoneInfo(config.ZONE))
        except StorageFailed as error:
            # The call matters more than the name.
            log.warning("the caller is not looked up: %s", error)
            return {}

    return known


def call_backs(store: Store | None, routes: Sequence[Route]) -> Callable[[Wish], bool]:
    """Return what keeps callers' wishes to be called back; it tells whether it could.

    Raises `BadInput` when a route names a campaign that cannot call them.
    """
    names = sorted({route.call_back for route in routes if route.call_back is not None})
    if names and store is None:
        hint = "give --store, or remove `call_back` from the routes"
        raise BadInput(Problem(names[0], "needs a store", path="call_back", hint=hint))
    for name in names:
        assert store is not None
        check_campaign(store, name)

    def keep(wish: Wish) -> bool:
        try:
            phone = parse_phone(wish.caller, config.REGION)
        except NotAPhone:
            log.warning("a caller without a number wants to be called back")
            return False
        now = datetime.now(ZoneInfo(config.ZONE))
        told = {name: text for name, text in wish.told.items() if text}
        at = callback_at(wish.wish, now)
        wanted = CallBack(phone, at, {**told, "asked_at": now.isoformat(timespec="minutes")})
        try:
            assert store is not None
            with store.write() as connection:
                kept = ask_back(connection, wish.campaign, wanted, now)
        except (StorageFailed, BadInput) as error:
            log.error("%s is not called back: %s", mask(phone), error)
            return False
        log.info("%s is to be called back at %s", mask(phone), at.isoformat(timespec="minutes"))
        return kept

    return keep


def browser_calls(
    answering: Answering, answers: Mapping[str, Answer], ice_servers: Sequence[IceServer] = ()
) -> BrowserCalls:
    """Return what takes browsers' calls."""
    return BrowserCalls(answering, answers, lambda: PeerLeg(BROWSER_CODECS, ice_servers))


def sip_trunk(
    gateway: JanusGateway, plan: DialPlan, model: VoskModel, *, ring_ms: int = RING_MS
) -> SipTrunk:
    """Return a trunk that dials through Janus and understands what the network plays."""
    announcements = load_announcements()
    return SipTrunk(
        gateway,
        plan,
        ear=lambda: EarlyMedia(model.recogniser(config.LINE_RATE), announcements),
        threads=lambda: ThreadPoolExecutor(1, "early media"),
        ring_ms=ring_ms,
    )
