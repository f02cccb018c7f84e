"""Put the shared grammars, which stand beside the package in a checkout, into what is installed."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithGrammars(build_py):
    """Copies grammars/ to voicebot/grammars/; an editable install finds them in the checkout."""

    def run(self) -> None:
        """Build the package, then add the grammars."""
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib) / "voicebot" / "grammars"
        shutil.copytree("grammars", target, dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithGrammars})
