"""An end that the database cannot take waits on the disk, and is written once the database takes it."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from chatbot.database import migrate, new_id, open_engine
from chatbot.errors import LedgerUnavailable, Unreachable
from chatbot.providers.interface import Usage
from chatbot.usage.ledger import Ending, Ledger, NewCall, Reservation
from chatbot.usage.outbox import MOST_IN_MEMORY, UNSETTLED, Outbox, outbox_beside
from chatbot.usage.prices import Price
from chatbot.usage.tables import Attempt, Call
from chatbot.usage.upkeep import Upkeep
from chatbot.usage.writes import Write, as_line, from_line
from tests.house import attempts, call_rows, make_calls, order
from tests.postgres import Cluster
from tests.scripted import Scripted, answer
from tests.until import until

TWO_AND_TEN = Price(2_000_000_000, 10_000_000_000, 1_000_000_000, source="a test")
CHAT = NewCall("chat", "hybrid", conversation_id="01JD0000000000000000000000")
SETTLED = Ending("settled", Usage(1000, 10), latency_ms=5, upstream_id="up-1")
TO_THE_CLIENT = {"provider": "together", "model": "m1", "fell_back": False, "finish_reason": "stop"}


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = open_engine(f"sqlite:///{tmp_path / 'funza.db'}")
    migrate(engine)
    return engine


def _reserve(ledger: Ledger, ordinal: int = 1, call_id: str = "") -> Reservation:
    return ledger.reserve(call_id or new_id(), ordinal=ordinal, provider="together", model="m1", price=TWO_AND_TEN,
                          prompt_tokens=100, opening=None if call_id else CHAT)


def _attempt(engine: Engine, reserved: Reservation) -> Attempt:
    with Session(engine) as session:
        return session.scalars(select(Attempt).where(Attempt.id == reserved.attempt_id)).one()


def _call(engine: Engine, call_id: str) -> Call:
    with Session(engine) as session:
        return session.scalars(select(Call).where(Call.id == call_id)).one()


class _Locked:
    """Another process that holds SQLite's write lock."""

    def __init__(self, engine: Engine) -> None:
        self._connection = sqlite3.connect(str(engine.url.database), isolation_level=None)

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def _hurried(engine: Engine) -> Engine:
    """The same database, waiting 50 ms for its lock instead of 5 s."""
    from sqlalchemy import create_engine

    return create_engine(engine.url, connect_args={"timeout": 0.05, "check_same_thread": False})


def test_an_end_waits_on_the_disk_while_the_database_is_locked_and_is_written_when_it_is_free(engine: Engine) -> None:
    ledger = Ledger(_hurried(engine))
    reserved = _reserve(ledger)
    with _Locked(engine):
        usage = ledger.answer(reserved, SETTLED, **TO_THE_CLIENT)  # type: ignore[arg-type]
        assert ledger.deliver_waiting() == 0
        assert ledger.outbox.path.exists()
    assert (usage.cost_usd, usage.cost_state) == (Decimal("0.0021"), "exact")

    assert ledger.deliver_waiting() == 1

    row, call = _attempt(engine, reserved), _call(engine, reserved.call_id)
    assert (row.state, row.cost_nano_usd, row.upstream_id) == ("settled", 2_100_000, "up-1")
    assert (call.state, call.cost_nano_usd, call.completion_tokens) == ("answered", 2_100_000, 10)
    assert not ledger.outbox.waiting
    assert not ledger.outbox.path.exists()


def test_nobody_may_be_asked_while_the_database_is_locked(engine: Engine) -> None:
    with _Locked(engine), pytest.raises(LedgerUnavailable):
        _reserve(Ledger(_hurried(engine)))


def test_an_answer_is_not_held_up_by_a_database_that_does_not_answer(engine: Engine) -> None:
    ledger = Ledger(_hurried(engine))
    first, second = _reserve(ledger), _reserve(ledger)
    with _Locked(engine):
        ledger.end(first, SETTLED)
        began = time.monotonic()
        ledger.end(second, SETTLED)
        assert time.monotonic() - began < 0.5


def test_the_ends_of_one_call_keep_their_order(engine: Engine) -> None:
    """Else the call's sum would hold the first attempt's estimate, not what it cost."""
    ledger = Ledger(_hurried(engine))
    first = _reserve(ledger)
    second = _reserve(ledger, 2, first.call_id)
    with _Locked(engine):
        ledger.end(first, Ending("settled", Usage(5000, 0), latency_ms=1, failure="truncated"))
    usage = ledger.answer(second, SETTLED, **TO_THE_CLIENT)  # type: ignore[arg-type] - the database is free again
    assert usage.cost_state == "unpriced"  # the sum is not known yet
    assert ledger.deliver_waiting() == 2
    assert _call(engine, first.call_id).cost_nano_usd == 10_000_000 + 2_100_000


def test_a_line_that_is_delivered_twice_counts_once(engine: Engine) -> None:
    ledger = Ledger(_hurried(engine))
    reserved = _reserve(ledger)
    with _Locked(engine):
        ledger.answer(reserved, SETTLED, **TO_THE_CLIENT)  # type: ignore[arg-type]
        ledger.answer_from_cards(new_id(), ordinal=1, fell_back=False, opening=CHAT)
    lines = ledger.outbox.path.read_text()
    ledger.deliver_waiting()
    ledger.outbox.path.write_text(lines)  # as after a kill between the commit and the removal of the file
    assert ledger.deliver_waiting() == 2
    with Session(engine) as session:
        assert len(session.scalars(select(Call)).all()) == len(session.scalars(select(Attempt)).all()) == 2


def test_no_word_of_a_conversation_can_wait_there() -> None:
    """The ledger is never told any; what it is told is in these columns only."""
    told = set(NewCall.__dataclass_fields__) | set(Ending.__dataclass_fields__)
    assert told == {"feature", "strategy", "stage", "language", "conversation_id", "triage_level", "principal", "state",
                    "usage", "latency_ms", "first_token_ms", "failure", "status", "upstream_id"}


def test_times_and_money_come_back_as_they_were() -> None:
    values = {"at": datetime(2026, 11, 21, 10, tzinfo=UTC), "day": date(2026, 11, 21), "cost_nano_usd": 2**53 + 1,
              "first_token_ms": None, "fell_back": True}
    assert from_line(as_line([Write("end_of_call", values)])) == (Write("end_of_call", values),)


@pytest.mark.parametrize("line", ["", "{}x", "[1]", "null", '[["new_call"]]', "\x00"])
def test_a_line_that_means_nothing_is_a_value_error(line: str) -> None:
    with pytest.raises(ValueError, match=r"line|Expecting|Extra|unpack"):
        from_line(line)


def test_a_line_that_the_database_will_never_take_does_not_stop_the_others(tmp_path: Path) -> None:
    outbox, taken = Outbox(tmp_path), []

    def deliver(line: str) -> None:
        if line == "bad":
            raise IntegrityError("", {}, Exception())
        taken.append(line)

    for line in ("a", "bad", "b"):
        outbox.keep(line)
    assert outbox.deliver(deliver) == 3
    assert taken == ["a", "b"]


def test_delivery_stops_at_the_first_line_that_fails_and_goes_on_there(tmp_path: Path) -> None:
    outbox, taken, works = Outbox(tmp_path), [], [True, False]

    def deliver(line: str) -> None:
        if works and not works.pop(0):
            raise OperationalError("", {}, Exception())
        taken.append(line)

    for line in ("a", "b", "c"):
        outbox.keep(line)
    assert (outbox.deliver(deliver), taken) == (1, ["a"])
    outbox.keep("d")
    assert (outbox.deliver(deliver), taken) == (3, ["a", "b", "c", "d"])


def test_half_a_line_at_the_end_of_a_file_is_passed_over(tmp_path: Path) -> None:
    outbox, taken = Outbox(tmp_path), []
    outbox.keep("whole")
    with outbox.path.open("a") as file:
        file.write('[["end_of')  # the machine lost its power here
    assert outbox.deliver(taken.append) == 1
    assert taken == ["whole"]


FULL_DISK = """
import resource, sys
from pathlib import Path
from chatbot.usage.outbox import Outbox
outbox, taken = Outbox(Path(sys.argv[1])), []
outbox.keep("first " + "x" * 500)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))  # the disk is full now
outbox.keep("second " + "x" * 600)
outbox.keep("third")
size = outbox.path.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
outbox.keep("fourth")
outbox.deliver(taken.append)
print(size, [line.split()[0] for line in taken], outbox.waiting)
"""


def test_when_this_disk_is_full_too_lines_wait_in_memory_in_their_order(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=True)
    *logged, result = done.stdout.splitlines()
    assert result == "507 ['first', 'second', 'third', 'fourth'] False"  # no half line in the file
    assert [line.rpartition("kept=")[2] for line in logged] == ["file", "memory", "memory", "file"]


def test_memory_is_bounded_and_what_is_lost_is_counted(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    outbox = Outbox(tmp_path / "file")  # no folder can be made there
    before = UNSETTLED.labels("nowhere")._value.get()
    for number in range(MOST_IN_MEMORY + 3):
        outbox.keep(str(number))
    assert UNSETTLED.labels("nowhere")._value.get() - before == 3
    taken: list[str] = []
    outbox.deliver(taken.append)
    assert (taken[0], len(taken)) == ("3", MOST_IN_MEMORY)


def test_a_full_database_refuses_a_reservation_and_keeps_an_end_until_there_is_room(engine: Engine) -> None:
    ledger = Ledger(engine)
    reserved = _reserve(ledger)
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    _limit_pages(engine, pages)
    with pytest.raises(LedgerUnavailable):
        _fill(ledger)
    ledger.answer_from_cards(new_id(), ordinal=1, fell_back=False, opening=CHAT)  # raises nothing
    ledger.end(reserved, SETTLED)
    assert ledger.outbox.waiting
    _limit_pages(engine, 1_000_000)
    assert ledger.deliver_waiting() == 2
    assert _attempt(engine, reserved).state == "settled"


def _fill(ledger: Ledger) -> None:
    for _ in range(200):
        _reserve(ledger)


def _limit_pages(engine: Engine, pages: int) -> None:
    """Of every connection: `max_page_count` is SQLite's own full disk, and belongs to a connection."""
    from sqlalchemy import event

    engine.dispose()

    def limit(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")

    event.listen(engine, "connect", limit)


WORKER = """
import sys, time
from chatbot.database import open_engine, new_id
from chatbot.providers.interface import Usage
from chatbot.usage.ledger import Ending, Ledger, NewCall
from chatbot.usage.prices import Price
from sqlalchemy import create_engine
import sqlite3
from tests.until import until
engine = create_engine(sys.argv[1], connect_args={"timeout": 0.05, "check_same_thread": False})
ledger = Ledger(engine)
reserved = ledger.reserve(new_id(), ordinal=1, provider="together", model="m1",
                          price=Price(2_000_000_000, 10_000_000_000, 0, source="t"), prompt_tokens=100,
                          opening=NewCall("chat", "hybrid"))
other = sqlite3.connect(engine.url.database, isolation_level=None)
other.execute("BEGIN IMMEDIATE")
ledger.answer(reserved, Ending("settled", Usage(1000, 10), latency_ms=5), provider="together", model="m1",
              fell_back=False, finish_reason="stop")
print(reserved.attempt_id, flush=True)
time.sleep(60)
"""


def test_what_a_killed_worker_left_in_its_file_is_written_before_its_rows_are_given_up(engine: Engine) -> None:
    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(engine.url)], stdout=subprocess.PIPE, text=True)
    assert worker.stdout
    attempt_id = next(line for line in worker.stdout if "unsettled" not in line).strip()
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert len(list(outbox_beside(engine).folder.glob("*.jsonl"))) == 1

    Upkeep(engine, Ledger(engine)).tidy()

    with Session(engine) as session:
        row = session.scalars(select(Attempt)).one()
    assert (row.id, row.state, row.failure, row.cost_nano_usd) == (attempt_id, "settled", "", 2_100_000)
    assert list(outbox_beside(engine).folder.glob("*.jsonl")) == []


def test_the_file_of_a_living_worker_is_left_to_it(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    outbox.keep("mine")
    (tmp_path / "elsewhere%3A1%3A5.jsonl").write_text("theirs\n")
    taken: list[str] = []
    assert outbox.deliver_left_behind(taken.append)
    assert taken == []


def test_the_upkeep_writes_by_itself_what_waits(engine: Engine) -> None:
    ledger = Ledger(_hurried(engine))
    upkeep = Upkeep(engine, ledger, every=0.02)
    upkeep.start()
    reserved = _reserve(ledger)
    with _Locked(engine):
        ledger.end(reserved, SETTLED)
    until(lambda: _attempt(engine, reserved).state == "settled")
    upkeep.stop()


def test_an_outage_of_postgresql_loses_no_end_and_asks_nobody(postgres: Cluster, tmp_path: Path) -> None:
    engine = open_engine(postgres.new_database())
    migrate(engine)
    ledger = Ledger(engine, Outbox(tmp_path / "outbox"))
    reserved = _reserve(ledger)
    postgres.stop("immediate")
    try:
        with pytest.raises(LedgerUnavailable):
            _reserve(ledger)
        ledger.answer(reserved, SETTLED, **TO_THE_CLIENT)  # type: ignore[arg-type]
        assert ledger.deliver_waiting() == 0
    finally:
        postgres.start()
    until(lambda: ledger.deliver_waiting() == 1)
    _reserve(ledger)
    assert _call(engine, reserved.call_id).state == "answered"


def test_a_postgresql_that_stands_still_gives_up_a_new_connection_after_two_seconds(postgres: Cluster) -> None:
    engine = open_engine(postgres.new_database())
    postgres.freeze()
    try:
        began = time.monotonic()
        with pytest.raises(OperationalError):
            engine.connect()
        assert time.monotonic() - began < 10
    finally:
        postgres.thaw()




class _Fills(Ledger):
    """Its database takes the first reservation and no other."""

    def reserve(self, call_id: str, **how: Any) -> Reservation:
        if how["ordinal"] > 1:
            raise LedgerUnavailable
        return super().reserve(call_id, **how)


def test_a_call_whose_second_try_cannot_be_written_down_is_closed_all_the_same(tmp_path: Path) -> None:
    calls = make_calls(tmp_path, Scripted("together", [Unreachable("refused")]), Scripted("openai", answer("never")))
    calls.ledger = _Fills(calls.ledger._engine)
    with pytest.raises(LedgerUnavailable):
        calls.finish(order())
    assert [(row.state, row.error_code) for row in call_rows(calls)] == [("failed", "ledger_unavailable")]
    assert [row.state for row in attempts(calls)] == ["released"]
