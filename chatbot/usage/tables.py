"""The ledger's two tables. They hold numbers and names, never what a person wrote.

`calls` has one row for each thing a client asked; `attempts` one for each try at a provider.
An attempt is `reserved` before any byte leaves, and then reaches exactly one end: `settled` (an answer came),
`released` (the provider cannot have billed) or `unknown` (it may have: the estimate stays in the books).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import cast

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Table
from sqlalchemy.orm import Mapped, mapped_column

from chatbot.database import NanoUsd, UtcDateTime, db


class Call(db.Model):  # type: ignore[name-defined,misc]
    """One request of a client."""

    __tablename__ = "calls"
    __table_args__ = (
        CheckConstraint("state IN ('open','answered','failed','refused','aborted','interrupted')", name="state"),
        Index("ix_calls_day_feature", "day", "feature"),
        Index("ix_calls_principal_day", "principal", "day"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    day: Mapped[date] = mapped_column()
    """UTC day of `started_at`, computed once."""
    feature: Mapped[str] = mapped_column(String(20))
    stage: Mapped[str] = mapped_column(String(20), default="")
    language: Mapped[str] = mapped_column(String(5), default="")
    strategy: Mapped[str] = mapped_column(String(10))
    conversation_id: Mapped[str] = mapped_column(String(26), default="")
    principal: Mapped[str] = mapped_column(String(26), default="", server_default="")
    """Id of the API key or the person that asked; `local` without keys, empty when code of ours asked."""
    triage_level: Mapped[str] = mapped_column(String(10), default="none")
    state: Mapped[str] = mapped_column(String(12))
    error_code: Mapped[str] = mapped_column(String(40), default="")
    provider: Mapped[str] = mapped_column(String(40), default="")
    model: Mapped[str] = mapped_column(String(120), default="")
    fell_back: Mapped[bool] = mapped_column(default=False)
    finish_reason: Mapped[str] = mapped_column(String(20), default="")
    prompt_tokens: Mapped[int] = mapped_column(default=0)
    completion_tokens: Mapped[int] = mapped_column(default=0)
    cost_nano_usd: Mapped[int | None] = mapped_column(NanoUsd)
    """Of all its attempts; NULL while open, and when a price is unknown."""
    cost_state: Mapped[str] = mapped_column(String(10), default="local")
    latency_ms: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str] = mapped_column(String(120), index=True)


class Attempt(db.Model):  # type: ignore[name-defined,misc]
    """One try at one provider and model."""

    __tablename__ = "attempts"
    __table_args__ = (
        CheckConstraint("state IN ('reserved','settled','released','unknown')", name="state"),
        Index("ix_attempts_day_provider", "day", "provider"),
        Index("ix_attempts_reserved", "state", "worker"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id"), index=True)
    ordinal: Mapped[int] = mapped_column()
    """1 for the first try of its call."""
    day: Mapped[date] = mapped_column()
    provider: Mapped[str] = mapped_column(String(40))
    model: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(10))
    failure: Mapped[str] = mapped_column(String(20), default="")
    """`ProviderError.kind` of a failed try, `aborted` or `interrupted`; empty when it answered."""
    status: Mapped[int | None] = mapped_column()
    """HTTP status of a failed try, when there was one."""
    prompt_tokens: Mapped[int] = mapped_column(default=0)
    completion_tokens: Mapped[int] = mapped_column(default=0)
    cached_tokens: Mapped[int] = mapped_column(default=0)
    reasoning_tokens: Mapped[int] = mapped_column(default=0)
    """Of the completion tokens, those spent on thinking."""
    usage_source: Mapped[str] = mapped_column(String(10), default="estimated")
    """`provider` or `estimated`."""
    cost_nano_usd: Mapped[int | None] = mapped_column(NanoUsd)
    """While reserved: the estimate that stays in the books if we die. NULL when the price is unknown."""
    cost_state: Mapped[str] = mapped_column(String(10))
    input_nano_per_mtok: Mapped[int | None] = mapped_column(NanoUsd)
    """Nano-dollars a million prompt tokens, as priced when it was reserved."""
    output_nano_per_mtok: Mapped[int | None] = mapped_column(NanoUsd)
    cached_nano_per_mtok: Mapped[int | None] = mapped_column(NanoUsd)
    hour_nano_usd: Mapped[int | None] = mapped_column(NanoUsd)
    """Nano-dollars an hour, where time is paid for."""
    price_source: Mapped[str] = mapped_column(String(60), default="")
    upstream_id: Mapped[str] = mapped_column(String(120), default="")
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_token_ms: Mapped[int | None] = mapped_column()
    latency_ms: Mapped[int | None] = mapped_column()
    worker: Mapped[str] = mapped_column(String(120))


CALLS = cast(Table, Call.__table__)
ATTEMPTS = cast(Table, Attempt.__table__)
"""The same tables, for the ledger's own statements (the ORM costs a millisecond a call)."""
