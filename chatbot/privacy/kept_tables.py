"""Tables of what was said: sealed words, and each subject's key to them.

A row of `turns` cannot be read without its subject's key, and that key not without SECRET_KEY. Erasing a subject
deletes the key first: what a backup still holds of the words can then be read by nobody who has no backup of the key.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import Index, LargeBinary, String, Table
from sqlalchemy.orm import Mapped, mapped_column

from chatbot.database import UtcDateTime, db


class SubjectKey(db.Model):  # type: ignore[name-defined,misc]
    """The key under which one subject's words are sealed."""

    __tablename__ = "subject_keys"

    principal: Mapped[str] = mapped_column(String(26), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """The key itself, encrypted under one made from SECRET_KEY."""
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Turn(db.Model):  # type: ignore[name-defined,misc]
    """One question and its answer."""

    __tablename__ = "turns"
    __table_args__ = (Index("ix_turns_whose", "principal", "conversation_id", "id"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    principal: Mapped[str] = mapped_column(String(26))
    conversation_id: Mapped[str] = mapped_column(String(26))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


SUBJECT_KEYS = cast(Table, SubjectKey.__table__)
TURNS = cast(Table, Turn.__table__)
