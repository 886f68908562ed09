"""What the reader of each kind of file gives: the document's paragraphs, and how many pages it has."""

from __future__ import annotations

from dataclasses import dataclass

from chatbot.documents.layout import Block


@dataclass(frozen=True, slots=True)
class Reading:
    """A document as it was read."""

    title: str
    """What the file itself calls it; empty when it says nothing."""
    pages: int | None
    """None for kinds of files without pages."""
    blocks: list[Block]
