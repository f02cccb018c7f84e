"""What docs/telephone.md says of several processes is what the code has."""

from pathlib import Path

import pytest

from voicebot.cli.serve import CALLS
from voicebot.cli.serve_many import WORKERS_PER_CORE
from voicebot.runtime.load import LATE_MS
from voicebot.service.restarts import FIRST_WAIT_S, LONGEST_WAIT_S, STEADY_S
from voicebot.service.supervisor import LOOK_S, SILENT_LOOKS

PAGE = (Path(__file__).parents[2] / "docs" / "telephone.md").read_text(encoding="utf-8")
SECTION = " ".join(PAGE.partition("## Several processes")[2].partition("\n## ")[0].split())


@pytest.mark.parametrize(
    "said",
    [
        f"`--calls` ({CALLS} for each worker when not given)",
        f"lateness of more than {LATE_MS:.0f} ms",
        f"{FIRST_WAIT_S:.0f}, 2, 4 ... {LONGEST_WAIT_S:.0f} seconds",
        f"One that says nothing for {SILENT_LOOKS * LOOK_S:.0f} seconds",
    ],
)
def test_the_page_has_the_limits_that_the_code_has(said: str) -> None:
    assert said in SECTION


def test_the_page_has_them_in_words_too() -> None:
    assert STEADY_S == 60
    assert "after a minute of steady running" in SECTION
    assert WORKERS_PER_CORE == 2
    assert "More than two for each core" in SECTION
