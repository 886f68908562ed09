"""How the people and keys behind some ids are called, for those who read a record."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Engine, select, union
from sqlalchemy.exc import SQLAlchemyError

from chatbot.accounts.tables import KEYS, PEOPLE
from chatbot.errors import RecordsUnavailable


def names_of(engine: Engine, ids: Iterable[str]) -> dict[str, str]:
    """Name by id: a person's name, or what a key is for. Others are left out. Raises RecordsUnavailable."""
    wanted = sorted({id_ for id_ in ids if id_})
    if not wanted:
        return {}
    asked = union(select(PEOPLE.c.id, PEOPLE.c.name).where(PEOPLE.c.id.in_(wanted)),
                  select(KEYS.c.id, KEYS.c.name).where(KEYS.c.id.in_(wanted)))
    try:
        with engine.execution_options(read_only=True).connect() as connection:
            return {row[0]: row[1] for row in connection.execute(asked)}
    except SQLAlchemyError as error:
        raise RecordsUnavailable("The accounts cannot be read now.") from error
