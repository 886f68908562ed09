"""What learners see: the newest edition of each published quiz, and nothing else.

A quiz that is not published is as if it did not exist: the same NotFound as for an id that nobody ever made.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, select

from chatbot.errors import InvalidInput, NotFound
from chatbot.knowledge.cards import Language
from chatbot.quizzes.item import Item
from chatbot.quizzes.records.rows import NO_QUIZ
from chatbot.quizzes.records.tables import EDITION_ITEMS, EDITIONS, QUIZZES, VERSIONS
from chatbot.quizzes.records.transactions import reading


@dataclass(frozen=True, slots=True)
class ShownItem:
    """One item of an edition. Only `item.stem` and `item.options` may reach a learner who has not answered."""

    id: str
    version: int
    content_version: int
    item: Item


@dataclass(frozen=True, slots=True)
class ShownQuiz:
    """An edition."""

    id: str
    title: str
    stage: str
    topic: str
    language: Language
    version: int
    published_at: datetime
    items: tuple[ShownItem, ...] = ()


def published_quizzes(engine: Engine, *, stage: str = "", language: str = "", limit: int = 20,
                      after: str = "") -> tuple[tuple[ShownQuiz, int], ...]:
    """Quizzes that learners may take, newest first, each with the number of its items (and without them)."""
    query = _live().order_by(QUIZZES.c.id.desc()).limit(limit)
    for column, value in ((QUIZZES.c.stage, stage), (QUIZZES.c.language, language)):
        query = query.where(column == value) if value else query
    with reading(engine) as connection:
        rows = connection.execute(query.where(QUIZZES.c.id < after) if after else query).all()
        return tuple((_shown(row), len(items_of_edition(connection, row.id, row.version))) for row in rows)


def shown_quiz(engine: Engine, quiz_id: str, version: int | None = None) -> ShownQuiz:
    """The edition that learners see now; or an earlier one of a quiz that they still see. Raises NotFound."""
    with reading(engine) as connection:
        return find_edition(connection, quiz_id, version)


def find_edition(connection: Connection, quiz_id: str, version: int | None = None) -> ShownQuiz:
    """The same, inside a transaction. Raises NotFound, InvalidInput."""
    row = connection.execute(_live().where(QUIZZES.c.id == quiz_id)).first()
    if row is None:
        raise NotFound(NO_QUIZ)
    if version is not None and version != row.version:
        row = connection.execute(_editions().where(QUIZZES.c.id == quiz_id, EDITIONS.c.version == version)).first()
        if row is None:
            raise InvalidInput("This quiz was never published in that version.", field="version",
                               remedy="Send the version that /take gave.")
    return _shown(row, items_of_edition(connection, row.id, row.version))


def items_of_edition(connection: Connection, quiz_id: str, version: int) -> tuple[ShownItem, ...]:
    """The items of an edition, in order."""
    rows = connection.execute(_shown_items().where(
        EDITION_ITEMS.c.quiz_id == quiz_id, EDITION_ITEMS.c.version == version).order_by(EDITION_ITEMS.c.place)).all()
    return tuple(shown_item(row) for row in rows)


def live_items(connection: Connection, item_ids: Sequence[str]) -> dict[str, tuple[str, int, ShownItem]]:
    """Those of these items that learners see now: id -> quiz, version of the quiz, item."""
    rows = connection.execute(_live_items().where(EDITION_ITEMS.c.item_id.in_(item_ids))).all()
    return {row.item_id: (row.quiz_id, row.quiz_version, shown_item(row)) for row in rows}


def published_items(engine: Engine, stage: str, language: str, count: int) -> tuple[Item, ...]:
    """Up to `count` published items of a stage, in random order. Raises RecordsUnavailable."""
    query = _live_items().where(QUIZZES.c.stage == stage, QUIZZES.c.language == language)
    with reading(engine) as connection:
        items = [Item.model_validate(row.content) for row in connection.execute(query)]
    unique = list({item.stem: item for item in items}.values())
    return tuple(random.sample(unique, min(count, len(unique))))


def shown_item(row: Row[Any]) -> ShownItem:
    return ShownItem(row.item_id, row.item_version, row.content_version, Item.model_validate(row.content))


def _shown(row: Row[Any], items: tuple[ShownItem, ...] = ()) -> ShownQuiz:
    return ShownQuiz(row.id, row.title, row.stage, row.topic, row.language, row.version, row.published_at, items)


def _editions() -> Select[Any]:
    return select(QUIZZES.c.id, QUIZZES.c.stage, QUIZZES.c.topic, QUIZZES.c.language, EDITIONS.c.title,
                  EDITIONS.c.version, EDITIONS.c.published_at).join(EDITIONS, EDITIONS.c.quiz_id == QUIZZES.c.id)


def _live() -> Select[Any]:
    return _editions().where(EDITIONS.c.version == QUIZZES.c.live_version)


def _shown_items() -> Select[Any]:
    return select(EDITION_ITEMS.c.item_id, EDITION_ITEMS.c.item_version, VERSIONS.c.content,
                  VERSIONS.c.content_version).join(
        VERSIONS,
        (VERSIONS.c.item_id == EDITION_ITEMS.c.item_id) & (VERSIONS.c.version == EDITION_ITEMS.c.item_version))


def _live_items() -> Select[Any]:
    return _shown_items().add_columns(QUIZZES.c.id.label("quiz_id"), QUIZZES.c.live_version.label("quiz_version")).join(
        QUIZZES, (QUIZZES.c.id == EDITION_ITEMS.c.quiz_id) & (QUIZZES.c.live_version == EDITION_ITEMS.c.version))


