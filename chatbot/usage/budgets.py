"""Budgets: what a key, or the whole installation, may cost in a UTC day or month. Never one nano-dollar over.

An attempt first holds the most that it may cost, in the transaction that reserves it; one conditional UPDATE admits it
or refuses it, so that no number of workers can overrun a limit together (check-then-add admitted 17 of 10 in a trial).
Its end lets go of the hold and books what it really cost, in the transaction that ends it. What a provider bills
beyond its own `max_tokens` is booked too, and stops the next call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Literal, get_args

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from chatbot.errors import BudgetExhausted
from chatbot.usage.budget_tables import BUDGETS, HOLDS, SPENDING
from chatbot.usage.tables import ATTEMPTS, CALLS

Window = Literal["day", "month"]
WINDOWS: tuple[Window, ...] = get_args(Window)
EVERYONE = ""
"""The principal whose budget is that of the whole installation."""
Key = tuple[str, str, date]
"""Principal, window, first day of the window."""


def starts_on(window: str, day: date) -> date:
    """First day of the window that `day` lies in."""
    return day.replace(day=1) if window == "month" else day


def ends_on(window: str, day: date) -> date:
    """First day of the next window."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) if window == "month" else day + timedelta(days=1)


def hold(connection: Connection, attempt_id: str, *, principal: str, day: date, most: int | None) -> bool:
    """Hold `most` nano-dollars of every budget that covers the attempt, whose row is written already.

    Returns whether anything is held. Raises BudgetExhausted when a budget has no room (the transaction must then be
    rolled back), and when one holds but nobody knows the `most`.
    """
    if most == 0:
        return False
    found = connection.execute(_BUDGETS_OF, {"everyone": EVERYONE, "principal": principal}).all()
    for budget in found:
        if most is None:
            raise BudgetExhausted("Nobody knows what this model costs, and a budget holds here.",
                                  remedy="Write its price into PRICES_FILE.")
        key = (budget.principal, budget.time_window, starts_on(budget.time_window, day))
        if not _take(connection, key, most) and not (_begin(connection, key, attempt_id)
                                                     and _take(connection, key, most)):
            raise _exhausted(budget.principal, budget.time_window, day)
        connection.execute(_NEW_HOLD, {"attempt_id": attempt_id, "principal": key[0], "time_window": key[1],
                                       "starts_on": key[2], "amount_nano_usd": most})
    return bool(found)


def settle(connection: Connection, costs: Mapping[str, int | None]) -> bool:
    """Let go of what these attempts (id -> nano-dollars) hold and book what they cost. Asked twice, it is done once.

    Returns whether anything was held.
    """
    held = connection.execute(_HOLDS_OF, {"attempts": list(costs)}).all()
    for one in sorted(held, key=lambda row: (row.principal, row.time_window, row.starts_on)):
        connection.execute(_BOOK, {**_named((one.principal, one.time_window, one.starts_on)),
                                   "cost": costs[one.attempt_id] or 0, "amount": one.amount_nano_usd})
    return bool(held)


def settle_interrupted(connection: Connection, attempt_ids: Sequence[str]) -> None:
    """The same for attempts of a dead worker: the estimate in their rows counts as spent."""
    if attempt_ids:
        rows = connection.execute(
            select(ATTEMPTS.c.id, ATTEMPTS.c.cost_nano_usd).where(ATTEMPTS.c.id.in_(attempt_ids))).all()
        settle(connection, {row.id: row.cost_nano_usd for row in rows})


def spent_before(key: Key) -> Select[int]:
    """What the ledger says a principal cost in a window, attempts under way at their estimate."""
    principal, window, first = key
    query = select(func.coalesce(func.sum(ATTEMPTS.c.cost_nano_usd), 0)).where(
        ATTEMPTS.c.day >= first, ATTEMPTS.c.day < ends_on(window, first))
    if principal == EVERYONE:
        return query
    return query.select_from(ATTEMPTS.join(CALLS)).where(CALLS.c.principal == principal)


def _take(connection: Connection, key: Key, amount: int) -> bool:
    return connection.execute(_TAKE, {**_named(key), "amount": amount}).rowcount == 1


def _begin(connection: Connection, key: Key, attempt_id: str) -> bool:
    """Make the window's row, with what the ledger says was spent in it before; False when it is there already."""
    if connection.execute(_THERE, _named(key)).first() is not None:
        return False
    spent = connection.scalar(spent_before(key).where(ATTEMPTS.c.id != attempt_id)) or 0
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(SPENDING).values(
        principal=key[0], time_window=key[1], starts_on=key[2], spent_nano_usd=int(spent), reserved_nano_usd=0,
    ).on_conflict_do_nothing())
    return True


def _named(key: Key) -> dict[str, str | date]:
    return {"whose": key[0], "which": key[1], "first": key[2]}


def _exhausted(principal: str, window: str, day: date) -> BudgetExhausted:
    whose = "This installation's" if principal == EVERYONE else "Your"
    return BudgetExhausted(f"{whose} budget of this {window} has no room for this request.",
                           remedy=f"A new one begins on {ends_on(window, day)} (UTC); an admin can raise it before.")


# Built once: building a statement costs more than running it.
_BUDGETS_OF = (
    select(BUDGETS.c.principal, BUDGETS.c.time_window)
    .where(BUDGETS.c.principal.in_([bindparam("everyone"), bindparam("principal")]))
    .order_by(BUDGETS.c.principal, BUDGETS.c.time_window))  # the one order in which spending rows are locked
_WINDOW = ((SPENDING.c.principal == bindparam("whose")) & (SPENDING.c.time_window == bindparam("which"))
           & (SPENDING.c.starts_on == bindparam("first")))
_LIMIT = select(BUDGETS.c.limit_nano_usd).where(
    BUDGETS.c.principal == bindparam("whose"), BUDGETS.c.time_window == bindparam("which")).scalar_subquery()
_THERE = select(SPENDING.c.principal).where(_WINDOW)
_TAKE = (
    update(SPENDING)
    .where(_WINDOW, SPENDING.c.spent_nano_usd + SPENDING.c.reserved_nano_usd + bindparam("amount") <= _LIMIT)
    .values(reserved_nano_usd=SPENDING.c.reserved_nano_usd + bindparam("amount")))
_BOOK = update(SPENDING).where(_WINDOW).values(
    spent_nano_usd=SPENDING.c.spent_nano_usd + bindparam("cost"),
    reserved_nano_usd=SPENDING.c.reserved_nano_usd - bindparam("amount"))
_NEW_HOLD = insert(HOLDS)
_HOLDS_OF = delete(HOLDS).where(HOLDS.c.attempt_id.in_(bindparam("attempts", expanding=True))).returning(
    HOLDS.c.attempt_id, HOLDS.c.principal, HOLDS.c.time_window, HOLDS.c.starts_on, HOLDS.c.amount_nano_usd)
