"""One passage of an educator's own document: the text that a quiz item may be made from, and the page it stands on."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class SourcePassage:
    """A few sentences of one document, as stored: a quote is verbatim when it stands in `text`."""

    document_id: str = field(metadata={"doc": "The document's id (a ULID); empty for text that was never stored."})
    page: int | None = field(metadata={"doc": "Page number from 1; None where the document has no pages."})
    text: str = field(metadata={"doc": "The passage itself, one space between words, no line breaks."})
    title: str = field(default="", metadata={"doc": "The document's title, for the citation that a learner sees."})
