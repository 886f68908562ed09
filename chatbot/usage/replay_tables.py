"""Table of idempotency keys: who runs under a key, and the sealed answer it led to.

Nothing here can be read without the key that the client made: it is stored only as an HMAC (`replays.py`).
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import CheckConstraint, LargeBinary, String, Table
from sqlalchemy.orm import Mapped, mapped_column

from chatbot.database import UtcDateTime, db


class Replay(db.Model):  # type: ignore[name-defined,misc]
    """One idempotency key of one principal on one route."""

    __tablename__ = "replays"
    __table_args__ = (CheckConstraint("state IN ('running','done')", name="state"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    """HMAC of principal, route and key."""
    fingerprint: Mapped[str] = mapped_column(String(64))
    """HMAC of what was asked: another request under the same key is refused."""
    subject: Mapped[str] = mapped_column(String(64), index=True, default="", server_default="")
    """HMAC of the principal alone, so that what is kept of a person can be erased."""
    state: Mapped[str] = mapped_column(String(7))
    worker: Mapped[str] = mapped_column(String(120))
    """Who runs it; a dead worker's key is free again."""
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The answer, encrypted; NULL while running."""


REPLAYS = cast(Table, Replay.__table__)
