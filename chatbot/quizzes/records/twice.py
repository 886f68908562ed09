"""A double click is paid for once: the same request by the same principal within two seconds is refused.

The database decides by one statement, so that it also holds between several workers. A client that sends an
Idempotency-Key says by itself which requests are the same, and is not asked here.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from sqlalchemy import Engine, delete
from sqlalchemy.dialects import postgresql, sqlite

from chatbot.database import now
from chatbot.errors import AskedTwice
from chatbot.quizzes.records.tables import RECENT
from chatbot.quizzes.records.transactions import writing

WITHIN = timedelta(seconds=2)
KEPT = timedelta(minutes=1)


def refuse_twice(engine: Engine, principal: str, route: str, body: bytes) -> None:
    """Note that this request comes now. Raises AskedTwice when it came a moment ago, RecordsUnavailable."""
    at = now()
    digest = hashlib.sha256(b"\0".join([principal.encode(), route.encode(), body])).hexdigest()
    with writing(engine) as connection:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        noted = dialect.insert(RECENT).values(digest=digest, at=at).on_conflict_do_update(
            index_elements=["digest"], set_={"at": at}, where=RECENT.c.at < at - WITHIN).returning(RECENT.c.digest)
        fresh = connection.scalar(noted) is not None
        connection.execute(delete(RECENT).where(RECENT.c.at < at - KEPT))
    if not fresh:
        raise AskedTwice("The same request is being answered.", remedy="Wait for its answer, or ask again in a while.")
