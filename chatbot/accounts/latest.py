"""A clock for expiry that does not run backwards: nothing that has expired revives when the system clock jumps back.

The latest moment ever seen is one row, advanced at most once a minute; time is the later of that row and of the system
clock. What is seen expired is ended for good at once (its own module does that), so the minute opens no gap.
A clock that once ran ahead by mistake leaves a moment in the future behind: `trust` is the remedy, for an admin.
Every `at` is what the system clock says.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, ScalarSelect, Update, select, update

from chatbot.accounts.tables import LATEST

STEP = timedelta(minutes=1)
"""Writing at every request would make every request wait for the database's write lock."""


def stored() -> ScalarSelect[datetime]:
    """The stored moment, as a column of another query, so that it costs no round trip of its own."""
    return select(LATEST.c.seen_at).where(LATEST.c.id == 1).scalar_subquery()


def moment(seen_at: datetime | None, at: datetime) -> datetime:
    """The time to judge an expiry by."""
    return at if seen_at is None else max(at, seen_at)


def is_stale(seen_at: datetime | None, at: datetime) -> bool:
    """Whether a time that is kept to a minute should be written anew."""
    return seen_at is None or at - seen_at > STEP


def read(connection: Connection, at: datetime) -> datetime:
    """The time to judge an expiry by."""
    return moment(connection.execute(select(stored())).scalar(), at)


def advanced(at: datetime) -> Update:
    """The statement that writes down that it is now; an earlier time than the stored one changes nothing."""
    return update(LATEST).where(LATEST.c.id == 1, LATEST.c.seen_at < at).values(seen_at=at)


def trusted(at: datetime) -> Update:
    """The statement that trusts the system clock again: for an admin who has mended a clock that ran ahead."""
    return update(LATEST).values(seen_at=at)
