"""The ledger's report between two days, by language too, and why tries failed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine

from chatbot.usage.report import FailureRow, failures, usage_report
from tests.chatbot.usage.booking import book
from tests.house import make_engine, make_settings


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return make_engine(make_settings(tmp_path))


def test_groups_by_language_and_keeps_a_call_without_one(engine: Engine) -> None:
    book(engine, "openai", language="sw", cost=7, cost_state="exact")
    book(engine, "openai", language="", cost=5, cost_state="exact")
    report = usage_report(engine, by="language")
    assert [(row.key, row.cost_usd) for row in report.rows] == [("", Decimal("5e-9")), ("sw", Decimal("7e-9"))]


def test_the_first_and_the_last_day_are_both_inside(engine: Engine) -> None:
    for day in range(1, 6):
        book(engine, day=date(2026, 11, day))
    report = usage_report(engine, by="day", since=date(2026, 11, 2), until=date(2026, 11, 4))
    assert [row.key for row in report.rows] == ["2026-11-02", "2026-11-03", "2026-11-04"]
    assert (report.total.calls, report.since, report.until) == (3, date(2026, 11, 2), date(2026, 11, 4))


def test_a_call_with_two_tries_is_one_call(engine: Engine) -> None:
    book(engine, "together", failed=("timeout",))
    report = usage_report(engine, by="provider")
    assert [(row.calls, row.attempts, row.failed) for row in report.rows] == [(1, 2, 1)]
    assert (report.total.calls, report.fell_back) == (1, 1)


def test_failures_are_counted_by_reason_the_most_frequent_first(engine: Engine) -> None:
    book(engine, failed=("timeout", "rate_limit"))
    book(engine, failed=("timeout",))
    book(engine, failed=("empty",), day=date(2026, 12, 1))
    assert failures(engine, until=date(2026, 11, 30)) == (
        FailureRow("together", "m1", "timeout", 2), FailureRow("together", "m1", "rate_limit", 1))
    assert sum(one.attempts for one in failures(engine)) == 4
