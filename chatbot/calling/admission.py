"""How many calls may be at work at once. Whoever comes beyond that is sent away at once instead of waiting in a line.

A line would only move the wait to where nobody sees it: memory grows, and every answer comes too late.
"""

from __future__ import annotations

import random
import threading

from chatbot.errors import Overloaded

COME_BACK = (2.0, 8.0)
"""Seconds, drawn at random, after which a client sent away may come again: not all of them in the same moment."""


class Admission:
    """Counts the calls at work; safe in threads. `limit` 0 lets everyone in."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._inside = 0
        self._lock = threading.Lock()

    @property
    def inside(self) -> int:
        return self._inside

    def enter(self) -> Overloaded | None:
        """Take a place and return None, or return the error to send away with. A place is given back by `leave`."""
        with self._lock:
            if self._limit and self._inside >= self._limit:
                return Overloaded(retry_after=random.uniform(*COME_BACK))  # noqa: S311 - jitter, not a secret
            self._inside += 1
            return None

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
