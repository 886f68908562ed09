"""How many documents are read at once and how many wait. The rest is sent away: uploads never take all threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from chatbot.errors import Overloaded

_BUSY = "Other documents are being read now; wait a moment, then send yours again."


class Places:
    """Places for those at work, and a short queue before them."""

    def __init__(self, at_once: int, waiting: int, patience: float) -> None:
        """`patience` is how many seconds one waits at most."""
        self._work = threading.BoundedSemaphore(at_once)
        self._room = threading.BoundedSemaphore(at_once + waiting)
        self._patience = patience

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place. Raises Overloaded: at once when the queue is full, later when none becomes free."""
        if not self._room.acquire(blocking=False):
            raise Overloaded(_BUSY)
        try:
            if not self._work.acquire(timeout=self._patience):
                raise Overloaded(_BUSY)
            try:
                yield
            finally:
                self._work.release()
        finally:
            self._room.release()
