"""A JSON Schema of script.yaml for editors: completion and red lines while one types.

Its keys are the loader's own, so neither can grow without the other; `voicebot check` remains the
judge, since a schema knows nothing of names, ways and phrases.
"""

from collections.abc import Iterable
from typing import Any

from voicebot.dialogue.hook import TIMEOUT_MS
from voicebot.dialogue.loader import REQUIRED_KEYS, SCRIPT_KEYS
from voicebot.dialogue.schema import INTENT_KEYS, OUTCOME_KEYS, VARIABLE_KEYS
from voicebot.dialogue.schema_declared import (
    ACTION_KEYS,
    ANNOYED,
    EMOTION_KEYS,
    KNOWLEDGE_KEYS,
    SLOT_KEYS,
    WEIGHTS,
)
from voicebot.dialogue.schema_prompt import PROMPT_KEYS, WORDING_KEYS
from voicebot.dialogue.schema_state import (
    DIGITS,
    ENDPOINT_MS,
    REPROMPT_KEYS,
    STATE_KEYS,
    TRANSITION_KEYS,
)
from voicebot.dialogue.script import ANY_WORDS, SCRIPT_END_REASONS, BargeIn, Counts, Listen
from voicebot.dialogue.slots import KINDS

Schema = dict[str, Any]

TEXT: Schema = {"type": ["string", "number", "boolean"]}
"""A scalar as written: editors read `yes` and `0123` by YAML's rules, the loader keeps them."""
TEXTS: Schema = {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}
NOTHING: Schema = {"type": "null"}


def json_schema() -> Schema:
    """Return the schema, as JSON Schema 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "voicebot call script",
        **_object(
            SCRIPT_KEYS,
            required=SCRIPT_KEYS[:REQUIRED_KEYS],
            variables=_named(_either(TEXT, _object(VARIABLE_KEYS, default=TEXT, example=TEXT))),
            outcome=_named(_either(NOTHING, _object(OUTCOME_KEYS, values=TEXTS))),
            intents=_named(
                _object(
                    INTENT_KEYS,
                    grammar=TEXTS,
                    examples=TEXTS,
                    hot_words=TEXTS,
                    patterns=TEXTS,
                    shared=TEXT,
                )
            ),
            anywhere=_named(_ref("transition")),
            slots=_named(_ref("slot")),
            counters=TEXTS,
            experiments=_named(_either(TEXTS, _named(_whole(WEIGHTS)))),
            actions=_named(_ref("action")),
            knowledge=_either(
                TEXTS,
                _object(
                    KNOWLEDGE_KEYS,
                    required=["files"],
                    files=TEXTS,
                    back=_ref("prompt"),
                    unknown=_ref("prompt"),
                ),
            ),
            emotion=_object(
                EMOTION_KEYS,
                say=_ref("prompt"),
                after=_whole(ANNOYED),
                then=_ref("transition"),
            ),
            apology=_ref("prompt"),
            no_input=_ref("reprompt"),
            no_match=_ref("reprompt"),
            states={**_named(_ref("state")), "minProperties": 1},
        ),
        "$defs": {
            "prompt": _prompt(),
            "transition": _transition(),
            "reprompt": _object(
                REPROMPT_KEYS,
                required=REPROMPT_KEYS,
                prompts={"type": "array", "items": _ref("prompt")},
                then=_ref("transition"),
            ),
            "state": _state(),
            "slot": _object(
                SLOT_KEYS,
                required=["kind", "ask"],
                kind=_words((*KINDS, ANY_WORDS)),
                ask=_ref("prompt"),
                again=_ref("prompt"),
                confirm=_ref("prompt"),
                options=TEXTS,
                hear=TEXTS,
                **_hearing(),
            ),
            "action": _object(
                ACTION_KEYS,
                send=_named(TEXT),
                gives=_named(_either(NOTHING, TEXTS)),
                timeout_ms=_whole(TIMEOUT_MS),
            ),
        },
    }


def _prompt() -> Schema:
    wording = _either(TEXT, _object(WORDING_KEYS, required=["text"]))
    words = _words(BargeIn)
    wordings: Schema = {"type": "array", "items": wording, "minItems": 1}
    return _either(
        TEXT,
        wordings,
        {
            **_object(PROMPT_KEYS, barge_in=words, wordings=_either(TEXT, wordings)),
            "anyOf": [{"required": ["text"]}, {"required": ["wordings"]}],
        },
    )


def _transition() -> Schema:
    one = _object(
        TRANSITION_KEYS,
        required=["go"],
        say=_ref("prompt"),
        set=_named(TEXT),
        counts=_words(Counts),
        count=TEXTS,
        forget=TEXTS,
    )
    return _either(TEXT, one, {"type": "array", "items": _either(TEXT, one), "minItems": 1})


def _state() -> Schema:
    state = _object(
        STATE_KEYS,
        prompt=_ref("prompt"),
        again=_ref("prompt"),
        waiting=_ref("prompt"),
        on=_named(_ref("transition")),
        next=_ref("transition"),
        failed=_ref("transition"),
        no_input=_ref("reprompt"),
        no_match=_ref("reprompt"),
        end=_words(SCRIPT_END_REASONS),
        set=_named(TEXT),
        count=TEXTS,
        forget=TEXTS,
        form=TEXTS,
        **_hearing(),
    )
    kinds = [["prompt", "on"], ["next"], ["prompt", "end"]]
    return {
        **state,
        "anyOf": [{"required": each} for each in (*kinds, ["do", "next", "failed"])],
    }


def _hearing() -> dict[str, Schema]:
    silences = ("endpoint_ms", "complete_ms", "incomplete_ms")
    return {
        "listen": _words(Listen),
        "digits": _whole(DIGITS),
        "private": {"enum": [True, False, "yes", "no"]},
        **{each: _whole(ENDPOINT_MS) for each in silences},
    }


def _object(keys: Iterable[str], *, required: Iterable[str] = (), **special: Schema) -> Schema:
    """Return an object with exactly these keys, texts where nothing special is said."""
    unknown = special.keys() - set(keys)
    if unknown:
        raise ValueError(f"no such keys: {sorted(unknown)}")
    return {
        "type": "object",
        "properties": {key: special.get(key, TEXT) for key in keys},
        "required": list(required),
        "additionalProperties": False,
    }


def _named(value: Schema) -> Schema:
    return {"type": "object", "additionalProperties": value}


def _either(*schemas: Schema) -> Schema:
    return {"anyOf": list(schemas)}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _words(words: Iterable[str]) -> Schema:
    return {"enum": sorted(str(word) for word in words)}


def _whole(allowed: range) -> Schema:
    return {"type": "integer", "minimum": allowed.start, "maximum": allowed.stop - 1}
