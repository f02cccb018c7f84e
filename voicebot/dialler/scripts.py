"""The scripts of the campaigns that are being called, by version, each loaded once."""

import threading
from pathlib import Path

from voicebot import config
from voicebot.dialogue.bundle import unpacked
from voicebot.dialogue.loader import load_script
from voicebot.dialogue.script import Script
from voicebot.dialogue.warm_up import warm_up
from voicebot.errors import BadScript, Problem
from voicebot.runtime.classifier_store import with_classifier
from voicebot.simulation.persona import Persona
from voicebot.simulation.persona_file import load_personas
from voicebot.store import versions
from voicebot.store.dialling import Intent
from voicebot.store.engine import Store

PERSONAS = "personas.yaml"


class Scripts:
    """What each attempt says. Loading blocks for some tenths of a second, once a version."""

    def __init__(self, store: Store, cache: Path) -> None:
        """`cache` is where kept versions are unpacked."""
        self._store = store
        self._cache = cache
        self._scripts: dict[int | str, Script] = {}
        self._personas: dict[tuple[str, str], dict[str, Persona]] = {}
        self._loading = threading.Lock()
        """Calls that begin together wait for one that loads: training a classifier takes seconds
        of all cores already."""

    def of(self, intent: Intent) -> Script:
        """Return the version that an attempt is to speak. Raises `BadScript`."""
        key = intent.script_version_id or intent.folder
        with self._loading:
            if key not in self._scripts:
                script = with_classifier(self._load(intent), config.classifier_folder())
                warm_up(script)
                self._scripts[key] = script
            return self._scripts[key]

    def personas(self, intent: Intent) -> dict[str, Persona]:
        """Return the simulated customers of an attempt's campaign."""
        script = self.of(intent)
        key = (intent.folder, script.version)
        if key not in self._personas:
            self._personas[key] = dict(load_personas(Path(intent.folder), states=script.states))
        return self._personas[key]

    def _load(self, intent: Intent) -> Script:
        if intent.script_version_id is None:
            return load_script(Path(intent.folder))
        with self._store.read() as connection:
            kept = versions.kept(connection, intent.script_version_id)
        if kept is None:
            what = f"version {intent.script_version_id} of the script is gone"
            raise BadScript(Problem(intent.campaign, what))
        return unpacked(kept.source, kept.hash, self._cache, Path(kept.folder))
