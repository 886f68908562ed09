"""A cancel that listens to the one who watches a drawing, and to the server's own end."""

from __future__ import annotations

import threading
import time

from chatbot.calling.stopping import STOPPING, Stopping
from chatbot.errors import ServerStopping
from chatbot.images.drawing.errors import Cancelled
from chatbot.images.drawing.order import Stage, Watch
from chatbot.providers.interface import Cancel

LOOK = 0.25
"""Seconds between two questions whether it is still wanted: the answer may come from a database."""
TELL = 1.0
"""Seconds between two reports of the same stage."""


class Watched(Cancel):
    """Asked by providers between two reads (`Patience`), and by us between two steps."""

    def __init__(self, watch: Watch, stopping: Stopping = STOPPING) -> None:
        super().__init__()
        self._watch = watch
        self._stopping = stopping
        self._looking = threading.Lock()
        self._looked = float("-inf")
        self._told: tuple[Stage, float] | None = None

    @property
    def requested(self) -> bool:
        if self._event.is_set():
            return True
        if self._stopping.over or self._is_unwanted():
            self()
        return self._event.is_set()

    def check(self) -> None:
        """Raise Cancelled, or ServerStopping, when it must end."""
        if self.requested:
            raise ServerStopping() if self._stopping.over else Cancelled()

    def stage(self, name: Stage, eta_s: float | None) -> None:
        """Report a stage, the same one once a second at most. Raises what `check` raises."""
        self.check()
        now = time.monotonic()
        if self._told is None or self._told[0] != name or now - self._told[1] >= TELL:
            self._told = (name, now)
            self._watch.stage(name, eta_s)

    def sleep(self, seconds: float) -> None:
        """Wait. Raises what `check` raises."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.check()
            time.sleep(min(left, LOOK))
        self.check()

    def _is_unwanted(self) -> bool:
        with self._looking:
            if time.monotonic() - self._looked < LOOK:
                return False
            self._looked = time.monotonic()
            return self._watch.cancelled()
