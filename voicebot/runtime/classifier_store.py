"""Classifiers of scripts: what a script adds is trained once and kept in the user's cache."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from voicebot.dialogue import classifier as model_file
from voicebot.dialogue import shared_intents as shared
from voicebot.dialogue.classifier import MODEL, OTHER, UNRELATED, Classifier, shared_model
from voicebot.dialogue.features import features, numbered
from voicebot.dialogue.linear import Linear, from_bytes, to_bytes
from voicebot.dialogue.reading import core
from voicebot.dialogue.script import Intent, Script
from voicebot.dialogue.training import VERSION, evenly, train

log = logging.getLogger(__name__)

ALIKE = 3
"""Sentences that a shared intent and one of the script's own have in common before the shared one
is left out: the script's 好喝 would compete with the shared praise."""

TAKES_ITS_PLACE = 0.5
"""Share of an own intent's sentences that the shared model takes for the shared one left out, or
of that one's examples that the own model takes for the own intent: then whatever the shared model
takes for the one means the other. Otherwise it means nothing."""


def with_classifier(script: Script, folder: Path) -> Script:
    """Return the script with a classifier of its intents and the shared ones."""
    return replace(script, classifier=classifier(script.intents, folder))


def classifier(intents: Mapping[str, Intent], folder: Path) -> Classifier:
    """Return the classifier of these intents; what is not shared is kept or trained (a second)."""
    model, groups = shared_model(), shared.word_groups()
    if all(name in shared.shared_intents() for name in intents) and not _added(intents):
        return Classifier(model, groups)
    path = folder / f"{_digest(intents)}.npz"
    own = from_bytes(path.read_bytes()) if path.is_file() else None
    if own is None:
        if path.is_file():
            log.warning("%s is damaged; training again", path)
        log.info("training the classifier of %d intents", len(intents))
        own = _train(intents, model)
        try:
            _keep(path, to_bytes(own))
        except OSError as error:
            # It works without; the next start trains again.
            log.warning("%s cannot be written (%s)", path, error.strerror)
    routes = {str(label): str(goes_to) for label, goes_to in own.about.items()}
    return Classifier(model, groups, own, routes)


def _added(intents: Mapping[str, Intent]) -> dict[str, tuple[str, ...]]:
    """Return the sentences that the shared intents do not have, by intent."""
    common = shared.shared_intents()
    found: dict[str, tuple[str, ...]] = {}
    for name, intent in intents.items():
        known = set(common[name].sentences) if name in common else set()
        new = (*intent.examples, *evenly(intent.phrases))
        added = tuple(each for each in dict.fromkeys(new) if each not in known)
        if added:
            found[name] = added
    return found


def _train(intents: Mapping[str, Intent], model: Linear) -> Linear:
    """Return a model of what the script adds; it tells too what becomes of shared intents."""
    added = _added(intents)
    routes = _routes(intents, added, model)
    own = {each for intent in intents.values() for each in intent.sentences}
    others = [
        each
        for name in (*shared.shared_intents(), UNRELATED)
        if name not in routes and name not in added
        for each in shared.examples(name)
        if each not in own
    ]
    own_model = train(added, others, shared.word_groups())
    for label in [each for each, goes_to in routes.items() if goes_to == UNRELATED]:
        routes[label] = _most_taken(own_model, shared.examples(label)) or UNRELATED
    return replace(own_model, about=routes)


def _routes(
    intents: Mapping[str, Intent], added: Mapping[str, tuple[str, ...]], model: Linear
) -> dict[str, str]:
    """Return what is meant by the shared intents that one of the script's own overlaps."""
    owner = {
        each: name
        for name, intent in intents.items()
        if name not in shared.shared_intents()
        for each in intent.sentences
    }
    taken: dict[str, list[str]] = {}
    for name in added.keys() & set(owner.values()):
        taken[name] = _taken(model, added[name])
    routes: dict[str, str] = {}
    for label, intent in shared.shared_intents().items():
        if label in intents or sum(each in owner for each in intent.sentences) < ALIKE:
            continue
        fits = {name: each.count(label) / len(each) for name, each in sorted(taken.items())}
        best = max(fits, key=lambda name: fits[name], default="")
        routes[label] = best if best and fits[best] >= TAKES_ITS_PLACE else UNRELATED
    return routes


def _taken(model: Linear, sentences: Sequence[str]) -> list[str]:
    """Return what a model takes each sentence for."""
    groups = shared.word_groups()
    numbers = [numbered(features(core(each), groups)) for each in sentences]
    return [model.labels[int(model.scores(each).argmax())] for each in numbers]


def _most_taken(model: Linear, sentences: Sequence[str]) -> str | None:
    """Return the own intent that the own model takes most of the sentences for."""
    name, count = Counter(_taken(model, sentences)).most_common(1)[0]
    return name if name != OTHER and count >= TAKES_ITS_PLACE * len(sentences) else None


def _digest(intents: Mapping[str, Intent]) -> str:
    """Return a hash of all that a classifier depends on, without reading the shared grammars."""
    digest = sha256(f"{VERSION}".encode())
    shipped = Path(model_file.__file__).with_name(MODEL)
    grammars = sorted(each for each in shared.FOLDER.rglob("*") if each.is_file())
    for path in (shipped, *grammars):
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
