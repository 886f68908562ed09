"""Says what became of a call, in one log line and in the metrics: numbers and names, never a word of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import structlog
from prometheus_client import Counter, Histogram

from chatbot.alerts import alert
from chatbot.calling.completion import Completion
from chatbot.errors import BadKey, FunzaError, ModelRetired, OutOfCredit, ProviderError, Untrusted
from chatbot.strategies import Skipped
from chatbot.usage.ledger import Ending, NewCall

log = structlog.get_logger()

CALLS = Counter("funza_calls_total", "Calls by feature and how they ended", ["feature", "state", "provider"])
ATTEMPTS = Counter("funza_attempts_total", "Tries at providers", ["provider", "model", "state", "failure"])
TOKENS = Counter("funza_tokens_total", "Tokens by provider", ["provider", "model", "kind"])
COST = Counter("funza_cost_usd_total", "Known cost in US dollars", ["provider", "model"])
LATENCY = Histogram("funza_call_seconds", "Seconds from question to the end of the answer", ["feature"],
                    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60))


def attempt_answered(done: Completion) -> None:
    """A provider's try became the answer."""
    who = (done.provider, done.model)
    ATTEMPTS.labels(*who, "settled", "").inc()
    TOKENS.labels(*who, "prompt").inc(done.usage.prompt_tokens)
    TOKENS.labels(*who, "completion").inc(done.usage.completion_tokens)
    COST.labels(*who).inc(float(done.usage.cost_usd or 0))


def attempt_failed(call_id: str, provider: str, model: str, ending: Ending) -> None:
    """One try failed."""
    ATTEMPTS.labels(provider, model, ending.state, ending.failure).inc()
    log.warning("attempt_failed", call_id=call_id, provider=provider, model=model, failure=ending.failure,
                status=ending.status, state=ending.state, latency_ms=ending.latency_ms)


def answered(call: NewCall, done: Completion, *, seconds: float, tries: int) -> None:
    """A call was answered."""
    CALLS.labels(call.feature, "answered", done.provider).inc()
    LATENCY.labels(call.feature).observe(seconds)
    usage = done.usage
    log.info("call", call_id=done.call_id, feature=call.feature, stage=call.stage, language=call.language,
             strategy=call.strategy, triage=call.triage_level, provider=done.provider, model=done.model,
             provenance=done.provenance, fell_back=done.fell_back, tries=tries, finish_reason=done.finish_reason,
             prompt_tokens=usage.prompt_tokens, completion_tokens=usage.completion_tokens,
             cost_usd=None if usage.cost_usd is None else str(usage.cost_usd), cost_state=usage.cost_state,
             latency_ms=round(seconds * 1000), skipped=_words(done.skipped))


def failed(call_id: str, call: NewCall, error: FunzaError, *, tries: int, skipped: Sequence[Skipped]) -> None:
    """A call was not answered. Calls for which nobody was asked share one line a second."""
    CALLS.labels(call.feature, "failed" if tries else "refused", "").inc()
    if not tries and not _refusals.due():
        return
    log.warning("call_failed", call_id=call_id, feature=call.feature, code=error.code, tries=tries,
                skipped=_words(skipped))


def aborted(call_id: str, call: NewCall, *, tries: int) -> None:
    """The client went away."""
    CALLS.labels(call.feature, "aborted", "").inc()
    log.info("call_aborted", call_id=call_id, feature=call.feature, tries=tries)


def alert_of(provider: str, model: str, error: ProviderError) -> None:
    """Tell a person of a failure that does not pass by itself: credit, key, retired model, an address not to trust."""
    if isinstance(error, OutOfCredit | BadKey | ModelRetired | Untrusted):
        alert(error.kind, provider, model=model, status=error.status)


class _OncePerSecond:
    """Keeps a flood of refused calls from becoming a flood of log lines."""

    def __init__(self) -> None:
        self._last = float("-inf")
        self._lock = threading.Lock()

    def due(self) -> bool:
        with self._lock:
            if time.monotonic() - self._last < 1.0:
                return False
            self._last = time.monotonic()
            return True


_refusals = _OncePerSecond()


def _words(skipped: Sequence[Skipped]) -> list[str]:
    return [f"{one.provider}: {one.reason}" for one in skipped]
