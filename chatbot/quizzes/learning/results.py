"""A learner's attempt, read again: what she chose, and what was right in the version that she saw."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, Select, select

from chatbot.errors import NotFound
from chatbot.quizzes.learning.attempts import Attempt, Scored
from chatbot.quizzes.records.editions import shown_item
from chatbot.quizzes.records.tables import ANSWERS, ATTEMPTS, EDITION_ITEMS, SPACED, VERSIONS
from chatbot.quizzes.records.transactions import reading


def result_of(engine: Engine, principal: str, attempt_id: str) -> Attempt:
    """One of her own attempts at a whole quiz, its answers in the order of the edition.

    Raises NotFound (also for somebody else's attempt), RecordsUnavailable.
    """
    with reading(engine) as connection:
        attempt = connection.execute(select(ATTEMPTS).where(
            ATTEMPTS.c.id == attempt_id, ATTEMPTS.c.principal == principal, ATTEMPTS.c.kind != "spaced")).first()
        if attempt is None:
            raise NotFound("There is no such result.")
        rows = connection.execute(_answers(principal).where(
            ANSWERS.c.attempt_id == attempt_id, EDITION_ITEMS.c.quiz_id == attempt.quiz_id,
            EDITION_ITEMS.c.version == attempt.quiz_version)).all()
    answers = tuple(Scored(shown_item(row), row.choice, row.due_at) for row in rows)
    return Attempt(attempt.id, attempt.quiz_id, attempt.kind, attempt.first == 1, answers)


def _answers(principal: str) -> Select[Any]:
    """Answers with the words that she saw, their place in the edition, and when the item comes again for her."""
    return select(ANSWERS.c.item_id, ANSWERS.c.item_version, ANSWERS.c.content_version, ANSWERS.c.choice,
                  VERSIONS.c.content, SPACED.c.due_at).join(
        VERSIONS, (VERSIONS.c.item_id == ANSWERS.c.item_id) & (VERSIONS.c.version == ANSWERS.c.item_version)).join(
        EDITION_ITEMS, EDITION_ITEMS.c.item_id == ANSWERS.c.item_id).outerjoin(
        SPACED, (SPACED.c.item_id == ANSWERS.c.item_id) & (SPACED.c.principal == principal)).order_by(
        EDITION_ITEMS.c.place)
