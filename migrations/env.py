"""Alembic's environment: the schema is `chatbot`'s tables; the engine comes from `chatbot.database.migrate`.

`flask db migrate -m "..."` (Flask-Migrate) writes a new version here by comparing the tables with the database.
"""

from typing import Any

from alembic import context
from sqlalchemy.types import TypeDecorator

from chatbot.database import db
from chatbot.usage import tables  # noqa: F401 - registers the ledger's tables


def _engine() -> Any:
    given = context.config.attributes.get("engine")
    if given is not None:
        return given
    from flask import current_app

    return current_app.extensions["migrate"].db.engine


def _plain_type(kind: str, item: Any, _context: Any) -> str | bool:
    """Write our own column types into a version as the plain types they are stored as."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


with _engine().connect() as connection:
    context.configure(connection=connection, target_metadata=db.metadata, render_as_batch=True, compare_type=True,
                      render_item=_plain_type)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
