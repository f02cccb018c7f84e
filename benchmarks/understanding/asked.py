"""What a call listens for where it asks for a value: the script's own way, of a small script."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from voicebot.dialogue.form import Form
from voicebot.dialogue.listener import Listener
from voicebot.dialogue.loader import load_script
from voicebot.dialogue.memory import Memory
from voicebot.dialogue.schema_declared import OPTION_KINDS

SCRIPT = """\
script: asked
version: "1"
slots:
  value: {{kind: {kind}, ask: 请您说一下。{options}}}
anywhere:
  opt_out: bye
  transfer_human: bye
  complain: bye
  who_are_you: {{say: 这里是客服热线。, go: same}}
  are_you_robot: {{say: 是的。, go: same}}
  repeat: {{say: 好的。, go: same}}
  slower: {{say: 好的。, go: same}}
  wait: {{say: 好的。, go: same}}
  greet: {{say: 您好。, go: same}}
  goodbye: bye
start: ask
apology: 不好意思，再见。
no_input: {{prompts: [您请讲。], then: bye}}
no_match: {{prompts: [麻烦再说一遍。], then: bye}}
states:
  ask:
    form: [value]
    next: bye
  bye: {{prompt: 再见。, end: finished}}
"""
"""Asks for one value, and can be interrupted by what interrupts any call."""


def phrases(kind: str, products: Sequence[str]) -> tuple[str, ...] | None:
    """Return what the recogniser is given while a value of `kind` is asked for."""
    options = f", options: [{', '.join(products)}]" if kind in OPTION_KINDS else ""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "script.yaml"
        file.write_text(SCRIPT.format(kind=kind, options=options), encoding="utf-8")
        script = load_script(file)
    form = Form(script, Memory(script, {}), datetime(2026, 11, 27, 10, 0))
    listener = Listener(script, form)
    form.advance(listener.state)
    return listener.phrases()
