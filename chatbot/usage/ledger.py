"""Writes down every call and every try: reserved before a byte leaves, ended exactly once.

The ledger has transactions of its own (a streamed answer outlives Flask's), holds none open while a model
thinks, and never sees a word of the conversation. `recovery.py` ends the rows of workers that died.
"""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Insert, Update, bindparam, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from chatbot.database import new_id, now, usd
from chatbot.errors import End, LedgerUnavailable
from chatbot.providers.interface import Usage
from chatbot.usage.cost import CostState, UsageOfCall, weakest
from chatbot.usage.prices import LOCAL, Price
from chatbot.usage.tables import ATTEMPTS, CALLS
from chatbot.usage.workers import worker_name


@dataclass(frozen=True, slots=True)
class NewCall:
    """What is known of a call before anyone is asked. Numbers and names, no words."""

    feature: str
    """`chat`, `openai`, `quiz`, ..."""
    strategy: str
    stage: str = ""
    language: str = ""
    conversation_id: str = ""
    triage_level: str = "none"


@dataclass(frozen=True, slots=True)
class Reservation:
    """An attempt that has its row and may now leave."""

    attempt_id: str
    call_id: str
    price: Price | None


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended. Times are whole milliseconds since it was reserved."""

    state: End
    usage: Usage
    latency_ms: int
    first_token_ms: int | None = None
    failure: str = ""
    """`ProviderError.kind`, or `aborted`; empty when it answered."""
    status: int | None = None
    upstream_id: str = ""


class Ledger:
    """One per process, over one engine. Every method is one transaction and raises LedgerUnavailable."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # SQLite has one writer at a time and lets the others sleep for up to 100 ms before they look again.
        # Our own threads take turns instead; other processes still meet SQLite's own lock.
        self._turn: AbstractContextManager[object] = (
            threading.Lock() if engine.dialect.name == "sqlite" else nullcontext())

    def reserve(self, call_id: str, *, ordinal: int, provider: str, model: str, price: Price | None,
                prompt_tokens: int, opening: NewCall | None = None) -> Reservation:
        """Write an attempt down before it leaves, with the estimate that stays booked if we die.

        `opening` begins the call's own row in the same transaction. When this raises, nobody may be asked.
        """
        attempt_id, started = new_id(), now()
        attempt = {
            "id": attempt_id, "call_id": call_id, "ordinal": ordinal, "day": started.date(), "provider": provider,
            "model": model, "state": "reserved", "prompt_tokens": prompt_tokens, "usage_source": "estimated",
            "cost_nano_usd": price.cost(Usage(prompt_tokens)) if price else None,
            "cost_state": _cost_state(price, reported=False),
            "input_nano_per_mtok": price and price.input, "output_nano_per_mtok": price and price.output,
            "cached_nano_per_mtok": price and price.cached, "price_source": price.source if price else "",
            "started_at": started, "worker": worker_name()}
        self._write(*_opening(call_id, opening), (_NEW_ATTEMPT, attempt))
        return Reservation(attempt_id, call_id, price)

    def end(self, reserved: Reservation, ending: Ending) -> None:
        """Give an attempt its one end; a second end changes nothing."""
        self._write(_ended(reserved, ending))

    def answer(self, reserved: Reservation, ending: Ending, *, provider: str, model: str, fell_back: bool,
               finish_reason: str, state: str = "answered") -> UsageOfCall:
        """End the attempt that answered and close its call, in one transaction."""
        return self._close(
            reserved.call_id, _ended(reserved, ending), state=state, provider=provider, model=model,
            fell_back=fell_back, finish_reason=finish_reason, prompt_tokens=ending.usage.prompt_tokens,
            completion_tokens=ending.usage.completion_tokens)

    def answer_from_cards(self, call_id: str, *, ordinal: int, fell_back: bool,
                          opening: NewCall | None = None) -> UsageOfCall:
        """Book an answer that no model wrote (an attempt of provider `curated`) and close its call."""
        at = now()
        curated = {
            "id": new_id(), "call_id": call_id, "ordinal": ordinal, "day": at.date(), "provider": "curated",
            "model": "cards", "state": "settled", "usage_source": "provider", "cost_nano_usd": 0, "cost_state": "local",
            "price_source": LOCAL.source, "started_at": at, "ended_at": at, "latency_ms": 0, "worker": worker_name()}
        return self._close(call_id, *_opening(call_id, opening), (_NEW_ATTEMPT, curated), state="answered",
                           provider="curated", model="cards", fell_back=fell_back, finish_reason="stop")

    def fail(self, call_id: str, error_code: str, *, state: str = "failed",
             opening: NewCall | None = None) -> UsageOfCall:
        """Close a call that nobody answered (`failed`), or whose client went away (`aborted`)."""
        return self._close(call_id, *_opening(call_id, opening), state=state, error_code=error_code)

    def _close(self, call_id: str, *first: Statement, **end: Any) -> UsageOfCall:
        try:
            with self._turn, self._engine.begin() as connection:
                for statement, values in first:
                    connection.execute(statement, values)
                return close_call(connection, call_id, **end)
        except SQLAlchemyError as error:
            raise LedgerUnavailable() from error

    def _write(self, *statements: Statement) -> None:
        try:
            with self._turn, self._engine.begin() as connection:
                for statement, values in statements:
                    connection.execute(statement, values)
        except SQLAlchemyError as error:
            raise LedgerUnavailable() from error


def close_call(connection: Connection, call_id: str, **end: Any) -> UsageOfCall:
    """Give a call its end, with the sum of its attempts; a second end changes nothing."""
    rows = connection.execute(_ATTEMPTS_OF_CALL, {"call": call_id}).all()
    billed = [row for row in rows if row.cost_state is not None and row.state != "released"]
    state = weakest(row.cost_state for row in billed)
    cost = None if state == "unpriced" else sum(row.cost_nano_usd for row in billed)
    connection.execute(_END_OF_CALL, {
        **_NO_END, **end, "call": call_id, "cost_nano_usd": cost, "cost_state": state,
        "latency_ms": round((now() - rows[0].started_at).total_seconds() * 1000)})
    return UsageOfCall(end.get("prompt_tokens", 0), end.get("completion_tokens", 0),
                       None if cost is None else usd(cost), state)


def _opening(call_id: str, call: NewCall | None) -> tuple[Statement, ...]:
    if call is None:
        return ()
    at = now()
    return ((_NEW_CALL, {
        "id": call_id, "started_at": at, "day": at.date(), "feature": call.feature, "strategy": call.strategy,
        "stage": call.stage, "language": call.language, "conversation_id": call.conversation_id,
        "triage_level": call.triage_level, "state": "open", "worker": worker_name()}),)


def _ended(reserved: Reservation, ending: Ending) -> Statement:
    usage, price = ending.usage, reserved.price
    released = ending.state == "released"
    return _END_OF_ATTEMPT, {
        "attempt": reserved.attempt_id, "state": ending.state, "failure": ending.failure, "status": ending.status,
        "upstream_id": ending.upstream_id[:120], "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens, "cached_tokens": usage.cached_tokens,
        "usage_source": "provider" if usage.reported else "estimated",
        "cost_nano_usd": 0 if released else price.cost(usage) if price else None,
        "cost_state": _cost_state(price, reported=usage.reported or released),
        "first_token_ms": ending.first_token_ms, "latency_ms": ending.latency_ms, "ended_at": now()}


def _cost_state(price: Price | None, *, reported: bool) -> CostState:
    if price is None:
        return "unpriced"
    if price is LOCAL:
        return "local"
    return "exact" if reported else "estimated"


Statement = tuple[Insert | Update, dict[str, Any]]
"""A statement and its values. The statements are built once: building one costs more than running it."""

_NO_END: dict[str, Any] = {
    "provider": "", "model": "", "fell_back": False, "finish_reason": "", "prompt_tokens": 0, "completion_tokens": 0,
    "error_code": ""}
_NEW_CALL = insert(CALLS)
_NEW_ATTEMPT = insert(ATTEMPTS)
_ATTEMPTS_OF_CALL = (
    select(CALLS.c.started_at, ATTEMPTS.c.cost_nano_usd, ATTEMPTS.c.cost_state, ATTEMPTS.c.state)
    .outerjoin_from(CALLS, ATTEMPTS).where(CALLS.c.id == bindparam("call")))
_END_OF_ATTEMPT = update(ATTEMPTS).where(
    ATTEMPTS.c.id == bindparam("attempt"), ATTEMPTS.c.state == "reserved").values({
        name: bindparam(name) for name in (
            "state", "failure", "status", "upstream_id", "prompt_tokens", "completion_tokens", "cached_tokens",
            "usage_source", "cost_nano_usd", "cost_state", "first_token_ms", "latency_ms", "ended_at")})
_END_OF_CALL = update(CALLS).where(CALLS.c.id == bindparam("call"), CALLS.c.state == "open").values({
    name: bindparam(name) for name in (
        *_NO_END, "state", "cost_nano_usd", "cost_state", "latency_ms")})
