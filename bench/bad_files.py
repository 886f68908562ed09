"""Sends every bad file to a running server: `python -m bench.bad_files [--json]`. Its lines are in `bad_uploads.py`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from bench.bad_uploads import run
from tests.chatbot.documents.bad_files import BAD_FILES, BAD_NAMES, BadFile
from tests.chatbot.documents.good_files import PAGES, pdf


def table() -> Iterator[BadFile]:
    """Every bad file, and a good one under every bad name."""
    yield from BAD_FILES
    for number, name in enumerate(BAD_NAMES, 1):
        yield BadFile("B55", f"bad name {number}, good file", name, lambda: pdf(*PAGES), 201, "")


if __name__ == "__main__":
    sys.exit(run("/api/v1/documents", table(), __doc__))
