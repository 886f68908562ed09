"""How often the child may be started again: after a pause that grows, and three times in ten minutes."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from chatbot.errors import NotReady

WINDOW = 600.0
MOST = 3
"""Restarts within `WINDOW` seconds. faults.md L05."""
PAUSES = (0.5, 2.0, 8.0)
"""Seconds after the first, second and third death within the window."""
REMEDY = ("SIGKILL is mostly the system short of memory: free some, or set LOCAL_MODEL to a smaller model. "
          "LOCAL_ENGINE=off stops trying.")


class Restarts:
    """Remembers the deaths of one model's children; safe in threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._deaths: deque[float] = deque()
        self._how = ""
        self._lock = threading.Lock()

    def died(self, how: str) -> int:
        """Note a death; `how` is for people, such as `SIGKILL`. Returns the restarts that are left."""
        with self._lock:
            self._deaths.append(self._clock())
            self._how = how
            self._forget()
            return max(0, MOST + 1 - len(self._deaths))

    def why_not(self) -> NotReady | None:
        """Why no child may be started now; a new error each time."""
        with self._lock:
            self._forget()
            deaths, how = len(self._deaths), self._how
            if not deaths:
                return None
            if deaths > MOST:
                wait = self._deaths[-1 - MOST] + WINDOW - self._clock()
                return NotReady(f"The local model's process died {deaths} times in {WINDOW / 60:.0f} minutes "
                                f"({how}); it is tried again in {wait / 60:.0f} minutes.", remedy=REMEDY)
            wait = self._deaths[-1] + PAUSES[deaths - 1] - self._clock()
        return None if wait <= 0 else NotReady(
            f"The local model's process died ({how}); it starts again in {wait:.1f} s.", retry_after=wait,
            remedy=REMEDY)

    def _forget(self) -> None:
        while self._deaths and self._clock() - self._deaths[0] >= WINDOW:
            self._deaths.popleft()
