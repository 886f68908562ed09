"""Finds whose budget is meant: an API key by its prefix or id, a person by name or id."""

from __future__ import annotations

from sqlalchemy import Engine, select, union
from sqlalchemy.exc import SQLAlchemyError

from chatbot.accounts.principal import LOCAL
from chatbot.accounts.tables import KEYS, PEOPLE
from chatbot.errors import LedgerUnavailable, NotFound


def principal_id(engine: Engine, name: str) -> str:
    """The id that the ledger keeps; empty stays empty, for the whole installation. Raises NotFound."""
    if name in ("", LOCAL.id):
        return name
    query = union(select(KEYS.c.id).where((KEYS.c.id == name) | (KEYS.c.prefix == name)),
                  select(PEOPLE.c.id).where((PEOPLE.c.id == name) | (PEOPLE.c.name == name)))
    try:
        with engine.execution_options(read_only=True).begin() as connection:
            found = connection.scalar(query)
    except SQLAlchemyError as error:
        raise LedgerUnavailable("The accounts cannot be read now.") from error
    if found is None:
        raise NotFound("There is no such key or person.", field="principal",
                       remedy="Use the prefix of a key (flask keys list), a person's name, or leave it empty.")
    return str(found)
