"""The table of an endpoint's uptimes: from a wake until it sleeps again, and where its seconds went.

It teaches how long a wake takes, and lets only one process of all wake it: at most one row an endpoint is not closed.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import Index, String, Table, text
from sqlalchemy.orm import Mapped, mapped_column

from chatbot.database import UtcDateTime, db


class Uptime(db.Model):  # type: ignore[name-defined,misc]
    """One time that it was up: `wake_ms + drawn_ms + idle_ms` is the whole of it, once it is closed."""

    __tablename__ = "endpoint_uptimes"
    __table_args__ = (
        Index("ux_endpoint_uptimes_open", "endpoint", unique=True, sqlite_where=text("closed_at IS NULL"),
              postgresql_where=text("closed_at IS NULL")),
        Index("ix_endpoint_uptimes_learned", "endpoint", "begun_at"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    endpoint: Mapped[str] = mapped_column(String(16))
    """A hash of its address."""
    worker: Mapped[str] = mapped_column(String(120))
    """Who woke it."""
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ready_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it answered; NULL while it wakes."""
    woken: Mapped[bool] = mapped_column(default=False)
    """Whether we woke it; False when it was up already."""
    covered_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Up to here its time is booked as drawing, or passed before that."""
    last_request_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wake_ms: Mapped[int] = mapped_column(default=0)
    drawn_ms: Mapped[int] = mapped_column(default=0)
    idle_ms: Mapped[int] = mapped_column(default=0)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it fell asleep, as far as we know."""
    outcome: Mapped[str] = mapped_column(String(10), default="")
    """Of a closed one: slept, paused, failed, overdue, left (its worker died)."""


UPTIMES = cast(Table, Uptime.__table__)
