"""How many streams one principal may hold open: a client that opens them in a storm would take every thread."""

from __future__ import annotations

import threading
from collections import Counter

from chatbot.errors import FunzaError


class TooManyStreams(FunzaError):
    code = "too_many_streams"
    title = "You have too many answers coming at once"
    retryable = True


class OpenStreams:
    """Counts open streams by principal; safe in threads."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()
        self._lock = threading.Lock()

    def check(self, principal: str, most: int) -> None:
        """Raises TooManyStreams when there is no place; `most` 0 is no limit."""
        if most and self._open[principal] >= most:
            raise TooManyStreams(f"{most} at once is the most; wait until one of them has ended.")

    def enter(self, principal: str, most: int) -> None:
        """Take a place. Raises TooManyStreams."""
        with self._lock:
            self.check(principal, most)
            self._open[principal] += 1

    def leave(self, principal: str) -> None:
        with self._lock:
            self._open[principal] -= 1
            if self._open[principal] <= 0:
                del self._open[principal]


OPEN_STREAMS = OpenStreams()
"""Of this process."""
