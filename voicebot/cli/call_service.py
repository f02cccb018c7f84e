"""What answers calls: campaigns, voice, model and store, whatever line the calls come from."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from voicebot import bootstrap, bootstrap_lines, config
from voicebot.campaign.call_back import Wish
from voicebot.campaign.contacts import Contact
from voicebot.campaign.outcome import Attempt, Disposition
from voicebot.campaign.routes import ANY_NUMBER, Route, load_routes
from voicebot.cli.options import given_variables
from voicebot.cli.sip_service import SipService
from voicebot.dialogue.loader import load_script
from voicebot.report.files import sound_name, write_attempt
from voicebot.runtime.answering import CALL_BACK, Answering, InboundCall, Numbers
from voicebot.runtime.load import LoadMeter
from voicebot.runtime.places import Queues
from voicebot.runtime.recorder import FileRecording
from voicebot.store.engine import open_store


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """What `voicebot serve` was told about what answers."""

    campaign: Path | None
    routes_file: Path | None
    variables: tuple[str, ...]
    transfer_to: str | None
    telephone: bool
    """Whether the telephone is answered: who calls is then not the customer of the examples."""
    calls: int
    """The most at once."""
    queue: int
    """How many may wait."""
    wait_s: float
    out: Path
    store_address: str | None
    model: Path | None
    engine: str

    def routes(self) -> tuple[Route, ...]:
        """Return what answers which number. Raises `BadInput` and usage errors."""
        if self.routes_file is not None:
            return load_routes(self.routes_file)
        folder = self.campaign or config.DEMO_CAMPAIGN
        given = given_variables(load_script(folder), self.variables)
        if self.telephone:
            named = {pair.partition("=")[0] for pair in self.variables}
            given = {name: value for name, value in given.items() if name in named}
        return (Route(ANY_NUMBER, folder, self.transfer_to, given),)


class CallService:
    """The campaigns of one process, ready to answer."""

    def __init__(self, settings: ServiceSettings) -> None:
        """Load everything; raises `BadInput` with every fault."""
        self._settings = settings
        routes = settings.routes()
        ear = bootstrap.load_model(settings.model)
        self._voice = bootstrap.prompt_voice(settings.engine)
        self.answers = bootstrap_lines.answers(routes, ear, self._voice)
        self._parts = bootstrap.parts(ear, self._voice, realtime=True)
        address = settings.store_address or os.environ.get(config.STORE_VARIABLE)
        store = open_store(address) if address else None
        self._call_back = bootstrap_lines.call_backs(store, routes)
        self._known = bootstrap_lines.known_callers(store)
        self._disk = ThreadPoolExecutor(1, "recordings")

    def answering(self, load: LoadMeter, numbers: Numbers) -> Answering:
        """Return what carries calls."""
        return Answering(
            self._parts,
            load,
            max_calls=self._settings.calls,
            blocking=ThreadPoolExecutor(4, "records"),
            record=self._record,
            finished=self._finished,
            known=self._known,
            numbers=numbers,
        )

    def telephone(self, answering: Answering, queues: Queues | None = None) -> SipService:
        """Return what happens when the telephone rings; see `SipService` for `queues`."""
        settings = self._settings
        sounds = bootstrap_lines.waiting_sounds(self._voice, settings.queue)
        return SipService(
            answering,
            self.answers,
            sounds,
            longest_s=settings.wait_s,
            call_back=self._call_back,
            queues=queues,
        )

    def _record(self, number: int) -> FileRecording:
        path = self._settings.out / "calls" / sound_name(number)
        return FileRecording(path, config.LINE_RATE, self._disk)

    async def _finished(self, call: InboundCall) -> None:
        await asyncio.to_thread(keep, self._settings.out, call)
        if call.call_back is not None:
            told = call.record.outcome
            wish = Wish(call.call_back, call.caller, told[CALL_BACK], {**told})
            await asyncio.to_thread(self._call_back, wish)


def keep(folder: Path, call: InboundCall) -> None:
    """Write what a call leaves. Raises `StorageFailed`."""
    contact = Contact(call.caller, "", dict(call.record.variables), 0)
    attempt = Attempt(call.number, contact, Disposition.ANSWERED_HUMAN, 0, call.record)
    recorded = (folder / "calls" / sound_name(call.number)).exists()
    write_attempt(folder, attempt, recorded=recorded)
