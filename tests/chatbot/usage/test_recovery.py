"""Rows of dead workers get their one end, on either database, however many workers look for them at once."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bench.kill9 import kill_workers
from chatbot.database import new_id, now, open_engine
from chatbot.errors import LedgerUnavailable
from chatbot.providers.interface import Usage
from chatbot.usage.ledger import Ending, Ledger, NewCall, Reservation
from chatbot.usage.outbox import Outbox
from chatbot.usage.prices import Price
from chatbot.usage.recovery import recover
from chatbot.usage.report import usage_report
from chatbot.usage.tables import ATTEMPTS, CALLS, Attempt, Call
from chatbot.usage.upkeep import Upkeep
from chatbot.usage.workers import is_alive, worker_name
from tests.postgres import Cluster
from tests.until import until

PRICE = Price(2_000_000_000, 10_000_000_000, 1_000_000_000, source="a test")
DEAD = worker_name().rsplit(":", 1)[0] + ":1"


@pytest.fixture
def engine(migrated_url: str) -> Engine:
    return open_engine(migrated_url)


@pytest.fixture
def ledger(engine: Engine, tmp_path: Path) -> Ledger:
    return Ledger(engine, Outbox(tmp_path / "outbox"))


def _reserve(ledger: Ledger) -> Reservation:
    return ledger.reserve(new_id(), ordinal=1, provider="together", model="m1", price=PRICE, prompt_tokens=100,
                          opening=NewCall("chat", "hybrid"))


def _kill(engine: Engine) -> None:
    """Make every row one of a worker that is dead."""
    with engine.begin() as connection:
        connection.execute(update(ATTEMPTS).values(worker=DEAD))
        connection.execute(update(CALLS).values(worker=DEAD))


def _states(engine: Engine) -> set[tuple[str, str, int | None]]:
    with Session(engine) as session:
        return {(row.state, row.failure, row.cost_nano_usd) for row in session.scalars(select(Attempt))}


def test_what_a_dead_worker_left_becomes_unknown_and_keeps_its_estimate(engine: Engine, ledger: Ledger) -> None:
    for _ in range(5):
        _reserve(ledger)
    _kill(engine)
    assert recover(engine) == 5
    assert _states(engine) == {("unknown", "interrupted", 200_000)}
    with Session(engine) as session:
        assert {(call.state, call.error_code, call.cost_nano_usd) for call in session.scalars(select(Call))} == {
            ("interrupted", "server_restart", 200_000)}
    assert usage_report(engine, by="day").total.attempts == 5


def test_eight_recoveries_at_once_end_each_row_once(engine: Engine, ledger: Ledger) -> None:
    for _ in range(40):
        _reserve(ledger)
    _kill(engine)
    ready = threading.Barrier(8)

    def at_once(_: int) -> int:
        ready.wait()
        return recover(engine)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(at_once, range(8))) == 40
    assert _states(engine) == {("unknown", "interrupted", 200_000)}


def test_an_end_that_comes_after_recovery_changes_nothing(engine: Engine, ledger: Ledger) -> None:
    reserved = _reserve(ledger)
    _kill(engine)
    recover(engine)
    ledger.answer(reserved, Ending("settled", Usage(9, 9), latency_ms=1), provider="together", model="m1",
                  fell_back=False, finish_reason="stop")
    assert _states(engine) == {("unknown", "interrupted", 200_000)}


def test_recovery_goes_on_while_the_server_runs(engine: Engine, ledger: Ledger) -> None:
    upkeep = Upkeep(engine, ledger, every=0.02, tidy_every=0.05)
    upkeep.start()
    _reserve(ledger)
    _kill(engine)
    until(lambda: _states(engine) == {("unknown", "interrupted", 200_000)})
    upkeep.stop()


def test_rows_of_another_host_wait_until_no_call_can_still_run(engine: Engine, ledger: Ledger) -> None:
    _reserve(ledger)
    with engine.begin() as connection:
        connection.execute(update(ATTEMPTS).values(worker="elsewhere:1:1"))
        connection.execute(update(CALLS).values(worker="elsewhere:1:1"))
    assert recover(engine) == 0
    with engine.begin() as connection:
        connection.execute(update(ATTEMPTS).values(started_at=now() - timedelta(minutes=31)))
        connection.execute(update(CALLS).values(started_at=now() - timedelta(minutes=31)))
    assert recover(engine) == 1


def test_a_commit_whose_outcome_nobody_told_us_is_looked_up_and_not_done_twice(
        postgres: Cluster, tmp_path: Path) -> None:
    engine = open_engine(postgres.migrated_database())
    lost = _LosesTheAnswerToCommit(engine, Outbox(tmp_path / "outbox"))
    reserved = _reserve(lost)
    with Session(engine) as session:
        assert [row.id for row in session.scalars(select(Attempt))] == [reserved.attempt_id]


def test_a_commit_that_cannot_be_looked_up_asks_nobody_and_lets_go_of_the_row(
        postgres: Cluster, tmp_path: Path) -> None:
    engine = open_engine(postgres.migrated_database())
    lost = _LosesTheAnswerToCommit(engine, Outbox(tmp_path / "outbox"), then=lambda: postgres.stop("fast"))
    with pytest.raises(LedgerUnavailable):
        _reserve(lost)
    postgres.start()
    until(lambda: Ledger(engine, lost.outbox).deliver_waiting() == 1)
    assert _states(engine) == {("released", "not_sent", 0)}


class _LosesTheAnswerToCommit(Ledger):
    """Its first commit takes place, but its connection breaks before anyone hears of it."""

    def __init__(self, engine: Engine, outbox: Outbox, then=lambda: None) -> None:  # type: ignore[no-untyped-def]
        super().__init__(engine, outbox)
        self._then = then

    def _commit(self, work):  # type: ignore[no-untyped-def]
        super()._commit(work)
        self._then()
        raise OperationalError("COMMIT", {}, Exception("the connection broke"))


def test_three_processes_that_start_at_once_migrate_postgresql_once(postgres: Cluster) -> None:
    url = postgres.new_database()
    code = "import sys; from chatbot.database import *; migrate(open_engine(sys.argv[1]))"
    starts = [subprocess.Popen([sys.executable, "-c", code, url], stderr=subprocess.PIPE) for _ in range(3)]
    assert [(start.communicate()[1], start.returncode) for start in starts] == [(b"", 0)] * 3


def test_a_connection_that_a_restart_of_postgresql_broke_is_replaced(postgres: Cluster, tmp_path: Path) -> None:
    engine = open_engine(postgres.migrated_database())
    ledger = Ledger(engine, Outbox(tmp_path / "outbox"))
    _reserve(ledger)
    postgres.stop("immediate")
    postgres.start()
    _reserve(ledger)
    assert not ledger.outbox.waiting


def test_a_worker_is_known_by_its_start_and_not_by_the_clock() -> None:
    host, pid, started = worker_name().rsplit(":", 2)
    boot, _, ticks = started.partition("-")
    assert is_alive(worker_name()) is True
    assert is_alive(f"{host}:{pid}:{boot}-{int(ticks) + 1}") is False  # the number was given to another process
    assert is_alive(f"{host}:{pid}:00000000-{ticks}") is False  # the machine was started anew


@pytest.mark.slow
@pytest.mark.parametrize(("migrated_url", "workers"), [("sqlite", 1), ("postgresql", 2)], indirect=["migrated_url"])
def test_random_kills_under_load_lose_and_double_nothing(migrated_url: str, workers: int) -> None:
    """One worker on a file and two on a server, as they are installed; `bench.kill9` does all four, and for longer."""
    found = kill_workers(migrated_url, workers=workers, kills=2, clients=2)
    assert found.is_whole, found
    assert found.upstream > 0
