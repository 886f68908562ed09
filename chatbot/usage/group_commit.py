"""One commit for all who wait: threads that write to SQLite at the same moment share a transaction and its fsyncs.

SQLite has one writer at a time, and lets the others sleep for up to 100 ms before they look again. Here our own
threads take turns instead, and whoever has the turn also does the work of those who wait. Nobody goes on before the
commit that holds his own work. Other processes still meet SQLite's own lock. PostgreSQL takes many writers, so there
each commits alone.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as WaitedTooLong

Result = TypeVar("Result")


class _Entry:
    """One thread's work, and what became of it."""

    def __init__(self, work: Callable[[Connection], Any]) -> None:
        self.work = work
        self.done = threading.Event()
        self.result: Any = None
        self.error: BaseException | None = None

    def outcome(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.result


class GroupCommit:
    """Commits work, as much at a time as waits. Safe in threads.

    Args:
        engine: where to.
        patience: seconds to wait for a turn.
    """

    def __init__(self, engine: Engine, patience: float) -> None:
        self._engine = engine
        self._patience = patience
        self._alone = engine.dialect.name != "sqlite"
        self._turn = threading.Lock()
        self._waiting: deque[_Entry] = deque()

    def run(self, work: Callable[[Connection], Result]) -> Result:
        """Do `work` in a transaction and commit it; returns what it returned.

        `work` may be done again in a transaction of its own, when another's work failed beside it. Raises what `work`
        raises (it is rolled back then, and nobody else's), and SQLAlchemyError when there is no turn or no commit.
        """
        if self._alone:
            with self._engine.begin() as connection:
                return work(connection)
        entry = _Entry(work)
        self._waiting.append(entry)
        if self._turn.acquire(timeout=self._patience):
            try:
                if not entry.done.is_set():
                    self._commit_waiting()
            finally:
                self._turn.release()
        elif not self._withdrawn(entry):
            entry.done.wait(self._patience)
        if not entry.done.is_set():
            raise WaitedTooLong("another thread is writing")
        return cast(Result, entry.outcome())

    def _withdrawn(self, entry: _Entry) -> bool:
        """Take work back that nobody has begun; False when it is under way."""
        try:
            self._waiting.remove(entry)
        except ValueError:
            return False
        return True

    def _commit_waiting(self) -> None:
        entries = [self._waiting.popleft() for _ in range(len(self._waiting))]
        try:
            if not self._commit(entries):
                for entry in entries:
                    self._commit([entry])
        except BaseException as error:
            for entry in entries:
                entry.error = error
            raise
        finally:
            for entry in entries:
                entry.done.set()

    def _commit(self, entries: Sequence[_Entry]) -> bool:
        """Commit all of it. False when one of several failed, so that none is done."""
        try:
            with self._engine.begin() as connection:
                for entry in entries:
                    entry.result = _Failing.guard(entry.work, connection)
        except _Failing as failing:
            if len(entries) > 1:
                return False
            entries[0].error = failing.error
        except SQLAlchemyError as error:
            for entry in entries:
                entry.error = error
        return True


class _Failing(Exception):
    """A piece of work raised; not the beginning or the end of its transaction."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    @classmethod
    def guard(cls, work: Callable[[Connection], Result], connection: Connection) -> Result:
        try:
            return work(connection)
        except Exception as error:
            raise cls(error) from error
