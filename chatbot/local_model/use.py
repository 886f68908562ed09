"""Who uses a folder of weights, and when last: a file `.used` in it.

A process that has the weights loaded holds a shared lock on the file, which the system frees when the process dies;
the file's time is that of the last load. Eviction takes the lock for itself first, so it never takes what is in use.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from chatbot.local_model.weights import MARKER

log = structlog.get_logger(__name__)
USED = ".used"


class Use:
    """The use of the weights at `path` (the folder, or a file in it) by this process; None, or a folder of
    somebody's own, is not watched.
    """

    def __init__(self, path: Path | None) -> None:
        self._folder = None if path is None else path if path.is_dir() else path.parent
        self._file: int | None = None

    def begin(self) -> None:
        """Hold the lock and note the time. A folder that cannot be written is used all the same."""
        if self._file is not None or self._folder is None or not (self._folder / MARKER).is_file():
            return
        try:
            self._file = os.open(self._folder / USED, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            fcntl.flock(self._file, fcntl.LOCK_SH)
            os.utime(self._file)
        except OSError as error:   # weights in a read-only image: nothing evicts them there either
            log.info("local_model.use_not_noted", reason=error.strerror)
            self.end()

    def end(self) -> None:
        """Let it go. Safe to call twice."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


def last_used(folder: Path) -> float:
    """When the weights were last loaded, or else when they came, in seconds since 1970."""
    for name in (USED, MARKER):
        try:
            return (folder / name).stat().st_mtime
        except OSError:
            continue
    return folder.stat().st_mtime


def is_used(folder: Path) -> bool:
    """Whether a process has the weights of `folder` loaded. Writes nothing."""
    if not (folder / USED).exists():
        return False
    with nobody_uses(folder) as free:
        return not free


@contextmanager
def nobody_uses(folder: Path) -> Iterator[bool]:
    """Whether nobody has the weights of `folder` loaded; nobody begins to while the block runs."""
    file = os.open(folder / USED, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(file)
