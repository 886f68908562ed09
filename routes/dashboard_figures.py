"""The numbers of the dashboard: the ledger's reports, every day of the range in its place, and how long each bar is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import Engine

from chatbot.safe_csv import Cell
from chatbot.usage.report import FailureRow, GroupBy, UsageReport, UsageRow, failures, usage_report

LONGEST = 732
"""Days that fit on one page: two years."""
GROUPS: tuple[GroupBy, ...] = ("provider", "model", "feature", "language")
CSV_HEADER = ("group", "key", "calls", "attempts", "failed", "prompt_tokens", "completion_tokens", "cost_usd",
              "cost_state", "unpriced_attempts")


@dataclass(frozen=True, slots=True)
class Range:
    """Days in UTC, both included."""

    since: date
    until: date

    def __iter__(self) -> Iterator[date]:
        return (self.since + timedelta(days=number) for number in range((self.until - self.since).days + 1))


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a table, and the length of its bar in percent of the longest."""

    row: UsageRow
    percent: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything the page shows of the ledger."""

    total: UsageRow
    fell_back: int
    from_cards: int
    """Calls that the fact cards answered without a model."""
    days: tuple[UsageRow, ...]
    """One for each day of the range, oldest first; a day without calls is there, with zeros."""
    groups: Mapping[GroupBy, tuple[Bar, ...]]
    """By provider, model, feature and language; the dearest first."""
    failures: tuple[FailureRow, ...]


def figures(engine: Engine, days: Range) -> Figures:
    """Read the ledger for a range of days."""
    by_day = usage_report(engine, by="day", since=days.since, until=days.until)
    found = {row.key: row for row in by_day.rows}
    groups = {by: _bars(usage_report(engine, by=by, since=days.since, until=days.until)) for by in GROUPS}
    return Figures(
        total=by_day.total, fell_back=by_day.fell_back,
        from_cards=sum(bar.row.calls for bar in groups["provider"] if bar.row.key == "curated"),
        days=tuple(found.get(day.isoformat(), _quiet(day)) for day in days), groups=groups,
        failures=failures(engine, since=days.since, until=days.until))


def csv_rows(engine: Engine, days: Range) -> Iterator[Sequence[Cell]]:
    """Every grouping of the report, and then the failures (`provider/model: reason`)."""
    groups: tuple[GroupBy, ...] = ("day", *GROUPS)
    for by in groups:
        for row in usage_report(engine, by=by, since=days.since, until=days.until).rows:
            yield (by, row.key, row.calls, row.attempts, row.failed, row.prompt_tokens, row.completion_tokens,
                   row.cost_usd, row.cost_state, row.unpriced_attempts)
    for one in failures(engine, since=days.since, until=days.until):
        yield ("failure", f"{one.provider}/{one.model}: {one.failure}", None, one.attempts, one.attempts, None, None,
               None, None, None)


def _bars(report: UsageReport) -> tuple[Bar, ...]:
    rows = sorted(report.rows, key=lambda row: (-row.cost_usd, -row.calls, row.key))
    longest = max((row.cost_usd for row in rows), default=Decimal(0))
    return tuple(Bar(row, int(row.cost_usd / longest * 100) if longest else 0) for row in rows)


def _quiet(day: date) -> UsageRow:
    return UsageRow(day.isoformat(), 0, 0, 0, 0, 0, Decimal(0), "local", 0, 0)
