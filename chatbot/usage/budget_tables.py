"""Tables of budgets: the limits, what is spent and held in each day and month, and which attempt holds what.

A limit belongs to a principal (a key; the empty name is the whole installation) and a window (UTC day or month).
Rules: faults.md S09, S11, B46, B63; the statements over these tables are in `budgets.py`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import cast

from sqlalchemy import CheckConstraint, ForeignKey, String, Table
from sqlalchemy.orm import Mapped, mapped_column

from chatbot.database import NanoUsd, UtcDateTime, db


class Budget(db.Model):  # type: ignore[name-defined,misc]
    """A limit: the most that a principal may cost in one window."""

    __tablename__ = "budgets"
    __table_args__ = (
        CheckConstraint("time_window IN ('day','month')", name="time_window"),
        CheckConstraint("limit_nano_usd >= 0", name="limit"),
    )

    principal: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Whose limit; empty for the whole installation."""
    time_window: Mapped[str] = mapped_column(String(5), primary_key=True)
    limit_nano_usd: Mapped[int] = mapped_column(NanoUsd)
    """0 allows nothing that costs."""
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)


class BudgetSpending(db.Model):  # type: ignore[name-defined,misc]
    """What one budget has spent and holds in one day or month. Made when the first attempt needs it."""

    __tablename__ = "budget_spending"

    principal: Mapped[str] = mapped_column(String(64), primary_key=True)
    time_window: Mapped[str] = mapped_column(String(5), primary_key=True)
    starts_on: Mapped[date] = mapped_column(primary_key=True)
    """UTC day, or first day of the month."""
    spent_nano_usd: Mapped[int] = mapped_column(NanoUsd)
    """The cost of attempts that ended."""
    reserved_nano_usd: Mapped[int] = mapped_column(NanoUsd, default=0)
    """The most that attempts under way may cost."""


class BudgetHold(db.Model):  # type: ignore[name-defined,misc]
    """What one attempt under way holds of one budget. Gone when the attempt ends."""

    __tablename__ = "budget_holds"

    attempt_id: Mapped[str] = mapped_column(ForeignKey("attempts.id"), primary_key=True)
    principal: Mapped[str] = mapped_column(String(64), primary_key=True)
    time_window: Mapped[str] = mapped_column(String(5), primary_key=True)
    starts_on: Mapped[date] = mapped_column()
    """The window it was reserved in: an attempt that ends after midnight is booked to the day it began."""
    amount_nano_usd: Mapped[int] = mapped_column(NanoUsd)


BUDGETS = cast(Table, Budget.__table__)
SPENDING = cast(Table, BudgetSpending.__table__)
HOLDS = cast(Table, BudgetHold.__table__)
