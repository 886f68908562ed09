"""The table of escalations: that a danger sign was found, and what a person here did about it. It holds no words."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import Index, String, Table, Text
from sqlalchemy.orm import Mapped, mapped_column

from chatbot.database import UtcDateTime, db


class Escalation(db.Model):  # type: ignore[name-defined,misc]
    """One message in which triage found an emergency, or a sign to be seen today."""

    __tablename__ = "escalations"
    __table_args__ = (Index("ix_escalations_queue", "state", "at"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    tier: Mapped[str] = mapped_column(String(10))
    signs: Mapped[str] = mapped_column(Text)
    """Ids, gravest first, as a JSON list."""
    rules: Mapped[int] = mapped_column()
    """The version of the rules that found them; 0 is what ships."""
    stage: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(5))
    surface: Mapped[str] = mapped_column(String(20))
    """The feature: `chat`, `openai`, ..."""
    conversation_id: Mapped[str] = mapped_column(String(26))
    principal: Mapped[str] = mapped_column(String(26), index=True)
    state: Mapped[str] = mapped_column(String(10))
    """new, seen, handled or closed."""
    state_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state_by: Mapped[str] = mapped_column(String(26))
    note: Mapped[str] = mapped_column(String(500))
    """What was done, in the words of who did it; what we recognise as identifiers is taken out."""
    version: Mapped[int] = mapped_column()
    """Grows with each change of the state or the note."""


ESCALATIONS = cast(Table, Escalation.__table__)
NOBODYS = {"principal": "", "conversation_id": "", "note": ""}
"""Values of a record that says that there was a danger sign, and no longer whose."""
