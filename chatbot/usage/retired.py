"""Models that their providers have retired, kept over a restart: asked again once a day, not at every start.

The database failing here costs one try a day and never a call, so nothing is raised.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import cast

import structlog
from sqlalchemy import Delete, Engine, String, Table, delete, insert, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from chatbot.database import UtcDateTime, db, now

log = structlog.get_logger()


class RetiredModel(db.Model):  # type: ignore[name-defined,misc]
    """A model that a provider no longer serves."""

    __tablename__ = "retired_models"

    provider: Mapped[str] = mapped_column(String(40), primary_key=True)
    model: Mapped[str] = mapped_column(String(120), primary_key=True)
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ask_again_at: Mapped[datetime] = mapped_column(UtcDateTime)


RETIRED = cast(Table, RetiredModel.__table__)


class RetiredModels:
    """The memory that `Health.keep_in` takes. Safe in threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def remembered(self) -> Iterator[tuple[str, str, float]]:
        """Provider, model, and seconds until it is asked again; those whose time has come are left out."""
        try:
            with self._engine.execution_options(read_only=True).connect() as connection:
                rows = connection.execute(select(RETIRED.c.provider, RETIRED.c.model, RETIRED.c.ask_again_at)).all()
        except SQLAlchemyError as error:
            _forgetful(error)
            return
        for provider, model, ask_again_at in rows:
            if (seconds := (ask_again_at - now()).total_seconds()) > 0:
                yield provider, model, seconds

    def remember(self, provider: str, model: str, seconds: float) -> None:
        at = now()
        try:
            with self._engine.begin() as connection:
                connection.execute(_row(provider, model))
                connection.execute(insert(RETIRED).values(provider=provider, model=model, found_at=at,
                                                          ask_again_at=at + timedelta(seconds=seconds)))
        except SQLAlchemyError as error:  # also when another worker has just written the same
            _forgetful(error)

    def forget(self, provider: str, model: str) -> None:
        try:
            with self._engine.begin() as connection:
                connection.execute(_row(provider, model))
        except SQLAlchemyError as error:
            _forgetful(error)


def _row(provider: str, model: str) -> Delete:
    return delete(RETIRED).where(RETIRED.c.provider == provider, RETIRED.c.model == model)


def _forgetful(error: SQLAlchemyError) -> None:
    log.warning("retired_models_not_kept", kind=type(error).__name__)
