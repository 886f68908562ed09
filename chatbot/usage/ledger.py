"""Writes down every call and every try: reserved before a byte leaves, ended exactly once.

The ledger has transactions of its own (a streamed answer outlives Flask's), holds none open while a model
thinks, and never sees a word of the conversation. An end that the database cannot take waits in `outbox.py`;
`recovery.py` ends the rows of workers that died.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import SQLAlchemyError

from chatbot.database import new_id, now, usd
from chatbot.errors import End, LedgerUnavailable
from chatbot.providers.interface import Usage
from chatbot.usage import budgets
from chatbot.usage.cost import CostState, UsageOfCall
from chatbot.usage.group_commit import GroupCommit, Result
from chatbot.usage.outbox import Outbox, outbox_beside
from chatbot.usage.prices import LOCAL, Price
from chatbot.usage.tables import ATTEMPTS
from chatbot.usage.workers import worker_name
from chatbot.usage.writes import (
    Write,
    as_line,
    end_of_attempt,
    end_of_call,
    from_line,
    new_attempt,
    new_call,
    new_receipt,
    perform,
    settlement,
)

log = structlog.get_logger()

PATIENCE = 5.0
"""Seconds to wait for another writer, ours or SQLite's own."""
PAUSE = 1.0
"""Seconds after a failure in which ends do not wait for the database again, but go to the outbox at once."""


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
    principal: str = ""
    """Who asked: id of a key or a person, or `local`."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """An attempt that has its row and may now leave."""

    attempt_id: str
    call_id: str
    price: Price | None
    held: bool = True
    """Whether a budget may hold something for it."""
    ordinal: int = 1


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
    """One per process, over one engine. Every method is one transaction.

    `reserve` raises LedgerUnavailable; the others do not: what they cannot write waits in the outbox.
    """

    def __init__(self, engine: Engine, outbox: Outbox | None = None) -> None:
        self._engine = engine
        self.outbox = outbox or outbox_beside(engine)
        self._commits = GroupCommit(engine, PATIENCE)
        self._pause_until = 0.0

    @property
    def engine(self) -> Engine:
        """Of the database that it writes to."""
        return self._engine

    def reserve(self, call_id: str, *, ordinal: int, provider: str, model: str, price: Price | None,
                prompt_tokens: int, opening: NewCall | None = None, principal: str = "",
                most: int | None = None,
                receipt: Callable[[str, str], dict[str, Any]] | None = None) -> Reservation:
        """Write an attempt down before it leaves, with the estimate that stays booked if we die.

        `opening` begins the call's own row in the same transaction. When this raises, nobody may be asked:
        LedgerUnavailable, or BudgetExhausted when a budget of `principal` or of the installation has no room for
        `most` nano-dollars (the estimate, when that is all one knows). `receipt` makes the row that says what leaves,
        out of the ids of the attempt and of its call; it is written in the same transaction.
        """
        attempt_id, started = new_id(), now()
        by_tokens = price.cost(Usage(prompt_tokens)) if price else None
        estimate = most if price and price.hour else by_tokens  # nobody could tell how long we lived
        attempt = new_attempt(
            id=attempt_id, call_id=call_id, ordinal=ordinal, day=started.date(), provider=provider, model=model,
            state="reserved", prompt_tokens=prompt_tokens, usage_source="estimated", cost_nano_usd=estimate,
            cost_state=_cost_state(price, reported=False), input_nano_per_mtok=price and price.input,
            output_nano_per_mtok=price and price.output, cached_nano_per_mtok=price and price.cached,
            hour_nano_usd=(price and price.hour) or None, price_source=price.source if price else "",
            started_at=started, worker=worker_name())
        left = (new_receipt(**receipt(attempt_id, call_id)),) if receipt else ()
        sent, held = False, True

        def write(connection: Connection) -> None:
            nonlocal sent, held
            sent = False
            perform(connection, (*_opening(call_id, opening), attempt, *left))
            held = budgets.hold(connection, attempt_id, principal=principal, day=started.date(),
                                most=estimate if most is None else most)
            sent = True

        try:
            self._commit(write)
        except SQLAlchemyError as error:
            if not (sent and self._is_written(attempt_id)):
                raise LedgerUnavailable() from error
        return Reservation(attempt_id, call_id, price, held, ordinal)

    def end(self, reserved: Reservation, ending: Ending) -> None:
        """Give an attempt its one end; a second end changes nothing."""
        self._finish(*_ended(reserved, ending))

    def answer(self, reserved: Reservation, ending: Ending, *, provider: str, model: str, fell_back: bool,
               finish_reason: str, state: str = "answered") -> UsageOfCall:
        """End the attempt that answered and close its call, in one transaction."""
        close = end_of_call(
            reserved.call_id, state=state, provider=provider, model=model, fell_back=fell_back,
            finish_reason=finish_reason, prompt_tokens=ending.usage.prompt_tokens,
            completion_tokens=ending.usage.completion_tokens)
        return self._finish(*_ended(reserved, ending), close) or _not_yet_summed(reserved, ending)

    def answer_from_cards(self, call_id: str, *, ordinal: int, fell_back: bool,
                          opening: NewCall | None = None, finish_reason: str = "stop") -> UsageOfCall:
        """Book an answer that no model wrote (an attempt of provider `curated`) and close its call."""
        at = now()
        curated = new_attempt(
            id=new_id(), call_id=call_id, ordinal=ordinal, day=at.date(), provider="curated", model="cards",
            state="settled", usage_source="provider", cost_nano_usd=0, cost_state="local",
            price_source=LOCAL.source, started_at=at, ended_at=at, latency_ms=0, worker=worker_name())
        close = end_of_call(call_id, state="answered", provider="curated", model="cards", fell_back=fell_back,
                            finish_reason=finish_reason)
        usage = self._finish(*_opening(call_id, opening), curated, close)
        return usage or (UsageOfCall() if ordinal == 1 else UsageOfCall(0, 0, None, "unpriced"))

    def fail(self, call_id: str, error_code: str, *, state: str = "failed", opening: NewCall | None = None) -> None:
        """Close a call that nobody answered (`failed`), was asked (`refused`), or waited for (`aborted`)."""
        self._finish(*_opening(call_id, opening), end_of_call(call_id, state=state, error_code=error_code))

    def deliver_waiting(self) -> int:
        """Write what waits in the outbox. Returns how many ends the database took."""
        return self.outbox.deliver(self._deliver)

    def deliver_left_behind(self) -> bool:
        """Write what dead workers left in theirs. False when the database could not take all of it."""
        return self.outbox.deliver_left_behind(self._deliver)

    def _deliver(self, line: str) -> None:
        self._commit(lambda connection: perform(connection, from_line(line)))

    def _finish(self, *writes: Write) -> UsageOfCall | None:
        """Write an end, or let it wait in the outbox: then None, for nobody knows the sum of its call yet.

        While anything waits, all else waits behind it: an answer is not held up by a database that does not answer.
        """
        if not self.outbox.waiting and time.monotonic() >= self._pause_until:
            try:
                return self._commit(lambda connection: perform(connection, writes))
            except SQLAlchemyError:
                self._pause_until = time.monotonic() + PAUSE
        self.outbox.keep(as_line(writes))
        return None

    def _is_written(self, attempt_id: str) -> bool:
        """Look whether a commit whose outcome nobody told us took place.

        When it is not to be seen, it may still land a moment later: then the row is let go of, for nobody is asked.
        """
        try:
            with self._engine.connect() as connection:
                if connection.scalar(select(ATTEMPTS.c.id).where(ATTEMPTS.c.id == attempt_id)) is not None:
                    return True
        except SQLAlchemyError as error:
            log.warning("commit_outcome_unknown", attempt_id=attempt_id, kind=type(error).__name__)
        never_sent = Ending("released", Usage(0, 0), latency_ms=0, failure="not_sent")
        self.outbox.keep(as_line(_ended(Reservation(attempt_id, "", None), never_sent)))
        return False

    def _commit(self, work: Callable[[Connection], Result]) -> Result:
        """Raises SQLAlchemyError, also when no turn comes."""
        try:
            return self._commits.run(work)
        except SQLAlchemyError:
            self._pause_until = time.monotonic() + PAUSE
            raise


def _opening(call_id: str, call: NewCall | None) -> tuple[Write, ...]:
    if call is None:
        return ()
    at = now()
    return (new_call(
        id=call_id, started_at=at, day=at.date(), feature=call.feature, strategy=call.strategy, stage=call.stage,
        language=call.language, conversation_id=call.conversation_id, triage_level=call.triage_level,
        principal=call.principal, state="open", worker=worker_name()),)


def _ended(reserved: Reservation, ending: Ending) -> tuple[Write, ...]:
    usage = ending.usage
    cost = _cost(reserved, ending)
    end = end_of_attempt(
        reserved.attempt_id, state=ending.state, failure=ending.failure, status=ending.status,
        upstream_id=_storable(ending.upstream_id), prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens, cached_tokens=usage.cached_tokens,
        reasoning_tokens=usage.reasoning_tokens, usage_source="provider" if usage.reported else "estimated",
        cost_nano_usd=cost, cost_state=_cost_state(reserved.price, reported=_is_sure(ending)),
        first_token_ms=ending.first_token_ms, latency_ms=ending.latency_ms, ended_at=now())
    return (end, settlement(reserved.attempt_id, cost)) if reserved.held else (end,)


def _storable(upstream_id: str) -> str:
    """A provider's own words: PostgreSQL refuses NUL, and both refuse half a surrogate pair."""
    return "".join(char for char in upstream_id[:120] if char.isprintable())


def _not_yet_summed(reserved: Reservation, ending: Ending) -> UsageOfCall:
    """What is known of a call's usage while its end waits: all of it, when there was one try."""
    usage, cost = ending.usage, _cost(reserved, ending)
    if cost is None or reserved.ordinal > 1:
        return UsageOfCall(usage.prompt_tokens, usage.completion_tokens, None, "unpriced")
    return UsageOfCall(usage.prompt_tokens, usage.completion_tokens, usd(cost),
                       _cost_state(reserved.price, reported=_is_sure(ending)))


def _is_sure(ending: Ending) -> bool:
    return ending.usage.reported or ending.state == "released"


def _cost(reserved: Reservation, ending: Ending) -> int | None:
    """Nano-dollars; None when the price is unknown."""
    if ending.state == "released":
        return 0
    return reserved.price.cost(ending.usage, ending.latency_ms) if reserved.price else None


def _cost_state(price: Price | None, *, reported: bool) -> CostState:
    if price is None:
        return "unpriced"
    if price is LOCAL:
        return "local"
    return "exact" if reported and not price.hour else "estimated"
