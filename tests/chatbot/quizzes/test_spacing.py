"""A wrong item comes back soon, then further and further off; a right one that was never wrong does not."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from chatbot.database import now
from chatbot.errors import InvalidInput, NotFound, VersionConflict
from chatbot.quizzes.learning.attempts import Choice, answer_again
from chatbot.quizzes.learning.spacing import LONGEST_DAYS, due_items, reviewed
from chatbot.quizzes.records.bank import read_quiz
from chatbot.quizzes.records.tables import SPACED
from tests.chatbot.quizzes.banked import LEARNER, ZONE, Bank, an_item

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(f"sqlite:///{tmp_path / 'funza.db'}")


def make_due(bank: Bank) -> None:
    with bank.engine.begin() as connection:
        connection.execute(update(SPACED).values(due_at=now() - timedelta(seconds=1)))


def test_distances_grow_with_right_answers_and_a_wrong_one_begins_anew() -> None:
    memory, due = reviewed(None, correct=False, at=AT)
    assert due == AT + timedelta(minutes=10)
    waits = []
    for _ in range(12):
        at = due
        memory, due = reviewed(memory, correct=True, at=at)
        waits.append(due - at)
    assert waits == sorted(waits)
    assert timedelta(hours=1) < waits[0] <= timedelta(days=2)
    assert waits[-1] == timedelta(days=LONGEST_DAYS)
    assert reviewed(memory, correct=False, at=due)[1] == due + timedelta(minutes=10)


def test_the_same_answers_give_the_same_days() -> None:
    memory, due = reviewed(None, correct=False, at=AT)
    assert {reviewed(memory, correct=True, at=due)[1] for _ in range(5)} == {reviewed(memory, correct=True, at=due)[1]}


def test_only_wrong_items_come_again_and_not_before_they_are_due(bank: Bank) -> None:
    quiz = bank.published()
    done = bank.answer(quiz.id, [True, False])
    assert done.answers[0].due_at is None
    waiting = due_items(bank.engine, LEARNER)
    assert (waiting.items, waiting.count, waiting.next_at) == ((), 0, done.answers[1].due_at)
    make_due(bank)
    assert [one.id for one in due_items(bank.engine, LEARNER).items] == [quiz.items[1].id]
    assert due_items(bank.engine, "another learner").items == ()


def test_answering_again_plans_the_item_anew_on_both_databases(database_url: str) -> None:
    bank = Bank(database_url)
    quiz = bank.published()
    bank.answer(quiz.id, [False, False])
    bank.answer(quiz.id, [False, True])
    make_due(bank)
    item = quiz.items[0]
    again = answer_again(bank.engine, LEARNER, Choice(item.id, 1), zone=ZONE, version=item.version)
    assert again.correct
    assert again.due_at is not None
    assert again.due_at > now() + timedelta(hours=1)
    assert [one.id for one in due_items(bank.engine, LEARNER).items] == [quiz.items[1].id]


def test_what_was_never_wrong_or_is_not_published_cannot_be_practised(bank: Bank) -> None:
    quiz = bank.published()
    bank.answer(quiz.id, [True, False])
    for item_id in (quiz.items[0].id, "01JD0000000000000000000000"):
        with pytest.raises(NotFound):
            answer_again(bank.engine, LEARNER, Choice(item_id, 1), zone=ZONE)
    with pytest.raises(InvalidInput):
        answer_again(bank.engine, LEARNER, Choice(quiz.items[1].id, 9), zone=ZONE)
    with pytest.raises(VersionConflict):
        answer_again(bank.engine, LEARNER, Choice(quiz.items[1].id, 1), zone=ZONE, version=1)
    make_due(bank)
    bank.release.retire(quiz.id, quiz.version)
    assert due_items(bank.engine, LEARNER).items == ()
    with pytest.raises(NotFound):
        answer_again(bank.engine, LEARNER, Choice(quiz.items[1].id, 1), zone=ZONE)


def test_a_due_item_is_asked_in_the_words_that_are_published_now(bank: Bank) -> None:
    quiz = bank.published(an_item(1))
    bank.answer(quiz.id, [False])
    item = quiz.items[0]
    bank.review.edit(quiz.id, item.id, item.version, {"stem": "Which tablet helps?"})
    make_due(bank)
    assert due_items(bank.engine, LEARNER).items[0].item.stem == an_item(1).stem
    approved = bank.release.approve(quiz.id, read_quiz(bank.engine, quiz.id).version)
    bank.release.publish(quiz.id, approved.version)
    assert due_items(bank.engine, LEARNER).items[0].item.stem == "Which tablet helps?"
    with bank.engine.connect() as connection:
        assert len(connection.execute(select(SPACED)).all()) == 1


def test_the_scheduler_brings_no_torch() -> None:
    program = "import fsrs, sys; fsrs.Scheduler(); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "False\n"
