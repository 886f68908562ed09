"""The name of a principal, for people who work on the same quiz: that of a person, or of a key."""

from __future__ import annotations

from sqlalchemy import Connection, select, union_all

from chatbot.accounts.principal import LOCAL
from chatbot.accounts.tables import KEYS, PEOPLE


def name_of(connection: Connection, principal: str) -> str:
    """The name; the id itself when nobody has it any more."""
    if principal == LOCAL.id:
        return "somebody at this machine"
    found = connection.scalar(union_all(select(PEOPLE.c.name).where(PEOPLE.c.id == principal),
                                        select(KEYS.c.name).where(KEYS.c.id == principal)))
    return str(found or principal)
