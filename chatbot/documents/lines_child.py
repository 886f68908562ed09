"""Reads one file for an extraction, in a process of its own: `python -m chatbot.documents.lines_child KIND`.

A quiz is made from sentences, so its passages leave headings out and run lines together. A form is read by its lines:
here every line stays, headings too. The process is confined as `child.py` says, and answers in the same way.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any, NoReturn

from chatbot.documents.child import answer


def main() -> NoReturn:
    """Read stdin, write stdout, and end."""
    answer(_read)


def _read(kind: str, data: bytes) -> dict[str, Any]:
    from chatbot.documents.docx import read_docx
    from chatbot.documents.letters import visible
    from chatbot.documents.pdf import read_pdf
    from chatbot.documents.refusals import NoText
    from chatbot.documents.text import read_text

    reading = {"pdf": read_pdf, "docx": read_docx, "text": read_text}[kind](data)
    pages = [(page, "\n".join(block.text for block in blocks))
             for page, blocks in groupby(reading.blocks, key=lambda block: block.page)]
    if kind == "text":
        pages = [(None, visible(data.decode("utf-8-sig")).strip())]
    if not any(text.strip() for _, text in pages):
        raise NoText
    return {"pages": pages}


if __name__ == "__main__":
    main()
