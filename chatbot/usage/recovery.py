"""Ends what dead workers left `reserved` or open, so that no row is lost and none stays undecided.

At start, and every half minute (`upkeep.py`). Nobody knows whether the provider billed for such an attempt, so it
becomes `unknown` and its estimate stays booked. Two workers that recover at once do no harm: they take turns, and an
end is given only to what has none.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Engine, and_, select, text, update

from chatbot.database import now
from chatbot.usage import budgets
from chatbot.usage.tables import Attempt, Call
from chatbot.usage.workers import LONGEST_CALL, is_alive
from chatbot.usage.writes import end_of_call, perform

TURN = "SELECT pg_advisory_xact_lock(726183)"
"""On PostgreSQL: two recoveries would lock the same rows in different orders. SQLite has one writer anyway."""


def recover(engine: Engine) -> int:
    """End the rows of dead workers. Returns how many attempts were ended. Raises SQLAlchemyError."""
    dead = _dead_workers(engine)
    if not dead:
        return 0
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(TURN))
        return sum(_end_rows_of(connection, worker, alive) for worker, alive in dead)


def _dead_workers(engine: Engine) -> list[tuple[str, bool | None]]:
    """Workers with rows that are not ended and that do not run here. Takes no write lock: mostly there are none."""
    with engine.execution_options(read_only=True).connect() as connection:
        workers = connection.scalars(select(Call.worker).where(Call.state == "open").union(
            select(Attempt.worker).where(Attempt.state == "reserved"))).all()
    alive = {worker: is_alive(worker) for worker in sorted(workers)}
    return [(worker, known) for worker, known in alive.items() if not known]


def _end_rows_of(connection: Connection, worker: str, alive: bool | None) -> int:
    interrupted = connection.scalars(
        update(Attempt).where(Attempt.state == "reserved", _left_by(Attempt, worker, alive))
        .values(state="unknown", failure="interrupted", ended_at=now()).returning(Attempt.id),
        execution_options={"synchronize_session": False}).all()
    budgets.settle_interrupted(connection, list(interrupted))
    calls = connection.scalars(select(Call.id).where(Call.state == "open", _left_by(Call, worker, alive))).all()
    perform(connection, [end_of_call(one, state="interrupted", error_code="server_restart") for one in calls])
    return len(interrupted)


def _left_by(table: type[Attempt] | type[Call], worker: str, alive: bool | None) -> ColumnElement[bool]:
    mine = table.worker == worker
    return mine if alive is False else and_(mine, table.started_at < now() - LONGEST_CALL)
