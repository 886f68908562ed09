"""Transactions for records: a database that does not answer is one of our errors, in the feature's own words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from chatbot.errors import FunzaError


class Transactions:
    """Over a feature's tables.

    Args:
        unavailable: makes the error that is raised when the database does not answer.
        unwritable: the same for writing, where other words fit; left out, `unavailable`.
    """

    def __init__(self, unavailable: Callable[[], FunzaError],
                 unwritable: Callable[[], FunzaError] | None = None) -> None:
        self._unavailable = unavailable
        self._unwritable = unwritable or unavailable

    @contextmanager
    def reading(self, engine: Engine) -> Iterator[Connection]:
        """A transaction that takes no write lock."""
        try:
            with engine.execution_options(read_only=True).connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise self._unavailable() from error

    @contextmanager
    def writing(self, engine: Engine) -> Iterator[Connection]:
        """A transaction that commits at its end, and changes nothing when an error leaves it."""
        try:
            with engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise self._unwritable() from error
