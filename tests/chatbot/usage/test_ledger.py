"""The ledger: one end for each attempt, whole numbers for money, and nothing lost when a worker dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from chatbot.database import new_id
from chatbot.errors import LedgerUnavailable
from chatbot.providers.interface import Usage
from chatbot.usage.ledger import Ending, Ledger, NewCall
from chatbot.usage.prices import Price
from chatbot.usage.recovery import recover
from chatbot.usage.report import usage_report
from chatbot.usage.tables import Attempt, Call
from chatbot.usage.workers import is_alive, worker_name
from tests.house import make_engine, make_settings

TWO_AND_TEN = Price(2_000_000_000, 10_000_000_000, 1_000_000_000, source="a test")
CHAT = NewCall("chat", "hybrid", stage="antenatal")


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return make_engine(make_settings(tmp_path))


def _attempt(engine: Engine, attempt_id: str) -> Attempt:
    with Session(engine) as session:
        return session.scalars(select(Attempt).where(Attempt.id == attempt_id)).one()


def _reserve(ledger: Ledger, price: Price | None = TWO_AND_TEN, provider: str = "together"):  # type: ignore[no-untyped-def]
    return ledger.reserve(new_id(), ordinal=1, provider=provider, model="m1", price=price, prompt_tokens=100,
                          opening=CHAT)


def test_a_reservation_books_its_estimate_before_anything_is_asked(engine: Engine) -> None:
    row = _attempt(engine, _reserve(Ledger(engine)).attempt_id)
    assert (row.state, row.cost_nano_usd, row.cost_state) == ("reserved", 200_000, "estimated")
    assert row.worker == worker_name()


def test_an_attempt_has_one_end_and_a_second_changes_nothing(engine: Engine) -> None:
    ledger = Ledger(engine)
    reserved = _reserve(ledger)
    ledger.end(reserved, Ending("settled", Usage(1000, 10), latency_ms=5))
    ledger.end(reserved, Ending("unknown", Usage(9, 9), latency_ms=9, failure="timeout"))
    row = _attempt(engine, reserved.attempt_id)
    assert (row.state, row.prompt_tokens, row.failure, row.cost_nano_usd) == ("settled", 1000, "", 2_100_000)


def test_cached_prompt_tokens_are_billed_at_the_cached_rate() -> None:
    assert TWO_AND_TEN.cost(Usage(1000, 0, cached_tokens=400)) == 600 * 2_000 + 400 * 1_000


def test_money_is_rounded_once_and_half_up() -> None:
    assert Price(1_500_000, 0, 0, source="x").cost(Usage(1)) == 2  # 1.5 nano-dollars


def test_a_released_attempt_costs_nothing(engine: Engine) -> None:
    ledger = Ledger(engine)
    reserved = _reserve(ledger)
    ledger.end(reserved, Ending("released", Usage(0, 0), latency_ms=1, failure="connect"))
    assert _attempt(engine, reserved.attempt_id).cost_nano_usd == 0


def test_the_call_sums_what_its_attempts_cost_and_is_as_sure_as_the_least_sure(engine: Engine) -> None:
    ledger = Ledger(engine)
    first = _reserve(ledger)
    ledger.end(first, Ending("unknown", Usage(100, 0, reported=False), latency_ms=1, failure="timeout"))
    second = ledger.reserve(first.call_id, ordinal=2, provider="openai", model="m", price=TWO_AND_TEN,
                            prompt_tokens=100)
    usage = ledger.answer(second, Ending("settled", Usage(100, 10), latency_ms=1), provider="openai", model="m",
                          fell_back=True, finish_reason="stop")
    assert usage.cost_usd == Decimal("0.0005")
    assert (usage.cost_state, usage.prompt_tokens, usage.completion_tokens) == ("estimated", 100, 10)


def test_a_ledger_that_cannot_be_written_says_so(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE attempts RENAME TO gone"))
    with pytest.raises(LedgerUnavailable):
        _reserve(Ledger(engine))
    with Session(engine) as session:
        assert session.scalars(select(Call)).all() == []  # the call's row went back with it


def test_this_worker_is_alive_and_a_recycled_process_id_is_not() -> None:
    assert is_alive(worker_name()) is True
    host, pid, _ = worker_name().rsplit(":", 2)
    assert is_alive(f"{host}:{pid}:1.00") is False
    assert is_alive(f"elsewhere:{pid}:1.00") is None


NAMED = """
import time
from chatbot.usage.workers import worker_name
print(worker_name(), flush=True)
time.sleep(60)
"""


def test_a_killed_worker_that_nobody_reaps_counts_as_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", NAMED], stdout=subprocess.PIPE, text=True)
    assert child.stdout
    name = child.stdout.readline().strip()
    assert is_alive(name) is True
    child.kill()
    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert is_alive(name) is False
    child.wait()


def test_recovery_leaves_the_rows_of_living_workers_alone(engine: Engine) -> None:
    reserved = _reserve(Ledger(engine))
    assert recover(engine) == 0
    assert _attempt(engine, reserved.attempt_id).state == "reserved"


def test_rows_of_another_host_are_left_until_no_call_can_still_run(engine: Engine) -> None:
    reserved = _reserve(Ledger(engine))
    with engine.begin() as connection:
        connection.execute(text("UPDATE attempts SET worker='elsewhere:1:1.00'"))
    assert recover(engine) == 0
    with engine.begin() as connection:
        connection.execute(text("UPDATE attempts SET started_at='2026-01-01 00:00:00'"))
    assert recover(engine) == 1
    assert _attempt(engine, reserved.attempt_id).state == "unknown"


WORKER = """
import sys, time
from chatbot.database import open_engine, new_id
from chatbot.usage.ledger import Ledger, NewCall
from chatbot.usage.prices import Price
ledger = Ledger(open_engine(sys.argv[1]))
while True:
    ledger.reserve(new_id(), ordinal=1, provider="together", model="m1", price=Price(2_000_000_000, 0, 0, source="t"),
                   prompt_tokens=100, opening=NewCall("chat", "hybrid"))
    print("reserved", flush=True)
"""


def test_after_kill_9_no_row_is_missing_and_none_is_left_reserved(engine: Engine) -> None:
    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(engine.url)], stdout=subprocess.PIPE, text=True)
    assert worker.stdout
    for _ in range(20):
        assert worker.stdout.readline() == "reserved\n"
    os.kill(worker.pid, signal.SIGKILL)
    told = 20 + worker.stdout.read().count("reserved\n")
    worker.wait()
    time.sleep(0.05)

    ended = recover(engine)

    with Session(engine) as session:
        rows = session.scalars(select(Attempt)).all()
        calls = session.scalars(select(Call)).all()
    assert told <= len(rows) == ended == len(calls) <= told + 1
    assert {(row.state, row.failure, row.cost_nano_usd) for row in rows} == {("unknown", "interrupted", 200_000)}
    assert {(call.state, call.cost_nano_usd) for call in calls} == {("interrupted", 200_000)}
    assert recover(engine) == 0


def test_the_report_groups_and_adds_up(engine: Engine) -> None:
    ledger = Ledger(engine)
    failed = _reserve(ledger)
    ledger.end(failed, Ending("released", Usage(0, 0), latency_ms=1, failure="connect"))
    good = ledger.reserve(failed.call_id, ordinal=2, provider="openai", model="m", price=None, prompt_tokens=1)
    ledger.answer(good, Ending("settled", Usage(7, 3), latency_ms=1), provider="openai", model="m", fell_back=True,
                  finish_reason="stop")

    report = usage_report(engine, by="provider")

    assert [(row.key, row.attempts, row.failed, row.prompt_tokens, row.cost_state) for row in report.rows] == [
        ("openai", 1, 0, 7, "unpriced"), ("together", 1, 1, 0, "local")]
    assert (report.total.calls, report.total.attempts, report.total.unpriced_attempts, report.fell_back) == (1, 2, 1, 1)
    for by in ("model", "day", "feature"):
        grouped = usage_report(engine, by=by, since=date(2026, 1, 1))  # type: ignore[arg-type]
        assert sum(row.attempts for row in grouped.rows) == 2
    assert usage_report(engine, since=date(2999, 1, 1)).total.attempts == 0
