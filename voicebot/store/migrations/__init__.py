"""Alembic's revisions of the tables, oldest first in `versions`."""

REVISION = "0004"
"""The newest revision, known without loading Alembic; a test compares."""
