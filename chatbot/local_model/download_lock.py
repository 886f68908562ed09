"""One downloader at a time for one folder, over all processes of the machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chatbot.errors import NotReady

WAIT = 3600.0
"""Seconds to wait for another process that downloads the same weights."""


@contextmanager
def one_downloader(folder: Path, wait: float = WAIT) -> Iterator[None]:
    """Hold the folder's download lock. Raises NotReady when another process holds it longer than `wait` seconds."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(folder / ".downloading.lock", timeout=wait):
            yield
    except Timeout as error:
        raise NotReady("Another process has been downloading these weights for very long.",
                       remedy="Wait for it, or end it, and try again.") from error
