"""A synthesiser in a process of its own: when it dies, only its utterance is lost.

eSpeak NG 1.51 writes past a buffer for some voices and texts. A crash must not take the
shard along, nor make the data depend on when it happened.
"""

import os
from multiprocessing import get_context
from multiprocessing.connection import Connection

from recipes.acoustic_model.engines import Build, Manner, Speech, Synthesiser


class SynthesiserDiedError(RuntimeError):
    """The build crashed on this text; a fresh process stands ready for the next."""


class IsolatedSynthesiser:
    """The same `say` as `Synthesiser`, served by a child process."""

    def __init__(self, build: Build) -> None:
        self.build = build
        self._start()

    def _start(self) -> None:
        context = get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(self.build, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def say(self, text: str, manner: Manner) -> Speech:
        """Speak, or raise `SynthesiserDiedError`."""
        try:
            self._connection.send((text, manner))
            speech: Speech = self._connection.recv()
        except (EOFError, ConnectionError) as error:
            self._process.join()
            self._start()
            raise SynthesiserDiedError(f"{self.build.name} died on {text!r}") from error
        return speech

    def close(self) -> None:
        """End the child process."""
        self._connection.close()
        self._process.join()


def _serve(build: Build, connection: Connection) -> None:
    # eSpeak 1.48 writes a line to standard error for every utterance.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    synthesiser = Synthesiser(build)
    while True:
        try:
            text, manner = connection.recv()
        except EOFError:
            return
        connection.send(synthesiser.say(text, manner))
