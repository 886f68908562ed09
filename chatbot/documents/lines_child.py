"""Reads one file for an extraction, in a process of its own: `python -m chatbot.documents.lines_child KIND`.

A quiz is made from sentences, so its passages leave headings out and run lines together. A form is read by its lines:
here every line stays, headings too. The process is confined as `child.py` says, and answers in the same way.
"""

from __future__ import annotations

import json
import logging
import sys
from itertools import groupby
from typing import Any, NoReturn

from chatbot.documents.child import NOT_INSTALLED, confine


def main() -> NoReturn:
    """Read stdin, write stdout, and end."""
    confine()
    logging.disable()  # pypdf logs what it finds in a file
    from chatbot.documents.refusals import Refusal, TooCostly

    try:
        said = _read(sys.argv[1], sys.stdin.buffer.read())
    except Refusal as refusal:
        said = {"refused": type(refusal).__name__}
    except (MemoryError, RecursionError):
        said = {"refused": TooCostly.__name__}
    except ModuleNotFoundError:
        sys.exit(NOT_INSTALLED)
    sys.stdout.buffer.write(json.dumps(said, ensure_ascii=False).encode())
    sys.stdout.buffer.flush()
    sys.exit(0)


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
