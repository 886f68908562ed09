"""What the reader of each kind of file gives: the document's paragraphs and lines, and how many pages it has."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from chatbot.documents.layout import Block


@dataclass(frozen=True, slots=True)
class Reading:
    """A document as it was read."""

    title: str
    """What the file itself calls it; empty when it says nothing."""
    pages: int | None
    """None for kinds of files without pages."""
    blocks: list[Block]
    text: str = ""
    """Of a text file: as it was written, with its lines. Other kinds break lines where the page ends, so theirs are
    the paragraphs."""

    def lines(self) -> list[tuple[int | None, str]]:
        """The text of each page with every line of it, headings too: how a form is read. (page, text)."""
        if self.text:
            return [(None, self.text)]
        return [(page, "\n".join(block.text for block in blocks))
                for page, blocks in groupby(self.blocks, key=lambda block: block.page)]
