"""Alembic's environment: the schema is `chatbot`'s tables; the engine comes from `chatbot.database.migrate`.

`flask db migrate -m "..."` (Flask-Migrate) writes a new version here by comparing the tables with the database.
"""

from typing import Any

from alembic import context
from sqlalchemy.types import TypeDecorator

from chatbot.accounts import tables as account_tables  # noqa: F401 - importing it registers its tables
from chatbot.database import db
from chatbot.documents import tables as document_tables  # noqa: F401 - likewise
from chatbot.images.endpoint import tables as endpoint_tables  # noqa: F401 - likewise
from chatbot.images.lessons import tables as image_job_tables  # noqa: F401 - likewise
from chatbot.privacy import kept_tables  # noqa: F401 - likewise
from chatbot.privacy import tables as privacy_tables  # noqa: F401 - likewise
from chatbot.quizzes.records import tables as quiz_tables  # noqa: F401 - likewise
from chatbot.safety.escalation import tables as escalation_tables  # noqa: F401 - likewise
from chatbot.safety.versions import tables as versions_tables  # noqa: F401 - likewise
from chatbot.usage import budget_tables, day_totals, replay_tables, retired, tables  # noqa: F401 - likewise


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


def _foreign_keys(connection: Any, switch: str) -> None:
    """SQLite changes a table by making it anew, which its foreign keys would forbid (sqlite.org/lang_altertable.html).

    Only outside a transaction, hence on the driver's own connection.
    """
    if connection.dialect.name == "sqlite":
        connection.connection.dbapi_connection.execute(f"PRAGMA foreign_keys={switch}")


with _engine().connect() as connection:
    _foreign_keys(connection, "OFF")
    context.configure(connection=connection, target_metadata=db.metadata, render_as_batch=True, compare_type=True,
                      render_item=_plain_type)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
    _foreign_keys(connection, "ON")
