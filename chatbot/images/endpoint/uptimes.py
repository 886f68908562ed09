"""Reads and writes the uptimes of one endpoint (`endpoint_tables.py`). Each method is one transaction.

Every one may raise RecordsUnavailable.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.dialects import postgresql, sqlite

from chatbot.database import new_id, now
from chatbot.errors import RecordsUnavailable
from chatbot.images.endpoint.tables import UPTIMES
from chatbot.transactions import Transactions
from chatbot.usage.workers import worker_name

Outcome = Literal["slept", "paused", "failed", "overdue", "left"]
LEARNS_FROM = 10
"""Wakes."""
_KEPT = Transactions(lambda: RecordsUnavailable("What is known of the drawing endpoint cannot be read now."))


@dataclass(frozen=True, slots=True)
class Uptime:
    """One that is not closed."""

    id: str
    worker: str
    begun_at: datetime
    ready_at: datetime | None
    last_request_at: datetime | None


def milliseconds(time: timedelta) -> int:
    return max(0, round(time.total_seconds() * 1_000))


class Uptimes:
    """Of one endpoint.

    Args:
        idle: how long it stays up after its last request.
        book_idle: writes idle milliseconds into the ledger, in the transaction that closes an uptime.
    """

    def __init__(self, engine: Engine, url: str, idle: timedelta, book_idle: Callable[[Connection, int], None]) -> None:
        self._engine = engine
        self._endpoint = hashlib.sha256(url.encode()).hexdigest()[:16]
        self.idle = idle
        self._book_idle = book_idle
        self._turn = threading.Lock()  # threads that meet at SQLite's own lock would sleep for 100 ms
        self._mine = (UPTIMES.c.endpoint == self._endpoint) & UPTIMES.c.closed_at.is_(None)

    def open(self) -> Uptime | None:
        """The one that is not closed."""
        with _KEPT.reading(self._engine) as connection:
            return self._open(connection)

    def begin(self) -> tuple[Uptime | None, bool]:
        """The open one, made now where there is none; and whether it was: then it is for us to wake the endpoint.

        None when another process closed it in this very moment: ask again.
        """
        with _KEPT.writing(self._engine) as connection:
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            made = connection.execute(dialect.insert(UPTIMES).values(
                id=new_id(), endpoint=self._endpoint, worker=worker_name(), begun_at=now(), woken=False, wake_ms=0,
                drawn_ms=0, idle_ms=0, outcome="").on_conflict_do_nothing().returning(UPTIMES.c.id)).first() is not None
            return self._open(connection), made

    def ready(self, uptime: Uptime, slept_at: datetime | None) -> int:
        """It answers. `slept_at`: when a request found it asleep, and woke it; None: it was up already.

        Returns the milliseconds of the wake; 0 when it was up already.
        """
        at = now()
        begun = slept_at or at
        wake = milliseconds(at - begun)
        with _KEPT.writing(self._engine) as connection:
            connection.execute(update(UPTIMES).where(UPTIMES.c.id == uptime.id).values(
                begun_at=begun, ready_at=begun + timedelta(milliseconds=wake), covered_until=at, last_request_at=at,
                woken=slept_at is not None, wake_ms=wake))
        return wake

    def give_up(self, uptime: Uptime, outcome: Outcome, slept_at: datetime | None = None) -> int:
        """It did not come up. Returns the milliseconds that were spent on it since it was found asleep."""
        at = now()
        spent = milliseconds(at - slept_at) if slept_at else 0
        with _KEPT.writing(self._engine) as connection:
            connection.execute(update(UPTIMES).where(UPTIMES.c.id == uptime.id, UPTIMES.c.closed_at.is_(None)).values(
                closed_at=at, outcome=outcome, wake_ms=spent))
        return spent

    def asked(self, uptime_id: str) -> None:
        """A request goes to it now: from here on it stays up for another while."""
        with _KEPT.writing(self._engine) as connection:
            connection.execute(update(UPTIMES).where(UPTIMES.c.id == uptime_id).values(last_request_at=now()))

    def drew(self, uptime_id: str, began: datetime, ended: datetime) -> int:
        """The milliseconds of a drawing that are its own: time that several share is booked for the first to end."""
        with self._turn, _KEPT.writing(self._engine) as connection:
            row = connection.execute(select(UPTIMES.c.covered_until, UPTIMES.c.drawn_ms, UPTIMES.c.closed_at).where(
                UPTIMES.c.id == uptime_id).with_for_update()).one()
            covered = row.covered_until or began
            share = milliseconds(ended - max(began, covered))
            if row.closed_at is None:
                connection.execute(update(UPTIMES).where(UPTIMES.c.id == uptime_id).values(
                    covered_until=max(covered, ended), last_request_at=max(covered, ended),
                    drawn_ms=row.drawn_ms + share))
            return share

    def fell_asleep(self, uptime_id: str) -> bool:
        """It sleeps: book its idle time. False when somebody else did. It was up for as long as it stays, at most."""
        with _KEPT.writing(self._engine) as connection:
            row = connection.execute(select(UPTIMES).where(
                UPTIMES.c.id == uptime_id, UPTIMES.c.closed_at.is_(None)).with_for_update()).first()
            if row is None:
                return False
            longest = (row.last_request_at or row.begun_at) + self.idle
            slept = max(min(now(), longest), row.covered_until or row.begun_at)
            idle = max(0, milliseconds(slept - row.begun_at) - row.wake_ms - row.drawn_ms)
            connection.execute(update(UPTIMES).where(UPTIMES.c.id == uptime_id).values(
                closed_at=slept, outcome="slept", idle_ms=idle))
            if idle:
                self._book_idle(connection, idle)
            return True

    def wakes(self) -> list[float]:
        """Seconds that the last wakes took, the newest first."""
        with _KEPT.reading(self._engine) as connection:
            found = connection.scalars(
                select(UPTIMES.c.wake_ms).where(UPTIMES.c.endpoint == self._endpoint, UPTIMES.c.woken.is_(True))
                .order_by(UPTIMES.c.begun_at.desc()).limit(LEARNS_FROM)).all()
        return [spent / 1_000 for spent in found]

    def _open(self, connection: Connection) -> Uptime | None:
        row = connection.execute(select(UPTIMES).where(self._mine)).first()
        return Uptime(row.id, row.worker, row.begun_at, row.ready_at, row.last_request_at) if row else None
