"""Transactions over the accounts' tables: a database that does not answer is one of our errors, and lets nobody in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import Connection, Engine, Update
from sqlalchemy.exc import SQLAlchemyError

from chatbot.errors import LedgerUnavailable

CANNOT_TELL = "The database does not answer, so nobody's key or session can be checked."

log = structlog.get_logger(__name__)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that takes no write lock. Raises LedgerUnavailable."""
    try:
        with engine.execution_options(read_only=True).connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise LedgerUnavailable(CANNOT_TELL) from error


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that commits at its end. Raises LedgerUnavailable."""
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise LedgerUnavailable(CANNOT_TELL) from error


def note(engine: Engine, *statements: Update) -> None:
    """Write times down. A full disk or a busy database is no reason to refuse whoever asks, so it is only logged."""
    try:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(statement)
    except SQLAlchemyError as error:
        log.warning("account_times_not_written", error=type(error).__name__)
