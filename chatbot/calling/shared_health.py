"""What several workers and machines tell each other of the providers' health, through Redis (REDIS_URL).

Each worker keeps its own `Health`. When its breaker opens, or a model is found retired, it puts a notice on a board
that all can read; who answers well takes it down. So an outage costs the failures of one worker, not of each, and
after it one probe goes out in all, not one from each. Notices expire by themselves, by Redis's own clock.

Redis is a convenience here, never a condition: when it is away, every worker goes on by what it knows itself, and
the board is looked at again after a few seconds.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import structlog

from chatbot.calling.health import RETIRED_FOR, SECONDS_OPEN, Health, Memory
from chatbot.errors import ModelRetired, ProviderError
from config import Settings

log = structlog.get_logger()

NOTICES = ("ill", "held", "retired")
"""held: no probe may go yet. ill: without it, one probe may. retired: the model is gone, its successor is asked."""
REMEMBER = 0.5
"""Seconds for which a worker trusts what it last read of one model: a call asks about each model several times."""
AWAY = 5.0
"""Seconds without a look at the board after Redis failed."""
LONGEST_ILLNESS = 900.0
"""Seconds after which a notice that nobody renewed is forgotten."""


class Redis(Protocol):
    """The commands that are used, as redis-py has them."""

    def set(self, name: str, value: str, *, px: int, nx: bool = False) -> Any: ...
    def exists(self, name: str) -> Any: ...
    def delete(self, *names: str) -> Any: ...


class Board:
    """The notices of a deployment (see `NOTICES`), one Redis key each, with a time to live.

    Args:
        redis: a client with short timeouts.
        errors: the exceptions that mean "Redis is away".
    """

    def __init__(self, redis: Redis, errors: tuple[type[Exception], ...],
                 clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._errors = errors
        self._clock = clock
        self._away_until = float("-inf")
        self._read: dict[str, tuple[float, bool]] = {}
        self._lock = threading.Lock()

    @property
    def away(self) -> bool:
        """Whether Redis failed a moment ago: what the board does not show means nothing then."""
        return self._clock() < self._away_until

    def post(self, notice: str, provider: str, model: str, seconds: float) -> None:
        """Put a notice up, or renew it."""
        name = _name(notice, provider, model)
        self._ask(lambda: bool(self._redis.set(name, "1", px=round(1000 * seconds))), False)
        self._remember(name, True)

    def claim(self, notice: str, provider: str, model: str, seconds: float) -> bool:
        """Put a notice up unless it is there; whether it was us. True as well when Redis is away."""
        name = _name(notice, provider, model)
        put = self._ask(lambda: bool(self._redis.set(name, "1", px=round(1000 * seconds), nx=True)), True)
        self._remember(name, True)
        return put

    def shows(self, notice: str, provider: str, model: str) -> bool:
        """Whether that notice is up, as far as known; False when Redis is away."""
        name = _name(notice, provider, model)
        at, seen = self._read.get(name, (float("-inf"), False))
        if self._clock() - at > REMEMBER:
            seen = self._ask(lambda: bool(self._redis.exists(name)), False)
            self._remember(name, seen)
        return seen

    def take_down(self, provider: str, model: str) -> None:
        """Take down every notice of a model that answered."""
        names = [_name(notice, provider, model) for notice in NOTICES]
        self._ask(lambda: bool(self._redis.delete(*names)), False)
        for name in names:
            self._remember(name, False)

    def _remember(self, name: str, seen: bool) -> None:
        self._read[name] = self._clock(), seen

    def _ask(self, question: Callable[[], bool], otherwise: bool) -> bool:
        if self.away:
            return otherwise
        try:
            return question()
        except self._errors as error:
            with self._lock:
                first, self._away_until = not self.away, self._clock() + AWAY
            if first:
                log.warning("redis_away", kind=type(error).__name__)
            return otherwise


class SharedHealth(Health):
    """A worker's own `Health`, and what the others have found out. Same methods, same meaning.

    Whoever opens a breaker puts "ill" up, so a breaker of ours that nothing on the board speaks of was closed by
    another worker's probe.
    """

    def __init__(self, board: Board, own: Health | None = None) -> None:
        super().__init__()
        self._board = board
        self._own = own or Health()

    def keep_in(self, memory: Memory) -> None:
        self._own.keep_in(memory)

    def why_not(self, provider: str, model: str) -> str:
        """Our own reason when we have one: it says more than the board does."""
        return self._own.why_not(provider, model) or super().why_not(provider, model)

    def is_retired(self, provider: str, model: str) -> bool:
        return self._own.is_retired(provider, model) or self._board.shows("retired", provider, model)

    def breaker_state(self, provider: str, model: str) -> str:
        """The worse of what we know and what the board says."""
        own = self._own.breaker_state(provider, model)
        if own == "open" or self._board.shows("held", provider, model):
            return "open"
        if self._board.shows("ill", provider, model):
            return "half-open"
        return "half-open" if own == "half-open" and self._board.away else "closed"

    def opens_in(self, provider: str, model: str) -> float:
        held = SECONDS_OPEN if self._board.shows("held", provider, model) else 0.0
        return max(held, self._own.opens_in(provider, model))

    def admit(self, provider: str, model: str) -> bool:
        """In half-open one probe goes out for all workers. Another's that passed closes our breaker as well."""
        state = self.breaker_state(provider, model)
        if state == "closed" and self._own.breaker_state(provider, model) == "half-open":
            self._own.succeeded(provider, model)
        if state == "open" or not self._own.admit(provider, model):
            return False
        return state == "closed" or self._board.claim("held", provider, model, SECONDS_OPEN)

    def succeeded(self, provider: str, model: str) -> None:
        self._own.succeeded(provider, model)
        if any(self._board.shows(notice, provider, model) for notice in NOTICES):
            self._board.take_down(provider, model)

    def failed(self, provider: str, model: str, error: ProviderError) -> None:
        """Tell the others when our breaker opens, or the probe that we sent for all of them failed."""
        self._own.failed(provider, model, error)
        if isinstance(error, ModelRetired):
            self._board.post("retired", provider, model, error.retry_after or RETIRED_FOR)
        seconds = self._own.opens_in(provider, model)
        if 0 < seconds < math.inf:  # a refused key is for ever, but only until this worker starts again with a new one
            self._board.post("ill", provider, model, LONGEST_ILLNESS)
            self._board.post("held", provider, model, seconds)

    def pay_for_retry(self, error: ProviderError) -> bool:
        return self._own.pay_for_retry(error)


def make_health(settings: Settings) -> Health:
    """The health that calls share: of this process, or of all workers when REDIS_URL is set. Connects to nothing."""
    if not settings.redis_url:
        return Health()
    try:
        import redis
    except ImportError:
        log.error("redis_missing", remedy="pip install -r requirements-scaled.txt")
        return Health()
    client = redis.Redis.from_url(settings.redis_url, socket_timeout=0.25, socket_connect_timeout=0.25,
                                  retry_on_timeout=False, health_check_interval=30)
    return SharedHealth(Board(client, (redis.RedisError, OSError)))


def _name(notice: str, provider: str, model: str) -> str:
    return f"funza:{notice}:{provider}/{model}"
