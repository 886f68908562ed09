"""At start: end what dead workers left `reserved` or open, so that no row is lost and none stays undecided.

Nobody knows whether the provider billed for such an attempt, so it becomes `unknown` and its estimate stays booked.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, Engine, and_, select, update

from chatbot.database import now
from chatbot.usage.ledger import close_call
from chatbot.usage.tables import Attempt, Call
from chatbot.usage.workers import is_alive

LONGEST_CALL = timedelta(minutes=30)
"""Rows of a worker on another host count as abandoned after this (a stream may last 20 minutes)."""


def recover(engine: Engine) -> int:
    """End the rows of dead workers. Returns how many attempts were ended."""
    with engine.begin() as connection:
        workers = connection.scalars(select(Call.worker).where(Call.state == "open").union(
            select(Attempt.worker).where(Attempt.state == "reserved"))).all()
        ended = 0
        for worker in workers:
            alive = is_alive(worker)
            if alive:
                continue
            ended += connection.execute(
                update(Attempt).where(Attempt.state == "reserved", _left_by(Attempt, worker, alive))
                .values(state="unknown", failure="interrupted", ended_at=now())).rowcount
            for call_id in connection.scalars(
                    select(Call.id).where(Call.state == "open", _left_by(Call, worker, alive))).all():
                close_call(connection, call_id, state="interrupted", error_code="server_restart")
    return ended


def _left_by(table: type[Attempt] | type[Call], worker: str, alive: bool | None) -> ColumnElement[bool]:
    mine = table.worker == worker
    return mine if alive is False else and_(mine, table.started_at < now() - LONGEST_CALL)
