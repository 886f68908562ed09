"""Transactions over the accounts' tables: a database that does not answer is LedgerUnavailable, and lets nobody in."""

from __future__ import annotations

import structlog
from sqlalchemy import Engine, Update
from sqlalchemy.exc import SQLAlchemyError

from chatbot.errors import LedgerUnavailable
from chatbot.transactions import Transactions

CANNOT_TELL = "The database does not answer, so nobody's key or session can be checked."

log = structlog.get_logger(__name__)


_KEPT = Transactions(lambda: LedgerUnavailable(CANNOT_TELL))
reading, writing = _KEPT.reading, _KEPT.writing


def note(engine: Engine, *statements: Update) -> None:
    """Write times down. A full disk or a busy database is no reason to refuse whoever asks, so it is only logged."""
    try:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(statement)
    except SQLAlchemyError as error:
        log.warning("account_times_not_written", error=type(error).__name__)
