"""Tables of educators' documents, their passages and their pages. The file that was sent is not kept, only its text."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import CheckConstraint, ForeignKey, String, Table, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chatbot.database import UtcDateTime, db


class StoredDocument(db.Model):  # type: ignore[name-defined,misc]
    """One document of one educator."""

    __tablename__ = "documents"
    __table_args__ = (UniqueConstraint("owner", "sha256"),
                      CheckConstraint("kind IN ('pdf','docx','text')", name="kind"))

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64))
    """Principal's id."""
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the bytes that were sent, in hex."""
    title: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(10))
    pages: Mapped[int | None] = mapped_column()
    """None for kinds without pages."""
    characters: Mapped[int] = mapped_column()
    language: Mapped[str] = mapped_column(String(5))
    passages: Mapped[int] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StoredPassage(db.Model):  # type: ignore[name-defined,misc]
    """One passage of a document."""

    __tablename__ = "document_passages"

    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 1, in the order of the text."""
    page: Mapped[int | None] = mapped_column()
    text: Mapped[str] = mapped_column(Text)


class StoredPage(db.Model):  # type: ignore[name-defined,misc]
    """One page of a document with all its lines, headings too: what its metadata is read from.

    A kind without pages has one. Documents sent before there was this table have none.
    """

    __tablename__ = "document_pages"

    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 1, in the order of the text; a page without text has no row."""
    page: Mapped[int | None] = mapped_column()
    text: Mapped[str] = mapped_column(Text)


DOCUMENTS = cast(Table, StoredDocument.__table__)
PASSAGES = cast(Table, StoredPassage.__table__)
PAGES = cast(Table, StoredPage.__table__)
