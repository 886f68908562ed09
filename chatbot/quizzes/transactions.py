"""Transactions over the quizzes' tables: a database that does not answer is one of our errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from chatbot.errors import RecordsUnavailable

CANNOT = "The quizzes cannot be read or written now; nothing was changed."


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that takes no write lock. Raises RecordsUnavailable."""
    try:
        with engine.execution_options(read_only=True).connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise RecordsUnavailable(CANNOT) from error


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that commits at its end, and changes nothing when an error leaves it. Raises RecordsUnavailable."""
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise RecordsUnavailable(CANNOT) from error
