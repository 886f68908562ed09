"""Tables of who allowed what to leave, and of what left. No word of a person is here but the sealed text of a receipt,
which is kept only where RECEIPT_TEXT=true.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import Index, LargeBinary, String, Table
from sqlalchemy.orm import Mapped, mapped_column

from chatbot.database import UtcDateTime, db


class Consent(db.Model):  # type: ignore[name-defined,misc]
    """One yes of one subject, until it is taken back. A new yes is a new row."""

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_subject", "principal", "conversation_id", "purpose"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    principal: Mapped[str] = mapped_column(String(26))
    """Id of the key or the person; `local` without keys."""
    conversation_id: Mapped[str] = mapped_column(String(26), default="")
    """Empty where the purpose is the principal's own (`consent.toml`)."""
    purpose: Mapped[str] = mapped_column(String(20))
    version: Mapped[int] = mapped_column()
    """Of the text that was shown."""
    text_sha256: Mapped[str] = mapped_column(String(64))
    """Of that text in all its languages, as hex."""
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Receipt(db.Model):  # type: ignore[name-defined,misc]
    """What one try sent to a cloud; written in the transaction that reserves the try, before a byte leaves."""

    __tablename__ = "receipts"

    attempt_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    """The row in `attempts` (no foreign key: a receipt may be erased with its words, a ledger's row is not)."""
    call_id: Mapped[str] = mapped_column(String(26), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    provider: Mapped[str] = mapped_column(String(40))
    model: Mapped[str] = mapped_column(String(120))
    purpose: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(80))
    """The policy, or the consent's id and version, that allowed it."""
    sha256: Mapped[str] = mapped_column(String(64))
    """Of `receipts.canonical` of what left, as hex."""
    size: Mapped[int] = mapped_column()
    """Bytes of the same."""
    redacted: Mapped[str] = mapped_column(String(400))
    """What was taken out, by kind: a JSON object of counts."""
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The redacted text, encrypted; NULL unless RECEIPT_TEXT=true."""


CONSENTS = cast(Table, Consent.__table__)
RECEIPTS = cast(Table, Receipt.__table__)
