"""Every branch of the turn-taking core is taken by its own stories, without a call around it."""

import subprocess
import sys
from pathlib import Path

CORE = (
    *("voicebot.call.turn_taking", "voicebot.call.decisions", "voicebot.call.turn_settings"),
    *("voicebot.call.phase", "voicebot.dialogue.completeness"),
)
STORIES = ("test_turn_taking.py", "test_completeness.py")


def test_every_branch_of_the_core_of_turn_taking_is_taken(tmp_path: Path) -> None:
    here = Path(__file__).parent

    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *(str(here / name) for name in STORIES),
            *(f"--cov={module}" for module in CORE),
            *("--cov-branch", "--cov-report=term-missing", "--cov-fail-under=100"),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=here.parents[1],
        env={"COVERAGE_FILE": str(tmp_path / "coverage"), "PATH": ""},
    )

    assert done.returncode == 0, done.stdout[-3000:]
