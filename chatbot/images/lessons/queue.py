"""The queue of jobs, in huey: a SQLite file beside the database, or Redis when REDIS_URL is set.

A message holds a job's id and nothing else, as JSON: huey's own pickles would let whoever reaches the queue run code.
One consumer thread a process takes them, begun with the first job, so that no second command is needed. The records in
the database decide (`jobs.py`): a message that comes twice, or that nobody waits for any more, does nothing.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import Engine

if TYPE_CHECKING:
    from huey.api import Huey
    from huey.consumer import Consumer

NAME = "funza-pictures"
SLOWEST_LOOK = 1.0
"""Seconds between two looks at an empty SQLite queue."""
LAST_SECONDS = 2.0
"""That a drawing has when the server stops; what it leaves is seen to by `job_recovery.py`."""
log = structlog.get_logger()


class JobQueue:
    """Hands ids of jobs to `work`, in another thread. `work` must not raise.

    Args:
        work: does one job.
        file: of the SQLite queue; None keeps it in memory.
        redis_url: of a Redis that is used instead.
        immediate: do each job at once, in the thread that puts it.
    """

    def __init__(self, work: Callable[[str], None], file: Path | None, redis_url: str = "", *,
                 immediate: bool = False) -> None:
        self._work = work
        self._file = file
        self._redis_url = redis_url
        self._immediate = immediate
        self._starting = threading.Lock()
        self._huey: Huey | None = None
        self._consumer: Consumer | None = None
        self._task: Any = None
        self._unreachable: tuple[type[Exception], ...] = (sqlite3.Error, OSError, *_redis_errors(redis_url))

    def put(self, job_id: str) -> bool:
        """Have a job done. False when the queue does not answer: whoever sweeps up puts it again."""
        try:
            self.start()
            self._task(job_id)
        except self._unreachable as error:
            log.warning("image_queue_unreachable", kind=type(error).__name__)
            return False
        return True

    def start(self) -> None:
        """Begin to take jobs, also those that an earlier process left in the queue."""
        with self._starting:
            if self._huey is not None:
                return
            huey = self._open()
            self._task = huey.task(name="draw")(self._work)
            if not self._immediate:
                self._consumer = _consume(huey)
            self._huey = huey

    def stop(self) -> None:
        """Take no more jobs; what is drawn now is not waited for longer than `LAST_SECONDS`."""
        with self._starting:
            if self._consumer is not None:
                self._consumer.stop_flag.set()
                for _, thread in self._consumer.worker_threads:
                    thread.join(LAST_SECONDS)
                self._consumer = None
            if self._huey is not None:
                self._huey.storage.close()

    def _open(self) -> Huey:
        from huey import MemoryHuey, RedisHuey, SqliteHuey

        logging.getLogger("huey").setLevel(logging.CRITICAL)  # its tracebacks are no lines of JSON; ours say enough
        how: dict[str, Any] = {"results": False, "serializer": _json_serializer(), "immediate": self._immediate}
        if self._redis_url and not self._immediate:
            return RedisHuey(NAME, connection_pool=_redis_pool(self._redis_url), **how)
        if self._file is None or self._immediate:
            return MemoryHuey(NAME, **how)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        # Not WAL: see chatbot/database.py.
        return SqliteHuey(NAME, filename=str(self._file), journal_mode="persist", fsync=True, **how)


def queue_file(engine: Engine) -> Path | None:
    """Where the queue of this database is: beside a SQLite file, in memory with one, else in `instance/`."""
    if engine.dialect.name != "sqlite":
        return Path("instance/image-jobs.db")
    database = engine.url.database or ""
    return Path(database).with_name("image-jobs.db") if database not in {"", ":memory:"} else None


def _consume(huey: Huey) -> Consumer:
    from huey.consumer import Consumer

    class QuietConsumer(Consumer):  # type: ignore[misc]  # huey has no types
        """One that leaves the process's signals to the server."""

        def _set_signal_handlers(self) -> None: ...

    consumer = QuietConsumer(huey, workers=1, periodic=False, max_delay=SLOWEST_LOOK, check_worker_health=False)
    consumer.start()
    return consumer


def _json_serializer() -> Any:
    from huey.registry import Message
    from huey.serializer import Serializer

    class JsonMessages(Serializer):  # type: ignore[misc]
        """Messages as JSON lists."""

        def _serialize(self, data: Any) -> bytes:
            return json.dumps(data).encode()

        def _deserialize(self, data: bytes) -> Any:
            return Message(*json.loads(bytes(data)))

    return JsonMessages()


def _redis_pool(redis_url: str) -> Any:
    """Connections that give up, so that a Redis that is gone holds up no request. Reading waits a second by itself."""
    from redis import ConnectionPool

    return ConnectionPool.from_url(redis_url, socket_connect_timeout=1, socket_timeout=5)


def _redis_errors(redis_url: str) -> tuple[type[Exception], ...]:
    if not redis_url:
        return ()
    from redis.exceptions import RedisError

    return (RedisError,)
