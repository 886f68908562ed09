"""Item statistics against numbers that another program computed, and hidden where they would say too much."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import update

from chatbot.errors import NotFound
from chatbot.quizzes.learning.statistics import (
    FEWEST,
    Answered,
    correlation,
    item_statistics,
    note_flags,
    quiz_statistics,
)
from chatbot.quizzes.records.bank import Wanted, flags_of, read_quiz, search
from chatbot.quizzes.records.editions import ShownItem
from chatbot.quizzes.records.tables import ITEMS
from tests.chatbot.quizzes.banked import Bank, an_item


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(f"sqlite:///{tmp_path / 'funza.db'}")


def answered(right: np.ndarray) -> tuple[list[ShownItem], list[Answered]]:
    """Answers from a table of 0 and 1: a row for each learner, a column for each item; wrong ones pick place 0."""
    items = [ShownItem(f"item {place}", 1, 1, an_item(place)) for place in range(right.shape[1])]
    return items, [Answered(f"attempt {row}", items[column].id, 1, int(right[row, column]), bool(right[row, column]))
                   for row in range(right.shape[0]) for column in range(right.shape[1])]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_facility_and_discrimination_are_those_of_numpy(seed: int) -> None:
    chance = np.random.default_rng(seed)
    ability = chance.normal(size=200)
    right = (ability[:, None] + chance.normal(size=(200, 8)) > np.linspace(-1, 1, 8)).astype(int)
    found = item_statistics(*answered(right))
    for column, one in enumerate(found):
        rest = right.sum(axis=1) - right[:, column]
        assert one.facility == pytest.approx(right[:, column].mean())
        assert one.discrimination == pytest.approx(np.corrcoef(right[:, column], rest)[0, 1])
        assert one.picked == (200 - right[:, column].sum(), right[:, column].sum(), 0, 0)
        assert one.flags[-2:] == ("unused-distractor.2", "unused-distractor.3")


def test_a_correlation_by_hand() -> None:
    assert correlation([0, 0, 1, 1], [1, 2, 3, 4]) == pytest.approx(2 / 5 ** 0.5)
    assert correlation([1, 1, 1], [1, 2, 3]) is None


def test_an_item_that_only_the_weak_get_right_is_flagged() -> None:
    right = np.array([[1, 1, 0]] * 20 + [[0, 0, 1]] * 20)
    backwards = item_statistics(*answered(right))[2]
    assert backwards.discrimination == pytest.approx(-1)
    assert "discriminates-backwards" in backwards.flags


def test_an_item_that_guessing_would_answer_better_is_flagged() -> None:
    right = np.array([[1, 0]] * 6 + [[0, 1]] * 10 + [[0, 0]] * 24)
    hard, easier = item_statistics(*answered(right))
    assert "below-chance" in hard.flags
    assert "below-chance" not in easier.flags


@pytest.mark.parametrize(("learners", "hidden"), [(0, True), (FEWEST - 1, True), (FEWEST, False)])
def test_nothing_is_told_under_thirty_first_answers(learners: int, hidden: bool) -> None:
    right = np.array([[row % 2, 1 - row % 3 // 2] for row in range(learners)], dtype=int).reshape(learners, 2)
    for one in item_statistics(*answered(right)):
        assert (one.n, one.hidden) == (learners, hidden)
        assert (one.facility is None, one.discrimination is None, one.picked == (), one.flags == ()) == (
            (True,) * 4 if hidden else (False,) * 4)


def test_one_item_alone_has_no_discrimination() -> None:
    (one,) = item_statistics(*answered(np.array([[row % 2] for row in range(40)])))
    assert (one.facility, one.discrimination) == (0.5, None)


def take_many(bank: Bank, quiz_id: str, learners: int) -> list[list[bool]]:
    chance = random.Random(5)
    rows = [[chance.random() < share for share in (0.9, 0.6, 0.1)] for _ in range(learners)]
    for number, row in enumerate(rows):
        bank.answer(quiz_id, row, f"learner {number}")
    return rows


def test_only_first_attempts_count_and_flags_reach_the_review_queue(bank: Bank) -> None:
    quiz = bank.published(an_item(1), an_item(2), an_item(3))
    rows = np.array(take_many(bank, quiz.id, 30), dtype=int)
    for number in range(30):
        bank.answer(quiz.id, [False, False, False], f"learner {number}")
    found = quiz_statistics(bank.engine, quiz.id)
    assert [one.facility for one in found.items] == pytest.approx(list(rows.mean(axis=0)))
    assert (found.learners, found.version) == (30, quiz.version)
    note_flags(bank.engine, quiz.id)
    flags = flags_of(bank.engine, [one.id for one in quiz.items])
    assert "below-chance" in flags[quiz.items[2].id]
    assert {one.id for one in search(bank.engine, Wanted(flagged=True)).found} == set(flags)


def test_new_words_begin_to_count_anew_and_lose_their_flags(bank: Bank) -> None:
    quiz = bank.published(an_item(1), an_item(2), an_item(3))
    take_many(bank, quiz.id, 30)
    note_flags(bank.engine, quiz.id)
    item = quiz.items[2]
    bank.review.edit(quiz.id, item.id, item.version, {"stem": "Which tablet helps?"})
    approved = bank.release.approve(quiz.id, read_quiz(bank.engine, quiz.id).version)
    bank.release.publish(quiz.id, approved.version)
    assert [one.n for one in quiz_statistics(bank.engine, quiz.id).items] == [30, 30, 0]
    assert item.id not in flags_of(bank.engine, [item.id])


def test_flags_are_worked_out_at_each_tenth_first_attempt_only(bank: Bank) -> None:
    quiz = bank.published(an_item(1), an_item(2), an_item(3))
    take_many(bank, quiz.id, 31)
    note_flags(bank.engine, quiz.id)
    assert flags_of(bank.engine, [one.id for one in quiz.items]) == {}
    with bank.engine.begin() as connection:
        connection.execute(update(ITEMS).values(flagged=True, flags=["old"]))
    note_flags(bank.engine, quiz.id)
    assert set(map(tuple, flags_of(bank.engine, [one.id for one in quiz.items]).values())) == {("old",)}


def test_a_quiz_that_was_never_published_has_no_numbers(bank: Bank) -> None:
    assert quiz_statistics(bank.engine, bank.stored().id).items == ()
    with pytest.raises(NotFound):
        quiz_statistics(bank.engine, "01JD0000000000000000000000")
