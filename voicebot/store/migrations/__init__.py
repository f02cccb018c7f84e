"""Alembic's revisions of the tables, oldest first in `versions`."""

REVISION = "0003"
"""The newest revision, known without loading Alembic; a test compares."""
