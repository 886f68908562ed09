"""Alerts: what a person has to see to. One log line for each kind and provider in ten minutes; all are counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog
from prometheus_client import Counter

QUIET = 600.0
"""Seconds between two lines of one kind about one provider."""
ALERTS = Counter("funza_alerts_total", "Things a person has to see to", ["kind"])
log = structlog.get_logger()


class Alerts:
    """Says each thing once in a while; safe in threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def say(self, kind: str, provider: str = "", **facts: str | int | None) -> bool:
        """Count it, and log it unless it was logged lately; returns whether it was. Facts are numbers and names."""
        ALERTS.labels(kind).inc()
        with self._lock:
            said = self._said.get((kind, provider))
            if said is not None and self._clock() - said < QUIET:
                return False
            self._said[kind, provider] = self._clock()
        log.error("alert", kind=kind, provider=provider, **facts)
        return True


_alerts = Alerts()


def alert(kind: str, provider: str = "", **facts: str | int | None) -> bool:
    """Raise an alert in this process; see `Alerts.say`."""
    return _alerts.say(kind, provider, **facts)
