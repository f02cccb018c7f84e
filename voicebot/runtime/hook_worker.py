"""The process that runs a campaign's functions: `python -m voicebot.runtime.hook_worker FILE`.

It reads a line of JSON for each call and writes one back; first of all it writes that the file was
loaded. What the functions print goes to standard error, and cannot be taken for an answer.
"""

import importlib.util
import inspect
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import IO, Any


def main(file: str) -> None:
    """Serve one file's functions until standard input ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    sys.stdout.flush()
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    path = Path(file)
    try:
        module = _load(path)
    except Exception as error:
        # The shop's own code: whatever it raises is its fault, and is told.
        print(f"{path} cannot be loaded: {type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(1)
    _write(answers, {"loaded": str(path)})
    for line in sys.stdin:
        _write(answers, _answer(module, json.loads(line)))


def _load(path: Path) -> ModuleType:
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location("actions", path)
    if spec is None or spec.loader is None:
        raise ImportError("is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _answer(module: ModuleType, request: Mapping[str, Any]) -> dict[str, object]:
    name = request["function"]
    function: Callable[..., object] | None = getattr(module, name, None)
    # Only what the file itself defines: `actions.os.system` is no action.
    if not inspect.isfunction(function) or function.__module__ != "actions":
        return {"error": f"actions.py has no function {name}"}
    try:
        return {"answer": function(**request["arguments"])}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def _write(answers: IO[str], answer: dict[str, object]) -> None:
    try:
        text = json.dumps(answer, ensure_ascii=False)
    except (TypeError, ValueError):
        text = json.dumps({"error": "answered what cannot be written as JSON"})
    answers.write(text + "\n")
    answers.flush()


if __name__ == "__main__":
    main(sys.argv[1])
