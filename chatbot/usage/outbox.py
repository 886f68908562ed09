"""Ends that the database could not take wait here: one fsynced file of JSON lines for each worker.

A line is on the disk before `keep` returns and is gone only when the database has it, so neither a full disk under
the database, nor a lock, nor an outage, nor a `kill -9` loses an end. When this disk is full as well, lines wait in
memory. Lines are delivered in the order they came. They hold numbers and names, no words of a conversation.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import structlog
from prometheus_client import Counter
from sqlalchemy import Engine
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from chatbot.database import new_id
from chatbot.usage.workers import LONGEST_CALL, is_alive, worker_name

MOST_IN_MEMORY = 10_000
"""Lines. Beyond them the oldest is lost, and its attempt keeps the estimate that it was reserved with."""
UNSETTLED = Counter("funza_unsettled_total", "Ends that the database could not take at once, by where they wait",
                    ["kept"])
log = structlog.get_logger()

Deliver = Callable[[str], None]
"""Writes one line into the database. Raises SQLAlchemyError, or ValueError for a line that means nothing."""


class Outbox:
    """What waits of this process. Safe in threads, and over a fork."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._id = new_id()
        self._lock = threading.Lock()
        self._delivering = threading.Lock()
        self._memory: deque[str] = deque(maxlen=MOST_IN_MEMORY)
        self._on_disk = False
        self._delivered = 0
        """Bytes of the file that the database has."""

    @property
    def path(self) -> Path:
        """The file of this outbox. Its name says which worker must be dead before others may read it."""
        return self.folder / f"{quote(worker_name(), safe='')}~{self._id}.jsonl"

    @property
    def waiting(self) -> bool:
        return self._on_disk or bool(self._memory)

    def keep(self, line: str) -> None:
        """Keep a line until the database takes it: on the disk, or in memory when the disk refuses."""
        with self._lock:
            where = "file"
            try:
                _append(self.path, [*self._memory, line])
                self._memory.clear()
                self._on_disk = True
            except OSError:
                where = "memory" if len(self._memory) < MOST_IN_MEMORY else "nowhere"
                self._memory.append(line)
        UNSETTLED.labels(where).inc()
        log.error("unsettled", kept=where)

    def deliver(self, deliver: Deliver) -> int:
        """Give the database what waits, oldest first; stop where it fails again. Returns how many lines it took."""
        with self._delivering:
            taken = 0
            while (first := self._first()) is not None:
                line, end = first
                if not _taken(line, deliver):
                    break
                self._drop_first(end)
                taken += 1
            return taken

    def deliver_left_behind(self, deliver: Deliver) -> bool:
        """The same for files of workers that died. False when something of theirs could not be written."""
        return all(_deliver_all(path, deliver) for path in sorted(self.folder.glob("*.jsonl"))
                   if path != self.path and _is_left_behind(path))

    def _first(self) -> tuple[str, int | None] | None:
        """The oldest line, and the byte of the file after it; None for that byte when the line is in memory."""
        with self._lock:
            for end, line in _lines(self.path, self._delivered):
                return line, end
            self._forget_file()
            return (self._memory[0], None) if self._memory else None

    def _drop_first(self, end: int | None) -> None:
        with self._lock:
            if end is not None:
                self._delivered = end
                if next(_lines(self.path, end), None) is None:
                    self._forget_file()
            elif self._on_disk:  # `keep` has moved what was in memory to the file
                self._delivered = next(_lines(self.path, 0))[0]
            else:
                self._memory.popleft()

    def _forget_file(self) -> None:
        if self.path.exists():
            self.path.unlink()
        self._on_disk, self._delivered = False, 0


def outbox_beside(engine: Engine, folder: str = "") -> Outbox:
    """The outbox of a database: in `folder`, or beside a SQLite file, or in `instance/outbox`."""
    database = engine.url.database or ""
    if folder:
        return Outbox(Path(folder))
    if engine.dialect.name == "sqlite" and database not in {"", ":memory:"}:
        return Outbox(Path(f"{database}.outbox"))
    return Outbox(Path("instance/outbox"))


def _is_left_behind(path: Path) -> bool:
    """Whether nobody writes to this file any more. Nobody here can ask after another host; there its age decides."""
    alive = is_alive(unquote(path.stem.partition("~")[0]))
    return alive is False or (alive is None and time.time() - path.stat().st_mtime > LONGEST_CALL.total_seconds())


def _deliver_all(path: Path, deliver: Deliver) -> bool:
    if not all(_taken(line, deliver) for _, line in _lines(path, 0)):
        return False
    path.unlink(missing_ok=True)
    return True


def _taken(line: str, deliver: Deliver) -> bool:
    """Whether the line need not wait any more: the database took it, or never will."""
    try:
        deliver(line)
    except (ValueError, IntegrityError, DataError) as error:
        log.error("outbox_line_refused", kind=type(error).__name__)
    except SQLAlchemyError:
        return False
    return True


def _append(path: Path, lines: list[str]) -> None:
    """Append whole lines, on the disk when this returns. Raises OSError and leaves the file as it was."""
    is_new = not path.exists()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        data = "".join(f"{line}\n" for line in lines).encode()
        try:
            if os.write(descriptor, data) < len(data):
                raise OSError("the disk is full")
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)  # half a line would spoil the next one
            raise
    finally:
        os.close(descriptor)
    if is_new:
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _lines(path: Path, start: int) -> Iterator[tuple[int, str]]:
    """Each whole line from the byte `start` on, with the byte after it. A torn last line was never promised."""
    if not path.exists():
        return
    with path.open("rb") as file:
        file.seek(start)
        for raw in file:
            start += len(raw)
            if raw.endswith(b"\n"):
                yield start, raw.decode(errors="replace").rstrip("\n")
