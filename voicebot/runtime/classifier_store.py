"""Classifiers that were trained once and are kept in the user's cache, named by their content."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from voicebot.dialogue import shared_intents as shared
from voicebot.dialogue.classifier import Classifier, from_bytes, to_bytes
from voicebot.dialogue.script import Intent, Script
from voicebot.dialogue.training import VERSION, material, train

log = logging.getLogger(__name__)

ALIKE = 3
"""Sentences that a shared intent and one of the script's own have in common before the shared one
is left out: the script's 好喝 would compete with the shared praise."""


def with_classifier(script: Script, folder: Path) -> Script:
    """Return the script with a classifier of its intents and the shared ones."""
    return replace(script, classifier=classifier(script.intents, folder))


def classifier(intents: Mapping[str, Intent], folder: Path) -> Classifier:
    """Return the classifier of these intents, from the cache or trained (2 to 10 s)."""
    path = folder / f"{_digest(intents)}.npz"
    if path.is_file():
        kept = from_bytes(path.read_bytes())
        if kept is not None:
            return kept
        log.warning("%s is damaged; training again", path)
    log.info("training the classifier of %d intents", len(intents))
    trained = _train(intents)
    try:
        _keep(path, to_bytes(trained))
    except OSError as error:
        # It works without; the next start trains again.
        log.warning("%s cannot be written (%s)", path, error.strerror)
    return trained


def _train(intents: Mapping[str, Intent]) -> Classifier:
    own = {sentence: name for name, each in intents.items() for sentence in each.sentences}
    known = dict(intents)
    for name, intent in shared.shared_intents().items():
        alike = sum(sentence in own for sentence in intent.sentences)
        if name not in known and alike < ALIKE:
            known[name] = intent
    return train(
        material(
            {name: (each.phrases, each.examples) for name, each in known.items()},
            shared.unrelated(),
            shared.word_groups(),
            shared.mishearings(),
        )
    )


def _digest(intents: Mapping[str, Intent]) -> str:
    """Return a hash of all that a classifier depends on, without reading the shared grammars."""
    digest = sha256(f"{VERSION}".encode())
    for path in sorted(each for each in shared.FOLDER.rglob("*") if each.is_file()):
        digest.update(path.read_bytes())
    for name, intent in sorted(intents.items()):
        digest.update(f"\n{name}: {intent.phrases} {intent.examples}".encode())
    return digest.hexdigest()[:32]


def _keep(path: Path, data: bytes) -> None:
    """Write the file whole or not at all: two processes may train at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
    Path(file.name).replace(path)
