"""The recipe needs `make .venv/.train`; without it its tests are skipped, and in CI they fail."""

import importlib.util
import os
from collections.abc import Iterable
from pathlib import Path

import pytest

NEEDED = ("torch", "kaldi_native_fbank", "pywrapfst", "scipy")
MISSING = [name for name in NEEDED if importlib.util.find_spec(name) is None]


class _Lacking(pytest.Module):
    """Stands for a test module that cannot even be imported here."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        reason = f"{', '.join(MISSING)} not installed: make .venv/.train"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason, allow_module_level=True)


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    """Collect the modules of this folder only where they can be imported."""
    return _Lacking.from_parent(parent, path=module_path) if MISSING else None
