"""What a test needs of the machine: skipped with the reason where it is missing, failed in CI."""

import os
import shutil

import pytest


def program(*names: str) -> str:
    """Return the path of the first of these programs that is installed."""
    for name in names:
        path = shutil.which(name)
        if path is not None:
            return path
    reason = f"{names[0]} is not installed: apt-get install {names[0]}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
