"""The machine and the versions a figure was measured with."""

import os
import platform
from importlib.metadata import version

import psutil


def conditions() -> str:
    """Describe this machine in one line, without names."""
    cores = os.cpu_count()
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{platform.system()} {platform.machine()}, {cores} cores, {memory:.0f} GiB, "
        f"Python {platform.python_version()}, vosk {version('vosk')}, "
        f"espeakng-loader {version('espeakng-loader')}, "
        f"load average {os.getloadavg()[0]:.1f} at the start"
    )
