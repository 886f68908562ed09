"""How long the usage report takes over a large ledger: `python -m bench.report_rows [--rows 1000000]`.

Goal: under 300 ms over 1,000,000 attempts on SQLite, every grouping. It fills a ledger (tries spread over --days, the
last of them today), folds the days that are over, as a server does at its start, and asks each report seven times. For
comparison it then asks one without any folded day. The sums of both are compared: they must be the same.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import get_args

from sqlalchemy import Engine

from chatbot.database import migrate, open_engine
from chatbot.usage.day_totals import fold
from chatbot.usage.report import GroupBy, UsageReport, usage_report

GOAL_MS = 300.0
COUNT = """
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {rows}),
    v AS (SELECT i, printf('01%024d', i) AS id, date('now', -((i * {days}) / {rows}) || ' days') AS day FROM n)"""
CALLS = COUNT + """
    INSERT INTO calls (id, started_at, day, feature, stage, language, strategy, conversation_id, triage_level, state,
                       error_code, provider, model, fell_back, finish_reason, prompt_tokens, completion_tokens,
                       cost_nano_usd, cost_state, latency_ms, worker)
    SELECT id, day || ' 12:00:00.000000', day, CASE i % 3 WHEN 0 THEN 'chat' WHEN 1 THEN 'openai' ELSE 'quiz' END, '',
           CASE i % 2 WHEN 0 THEN 'en' ELSE 'sw' END, 'hybrid', '', 'none', 'answered', '', 'together', 'm', i % 10 = 0,
           'stop', 100 + i % 900, 50, 1000 * (i % 1000), 'exact', 900, 'w' FROM v"""
ATTEMPTS = COUNT + """
    INSERT INTO attempts (id, call_id, ordinal, day, provider, model, state, failure, prompt_tokens, completion_tokens,
                          cached_tokens, reasoning_tokens, usage_source, cost_nano_usd, cost_state, price_source,
                          upstream_id, started_at, worker)
    SELECT id, printf('01%024d', i - i % 5 / 4), 1 + i % 5 / 4, day,
           CASE i % 4 WHEN 0 THEN 'openai' WHEN 1 THEN 'local' ELSE 'together' END,
           CASE i % 7 WHEN 0 THEN 'm1' ELSE 'm2' END, CASE i % 11 WHEN 0 THEN 'released' ELSE 'settled' END,
           CASE i % 11 WHEN 0 THEN 'timeout' ELSE '' END, 100 + i % 900, 50, 0, 0, 'provider', 1000 * (i % 1000),
           'exact', 'bench', '', day || ' 12:00:00.000000', 'w' FROM v"""


def fill(engine: Engine, rows: int, days: int) -> None:
    """One call for each try; every fifth try is the second one of the call before."""
    with engine.begin() as connection:
        for statement in (CALLS, ATTEMPTS):
            connection.exec_driver_sql(statement.format(rows=rows, days=days))


def measure(engine: Engine, by: GroupBy, times: int) -> tuple[float, UsageReport]:
    """Median milliseconds of one report, and the report."""
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        report = usage_report(engine, by=by)
        seconds.append(time.perf_counter() - began)
    return 1000 * statistics.median(seconds), report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=365)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "funza.db"
        engine = open_engine(f"sqlite:///{file}")
        migrate(engine)
        began = time.perf_counter()
        fill(engine, options.rows, options.days)
        print(f"{options.rows} tries over {options.days} days: {time.perf_counter() - began:.0f} s to write, "
              f"{file.stat().st_size / 1e6:.0f} MB")
        with engine.begin() as connection:  # a full disk for the sums: reports then read every row
            connection.exec_driver_sql(
                "CREATE TRIGGER full BEFORE INSERT ON day_totals BEGIN SELECT RAISE(ABORT, 'no'); END")
        slow, from_rows = measure(engine, "provider", 1)
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TRIGGER full")
        began = time.perf_counter()
        folded = fold(engine)
        print(f"folding {folded} days, once: {time.perf_counter() - began:.1f} s")
        worst = 0.0
        for by in get_args(GroupBy):
            took, report = measure(engine, by, 7)
            worst = max(worst, took)
            print(f"  by {by:<9} {took:7.1f} ms  ({len(report.rows)} groups, {report.total.attempts} tries)")
        _, from_sums = measure(engine, "provider", 1)
        print(f"  without folded days: {slow:.0f} ms; the same sums: {from_sums == from_rows}")
    met = worst <= GOAL_MS and from_sums == from_rows
    print(f"slowest {worst:.0f} ms, goal {GOAL_MS:.0f}: {'met' if met else 'MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
