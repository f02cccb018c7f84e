"""The script of the benchmark of turn taking: one question of every kind."""

from pathlib import Path

FOLDER = Path(__file__).parent
