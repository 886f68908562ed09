"""Tables of people, their page sessions, API keys, and the latest moment that was ever seen.

No secret is kept: keys and sessions as HMAC digests (`seal.py`), passwords as argon2id hashes (`passwords.py`).
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import CheckConstraint, ForeignKey, String, Table
from sqlalchemy.orm import Mapped, mapped_column

from chatbot.database import UtcDateTime, db

IS_A_ROLE = "role IN ('learner','educator','admin')"


class ApiKey(db.Model):  # type: ignore[name-defined,misc]
    """One key of a program. Its row is never deleted: the ledger's `principal` goes on naming it."""

    __tablename__ = "api_keys"
    __table_args__ = (CheckConstraint(IS_A_ROLE, name="role"), CheckConstraint("per_minute > 0", name="per_minute"))

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    prefix: Mapped[str] = mapped_column(String(8), unique=True)
    """The part of the key that may be shown."""
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    """Of the whole key."""
    pepper: Mapped[str] = mapped_column(String(8))
    """`Seal.mark` of the pepper it was made with."""
    name: Mapped[str] = mapped_column(String(100))
    """What it is for, in an admin's words."""
    role: Mapped[str] = mapped_column(String(10))
    per_minute: Mapped[int] = mapped_column()
    """Costly requests a minute."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    valid_from: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Also set when the key is first seen expired, so that no clock brings it back."""
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """To a minute."""


class Person(db.Model):  # type: ignore[name-defined,misc]
    """Someone who signs in on the pages. Made by an admin; nobody signs up."""

    __tablename__ = "people"
    __table_args__ = (CheckConstraint(IS_A_ROLE, name="role"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    """User name or e-mail address, canonical (`people.canonical`)."""
    password: Mapped[str] = mapped_column(String(200))
    """argon2id hash, with its parameters and salt."""
    role: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_login_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PageSession(db.Model):  # type: ignore[name-defined,misc]
    """One browser that is signed in; signing out deletes it, a new password deletes all of a person's."""

    __tablename__ = "page_sessions"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Of the cookie's value."""
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LatestMoment(db.Model):  # type: ignore[name-defined,misc]
    """The latest time that this installation has seen, in one row (`latest.py`)."""

    __tablename__ = "latest_moment"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Always 1."""
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


KEYS = cast(Table, ApiKey.__table__)
PEOPLE = cast(Table, Person.__table__)
SESSIONS = cast(Table, PageSession.__table__)
LATEST = cast(Table, LatestMoment.__table__)
