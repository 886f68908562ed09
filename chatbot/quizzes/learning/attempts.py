"""A learner's attempts: answered here, scored here, kept with the version of each item that she saw.

Nothing that a client says about right or wrong is taken. Every attempt answers every item of the edition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Literal

from sqlalchemy import Connection, Engine, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from chatbot.database import new_id, now
from chatbot.errors import InvalidInput, NotFound, VersionConflict
from chatbot.quizzes.learning.spacing import is_spaced, note_answers
from chatbot.quizzes.records.editions import ShownItem, find_edition, live_items
from chatbot.quizzes.records.tables import ANSWERS, ATTEMPTS, SPACED
from chatbot.quizzes.records.transactions import writing

Kind = Literal["practice", "pre", "post"]
"""`pre` before teaching and `post` after it are compared (`gains.py`); everything else is practice."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a learner picked for an item."""

    item_id: str
    choice: int
    """Place of the option, from 0."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One answer, and what is told about it once it is given."""

    shown: ShownItem
    choice: int
    due_at: datetime | None = None
    """When the item comes again; None when it does not."""

    @property
    def correct(self) -> bool:
        return self.choice == self.shown.item.answer_index


@dataclass(frozen=True, slots=True)
class Attempt:
    """One go at a quiz."""

    id: str
    quiz_id: str
    kind: str
    first: bool
    answers: tuple[Scored, ...] = field(default=())

    @property
    def score(self) -> int:
        return sum(one.correct for one in self.answers)


def answer_quiz(engine: Engine, principal: str, quiz_id: str, choices: Sequence[Choice], *, zone: tzinfo,
                kind: Kind = "practice", version: int | None = None) -> Attempt:
    """Score an attempt and keep it.

    `version` is the edition that was taken, the newest when left out; `zone` says on which day the attempt falls.
    Raises NotFound (also for a quiz that is not published), InvalidInput naming the field, RecordsUnavailable.
    """
    with writing(engine) as connection:
        quiz = find_edition(connection, quiz_id, version)
        answers = _scored(quiz.items, choices)
        return _keep(connection, {"principal": principal, "quiz_id": quiz.id, "quiz_version": quiz.version,
                                  "kind": kind}, answers, zone)


def answer_again(engine: Engine, principal: str, choice: Choice, *, zone: tzinfo, version: int | None = None) -> Scored:
    """Score the answer to an item that came again, and plan it anew.

    Raises NotFound when learners do not see the item or she never got it wrong, VersionConflict when its words changed
    since it was shown, InvalidInput.
    """
    with writing(engine) as connection:
        live = live_items(connection, [choice.item_id]).get(choice.item_id)
        if live is None or not is_spaced(connection, principal, choice.item_id):
            raise NotFound("There is no such item to practise.")
        quiz_id, quiz_version, shown = live
        if version is not None and version != shown.version:
            raise VersionConflict("The question was changed since you saw it.", field="version",
                                  remedy="Load the due items again.")
        _check_choice(choice.choice, shown, "choice")
        kept = _keep(connection, {"principal": principal, "quiz_id": quiz_id, "quiz_version": quiz_version,
                                  "kind": "spaced"}, (Scored(shown, choice.choice),), zone)
        return kept.answers[0]


def erase(connection: Connection, principal: str) -> int:
    """Delete every attempt, answer and planned item of a person. Returns how many attempts.

    The statistics of items count without them from then on.
    """
    own = select(ATTEMPTS.c.id).where(ATTEMPTS.c.principal == principal)
    connection.execute(delete(ANSWERS).where(ANSWERS.c.attempt_id.in_(own)))
    connection.execute(delete(SPACED).where(SPACED.c.principal == principal))
    return connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.principal == principal)).rowcount


def _scored(items: Sequence[ShownItem], choices: Sequence[Choice]) -> tuple[Scored, ...]:
    """One answer for each item, in the order of the quiz. Raises InvalidInput."""
    known = {one.id: one for one in items}
    given: dict[str, Scored] = {}
    for place, choice in enumerate(choices):
        shown = known.get(choice.item_id)
        if shown is None:
            raise InvalidInput("This item is not in the quiz.", field=f"answers.{place}.item_id")
        if choice.item_id in given:
            raise InvalidInput("This item is answered twice.", field=f"answers.{place}.item_id")
        _check_choice(choice.choice, shown, f"answers.{place}.choice")
        given[choice.item_id] = Scored(shown, choice.choice)
    missing = [one.id for one in items if one.id not in given]
    if missing:
        raise InvalidInput(f"{len(missing)} items are not answered; the first is {missing[0]}.", field="answers",
                           remedy="Answer every item of the quiz once.")
    return tuple(given[one.id] for one in items)


def _check_choice(choice: int, shown: ShownItem, name: str) -> None:
    if not 0 <= choice < len(shown.item.options):
        raise InvalidInput("There is no option at that place.", field=name,
                           remedy=f"Name a place from 0 to {len(shown.item.options) - 1}.")


def _keep(connection: Connection, taken: dict[str, Any], answers: tuple[Scored, ...], zone: tzinfo) -> Attempt:
    """Write down who took what (`taken`), and the answers; plan what comes again."""
    at = now()
    planned = note_answers(connection, taken["principal"], {one.shown.id: one.correct for one in answers}, at)
    kept = tuple(Scored(one.shown, one.choice, planned.get(one.shown.id)) for one in answers)
    row = {**taken, "at": at, "day": at.astimezone(zone).date(), "score": sum(one.correct for one in kept),
           "out_of": len(kept)}
    attempt_id = new_id()
    first = taken["kind"] != "spaced" and _insert_first(connection, {"id": attempt_id, **row})
    if not first:
        connection.execute(insert(ATTEMPTS).values(id=attempt_id, first=None, **row))
    connection.execute(insert(ANSWERS), [
        {"attempt_id": attempt_id, "item_id": one.shown.id, "item_version": one.shown.version,
         "content_version": one.shown.content_version, "choice": one.choice, "correct": one.correct} for one in kept])
    return Attempt(attempt_id, taken["quiz_id"], taken["kind"], first, kept)


def _insert_first(connection: Connection, row: dict[str, object]) -> bool:
    """Write the row as the learner's first attempt at this quiz, unless there is one: the database decides."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    new = dialect.insert(ATTEMPTS).values(first=1, **row).on_conflict_do_nothing(
        index_elements=["quiz_id", "principal", "first"])
    return connection.scalar(new.returning(ATTEMPTS.c.id)) is not None
