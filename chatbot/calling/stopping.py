"""When this process is told to stop: calls at work have some seconds to end by themselves, then they end with an error.

A stream that is simply cut by the process's death ends without a word; one that ends with `server_restart` tells its
client to ask again. The signal handler (gunicorn.conf.py) calls `begin`; calls look at `over` at least once a second.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class Stopping:
    """Set once, read by every call."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: float | None = None

    def begin(self, seconds: float) -> None:
        """From now on calls have `seconds` left. A second call changes nothing. Safe in a signal handler: no lock."""
        if self._until is None:
            self._until = self._clock() + seconds

    @property
    def over(self) -> bool:
        """Whether the time that was left is over."""
        return self._until is not None and self._clock() >= self._until


STOPPING = Stopping()
"""Of this process."""
