"""What this process remembers of its providers: models that are retired, breakers that are open, retries left.

A breaker opens after 5 failures in a row and lets one probe through after about 15 s; a retired model is asked again
after a day; a bucket of 500 pays 5 for each retry (10 after a timeout) and gets 1 back for each success. All on the
monotonic clock. Numbers: faults.md 1.1. Why no breaker library: docs/decisions.md.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from chatbot.errors import Busy, Filtered, ModelRetired, NotReady, ProviderError, TimedOut, Unsupported

FAILURES_TO_OPEN, SECONDS_OPEN, SPREAD = 5, 15.0, 0.2
RETIRED_FOR = 24 * 3600.0
BUCKET, RETRY_COST, TIMEOUT_COST = 500, 5, 10
_NOT_A_FAULT = (Unsupported, Filtered, ModelRetired, Busy, NotReady)
"""These say something about the answer, the model or our own machine, not that the provider is ill."""


@dataclass(slots=True)
class _Breaker:
    failures: int = 0
    closed_again_at: float = 0.0
    """Monotonic moment from which one probe may pass."""


class Health:
    """Shared by all calls of a process; safe in threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._retired: dict[tuple[str, str], float] = {}
        self._breakers: dict[tuple[str, str], _Breaker] = {}
        self._tokens = BUCKET

    def why_not(self, provider: str, model: str) -> str:
        """Why this model should not be asked now; empty when it may."""
        if self.is_retired(provider, model):
            return "the provider has retired this model"
        if self.breaker_state(provider, model) == "open":
            return "it failed several times in a row and is tried again shortly"
        return ""

    def first_live(self, provider: str, models: Iterable[str]) -> str | None:
        return next((model for model in models if not self.why_not(provider, model)), None)

    def is_retired(self, provider: str, model: str) -> bool:
        since = self._retired.get((provider, model))
        return since is not None and self._clock() - since < RETIRED_FOR

    def breaker_state(self, provider: str, model: str) -> str:
        """`closed`, `open`, or `half-open` when the next call is the probe."""
        breaker = self._breakers.get((provider, model))
        if breaker is None or breaker.failures < FAILURES_TO_OPEN:
            return "closed"
        return "open" if self._clock() < breaker.closed_again_at else "half-open"

    def admit(self, provider: str, model: str) -> bool:
        """Whether a try may go now. In half-open it admits one probe and holds the others for another interval."""
        with self._lock:
            state = self.breaker_state(provider, model)
            if state == "half-open":
                self._breakers[provider, model].closed_again_at = self._clock() + _interval()
            return state != "open"

    def succeeded(self, provider: str, model: str) -> None:
        with self._lock:
            self._tokens = min(BUCKET, self._tokens + 1)
            self._retired.pop((provider, model), None)
            self._breakers.pop((provider, model), None)

    def failed(self, provider: str, model: str, error: ProviderError) -> None:
        with self._lock:
            if isinstance(error, ModelRetired):
                self._retired[provider, model] = self._clock()
            if isinstance(error, _NOT_A_FAULT):
                return
            breaker = self._breakers.setdefault((provider, model), _Breaker())
            breaker.failures += 1
            if breaker.failures >= FAILURES_TO_OPEN:
                breaker.closed_again_at = self._clock() + _interval()

    def pay_for_retry(self, error: ProviderError) -> bool:
        """Take a retry's price from the bucket; False when it is empty and no retry may be made."""
        cost = TIMEOUT_COST if isinstance(error, TimedOut) else RETRY_COST
        with self._lock:
            if self._tokens < cost:
                return False
            self._tokens -= cost
            return True


def _interval() -> float:
    """Seconds open, spread by a fifth either way so that many workers do not probe at once."""
    return SECONDS_OPEN * random.uniform(1 - SPREAD, 1 + SPREAD)  # noqa: S311 - jitter, not a secret
