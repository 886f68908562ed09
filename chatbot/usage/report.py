"""The ledger's report: calls, tokens and money by provider, model, day, feature or language; what failed, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal, TypeVar

from sqlalchemy import Connection, Engine, Select, SQLColumnExpression, func, select

from chatbot.database import usd
from chatbot.usage.cost import CostState, weakest
from chatbot.usage.day_totals import GROUPINGS, MEASURES, DayTotal, fold, folded_until, measured
from chatbot.usage.tables import Attempt, Call

GroupBy = Literal["provider", "model", "day", "feature", "language"]
Measures = tuple[int, ...]
"""One number for each of `MEASURES`."""
MOST_DAYS_TO_FOLD = 31
"""Days that one report folds for the next: a month that nobody looked at."""
Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One group. `attempts` counts tries, `failed` those that did not answer, `calls` distinct client requests."""

    key: str
    calls: int
    attempts: int
    failed: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: Decimal
    """The sum of the known costs."""
    cost_state: CostState
    unpriced_attempts: int
    """Tries whose price nobody knows: their cost is not in the sum."""
    reserved: int
    """Tries under way now."""


@dataclass(frozen=True, slots=True)
class UsageReport:
    """All groups between two days, and their total."""

    by: GroupBy
    since: date | None
    until: date | None
    rows: tuple[UsageRow, ...]
    total: UsageRow
    fell_back: int
    """Calls that were not answered by the provider that should have."""


@dataclass(frozen=True, slots=True)
class FailureRow:
    """How often tries at one model of a provider failed for one reason."""

    provider: str
    model: str
    failure: str
    """`ProviderError.kind`, `aborted` or `interrupted`."""
    attempts: int


def usage_report(engine: Engine, *, by: GroupBy = "provider", since: date | None = None,
                 until: date | None = None) -> UsageReport:
    """The report of all attempts from one UTC day to another, both included (open-ended where None).

    Groups come in the order of their name; a call without a language is in the group named with the empty text.
    """
    fold(engine, most_days=MOST_DAYS_TO_FOLD)
    with engine.execution_options(read_only=True).connect() as connection:
        days = _Days(connection, since, until)
        rows = days.by_day() if by == "day" else days.groups(by)
        total = days.groups("total")[""]
        return UsageReport(by, since, until, tuple(_row(key, rows[key]) for key in sorted(rows)),
                           _row("total", total), days.fell_back())


def failures(engine: Engine, *, since: date | None = None, until: date | None = None) -> tuple[FailureRow, ...]:
    """Why tries failed, by provider, model and reason; the most frequent first."""
    count = func.count()
    query = (select(Attempt.provider, Attempt.model, Attempt.failure, count).where(Attempt.failure != "")
             .group_by(Attempt.provider, Attempt.model, Attempt.failure)
             .order_by(count.desc(), Attempt.provider, Attempt.model, Attempt.failure))
    with engine.execution_options(read_only=True).connect() as connection:
        rows = connection.execute(between(query, Attempt.day, since, until))
        return tuple(FailureRow(provider, model, failure, number) for provider, model, failure, number in rows)


def between(query: Query, day: SQLColumnExpression[date], since: date | None, until: date | None) -> Query:
    """`query` held to the days from `since` to `until`, both included."""
    if since is not None:
        query = query.where(day >= since)
    return query if until is None else query.where(day <= until)


class _Days:
    """The days of one report: the sums of those that are folded, and the rows of those that are not."""

    def __init__(self, connection: Connection, since: date | None, until: date | None) -> None:
        self._connection, self._since, self._until = connection, since, until
        self._folded = folded_until(connection)

    def groups(self, grouping: str) -> dict[str, Measures]:
        """The measures of each group."""
        sums = select(DayTotal.key, *(func.sum(getattr(DayTotal, name)) for name in MEASURES)).group_by(DayTotal.key)
        return self._both(self._in_sums(sums, grouping), self._in_rows(measured(grouping, GROUPINGS[grouping])))

    def by_day(self) -> dict[str, Measures]:
        sums = select(DayTotal.day, *(getattr(DayTotal, name) for name in MEASURES)).where(DayTotal.attempts > 0)
        return self._both(self._in_sums(sums, "total"), self._in_rows(measured("total", Attempt.day)))

    def fell_back(self) -> int:
        sums = self._in_sums(select(func.sum(DayTotal.fell_back)), "total")
        rows = select(func.count()).select_from(Call).where(Call.fell_back, Call.day > self._folded)
        return sum(self._connection.scalar(query) or 0 for query in (sums, between(rows, Call.day, *self._range)))

    @property
    def _range(self) -> tuple[date | None, date | None]:
        return self._since, self._until

    def _in_sums(self, query: Query, grouping: str) -> Query:
        folded = query.where(DayTotal.grouping == grouping, DayTotal.day <= self._folded)
        return between(folded, DayTotal.day, *self._range)

    def _in_rows(self, query: Query) -> Query:
        return between(query.where(Attempt.day > self._folded), Attempt.day, *self._range)

    def _both(self, *queries: Select[Any]) -> dict[str, Measures]:
        found: dict[str, Measures] = {}
        for query in queries:
            for key, *measures in self._connection.execute(query):
                before = found.get(str(key), (0,) * len(MEASURES))
                found[str(key)] = tuple(int(one) + two for one, two in zip(measures, before, strict=True))
        return found


def _row(key: str, measures: Measures) -> UsageRow:
    calls, attempts, failed, prompt, completion, cost, unpriced, estimated, exact, reserved = measures
    counts = {"unpriced": unpriced, "estimated": estimated, "exact": exact}
    state = weakest(name for name, count in counts.items() if count)
    return UsageRow(key, calls, attempts, failed, prompt, completion, usd(cost), state, unpriced, reserved)
