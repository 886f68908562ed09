"""Items that a learner got wrong come again, at growing distances: spaced practice.

The distances are FSRS's (open-spaced-repetition, github.com/open-spaced-repetition/py-fsrs), with its published default
parameters: they aim at 90 % right answers when an item is due. A wrong answer counts as its `Again` and comes back
after ten minutes, a right one as its `Good`. Without chance (no fuzz), so that the same answers give the same days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.dialects import postgresql, sqlite

from chatbot.database import now
from chatbot.quizzes.records.editions import ShownItem, live_items
from chatbot.quizzes.records.tables import EDITION_ITEMS, QUIZZES, SPACED
from chatbot.quizzes.records.transactions import reading

if TYPE_CHECKING:
    from fsrs import Scheduler

AGAIN_AFTER = timedelta(minutes=10)
LONGEST_DAYS = 365


@dataclass(frozen=True, slots=True)
class Due:
    """What a learner should answer again."""

    items: tuple[ShownItem, ...]
    count: int
    """All that are due, shown or not."""
    next_at: datetime | None
    """When the next one comes that is not due yet."""


def due_items(engine: Engine, principal: str, limit: int = 10) -> Due:
    """Items that are due, the longest waiting first; only what learners see now. Raises RecordsUnavailable."""
    live = select(EDITION_ITEMS.c.item_id).join(QUIZZES, (QUIZZES.c.id == EDITION_ITEMS.c.quiz_id)
                                                & (QUIZZES.c.live_version == EDITION_ITEMS.c.version))
    own = (SPACED.c.principal == principal) & SPACED.c.item_id.in_(live)
    at = now()
    with reading(engine) as connection:
        ids = connection.scalars(select(SPACED.c.item_id).where(own, SPACED.c.due_at <= at)
                                 .order_by(SPACED.c.due_at, SPACED.c.item_id).limit(limit)).all()
        count = connection.scalar(select(func.count()).select_from(SPACED).where(own, SPACED.c.due_at <= at)) or 0
        next_at = connection.scalar(select(func.min(SPACED.c.due_at)).where(own, SPACED.c.due_at > at))
        shown = live_items(connection, ids)
    return Due(tuple(shown[item_id][2] for item_id in ids if item_id in shown), count, next_at)


def note_answers(connection: Connection, principal: str, answers: Mapping[str, bool],
                 at: datetime) -> dict[str, datetime]:
    """Plan anew after these answers (item id -> right): a wrong item enters, a right one that is in goes further off.

    Returns when each item comes again; those that were never wrong do not.
    """
    known = connection.execute(select(SPACED.c.item_id, SPACED.c.memory).where(
        SPACED.c.principal == principal, SPACED.c.item_id.in_(list(answers)))).all()
    memories: dict[str, dict[str, Any]] = {row.item_id: row.memory for row in known}
    planned: dict[str, datetime] = {}
    for item_id, correct in answers.items():
        if correct and item_id not in memories:
            continue
        memory, planned[item_id] = reviewed(memories.get(item_id), correct=correct, at=at)
        _keep(connection, principal, item_id, memory, planned[item_id])
    return planned


def is_spaced(connection: Connection, principal: str, item_id: str) -> bool:
    """Whether a learner got this item wrong before."""
    return connection.execute(select(SPACED.c.item_id).where(
        SPACED.c.principal == principal, SPACED.c.item_id == item_id)).first() is not None


def reviewed(memory: dict[str, Any] | None, *, correct: bool, at: datetime) -> tuple[dict[str, Any], datetime]:
    """The scheduler's state after an answer, and when the item is due; `memory` is None before the first answer."""
    from fsrs import Card, Rating

    card = Card(card_id=0, due=at) if memory is None else Card.from_dict(memory)  # type: ignore[arg-type]
    card, _log = _scheduler().review_card(card, Rating.Good if correct else Rating.Again, at)
    return dict(card.to_dict()), card.due


@cache
def _scheduler() -> Scheduler:
    from fsrs import Scheduler

    return Scheduler(learning_steps=(AGAIN_AFTER,), relearning_steps=(AGAIN_AFTER,), maximum_interval=LONGEST_DAYS,
                     enable_fuzzing=False)


def _keep(connection: Connection, principal: str, item_id: str, memory: dict[str, Any], due_at: datetime) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    values = {"due_at": due_at, "memory": memory}
    connection.execute(dialect.insert(SPACED).values(principal=principal, item_id=item_id, **values)
                       .on_conflict_do_update(index_elements=["principal", "item_id"], set_=values))
