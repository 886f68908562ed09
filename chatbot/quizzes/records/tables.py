"""Tables of quizzes, their items with every version, what learners may see, and what they answered.

An item's content is one JSON column in the shape of `item.Item`; what is searched by has a column or a term of its own.
Learners see editions only: an edition is a list of item versions that was published, and never changes again.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import JSON, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chatbot.database import NanoUsd, UtcDateTime, db

ULID = String(26)
PRINCIPAL = String(64)
TERM = String(64).with_variant(String(64, collation="C"), "postgresql")
"""Compared byte by byte in both databases, so that "words that begin with" is one range of the index."""
QUIZ_STATES = "status IN ('draft','in_review','approved','published','retired')"
ITEM_STATES = "status IN ('draft','in_review','approved','published','retired','rejected')"


class QuizRow(db.Model):  # type: ignore[name-defined,misc]
    """A quiz as its editors have it. What learners see of it is the edition `live_version`."""

    __tablename__ = "quizzes"
    __table_args__ = (CheckConstraint(QUIZ_STATES, name="status"), Index("ix_quizzes_status_stage", "status", "stage"))

    id: Mapped[str] = mapped_column(ULID, primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    stage: Mapped[str] = mapped_column(String(40))
    topic: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(2))
    document_id: Mapped[str] = mapped_column(ULID)
    """Empty when it was not made from a document."""
    status: Mapped[str] = mapped_column(String(10))
    version: Mapped[int] = mapped_column()
    """Grows with every change of the quiz or of one of its items."""
    live_version: Mapped[int | None] = mapped_column()
    """The version that learners see; NULL for none."""
    cost_nano_usd: Mapped[int | None] = mapped_column(NanoUsd)
    """What making it cost, failed tries included; NULL when a price is unknown."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(PRINCIPAL)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_by: Mapped[str] = mapped_column(PRINCIPAL)


class QuizChange(db.Model):  # type: ignore[name-defined,misc]
    """Who did what to a quiz as a whole, when and why."""

    __tablename__ = "quiz_changes"

    quiz_id: Mapped[str] = mapped_column(ForeignKey("quizzes.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(PRINCIPAL)
    action: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(500))
    diff: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


class ItemRow(db.Model):  # type: ignore[name-defined,misc]
    """An item as it is now."""

    __tablename__ = "quiz_items"
    __table_args__ = (
        CheckConstraint(ITEM_STATES, name="status"), Index("ix_quiz_items_quiz_id_place", "quiz_id", "place"),
        Index("ix_quiz_items_stage_language_status", "stage", "language", "status"))

    id: Mapped[str] = mapped_column(ULID, primary_key=True)
    quiz_id: Mapped[str] = mapped_column(ForeignKey("quizzes.id"))
    place: Mapped[int] = mapped_column()
    """Order in the quiz, from 0; gaps are allowed."""
    version: Mapped[int] = mapped_column()
    content_version: Mapped[int] = mapped_column()
    """The version that last changed the words; a step of review alone does not."""
    status: Mapped[str] = mapped_column(String(10))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """The lint's, of this version."""
    flags: Mapped[list[str]] = mapped_column(JSON)
    """What the answers of learners say against it (`statistics.py`)."""
    flagged: Mapped[bool] = mapped_column(index=True)
    stage: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(2))
    stem_key: Mapped[str] = mapped_column(String(200), index=True)
    """The first 200 characters of `stems.stem_key`."""
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_by: Mapped[str] = mapped_column(PRINCIPAL)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Out of its quiz; its versions stay, for editions and answers name them."""


class ItemVersion(db.Model):  # type: ignore[name-defined,misc]
    """One version of an item, for ever: its words, and who made it from the one before, how and why."""

    __tablename__ = "quiz_item_versions"

    item_id: Mapped[str] = mapped_column(ForeignKey("quiz_items.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content_version: Mapped[int] = mapped_column()
    status: Mapped[str] = mapped_column(String(10))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(PRINCIPAL)
    action: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(500))
    diff: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """`{field, before, after}` for each field that changed."""


class ItemTerm(db.Model):  # type: ignore[name-defined,misc]
    """A word or a tag that an item is found by."""

    __tablename__ = "quiz_item_terms"

    term: Mapped[str] = mapped_column(TERM, primary_key=True)
    kind: Mapped[str] = mapped_column(String(4), primary_key=True)
    """`word` or `tag`."""
    item_id: Mapped[str] = mapped_column(ForeignKey("quiz_items.id"), primary_key=True, index=True)


class Edition(db.Model):  # type: ignore[name-defined,misc]
    """What was published under one version of a quiz."""

    __tablename__ = "quiz_editions"

    quiz_id: Mapped[str] = mapped_column(ForeignKey("quizzes.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(String(200))
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_by: Mapped[str] = mapped_column(PRINCIPAL)


class EditionItem(db.Model):  # type: ignore[name-defined,misc]
    """One item of an edition, in the version that was approved."""

    __tablename__ = "quiz_edition_items"
    __table_args__ = (
        ForeignKeyConstraint(["quiz_id", "version"], ["quiz_editions.quiz_id", "quiz_editions.version"]),
        ForeignKeyConstraint(["item_id", "item_version"], ["quiz_item_versions.item_id", "quiz_item_versions.version"]))

    quiz_id: Mapped[str] = mapped_column(ULID, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    item_id: Mapped[str] = mapped_column(ULID, primary_key=True, index=True)
    item_version: Mapped[int] = mapped_column()
    place: Mapped[int] = mapped_column()


class QuizAttempt(db.Model):  # type: ignore[name-defined,misc]
    """A learner's one go at a quiz, or at one item of it that came again."""

    __tablename__ = "quiz_attempts"
    __table_args__ = (
        CheckConstraint("kind IN ('practice','pre','post','spaced')", name="kind"),
        UniqueConstraint("quiz_id", "principal", "first", name="uq_quiz_attempts_first"),
        Index("ix_quiz_attempts_principal_day", "principal", "day"))

    id: Mapped[str] = mapped_column(ULID, primary_key=True)
    quiz_id: Mapped[str] = mapped_column(ForeignKey("quizzes.id"))
    quiz_version: Mapped[int] = mapped_column()
    principal: Mapped[str] = mapped_column(PRINCIPAL)
    kind: Mapped[str] = mapped_column(String(8))
    first: Mapped[int | None] = mapped_column()
    """1 for a learner's first attempt at the quiz, else NULL (so that the database lets only one be the first)."""
    score: Mapped[int] = mapped_column()
    out_of: Mapped[int] = mapped_column()
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    day: Mapped[date] = mapped_column()
    """In the installation's time zone, for streaks."""


class QuizAnswer(db.Model):  # type: ignore[name-defined,misc]
    """One item of an attempt. Its moment, its learner and whether it was the first are the attempt's."""

    __tablename__ = "quiz_answers"
    __table_args__ = (Index("ix_quiz_answers_item_id_content_version", "item_id", "content_version"),)

    attempt_id: Mapped[str] = mapped_column(ForeignKey("quiz_attempts.id"), primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("quiz_items.id"), primary_key=True)
    item_version: Mapped[int] = mapped_column()
    content_version: Mapped[int] = mapped_column()
    choice: Mapped[int] = mapped_column()
    correct: Mapped[bool] = mapped_column()


class SpacedItem(db.Model):  # type: ignore[name-defined,misc]
    """An item that a learner got wrong, and when it comes again (`spacing.py`)."""

    __tablename__ = "spaced_items"
    __table_args__ = (Index("ix_spaced_items_principal_due_at", "principal", "due_at"),)

    principal: Mapped[str] = mapped_column(PRINCIPAL, primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("quiz_items.id"), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    memory: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The scheduler's own state, as it writes it."""


class RecentRequest(db.Model):  # type: ignore[name-defined,misc]
    """When a costly request came last, so that a double click is not paid for twice (`twice.py`)."""

    __tablename__ = "recent_requests"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Of who asked, where, and what."""
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


QUIZZES = cast(Table, QuizRow.__table__)
CHANGES = cast(Table, QuizChange.__table__)
ITEMS = cast(Table, ItemRow.__table__)
VERSIONS = cast(Table, ItemVersion.__table__)
TERMS = cast(Table, ItemTerm.__table__)
EDITIONS = cast(Table, Edition.__table__)
EDITION_ITEMS = cast(Table, EditionItem.__table__)
ATTEMPTS = cast(Table, QuizAttempt.__table__)
ANSWERS = cast(Table, QuizAnswer.__table__)
SPACED = cast(Table, SpacedItem.__table__)
RECENT = cast(Table, RecentRequest.__table__)
ALL = (QUIZZES, CHANGES, ITEMS, VERSIONS, TERMS, EDITIONS, EDITION_ITEMS, ATTEMPTS, ANSWERS, SPACED, RECENT)
"""In an order in which they can be made."""
