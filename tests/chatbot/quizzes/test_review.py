"""Review: which steps are allowed, what each leaves behind, and that two editors never overwrite each other."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, get_args

import pytest

from chatbot.accounts.people import People
from chatbot.accounts.seal import Seal
from chatbot.errors import FunzaError, HasFlaws, InvalidInput, NotFound, VersionConflict, WrongState
from chatbot.quizzes.item import Status
from chatbot.quizzes.records.bank import StoredQuiz, changes_of, read_item, read_quiz, versions_of
from chatbot.quizzes.records.editions import published_items, shown_quiz
from chatbot.quizzes.records.review import Review
from chatbot.quizzes.records.states import ITEM_STEPS, QUIZ_STEPS, ItemStep, QuizStep
from tests.chatbot.quizzes.banked import AMINA, BEATRICE, Bank, an_item

QUIZ_STATES = ("draft", "in_review", "approved", "published", "retired")


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(f"sqlite:///{tmp_path / 'funza.db'}")


def quiz_in(bank: Bank, status: Status) -> StoredQuiz:
    """A quiz with two items, brought into a state by the steps that lead there."""
    quiz = bank.stored()
    ways: dict[Status, tuple[QuizStep, ...]] = {
        "draft": (), "in_review": ("submit",), "approved": ("approve",), "published": ("approve", "publish"),
        "retired": ("retire",)}
    for step in ways[status]:
        quiz = take_step(bank, quiz, step)
    assert quiz.status == status
    return quiz


def take_step(bank: Bank, quiz: StoredQuiz, step: QuizStep) -> StoredQuiz:
    if step == "change":
        return bank.release.change(quiz.id, quiz.version, title="Another title")
    return getattr(bank.release, step)(quiz.id, quiz.version, reason="A reason.")  # type: ignore[no-any-return]


@pytest.mark.parametrize("status", QUIZ_STATES)
@pytest.mark.parametrize("step", get_args(QuizStep))
def test_a_quiz_takes_exactly_the_steps_of_the_table(bank: Bank, status: Status, step: QuizStep) -> None:
    quiz = quiz_in(bank, status)
    allowed = QUIZ_STEPS[step].get(status)
    if allowed is None:
        with pytest.raises(WrongState):
            take_step(bank, quiz, step)
        assert read_quiz(bank.engine, quiz.id) == quiz.model_copy(update={"findings": ()})
        return
    after = take_step(bank, quiz, step)
    assert (after.status, after.version) == (allowed, quiz.version + 1)
    assert changes_of(bank.engine, quiz.id)[0].by == AMINA


def item_step(bank: Bank, quiz: StoredQuiz, step: ItemStep) -> Any:
    item = quiz.items[0]
    if step == "change":
        return bank.review.edit(quiz.id, item.id, item.version, {"stem": "Which tablet helps?"})
    if step == "reject":
        return bank.review.reject(quiz.id, item.id, item.version, "A reason.")
    return bank.review.approve(quiz.id, item.id, item.version)


@pytest.mark.parametrize("status", get_args(Status))
@pytest.mark.parametrize("step", get_args(ItemStep))
def test_an_item_takes_exactly_the_steps_of_the_table(bank: Bank, status: Status, step: ItemStep) -> None:
    quiz = quiz_in(bank, "draft" if status == "rejected" else status)
    if status == "rejected":
        bank.review.reject(quiz.id, quiz.items[0].id, 1, "A reason.")
        quiz = read_quiz(bank.engine, quiz.id)
    assert quiz.items[0].status == status
    allowed = ITEM_STEPS[step].get(status)
    if allowed is None:
        with pytest.raises(WrongState):
            item_step(bank, quiz, step)
        assert read_item(bank.engine, quiz.id, quiz.items[0].id) == quiz.items[0]
        return
    assert item_step(bank, quiz, step).status == allowed
    after = read_quiz(bank.engine, quiz.id)
    assert after.version == quiz.version + 1
    reopens = step != "approve" and quiz.status in ("approved", "published")
    assert after.status == ("draft" if reopens else quiz.status)


def test_every_change_is_a_version_that_says_who_what_and_why(bank: Bank) -> None:
    quiz = bank.stored()
    item = quiz.items[0].id
    Review(bank.engine, bank.judge, BEATRICE).edit(quiz.id, item, 1, {
        "stem": "Which tablet helps?", "options": ("Zinc", "Iron", "Salt", "Rice"), "tags": ()})
    bank.review.reject(quiz.id, item, 2, "Too easy.")
    back = bank.review.roll_back(quiz.id, item, 3, 1)
    assert back.item == an_item(1)
    history = versions_of(bank.engine, quiz.id, item)
    assert [(one.version, one.action, one.by, one.reason, one.status) for one in history] == [
        (4, "rolled_back", AMINA, "to version 1", "draft"), (3, "rejected", AMINA, "Too easy.", "rejected"),
        (2, "edited", BEATRICE, "", "draft"), (1, "made", AMINA, "", "draft")]
    assert history[2].diff == [
        {"field": "stem", "before": an_item(1).stem, "after": "Which tablet helps?"},
        {"field": "options.1", "before": "Iron 1", "after": "Iron"},
        {"field": "options.3", "before": "Sugar", "after": "Rice"},
        {"field": "tags", "before": ["iron"], "after": []}]
    assert history[1].diff == [{"field": "status", "before": "draft", "after": "rejected"}]


def test_an_edit_that_changes_nothing_makes_no_version(bank: Bank) -> None:
    quiz = bank.approved()
    kept = bank.review.edit(quiz.id, quiz.items[0].id, quiz.items[0].version, {"stem": f" {an_item(1).stem} "})
    assert kept == quiz.items[0]


def test_an_item_with_a_blocking_finding_is_not_approved_and_says_what_to_do(bank: Bank) -> None:
    quiz = bank.stored(an_item(1), an_item(2, stem="A FLAW?"))
    with pytest.raises(HasFlaws) as caught:
        bank.review.approve(quiz.id, quiz.items[1].id, 1)
    assert caught.value.remedy == "Take it out."


def test_bulk_approval_takes_the_clean_items_and_the_quiz_only_when_none_is_left(bank: Bank) -> None:
    quiz = bank.stored(an_item(1), an_item(2, stem="A FLAW?"), an_item(3))
    quiz = bank.release.approve(quiz.id, quiz.version)
    assert ([one.status for one in quiz.items], quiz.status) == (["approved", "draft", "approved"], "draft")
    bank.review.reject(quiz.id, quiz.items[1].id, 1, "It has a flaw.")
    quiz = bank.release.approve(quiz.id, quiz.version + 1)
    assert quiz.status == "approved"
    live = bank.release.publish(quiz.id, quiz.version)
    assert [one.item.stem for one in shown_quiz(bank.engine, live.id).items] == [an_item(1).stem, an_item(3).stem]


def test_a_quiz_without_an_item_to_show_is_never_approved(bank: Bank) -> None:
    quiz = bank.stored(an_item(1))
    bank.review.reject(quiz.id, quiz.items[0].id, 1, "No.")
    assert bank.release.approve(quiz.id, 2).status == "draft"


def test_learners_keep_the_published_version_until_the_change_is_approved_and_published(bank: Bank) -> None:
    quiz = bank.published()
    item = quiz.items[0]
    edited = bank.review.edit(quiz.id, item.id, item.version, {"stem": "Which tablet helps?"})
    assert edited.status == "draft"
    draft = read_quiz(bank.engine, quiz.id)
    assert (draft.status, draft.live_version) == ("draft", quiz.version)
    assert [one.item.stem for one in shown_quiz(bank.engine, quiz.id).items] == [an_item(1).stem, an_item(2).stem]
    with pytest.raises(WrongState):
        bank.release.publish(quiz.id, draft.version)
    approved = bank.release.approve(quiz.id, draft.version)
    assert shown_quiz(bank.engine, quiz.id).items[0].item.stem == an_item(1).stem
    again = bank.release.publish(quiz.id, approved.version)
    assert shown_quiz(bank.engine, quiz.id).items[0].item.stem == "Which tablet helps?"
    bank.release.retire(quiz.id, again.version)
    with pytest.raises(NotFound):
        shown_quiz(bank.engine, quiz.id)


def test_a_published_quiz_that_is_being_edited_can_be_taken_away_at_once(bank: Bank) -> None:
    quiz = bank.published()
    bank.review.edit(quiz.id, quiz.items[0].id, quiz.items[0].version, {"stem": "Which tablet helps?"})
    bank.release.retire(quiz.id, quiz.version + 1)
    with pytest.raises(NotFound):
        shown_quiz(bank.engine, quiz.id)
    assert published_items(bank.engine, "antenatal", "en", 10) == ()


def test_an_item_that_is_taken_out_is_gone_from_the_quiz_but_not_from_what_learners_see(bank: Bank) -> None:
    quiz = bank.published()
    bank.review.delete(quiz.id, quiz.items[0].id, quiz.items[0].version)
    assert [one.id for one in read_quiz(bank.engine, quiz.id).items] == [quiz.items[1].id]
    assert len(shown_quiz(bank.engine, quiz.id).items) == 2
    with pytest.raises(NotFound):
        read_item(bank.engine, quiz.id, quiz.items[0].id)


def test_items_are_shown_in_the_order_that_the_editor_gave(bank: Bank) -> None:
    quiz = bank.stored()
    turned = [one.id for one in reversed(quiz.items)]
    assert [one.id for one in bank.release.change(quiz.id, 1, order=turned).items] == turned
    for wrong in ([turned[0]], [*turned, turned[0]], [turned[0], "01JD0000000000000000000000"]):
        with pytest.raises(InvalidInput):
            bank.release.change(quiz.id, 2, order=wrong)


@pytest.mark.parametrize(("edit", "field"), [
    ({"keys": (4,)}, "answer_index"), ({"rationale": ("One.",)}, "rationale"),
    ({"options": ("A", "B"), "keys": (1,)}, "rationale")])
def test_what_no_editor_can_mean_is_refused(bank: Bank, edit: Any, field: str) -> None:
    quiz = bank.stored()
    with pytest.raises(InvalidInput) as caught:
        bank.review.edit(quiz.id, quiz.items[0].id, 1, edit)
    assert caught.value.field == field


@pytest.mark.parametrize("reason", ["", "  ", "\u202e"])
def test_a_rejection_without_a_reason_is_refused(bank: Bank, reason: str) -> None:
    quiz = bank.stored()
    with pytest.raises(InvalidInput):
        bank.review.reject(quiz.id, quiz.items[0].id, 1, reason)
    with pytest.raises(InvalidInput):
        bank.release.reject(quiz.id, 1, reason)


def test_a_stale_version_is_told_who_saved_the_newer_one_and_when(bank: Bank) -> None:
    person = People(bank.engine, Seal("a test's pepper")).add("wanjiku", "three quiet goats", "educator")
    quiz = bank.stored()
    Review(bank.engine, bank.judge, person.id).edit(quiz.id, quiz.items[0].id, 1, {"stem": "Which one?"})
    for stale in (lambda: bank.review.edit(quiz.id, quiz.items[0].id, 1, {"stem": "Mine!"}),
                  lambda: bank.release.approve(quiz.id, 1), lambda: bank.release.submit(quiz.id, 1)):
        with pytest.raises(VersionConflict) as caught:
            stale()
        assert "Version 2 was saved by wanjiku at 20" in caught.value.detail
    assert read_item(bank.engine, quiz.id, quiz.items[0].id).item.stem == "Which one?"


def at_once(*calls: Any) -> list[Any]:
    """Run all at the same moment; what each returned or raised."""
    start = threading.Barrier(len(calls))

    def run(call: Any) -> Any:
        start.wait()
        try:
            return call()
        except FunzaError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_of_eight_editors_at_once_one_gets_through_and_seven_are_told(database_url: str) -> None:
    bank = Bank(database_url)
    quiz = bank.stored()
    item = quiz.items[0].id
    ended = at_once(*(lambda word=word: bank.review.edit(quiz.id, item, 1, {"stem": f"Editor {word}?"})
                      for word in range(8)))
    conflicts = [one for one in ended if isinstance(one, VersionConflict)]
    winners = [one for one in ended if not isinstance(one, Exception)]
    assert (len(winners), len(conflicts)) == (1, 7)
    now = read_item(bank.engine, quiz.id, item)
    assert (now.version, now.item) == (2, winners[0].item)
    assert [one.version for one in versions_of(bank.engine, quiz.id, item)] == [2, 1]


def test_editors_of_different_items_do_not_hinder_each_other(database_url: str) -> None:
    bank = Bank(database_url)
    quiz = bank.stored(*(an_item(number) for number in range(6)))
    ended = at_once(*(lambda one=one: bank.review.edit(quiz.id, one.id, 1, {"stem": f"New {one.id}?"})
                      for one in quiz.items))
    assert [type(one).__name__ for one in ended] == ["BankItem"] * 6
    assert read_quiz(bank.engine, quiz.id).version == 7


def test_what_was_edited_while_it_was_being_approved_is_never_approved_unseen(database_url: str) -> None:
    bank = Bank(database_url)
    for _ in range(5):
        quiz = bank.stored()
        item = quiz.items[0].id
        approved, edited = at_once(partial(bank.release.approve, quiz.id, 1),
                                   partial(bank.review.edit, quiz.id, item, 1, {"stem": "A FLAW?"}))
        assert isinstance(approved, VersionConflict) != isinstance(edited, VersionConflict)
        after = read_item(bank.engine, quiz.id, item)
        assert (after.item.stem, after.status) in {("A FLAW?", "draft"), (an_item(1).stem, "approved")}
