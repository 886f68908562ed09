"""Tables of the rule versions: what was published, by whom, and the one draft that is being worked on."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import String, Table, Text
from sqlalchemy.orm import Mapped, mapped_column

from chatbot.database import UtcDateTime, db


class SafetyVersion(db.Model):  # type: ignore[name-defined,misc]
    """One published version of the danger signs. Rows are added, never changed: going back adds one, too."""

    __tablename__ = "safety_versions"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 1 on; 0 is what ships with the system and has no row."""
    changes: Mapped[str] = mapped_column(Text)
    """The signs that differ from the shipped ones, as TOML (`versions_text.py`); empty: none does."""
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_by: Mapped[str] = mapped_column(String(26))
    note: Mapped[str] = mapped_column(String(300))
    lowers: Mapped[str] = mapped_column(Text)
    """What this version looks for less than the one before it, as a JSON list of `Lowered`."""
    back_to: Mapped[int | None] = mapped_column()
    """The version that this one went back to, when it did."""


class SafetyDraft(db.Model):  # type: ignore[name-defined,misc]
    """The draft. One row or none: everybody works on the same one."""

    __tablename__ = "safety_draft"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Always 1."""
    revision: Mapped[int] = mapped_column()
    """Grows with each change: who saves must have seen the latest."""
    base: Mapped[int] = mapped_column()
    """The version in force when the draft was begun."""
    changes: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_by: Mapped[str] = mapped_column(String(26))


VERSIONS = cast(Table, SafetyVersion.__table__)
DRAFT = cast(Table, SafetyDraft.__table__)
