"""Sends every bad file to a running server: `python -m bench.bad_files [--json]`. Its lines are in `bad_uploads.py`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from bench.bad_uploads import run
from tests.chatbot.documents.bad_files import BAD_FILES, BAD_NAMES, BadFile
from tests.chatbot.documents.good_files import PAGES, pdf, thick_pdf


def table() -> Iterator[BadFile]:
    """Every bad file, a good one under every bad name, and the longest good one."""
    yield from BAD_FILES
    for number, name in enumerate(BAD_NAMES, 1):
        yield BadFile("B55", f"bad name {number}, good file", name, lambda: pdf(*PAGES), 201, "")
    yield BadFile("good", "a PDF of 300 full pages", "book.pdf", thick_pdf, 201, "")


if __name__ == "__main__":
    sys.exit(run("/api/v1/documents", table(), __doc__))
