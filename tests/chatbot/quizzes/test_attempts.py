"""Attempts are scored here, kept with the version that was seen, and only the first one counts as the first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select

from chatbot.errors import InvalidInput, NotFound
from chatbot.quizzes.learning.attempts import Choice, answer_quiz, erase
from chatbot.quizzes.records.bank import read_quiz
from chatbot.quizzes.records.editions import published_items, published_quizzes, shown_quiz
from chatbot.quizzes.records.tables import ANSWERS, ATTEMPTS, SPACED
from tests.chatbot.quizzes.banked import LEARNER, ZONE, Bank, an_item


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(f"sqlite:///{tmp_path / 'funza.db'}")


def test_an_attempt_is_scored_and_kept_with_the_versions_that_were_seen(database_url: str) -> None:
    bank = Bank(database_url)
    quiz = bank.published(an_item(1), an_item(2), an_item(3))
    done = bank.answer(quiz.id, [True, False, True], kind="pre")
    assert (done.score, done.first, [one.correct for one in done.answers]) == (2, True, [True, False, True])
    with bank.engine.connect() as connection:
        attempt = connection.execute(select(ATTEMPTS)).one()
        answers = connection.execute(select(ANSWERS).order_by(ANSWERS.c.item_id)).all()
    assert (attempt.principal, attempt.kind, attempt.score, attempt.out_of, attempt.quiz_version) == (
        LEARNER, "pre", 2, 3, quiz.version)
    versions = {one.id: one.version for one in quiz.items}
    assert {one.item_id: (one.item_version, one.content_version, one.choice, one.correct) for one in answers} == {
        one.shown.id: (versions[one.shown.id], 1, one.choice, one.correct) for one in done.answers}


def test_of_many_first_attempts_at_once_exactly_one_is_the_first(database_url: str) -> None:
    bank = Bank(database_url)
    quiz = bank.published()
    with ThreadPoolExecutor(8) as pool:
        firsts = list(pool.map(lambda _: bank.answer(quiz.id, [True, False]).first, range(8)))
    assert sorted(firsts) == [False] * 7 + [True]
    assert bank.answer(quiz.id, [True, True], "another learner").first


def test_answers_to_what_is_not_asked_asked_twice_or_left_out_are_refused_by_name(bank: Bank) -> None:
    quiz = bank.published()
    first, second = (one.id for one in quiz.items)
    other = bank.published(an_item(9)).items[0].id
    wrong = {
        "answers.1.item_id": [Choice(first, 0), Choice(other, 0)],
        "answers.2.item_id": [Choice(first, 0), Choice(second, 1), Choice(first, 0)],
        "answers": [Choice(second, 1)],
        "answers.0.choice": [Choice(first, 4), Choice(second, 1)],
        "answers.1.choice": [Choice(first, 3), Choice(second, -1)]}
    for field, choices in wrong.items():
        with pytest.raises(InvalidInput) as caught:
            answer_quiz(bank.engine, LEARNER, quiz.id, choices, zone=ZONE)
        assert caught.value.field == field
    with bank.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(ATTEMPTS)) == 0


def test_a_quiz_that_is_not_published_is_as_if_it_did_not_exist(bank: Bank) -> None:
    for quiz in (bank.stored(), bank.approved()):
        for call in (lambda quiz=quiz: shown_quiz(bank.engine, quiz.id),
                     lambda quiz=quiz: answer_quiz(bank.engine, LEARNER, quiz.id, [], zone=ZONE),
                     lambda: shown_quiz(bank.engine, "01JD0000000000000000000000")):
            with pytest.raises(NotFound) as caught:
                call()
            assert caught.value.detail == "There is no such quiz."
    assert published_quizzes(bank.engine) == ()


def test_who_began_with_one_version_is_scored_by_that_version(bank: Bank) -> None:
    quiz = bank.published(an_item(1))
    old = shown_quiz(bank.engine, quiz.id)
    item = quiz.items[0]
    bank.review.edit(quiz.id, item.id, item.version, {"keys": (0,)})
    draft = read_quiz(bank.engine, quiz.id)
    live = bank.release.publish(quiz.id, bank.release.approve(quiz.id, draft.version).version)
    by_version = {version: answer_quiz(bank.engine, f"learner {version}", quiz.id, [Choice(item.id, 1)], zone=ZONE,
                                       version=version).score for version in (old.version, live.version, None)}
    assert by_version == {old.version: 1, live.version: 0, None: 0}
    with pytest.raises(InvalidInput):
        answer_quiz(bank.engine, LEARNER, quiz.id, [Choice(item.id, 1)], zone=ZONE, version=draft.version)


def test_published_items_are_those_of_the_stage_and_language_that_learners_see(bank: Bank) -> None:
    bank.published(*(an_item(number) for number in range(12)))
    bank.stored(an_item(50))
    bank.published(an_item(60, language="sw"))
    found = published_items(bank.engine, "antenatal", "en", 10)
    assert len({one.stem for one in found}) == 10
    assert {one.stem for one in found} <= {an_item(number).stem for number in range(12)} | {an_item(60).stem}
    assert published_items(bank.engine, "birth", "en", 10) == ()


def test_erasing_a_learner_takes_all_that_is_hers_and_nothing_of_others(bank: Bank) -> None:
    quiz = bank.published()
    for learner in (LEARNER, "another learner"):
        bank.answer(quiz.id, [True, False], learner)
        bank.answer(quiz.id, [False, False], learner)
    with bank.engine.begin() as connection:
        assert (erase(connection, LEARNER), erase(connection, LEARNER)) == (2, 0)
    with bank.engine.connect() as connection:
        left = [connection.scalar(select(func.count()).select_from(table)) for table in (ATTEMPTS, ANSWERS, SPACED)]
        assert set(connection.scalars(select(ATTEMPTS.c.principal))) == {"another learner"}
    assert left == [2, 4, 2]
    assert bank.answer(quiz.id, [True, True]).first
