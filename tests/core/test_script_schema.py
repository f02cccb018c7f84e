"""The schema for editors and the loader know the same keys, and agree on what is sound."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from voicebot.dialogue.json_schema import json_schema
from voicebot.dialogue.loader import check_script

CAMPAIGNS = sorted(Path("campaigns").glob("*/script.yaml"))
PAGE = Path("docs/script.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
FREE = {
    *("variables", "outcome", "intents", "anywhere", "states", "on", "set", "slots", "send"),
    *("gives", "actions", "experiments", "greeting"),
}
"""Mappings whose keys are the author's own."""


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def read(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def mappings(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the way to every mapping whose keys are the format's."""
    if isinstance(value, dict):
        if not path or path[-1] not in FREE:
            yield path
        for key, each in value.items():
            yield from mappings(each, (*path, key))
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from mappings(each, (*path, index))


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def written(script: Any, folder: Path) -> Path:
    (folder / "actions.py").write_text("def find_order(order_no):\n    return {}\n")
    (folder / "faq.md").write_text("## 运费谁出？\n\n我们出。\n", encoding="utf-8")
    with (folder / "script.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(script, file)
    return folder


@pytest.mark.parametrize("path", CAMPAIGNS, ids=lambda path: path.parent.name)
def test_the_schema_accepts_every_campaign(
    path: Path, validator: jsonschema.Draft202012Validator
) -> None:
    errors = [error.message for error in validator.iter_errors(read(path.read_text("utf-8")))]

    assert errors == []


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_schema_accepts_the_examples_of_the_page(
    example: str, validator: jsonschema.Draft202012Validator
) -> None:
    assert [error.message for error in validator.iter_errors(read(example))] == []


PLACES = sorted(mappings(read(EXAMPLES[1])), key=str)


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_a_key_that_does_not_exist_is_a_fault_for_both(
    path: tuple[str | int, ...], validator: jsonschema.Draft202012Validator, tmp_path: Path
) -> None:
    script = read(EXAMPLES[1])
    at(script, path)["nonsense"] = "x"

    faults = check_script(written(script, tmp_path)).faults

    assert any('unknown key "nonsense"' in fault.what for fault in faults)
    assert not validator.is_valid(script)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("states", "look_up", "do"), ["find_order"]),
        (("states", "opening", "on"), "identify"),
        (("states", "booked", "end"), "done"),
        (("slots", "order_no", "kind"), "ordernumber"),
        (("slots", "order_no", "digits"), 99),
        (("slots", "reason", "endpoint_ms"), "soon"),
        (("actions", "find_order", "timeout_ms"), 60_000),
        (("emotion", "after"), 0),
        (("experiments", "greeting", "short"), -1),
        (("start",), {"go": "opening"}),
        (("no_input", "prompts"), {"a": "b"}),
    ],
    ids=lambda value: str(value),
)
def test_what_is_of_the_wrong_kind_is_a_fault_for_both(
    path: tuple[str, ...],
    value: object,
    validator: jsonschema.Draft202012Validator,
    tmp_path: Path,
) -> None:
    script = read(EXAMPLES[1])
    at(script, path[:-1])[path[-1]] = value

    assert check_script(written(script, tmp_path)).faults
    assert not validator.is_valid(script)


@pytest.mark.parametrize(
    "key", ["script", "version", "start", "apology", "no_input", "no_match", "states"]
)
def test_what_is_missing_is_a_fault_for_both(
    key: str, validator: jsonschema.Draft202012Validator, tmp_path: Path
) -> None:
    script = read(EXAMPLES[1])
    del script[key]

    assert check_script(written(script, tmp_path)).faults
    assert not validator.is_valid(script)
