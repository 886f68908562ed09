"""One downloader at a time for one folder, over all processes of the machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chatbot.errors import NotReady

LOCK = ".downloading.lock"
WAIT = 3600.0
"""Seconds to wait for another process that downloads the same weights."""


class NotNow(NotReady):
    """It is somebody else's turn, or too early to try again."""


@contextmanager
def one_downloader(folder: Path, wait: float = WAIT) -> Iterator[None]:
    """Hold the folder's download lock. Raises NotNow when another process holds it longer than `wait` seconds, NotReady
    when the folder cannot be written."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK, timeout=wait)
    try:
        lock.acquire()
    except Timeout as error:
        raise NotNow("Another process downloads weights on this machine.",
                     remedy="Wait for it, or end it, and try again.") from error
    except OSError as error:
        raise NotReady(f"The folder {folder.name} cannot be written ({error.strerror}).",
                       remedy="Set MODEL_DIR to a folder you can write.") from error
    try:
        yield
    finally:
        lock.release()


def is_downloading(folder: Path) -> bool:
    """Whether a process holds the folder's download lock now."""
    if not (folder / LOCK).exists():
        return False
    try:
        with one_downloader(folder, wait=0):
            return False
    except NotReady:   # held; or not ours to open, so somebody else's
        return True
