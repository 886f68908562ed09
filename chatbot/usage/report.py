"""The ledger's report: calls, tokens and money by provider, model, day or feature."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import ColumnElement, Engine, SQLColumnExpression, case, func, select

from chatbot.database import usd
from chatbot.usage.cost import CostState, weakest
from chatbot.usage.tables import Attempt, Call

GroupBy = Literal["provider", "model", "day", "feature"]


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
    """All groups since a day, and their total."""

    by: GroupBy
    since: date | None
    rows: tuple[UsageRow, ...]
    total: UsageRow
    fell_back: int
    """Calls that were not answered by the provider that should have."""


def usage_report(engine: Engine, *, by: GroupBy = "provider", since: date | None = None) -> UsageReport:
    """The report of all attempts since a UTC day (all of them when None), groups in order of their name."""
    keys: dict[GroupBy, SQLColumnExpression[Any]] = {
        "provider": Attempt.provider, "model": Attempt.provider + "/" + Attempt.model, "day": Attempt.day,
        "feature": Call.feature}
    key = keys[by]
    rows = _groups(engine, key, since)
    total = _groups(engine, None, since)
    empty = UsageRow("total", 0, 0, 0, 0, 0, Decimal(0), "local", 0, 0)
    with engine.execution_options(read_only=True).connect() as connection:
        query = select(func.count()).select_from(Call).where(Call.fell_back)
        fell_back = connection.scalar(query.where(Call.day >= since) if since else query) or 0
    return UsageReport(by, since, tuple(rows), total[0] if total and total[0].attempts else empty, fell_back)


def _groups(engine: Engine, key: SQLColumnExpression[Any] | None, since: date | None) -> list[UsageRow]:
    def count_where(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.sum(case((condition, 1), else_=0))

    columns = [
        func.count(Attempt.call_id.distinct()), func.count(), count_where(Attempt.failure != ""),
        func.sum(Attempt.prompt_tokens), func.sum(Attempt.completion_tokens),
        func.coalesce(func.sum(Attempt.cost_nano_usd), 0),
        *(count_where((Attempt.cost_state == state) & (Attempt.state != "released"))
          for state in ("unpriced", "estimated", "exact")),
        count_where(Attempt.state == "reserved"),
    ]
    query = select(*([key] if key is not None else []), *columns).select_from(Attempt).join(Call)
    if since is not None:
        query = query.where(Attempt.day >= since)
    if key is not None:
        query = query.group_by(key).order_by(key)
    with engine.execution_options(read_only=True).connect() as connection:
        return [_row(tuple(row) if key is not None else ("total", *row)) for row in connection.execute(query)]


def _row(values: tuple[object, ...]) -> UsageRow:
    key, *rest = values
    calls, attempts, failed, prompt, completion, cost, unpriced, estimated, exact, reserved = (
        int(value or 0) for value in rest)  # type: ignore[call-overload]
    counts = {"unpriced": unpriced, "estimated": estimated, "exact": exact}
    state = weakest(name for name, count in counts.items() if count)
    return UsageRow(str(key), calls, attempts, failed, prompt, completion, usd(cost), state, unpriced, reserved)
