"""What this process remembers of its providers: models that are retired, breakers that are open, retries left.

A breaker opens after 5 failures in a row, or when half of the last 30 s (20 tries or more) failed, and lets one probe
through after about 15 s. Some failures open it at once and for longer: no credit 10 minutes, a key that is refused
until the settings are read again, a long Retry-After as long as it asks, 5 minutes at most. A retired model is asked
again after a day. A bucket of 500 pays 5 for each retry (a hang takes 10) and gets 1 back for each success. All on
the monotonic clock. Numbers: faults.md 1.1. Why no breaker library: docs/decisions.md.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from chatbot.calling.breaker import FAILURES_TO_OPEN, LONGEST_WAIT, SECONDS_OPEN, SPREAD, Breaker, hold, interval
from chatbot.errors import (
    BadKey,
    Busy,
    Filtered,
    Looping,
    ModelRetired,
    NotReady,
    ProviderError,
    Refused,
    SchemaBroken,
    TimedOut,
    Unsupported,
)

__all__ = ["FAILURES_TO_OPEN", "LONGEST_WAIT", "RETIRED_FOR", "SECONDS_OPEN", "SPREAD", "Health", "Memory"]

RETIRED_FOR = 24 * 3600.0
BUCKET, RETRY_COST, TIMEOUT_COST = 500, 5, 10
_NOT_A_FAULT = (ModelRetired, Refused, Busy, NotReady)
"""These say something about the model, the request or our own machine, not that the provider is ill."""
_AN_ANSWER = (Unsupported, Filtered, Looping, SchemaBroken)
"""The provider answered; the question, or the model, made the answer unusable."""
_ANY = ""
"""The model of a breaker that stands for a whole provider."""


class Memory(Protocol):
    """Where retired models are kept over a restart. Never raises: a lost memory costs one try a day."""

    def remembered(self) -> Iterable[tuple[str, str, float]]:
        """Provider, model, and seconds until it is asked again."""

    def remember(self, provider: str, model: str, seconds: float) -> None: ...

    def forget(self, provider: str, model: str) -> None: ...


class Health:
    """Shared by all calls of a process; safe in threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._retired: dict[tuple[str, str], float] = {}
        """The moment from which a retired model is asked again."""
        self._breakers: dict[tuple[str, str], Breaker] = {}
        self._tokens = BUCKET
        self._memory: Memory | None = None

    def keep_in(self, memory: Memory) -> None:
        """Read what `memory` knows of retired models, and write there what is found out from now on."""
        self._memory = memory
        for provider, model, seconds in memory.remembered():
            self._retired[provider, model] = self._clock() + min(seconds, RETIRED_FOR)

    def why_not(self, provider: str, model: str) -> str:
        """Why this model should not be asked now; empty when it may."""
        if self.is_retired(provider, model):
            return "the provider has retired this model"
        if self.breaker_state(provider, model) == "open":
            return next((one.why for one in self._of(provider, model) if one.why),
                        "it failed several times in a row and is tried again shortly")
        return ""

    def first_live(self, provider: str, models: Iterable[str]) -> str | None:
        return next((model for model in models if not self.why_not(provider, model)), None)

    def is_retired(self, provider: str, model: str) -> bool:
        return self._clock() < self._retired.get((provider, model), -math.inf)

    def breaker_state(self, provider: str, model: str) -> str:
        """`closed`, `open`, or `half-open` when the next call is the probe."""
        opens = [one.opens_at for one in self._of(provider, model) if one.opens_at is not None]
        if not opens:
            return "closed"
        return "open" if self._clock() < max(opens) else "half-open"

    def opens_in(self, provider: str, model: str) -> float:
        """Seconds until a call may ask this model again; 0 when it may now, infinite when not before a restart."""
        opens = [one.opens_at for one in self._of(provider, model) if one.opens_at is not None]
        return max(0.0, max(opens, default=-math.inf) - self._clock())

    def admit(self, provider: str, model: str) -> bool:
        """Whether a try may go now. In half-open it admits one probe and holds the others for another interval."""
        with self._lock:
            state = self.breaker_state(provider, model)
            if state == "half-open":
                for breaker in self._of(provider, model):
                    breaker.opens_at = self._clock() + interval()
            return state != "open"

    def succeeded(self, provider: str, model: str) -> None:
        with self._lock:
            self._tokens = min(BUCKET, self._tokens + 1)
            was_retired = self._retired.pop((provider, model), None) is not None
            self._well(provider, model)
        if was_retired and self._memory is not None:
            self._memory.forget(provider, model)

    def failed(self, provider: str, model: str, error: ProviderError) -> None:
        if isinstance(error, ModelRetired):
            self._retire(provider, model, error.retry_after or RETIRED_FOR)
        with self._lock:
            if isinstance(error, TimedOut):
                self._tokens = max(0, self._tokens - TIMEOUT_COST)
            if isinstance(error, _AN_ANSWER):
                self._well(provider, model)
            elif not isinstance(error, _NOT_A_FAULT):
                self._ill(provider, model, error)

    def pay_for_retry(self, error: ProviderError) -> bool:
        """Take a retry's price from the bucket; False when it is empty and no retry may be made."""
        with self._lock:
            if self._tokens < RETRY_COST:
                return False
            self._tokens -= RETRY_COST
            return True

    def _of(self, provider: str, model: str) -> list[Breaker]:
        """The model's breaker and its provider's, as far as there are any."""
        found = (self._breakers.get((provider, name)) for name in (model, _ANY))
        return [one for one in found if one is not None]

    def _retire(self, provider: str, model: str, seconds: float) -> None:
        self._retired[provider, model] = self._clock() + seconds
        if self._memory is not None:
            self._memory.remember(provider, model, seconds)

    def _well(self, provider: str, model: str) -> None:
        self._breakers.pop((provider, _ANY), None)
        breaker = self._breakers.setdefault((provider, model), Breaker())
        if breaker.opens_at is not None:  # a probe that passed: what failed before is over
            breaker.recent.clear()
        breaker.note(self._clock(), good=True)
        breaker.opens_at, breaker.why = None, ""

    def _ill(self, provider: str, model: str, error: ProviderError) -> None:
        whole = isinstance(error, BadKey) and error.status != 403  # a 403 may be about one gated model
        breaker = self._breakers.setdefault((provider, _ANY if whole else model), Breaker())
        moment = self._clock()
        breaker.note(moment, good=False)
        held, why = hold(error)
        if held:
            breaker.opens_at, breaker.why = max(moment + held, breaker.opens_at or moment), why
        elif (breaker.opens_at is None and breaker.is_ill()) or (breaker.opens_at or math.inf) <= moment:
            breaker.opens_at, breaker.why = moment + interval(), ""
