"""Logs of the command line go to standard error."""

import logging


def log_to_stderr(level: int, process: str = "") -> None:
    """Write what is at least so grave; `process` is named in every line when there are several."""
    named = f"{process} " if process else ""
    logging.basicConfig(level=level, format=f"%(levelname)s {named}%(name)s: %(message)s")
    # jieba speaks of its dictionary whenever it is first used.
    logging.getLogger("jieba").setLevel(logging.WARNING)
