"""Sends every bad picture to a running server: `python -m bench.bad_pictures [--json]`. Lines: `bad_uploads.py`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from bench.bad_uploads import run
from tests.chatbot.images.bad_pictures import BAD_NAMES, BAD_PICTURES, BadPicture, many_scans
from tests.chatbot.images.good_pictures import png

NOBODY_SEES = 503
"""What a good picture is answered with here: the server of this bench has no model."""


def table() -> Iterator[BadPicture]:
    """Every bad picture, the slowest one, and a good one under every bad name."""
    yield from BAD_PICTURES
    yield BadPicture("B52", "a JPEG painted 5,000 times", "a.jpg", many_scans, 422, "too_costly_to_read")
    for number, name in enumerate(BAD_NAMES, 1):
        yield BadPicture("B55", f"bad name {number}, good picture", name, png, NOBODY_SEES, "")


if __name__ == "__main__":
    sys.exit(run("/api/v1/alt-text", table(), __doc__, LOCAL_ENGINE="off"))
