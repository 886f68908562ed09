"""Tables of what illustration keeps: jobs (what was asked, how far it is) and the pictures that came of them."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import BigInteger, CheckConstraint, Index, String, Table, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from chatbot.database import UtcDateTime, db

STATES = ("queued", "running", "done", "failed", "cancelled")
ALT_STATES = ("awaiting", "suggested", "checked")


class ImageJob(db.Model):  # type: ignore[name-defined,misc]
    """One picture that somebody asked for."""

    __tablename__ = "image_jobs"
    __table_args__ = (CheckConstraint(f"state IN {STATES}", name="state"), Index("ix_image_jobs_queue", "state", "id"))

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    principal: Mapped[str] = mapped_column(String(64), index=True)
    role: Mapped[str] = mapped_column(String(10))
    """Of whoever asked; the picture's note names it, and no person."""
    state: Mapped[str] = mapped_column(String(10))
    stage: Mapped[str] = mapped_column(String(12), default="queued")
    """Of a running job: queued, waking, drawing, describing."""
    eta_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the stage should end; None when nobody knows."""
    wish: Mapped[str] = mapped_column(Text)
    """What was asked, as JSON (`job_order.py`)."""
    source: Mapped[str] = mapped_column(String(80), default="")
    """File of the picture to change; it goes when the job ends."""
    cancel_wanted: Mapped[bool] = mapped_column(default=False, server_default=false())
    runs: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often a worker began it: at most twice."""
    worker: Mapped[str] = mapped_column(String(120), default="")
    error_code: Mapped[str] = mapped_column(String(60), default="")
    error_detail: Mapped[str] = mapped_column(String(500), default="")
    error_remedy: Mapped[str] = mapped_column(String(500), default="")
    picture_id: Mapped[str] = mapped_column(String(26), default="")
    call_id: Mapped[str] = mapped_column(String(26), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    enqueued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StoredPicture(db.Model):  # type: ignore[name-defined,misc]
    """One picture of the library; its bytes lie in a file named after their SHA-256."""

    __tablename__ = "pictures"
    __table_args__ = (CheckConstraint(f"alt_state IN {ALT_STATES}", name="alt_state"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    """Principal's id; empty when that person had everything erased."""
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    media_type: Mapped[str] = mapped_column(String(12))
    width: Mapped[int] = mapped_column()
    height: Mapped[int] = mapped_column()
    size: Mapped[int] = mapped_column()
    """Bytes."""
    title: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(5))
    prompt: Mapped[str] = mapped_column(Text)
    negative_prompt: Mapped[str] = mapped_column(Text)
    alt_text: Mapped[str] = mapped_column(String(200), default="")
    long_description: Mapped[str] = mapped_column(Text, default="")
    decorative: Mapped[bool] = mapped_column(default=False, server_default=false())
    alt_state: Mapped[str] = mapped_column(String(10), default="awaiting")
    """awaiting: nobody described it, so it cannot be used; suggested: a model did; checked: a person did."""
    provider: Mapped[str] = mapped_column(String(40))
    model: Mapped[str] = mapped_column(String(160))
    provenance: Mapped[str] = mapped_column(String(10))
    source_type: Mapped[str] = mapped_column(String(60))
    """IPTC's code: how the picture came to be (`provenance.py`)."""
    seed: Mapped[int | None] = mapped_column(BigInteger)
    call_id: Mapped[str] = mapped_column(String(26))
    words: Mapped[str] = mapped_column(Text)
    """What a search looks through, in small letters."""
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


JOBS = cast(Table, ImageJob.__table__)
PICTURES = cast(Table, StoredPicture.__table__)
