"""Threads that share a commit: one for all who wait, each his own outcome."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as WaitedTooLong

from chatbot.database import open_engine
from chatbot.usage.group_commit import GroupCommit
from tests.until import until


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = open_engine(f"sqlite:///{tmp_path}/rows.db")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE rows (name TEXT PRIMARY KEY)"))
    return engine


def add(name: str):  # type: ignore[no-untyped-def]
    return lambda connection: connection.execute(text("INSERT INTO rows VALUES (:name)"), {"name": name})


def names(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.scalars(text("SELECT name FROM rows")))


class Held:
    """A commit under way that lasts until `let_go`; what comes meanwhile waits."""

    def __init__(self, commits: GroupCommit, pool: ThreadPoolExecutor) -> None:
        self._go = threading.Event()
        began = threading.Event()

        def slow(_: Connection) -> None:
            began.set()
            self._go.wait(60)

        self._commits, self._pool = commits, pool
        self.first = pool.submit(commits.run, slow)
        began.wait(60)

    def behind(self, *works) -> list[Future[object]]:  # type: ignore[no-untyped-def]
        waiting = []
        for work in works:
            waiting.append(self._pool.submit(self._commits.run, work))
            until(lambda: len(self._commits._waiting) == len(waiting))
        return waiting

    def let_go(self) -> None:
        self._go.set()


def test_all_who_wait_share_one_commit(engine: Engine) -> None:
    commits, counted = GroupCommit(engine, 10), []
    event.listen(engine, "commit", counted.append)
    with ThreadPoolExecutor(8) as pool:
        held = Held(commits, pool)
        waiting = held.behind(*(add(name) for name in "abcdef"))
        held.let_go()
        for one in waiting:
            one.result(60)
    assert names(engine) == set("abcdef")
    assert len(counted) == 2  # the one that held them up, and theirs


def test_work_that_fails_is_taken_back_alone(engine: Engine) -> None:
    commits = GroupCommit(engine, 10)
    commits.run(add("b"))

    def refused(connection: Connection) -> None:
        add("half")(connection)
        raise PermissionError("no room")

    with ThreadPoolExecutor(8) as pool:
        held = Held(commits, pool)
        a, b, no, c = held.behind(add("a"), add("b"), refused, add("c"))
        held.let_go()
        a.result(60), c.result(60)
        with pytest.raises(IntegrityError):
            b.result(60)
        with pytest.raises(PermissionError):
            no.result(60)
    assert names(engine) == {"a", "b", "c"}


def test_a_commit_that_fails_is_told_to_everyone_in_it(engine: Engine) -> None:
    commits = GroupCommit(engine, 10)

    @event.listens_for(engine, "commit")
    def full(_: Connection) -> None:
        raise OperationalError("COMMIT", {}, Exception("database or disk is full"))

    with ThreadPoolExecutor(8) as pool:
        held = Held(commits, pool)
        waiting = held.behind(add("a"), add("b"))
        held.let_go()
        assert all(isinstance(one.exception(10), SQLAlchemyError) for one in [held.first, *waiting])
    assert names(engine) == set()


def test_who_gets_no_turn_in_time_is_told_and_his_work_is_never_done(engine: Engine) -> None:
    commits = GroupCommit(engine, 0.05)
    with ThreadPoolExecutor(8) as pool:
        held = Held(commits, pool)
        (late,) = held.behind(add("late"))
        with pytest.raises(WaitedTooLong):
            late.result(60)
        held.let_go()
        held.first.result(60)
        commits.run(add("next"))
    assert names(engine) == {"next"}


def test_nobody_goes_on_before_his_work_is_committed(engine: Engine) -> None:
    commits, seen = GroupCommit(engine, 10), []

    def look(name: str) -> None:
        commits.run(add(name))
        with engine.execution_options(read_only=True).connect() as connection:
            found = connection.scalar(text("SELECT count(*) FROM rows WHERE name = :name"), {"name": name})
        seen.append(found)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(look, [f"row {number}" for number in range(200)]))
    assert seen == [1] * 200
