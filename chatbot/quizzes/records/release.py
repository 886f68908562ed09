"""What an educator does to a whole quiz: hand it in, approve it, send it back, publish, retire, reopen, reorder.

`publish` makes an edition: the approved versions of its items, in order. Learners see the newest edition only, and go
on seeing it while the quiz is edited, until the next `publish` or `retire`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, update

from chatbot.database import now
from chatbot.errors import InvalidInput
from chatbot.quizzes.item import Finding, Item, Status
from chatbot.quizzes.records.bank import StoredQuiz, read_quiz
from chatbot.quizzes.records.history import Action, Diff, moved
from chatbot.quizzes.records.judging import Judge
from chatbot.quizzes.records.plain import plain
from chatbot.quizzes.records.review import LONGEST_REASON, needed_reason
from chatbot.quizzes.records.rows import find_quiz, items_of, next_version, stale_quiz
from chatbot.quizzes.records.states import ITEMS_FOLLOW, OPEN, SHOWN, QuizStep, quiz_after
from chatbot.quizzes.records.tables import CHANGES, EDITION_ITEMS, EDITIONS, ITEMS, QUIZZES
from chatbot.quizzes.records.transactions import reading, writing

DONE: dict[QuizStep, Action] = {"submit": "submitted", "approve": "approved", "reject": "rejected",
                                "publish": "published", "retire": "retired", "reopen": "reopened", "change": "edited"}


class Release:
    """Changes quizzes of one bank, in one person's name (see `review.Review`)."""

    def __init__(self, engine: Engine, judge: Judge, by: str) -> None:
        self._engine = engine
        self._judge = judge
        self._by = by

    def submit(self, quiz_id: str, version: int, reason: str = "") -> StoredQuiz:
        """Hand a draft in for review. Raises NotFound, VersionConflict, WrongState, as all of these do."""
        return self._step("submit", quiz_id, version, reason)

    def reject(self, quiz_id: str, version: int, reason: str) -> StoredQuiz:
        """Send a quiz back to its author, for a reason. Raises InvalidInput without one."""
        return self._step("reject", quiz_id, version, needed_reason(reason))

    def retire(self, quiz_id: str, version: int, reason: str = "") -> StoredQuiz:
        """Take a quiz away from learners at once."""
        return self._step("retire", quiz_id, version, reason)

    def reopen(self, quiz_id: str, version: int, reason: str = "") -> StoredQuiz:
        """Make a draft of it again."""
        return self._step("reopen", quiz_id, version, reason)

    def approve(self, quiz_id: str, version: int, reason: str = "") -> StoredQuiz:
        """Approve every item that waits and has no blocking finding; and the quiz, when none is left open."""
        with reading(self._engine) as connection:
            quiz, rows = find_quiz(connection, quiz_id), items_of(connection, quiz_id)
            if quiz.version != version:
                raise stale_quiz(connection, quiz_id)
        quiz_after("approve", quiz.status)
        judged = {row.id: self._judge.item(Item.model_validate(row.content), quiz_id=quiz_id, item_id=row.id)
                  for row in rows if row.status in OPEN}
        clean = {item_id: findings for item_id, findings in judged.items() if _is_clean(findings)}
        with writing(self._engine) as connection:
            rows = items_of(connection, quiz_id)
            left = [row for row in rows if row.status in OPEN and row.id not in clean]
            shown = any(row.status in SHOWN or row.id in clean for row in rows)
            status: Status = quiz.status if left or not shown else "approved"
            self._advance(connection, quiz, version, "approve", status=status, reason=reason)
            for row in rows:
                if row.id in clean:
                    next_version(connection, row, by=self._by, action="approved", status="approved",
                                 findings=clean[row.id])
        return read_quiz(self._engine, quiz_id, self._judge)

    def publish(self, quiz_id: str, version: int, reason: str = "") -> StoredQuiz:
        """Make an edition of a quiz whose shown items are all approved, for learners to see from now on."""
        return self._step("publish", quiz_id, version, reason)

    def change(self, quiz_id: str, version: int, *, title: str | None = None,
               order: Sequence[str] | None = None) -> StoredQuiz:
        """Give a quiz another title, or its items another order. Raises InvalidInput."""
        with writing(self._engine) as connection:
            quiz, rows = find_quiz(connection, quiz_id), items_of(connection, quiz_id)
            new_title = quiz.title if title is None else plain(title)[:200]
            if not new_title:
                raise InvalidInput("A quiz needs a title.", field="title")
            old = [row.id for row in rows]
            new = old if order is None else _checked_order(order, old)
            diff = [*moved(quiz.title, new_title, "title"), *([] if new == old else [
                {"field": "order", "before": old, "after": new}])]
            self._advance(connection, quiz, version, "change", diff=diff, title=new_title)
            for place, item_id in enumerate(new):
                connection.execute(update(ITEMS).where(ITEMS.c.id == item_id).values(place=place))
        return read_quiz(self._engine, quiz_id, self._judge)

    def _step(self, step: QuizStep, quiz_id: str, version: int, reason: str) -> StoredQuiz:
        with writing(self._engine) as connection:
            quiz = find_quiz(connection, quiz_id)
            self._advance(connection, quiz, version, step, reason=reason)
            for row in items_of(connection, quiz_id):
                status = ITEMS_FOLLOW.get(step, {}).get(row.status)
                if status is not None:
                    next_version(connection, row, by=self._by, action=DONE[step], status=status)
            if step == "publish":
                self._make_edition(connection, quiz)
        return read_quiz(self._engine, quiz_id, self._judge)

    def _advance(self, connection: Connection, quiz: Row[Any], version: int, step: QuizStep, *, reason: str = "",
                 status: Status | None = None, diff: Diff | None = None, **values: Any) -> None:
        """Turn the version of a quiz that she saw into the next one, by one UPDATE that names it.

        Raises VersionConflict, then WrongState: a stale view is told of the newer version first.
        """
        if quiz.version != version:
            raise stale_quiz(connection, quiz.id)
        status = quiz_after(step, quiz.status) if status is None else status
        live = {"retire": None, "publish": version + 1}.get(step, quiz.live_version)
        done = connection.execute(update(QUIZZES).where(QUIZZES.c.id == quiz.id, QUIZZES.c.version == version).values(
            version=version + 1, status=status, live_version=live, updated_at=now(), updated_by=self._by, **values))
        if done.rowcount != 1:
            raise stale_quiz(connection, quiz.id)
        connection.execute(insert(CHANGES).values(
            quiz_id=quiz.id, version=version + 1, at=now(), by=self._by, action=DONE[step],
            reason=plain(reason)[:LONGEST_REASON], diff=(diff or []) + moved(quiz.status, status)))

    def _make_edition(self, connection: Connection, quiz: Row[Any]) -> None:
        rows = [row for row in items_of(connection, quiz.id) if row.status in SHOWN]
        version = quiz.version + 1
        connection.execute(insert(EDITIONS).values(
            quiz_id=quiz.id, version=version, title=quiz.title, published_at=now(), published_by=self._by))
        connection.execute(insert(EDITION_ITEMS), [
            {"quiz_id": quiz.id, "version": version, "item_id": row.id, "item_version": row.version, "place": place}
            for place, row in enumerate(rows)])


def _is_clean(findings: Sequence[Finding]) -> bool:
    return all(finding.severity != "block" for finding in findings)


def _checked_order(order: Sequence[str], old: Sequence[str]) -> list[str]:
    if sorted(order) != sorted(old):
        raise InvalidInput("Name each item of the quiz once.", field="order", remedy="Send the ids of all its items.")
    return list(order)
