"""What a test needs of the machine: skipped with the reason where it is missing, failed in CI."""

import os
import shutil
from typing import NoReturn

import pytest


def program(*names: str) -> str:
    """Return the path of the first of these programs that is installed."""
    path = next((path for path in map(shutil.which, names) if path is not None), None)
    if path is None:
        missing(f"{names[0]} is not installed: apt-get install {names[0]}")
    return path


def missing(reason: str) -> NoReturn:
    """Skip the test that needs what is missing; in CI, where everything is to be there, fail."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
