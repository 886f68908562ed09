"""Folded days change how fast a report is, and nothing of what it says."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, func, insert, select, update

from chatbot.database import new_id
from chatbot.usage.day_totals import TOTALS, fold
from chatbot.usage.report import GroupBy, UsageReport, usage_report
from chatbot.usage.tables import ATTEMPTS, CALLS
from tests.house import make_engine, make_settings
from tests.postgres import Cluster

TODAY = date(2026, 3, 10)
GROUPS: tuple[GroupBy, ...] = ("provider", "model", "day", "feature", "language")


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noon of `TODAY` throughout: a test that runs over midnight counts the same days."""
    monkeypatch.setattr("chatbot.usage.day_totals.now", lambda: datetime.combine(TODAY, time(12), UTC))


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return make_engine(make_settings(tmp_path))


def _call(day: date, rng: random.Random) -> dict[str, Any]:
    return {"id": new_id(), "started_at": datetime.combine(day, time(23, 59), UTC), "day": day,
            "feature": rng.choice(["chat", "openai", "quiz"]), "language": rng.choice(["en", "sw", ""]),
            "strategy": "hybrid", "state": "answered", "worker": "w", "fell_back": rng.random() < 0.2}


def _attempt(call: dict[str, Any], ordinal: int, rng: random.Random) -> dict[str, Any]:
    state = rng.choice(["settled", "settled", "released", "unknown"])
    cost_state = rng.choice(["exact", "estimated", "local", "unpriced"])
    return {"id": new_id(), "call_id": call["id"], "ordinal": ordinal,
            "day": call["day"] + timedelta(days=rng.random() < 0.1),  # some begin their second try after midnight
            "provider": rng.choice(["together", "local"]), "model": rng.choice(["m1", "m2"]), "state": state,
            "failure": rng.choice(["", "timeout"]), "prompt_tokens": rng.randrange(1000),
            "completion_tokens": rng.randrange(1000), "cost_state": cost_state, "worker": "w",
            "cost_nano_usd": None if cost_state == "unpriced" else rng.randrange(10**9),
            "started_at": call["started_at"]}


def fill(engine: Engine, days: int = 12, calls_a_day: int = 15, seed: int = 7) -> None:
    """Calls of one to three tries on each of the last `days` days, today included."""
    rng = random.Random(seed)
    calls = [_call(TODAY - timedelta(days=back), rng) for back in range(days) for _ in range(calls_a_day)]
    attempts = [_attempt(call, ordinal, rng) for call in calls for ordinal in range(1, 1 + rng.randrange(1, 4))]
    with engine.begin() as connection:
        connection.execute(insert(CALLS), calls)
        connection.execute(insert(ATTEMPTS), attempts)


def reports(engine: Engine) -> list[UsageReport]:
    """Every grouping over several ranges, folded as far as `engine` is: nothing is folded by asking."""
    ranges = [(None, None), (TODAY - timedelta(days=5), None), (None, TODAY - timedelta(days=3)),
              (TODAY - timedelta(days=8), TODAY - timedelta(days=4)), (TODAY, None)]
    return [usage_report(engine, by=by, since=since, until=until) for by in GROUPS for since, until in ranges]


def refuse_sums(engine: Engine, *, no_longer: bool = False) -> None:
    """Let every write into the sums fail, as on a full disk."""
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER full" if no_longer else (
            "CREATE TRIGGER full BEFORE INSERT ON day_totals BEGIN SELECT RAISE(ABORT, 'disk full'); END"))


def folded_days(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(TOTALS).where(TOTALS.c.grouping == "total")) or 0


def test_a_report_says_the_same_before_and_after_its_days_are_folded(engine: Engine) -> None:
    fill(engine)
    refuse_sums(engine)
    before = reports(engine)
    assert folded_days(engine) == 0
    refuse_sums(engine, no_longer=True)
    assert fold(engine) == 10
    assert reports(engine) == before
    assert before[0].total.calls == 12 * 15
    assert sum(row.cost_usd for row in before[0].rows) == before[0].total.cost_usd


def test_each_call_counts_once_in_the_sum_over_its_days(engine: Engine) -> None:
    fill(engine, calls_a_day=40)
    by_day = usage_report(engine, by="day")
    assert sum(row.calls for row in by_day.rows) == by_day.total.calls == 12 * 40


def test_today_and_yesterday_are_never_folded(engine: Engine) -> None:
    fill(engine, days=2)
    assert fold(engine) == 0


def test_a_day_with_a_try_under_way_waits_and_so_do_the_days_after_it(engine: Engine) -> None:
    fill(engine)
    third = TODAY - timedelta(days=9)
    with engine.begin() as connection:
        one = connection.scalar(select(ATTEMPTS.c.id).where(ATTEMPTS.c.day == third).limit(1))
        connection.execute(update(ATTEMPTS).where(ATTEMPTS.c.id == one).values(state="reserved"))
    assert fold(engine) == 2
    with engine.begin() as connection:
        connection.execute(update(ATTEMPTS).where(ATTEMPTS.c.id == one).values(state="unknown"))
    assert fold(engine) == 8


def test_a_day_with_an_open_call_waits(engine: Engine) -> None:
    fill(engine)
    with engine.begin() as connection:
        connection.execute(update(CALLS).where(CALLS.c.day == TODAY - timedelta(days=11)).values(state="open"))
    assert fold(engine) == 0


def test_asking_for_a_report_folds_what_is_ready(engine: Engine) -> None:
    fill(engine)
    usage_report(engine)
    assert folded_days(engine) == 10
    assert fold(engine) == 0


def test_a_database_that_cannot_be_written_still_gives_the_report(engine: Engine) -> None:
    fill(engine)
    refuse_sums(engine)
    assert usage_report(engine).total.calls == 180
    assert folded_days(engine) == 0


def test_folding_says_the_same_on_postgresql(postgres: Cluster) -> None:
    engine = create_engine(postgres.migrated_database())
    fill(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE day_totals ADD CONSTRAINT full_disk CHECK (calls < 0)")
    before = reports(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE day_totals DROP CONSTRAINT full_disk")
    assert fold(engine) == 10
    assert reports(engine) == before
    engine.dispose()
