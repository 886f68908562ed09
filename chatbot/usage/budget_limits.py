"""Sets, removes and lists budgets. How they hold calls back is `budgets.py`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import cast

from sqlalchemy import Connection, Engine, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from chatbot.database import NANO, now, usd
from chatbot.errors import InvalidInput, LedgerUnavailable, NotFound
from chatbot.usage.budget_tables import BUDGETS, HOLDS, SPENDING
from chatbot.usage.budgets import WINDOWS, Window, ends_on, spent_before, starts_on

LARGEST_USD = 1_000_000_000
"""A limit above it is a typing mistake, and would not fit the column."""
LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class BudgetState:
    """A limit and how far it is used in the window that runs now."""

    principal: str
    window: Window
    limit_usd: Decimal
    spent_usd: Decimal
    reserved_usd: Decimal
    """The most that calls under way may cost."""
    starts_on: date
    ends_on: date
    """The UTC day on which the next window begins."""


def set_budget(engine: Engine, principal: str, window: str, limit_usd: Decimal | str | int | float) -> BudgetState:
    """Set or change a limit; it holds from the next call on. Raises InvalidInput."""
    limit, at = _nano_limit(limit_usd), now()
    _check(principal, window)
    dialect = postgresql if engine.dialect.name == "postgresql" else sqlite
    row = dialect.insert(BUDGETS).values(principal=principal, time_window=window, limit_nano_usd=limit, set_at=at)
    with _transaction(engine) as connection:
        connection.execute(row.on_conflict_do_update(
            index_elements=["principal", "time_window"], set_={"limit_nano_usd": limit, "set_at": at}))
        return next(one for one in _states(connection, at.date())
                    if (one.principal, one.window) == (principal, window))


def remove_budget(engine: Engine, principal: str, window: str) -> None:
    """Take a limit away. Raises InvalidInput, and NotFound when there is none."""
    _check(principal, window)
    with _transaction(engine) as connection:
        gone = connection.execute(delete(BUDGETS).where(
            BUDGETS.c.principal == principal, BUDGETS.c.time_window == window)).rowcount
        for table in (SPENDING, HOLDS):  # a later limit begins with what the ledger says
            connection.execute(delete(table).where(table.c.principal == principal, table.c.time_window == window))
    if not gone:
        raise NotFound("There is no such budget.")


def list_budgets(engine: Engine) -> list[BudgetState]:
    """Every limit and its use today, the installation's first."""
    with _transaction(engine, read_only=True) as connection:
        return _states(connection, now().date())


def _states(connection: Connection, day: date) -> list[BudgetState]:
    """Without a row yet, a window's spending is what the ledger says, as it will be when the first call comes."""
    rows = connection.execute(select(BUDGETS).order_by(BUDGETS.c.principal, BUDGETS.c.time_window)).all()
    return [_state(connection, row.principal, row.time_window, row.limit_nano_usd, day) for row in rows]


def _state(connection: Connection, principal: str, window: str, limit: int, day: date) -> BudgetState:
    key = (principal, window, starts_on(window, day))
    used = connection.execute(select(SPENDING.c.spent_nano_usd, SPENDING.c.reserved_nano_usd).where(
        SPENDING.c.principal == key[0], SPENDING.c.time_window == key[1], SPENDING.c.starts_on == key[2])).one_or_none()
    spent, reserved = used or (int(connection.scalar(spent_before(key)) or 0), 0)
    return BudgetState(principal, cast(Window, window), usd(limit), usd(spent), usd(reserved), key[2],
                       ends_on(window, day))


def _nano_limit(limit_usd: Decimal | str | int | float) -> int:
    """Whole nano-dollars. Raises InvalidInput for what is no amount of money, negative, or absurdly large."""
    try:
        amount = Decimal(str(limit_usd))
    except InvalidOperation:
        amount = Decimal("NaN")
    if isinstance(limit_usd, bool) or not amount.is_finite() or not 0 <= amount <= LARGEST_USD:
        raise InvalidInput(f"A limit is an amount of US dollars from 0 to {LARGEST_USD:,}.", field="limit_usd")
    if amount * NANO % 1:
        raise InvalidInput("A limit has at most 9 decimals.", field="limit_usd")
    return int(amount * NANO)


def _check(principal: str, window: str) -> None:
    if window not in WINDOWS:
        raise InvalidInput("A budget is for a day or a month.", field="window", remedy="Use day or month.")
    if len(principal) > LONGEST_NAME or not principal.isprintable():
        raise InvalidInput("There is no such key.", field="principal")


@contextmanager
def _transaction(engine: Engine, *, read_only: bool = False) -> Iterator[Connection]:
    try:
        with engine.execution_options(read_only=read_only).begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise LedgerUnavailable("The budgets cannot be read or written now.") from error
