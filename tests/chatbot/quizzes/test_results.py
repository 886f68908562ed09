"""An attempt, read again by who made it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from chatbot.errors import NotFound
from chatbot.quizzes.learning.attempts import Choice, answer_again
from chatbot.quizzes.learning.results import result_of
from chatbot.quizzes.records.bank import read_quiz
from chatbot.quizzes.records.tables import ATTEMPTS
from tests.chatbot.quizzes.banked import AMINA, LEARNER, ZONE, Bank


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(f"sqlite:///{tmp_path / 'funza.db'}")


def test_an_attempt_is_read_as_it_was_scored_in_the_order_of_the_quiz(bank: Bank) -> None:
    quiz = bank.published()
    done = bank.answer(quiz.id, [True, False])
    assert result_of(bank.engine, LEARNER, done.id) == done
    assert [one.shown.id for one in done.answers] == [one.id for one in quiz.items]


def test_words_that_were_changed_since_are_shown_as_she_saw_them(bank: Bank) -> None:
    quiz = bank.published()
    done = bank.answer(quiz.id, [True, True])
    first = read_quiz(bank.engine, quiz.id).items[0]
    bank.review.edit(quiz.id, first.id, first.version, {"stem": "What is asked now?"})
    assert result_of(bank.engine, LEARNER, done.id).answers[0].shown.item.stem == first.item.stem


def test_somebody_elses_attempt_is_not_found(bank: Bank) -> None:
    done = bank.answer(bank.published().id, [True, True])
    with pytest.raises(NotFound):
        result_of(bank.engine, AMINA, done.id)


def test_one_item_that_came_again_is_no_result_of_a_quiz(bank: Bank) -> None:
    quiz = bank.published()
    bank.answer(quiz.id, [False, True])
    answer_again(bank.engine, LEARNER, Choice(quiz.items[0].id, 1), zone=ZONE)
    with bank.engine.connect() as connection:
        again = connection.scalar(select(ATTEMPTS.c.id).where(ATTEMPTS.c.kind == "spaced"))
    with pytest.raises(NotFound):
        result_of(bank.engine, LEARNER, str(again))
