"""Sums of the days that are over, so that a report reads some hundred rows and not a million.

A day is folded once nothing in it can change any more: it ended a day ago (clocks differ), and none of its attempts is
`reserved` and none of its calls open. Ends happen exactly once, so a folded day stays true; the rows it was made of
stay too. Days are folded in their order, so one date, `folded_until`, says where the sums end and the rows begin.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, cast

import structlog
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Insert,
    Select,
    SQLColumnExpression,
    String,
    Table,
    case,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, aliased, mapped_column

from chatbot.database import NanoUsd, db, now
from chatbot.usage.tables import Attempt, Call

log = structlog.get_logger()
SETTLED_AFTER = timedelta(days=1)
"""How long a day must be over: a worker whose clock is slow may still write into it."""


class DayTotal(db.Model):  # type: ignore[name-defined,misc]
    """What one group of one folded day sums to. Each folded day has its row of grouping `total`."""

    __tablename__ = "day_totals"

    grouping: Mapped[str] = mapped_column(String(10), primary_key=True)
    """A key of `GROUPINGS`."""
    day: Mapped[date] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(170), primary_key=True)
    calls: Mapped[int] = mapped_column()
    attempts: Mapped[int] = mapped_column()
    failed: Mapped[int] = mapped_column()
    prompt_tokens: Mapped[int] = mapped_column(BigInteger)
    completion_tokens: Mapped[int] = mapped_column(BigInteger)
    cost_nano_usd: Mapped[int] = mapped_column(NanoUsd)
    """Of the known costs."""
    unpriced: Mapped[int] = mapped_column()
    estimated: Mapped[int] = mapped_column()
    exact: Mapped[int] = mapped_column()
    reserved: Mapped[int] = mapped_column()
    """0: a day is folded when nothing in it is under way."""
    fell_back: Mapped[int] = mapped_column()
    """Calls of the day that fell back; only in the row of grouping `total`."""


TOTALS = cast(Table, DayTotal.__table__)
GROUPINGS: Mapping[str, SQLColumnExpression[str] | None] = MappingProxyType({
    "total": None, "provider": Attempt.provider, "model": Attempt.provider + "/" + Attempt.model,
    "feature": Call.feature, "language": Call.language})
"""What usage can be summed by, besides the day."""
MEASURES = ("calls", "attempts", "failed", "prompt_tokens", "completion_tokens", "cost_nano_usd", "unpriced",
            "estimated", "exact", "reserved")
"""The sums of a group, in the order of `measured`'s columns."""


def measured(grouping: str, key: SQLColumnExpression[Any] | None) -> Select[Any]:
    """`key` and the `MEASURES` of the attempts in each of its groups, from the rows; of all in one when it is None."""
    def count_where(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    def total(column: SQLColumnExpression[int | None]) -> ColumnElement[int]:
        return func.coalesce(func.sum(column), 0)

    of_state = (count_where((Attempt.cost_state == state) & (Attempt.state != "released"))
                for state in ("unpriced", "estimated", "exact"))
    query = select(literal("") if key is None else key, count_where(_first_of_its_call(grouping)), func.count(),
                   count_where(Attempt.failure != ""), total(Attempt.prompt_tokens),
                   total(Attempt.completion_tokens), total(Attempt.cost_nano_usd), *of_state,
                   count_where(Attempt.state == "reserved")).select_from(Attempt)
    query = query.join(Call) if grouping in ("feature", "language") else query
    return query if key is None else query.group_by(key)


def folded_until(connection: Connection) -> date:
    """The last folded day; the rows after it are to be read themselves."""
    return connection.scalar(select(func.max(DayTotal.day)).where(DayTotal.grouping == "total")) or date.min


def fold(engine: Engine, most_days: int = 10_000) -> int:
    """Fold the days that are ready, oldest first. Returns how many.

    Does nothing when the database does not let it: another worker may be folding the same day, and a report is
    right without any of this.
    """
    folded = 0
    try:
        while folded < most_days and _fold_next(engine):
            folded += 1
    except SQLAlchemyError as error:
        log.info("not_folded", kind=type(error).__name__)
    return folded


def _fold_next(engine: Engine) -> bool:
    with engine.execution_options(read_only=True).connect() as connection:
        day = _next(connection)
    if day is None:
        return False
    with engine.begin() as connection:
        for grouping, key in GROUPINGS.items():
            connection.execute(_insertion(grouping, key, day))
    return True


def _next(connection: Connection) -> date | None:
    """The oldest day that is not folded, if it is ready."""
    after = folded_until(connection)
    days = [day for day in (connection.scalar(select(func.min(Attempt.day)).where(Attempt.day > after)),
                            connection.scalar(select(func.min(Call.day)).where(Call.day > after))) if day]
    if not days or min(days) >= now().date() - SETTLED_AFTER:
        return None
    day = min(days)
    undecided = (select(Attempt.id).where(Attempt.state == "reserved", Attempt.day == day).limit(1),
                 select(Call.id).where(Call.day == day, Call.state == "open").limit(1))
    return None if any(connection.scalar(query) for query in undecided) else day


def _insertion(grouping: str, key: SQLColumnExpression[str] | None, day: date) -> Insert:
    """Of one grouping. `total` gets its row also on a day without attempts: it marks the day as folded."""
    fell_back: ColumnElement[int] = literal(0)
    if grouping == "total":
        fell_back = select(func.count()).select_from(Call).where(Call.day == day, Call.fell_back).scalar_subquery()
    sums = measured(grouping, key).where(Attempt.day == day).subquery()
    return insert(TOTALS).from_select(["grouping", "day", "key", *MEASURES, "fell_back"],
                                      select(literal(grouping), literal(day), *sums.columns, fell_back))


def _first_of_its_call(grouping: str) -> ColumnElement[bool]:
    """Whether no earlier try of the same call is in the same group: so each call counts once, on one day."""
    earlier = aliased(Attempt)
    same = select(earlier.id).where(earlier.call_id == Attempt.call_id, earlier.ordinal < Attempt.ordinal)
    if grouping in ("provider", "model"):
        same = same.where(earlier.provider == Attempt.provider)
    if grouping == "model":
        same = same.where(earlier.model == Attempt.model)
    return (Attempt.ordinal == 1) | ~same.exists()
