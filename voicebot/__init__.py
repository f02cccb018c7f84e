"""Offline-first voice call robot for online shops, Mandarin first."""

__version__ = "0.1.0"
