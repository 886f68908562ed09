"""The bank stores a quiz whole or not at all, and finds items by words, tags, stage, language and state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from chatbot.errors import InvalidInput, NotFound, RecordsUnavailable
from chatbot.knowledge.cards import all_cards
from chatbot.quizzes.making.template import items_from_cards
from chatbot.quizzes.records.bank import (
    MOST_ITEMS,
    NewItem,
    Wanted,
    list_quizzes,
    read_quiz,
    search,
    similar,
    store_quiz,
    taken_stems,
)
from chatbot.quizzes.records.judging import Judge
from chatbot.quizzes.records.tables import ITEMS, QUIZZES
from chatbot.quizzes.stems import stem_key
from tests.chatbot.quizzes.banked import AMINA, Bank, an_item


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(f"sqlite:///{tmp_path / 'funza.db'}")


def test_a_stored_quiz_comes_back_with_its_items_in_order(database_url: str) -> None:
    bank = Bank(database_url)
    made = bank.stored(*(an_item(number) for number in range(5)), topic="nutrition", cost_nano_usd=None)
    read = read_quiz(bank.engine, made.id)
    assert [one.item for one in read.items] == [an_item(number) for number in range(5)]
    assert {(one.version, one.status, one.quiz_id, one.updated_by) for one in read.items} == {
        (1, "draft", made.id, AMINA)}
    assert (read.version, read.status, read.live_version, read.cost_nano_usd) == (1, "draft", None, None)


def test_a_quiz_whose_last_item_cannot_be_stored_leaves_nothing(bank: Bank) -> None:
    twice = [NewItem(an_item(1), "01JD0000000000000000000000")] * 2
    with pytest.raises(RecordsUnavailable):
        store_quiz(bank.engine, bank.judge, twice, title="x", stage="antenatal", by=AMINA)
    with bank.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(QUIZZES)) == 0
        assert connection.scalar(select(func.count()).select_from(ITEMS)) == 0


def test_a_quiz_with_too_many_items_is_refused(bank: Bank) -> None:
    with pytest.raises(InvalidInput):
        bank.stored(*[an_item()] * (MOST_ITEMS + 1))


def test_what_is_hidden_in_a_text_is_taken_out_and_what_people_write_stays(bank: Bank) -> None:
    hidden = "Ng'ombe\u202e \U000e0041milk\x07 🤰🏾?"
    item = bank.stored(an_item(stem=hidden)).items[0].item
    assert item.stem == "Ng'ombe milk 🤰🏾?"


SEARCHES: list[tuple[Wanted, set[int]]] = [
    (Wanted(words="zinc"), {1, 2, 3}), (Wanted(words="numb iron"), {1, 2}), (Wanted(words="number2"), {2}),
    (Wanted(words="the number1 is"), {1}), (Wanted(words="elephant"), set()), (Wanted(tag="IRON"), {1, 2}),
    (Wanted(tag="iro"), set()), (Wanted(stage="birth"), {3}), (Wanted(language="sw"), {3}),
    (Wanted(status="approved"), set()), (Wanted(words="%' or 7=7 --"), set()), (Wanted(flagged=True), set()),
    (Wanted(flagged=False, status="draft"), {1, 2, 3})]


def test_items_are_found_by_what_is_asked_and_by_nothing_else(database_url: str) -> None:
    bank = Bank(database_url)
    items = [an_item(1), an_item(2), an_item(3, stage="birth", language="sw", tags=(), options=("Zinc", "A", "B", "C"))]
    bank.stored(*items)
    for wanted, found in SEARCHES:
        assert {items.index(one.item) + 1 for one in search(bank.engine, wanted).found} == found, wanted


def test_an_edited_item_is_found_by_its_new_words_only(bank: Bank) -> None:
    quiz = bank.stored()
    bank.review.edit(quiz.id, quiz.items[0].id, 1, {"stem": "What is elephant milk?"})
    assert [one.id for one in search(bank.engine, Wanted(words="elephant")).found] == [quiz.items[0].id]
    assert search(bank.engine, Wanted(words="number1")).found == ()


def test_a_long_list_is_read_page_by_page_without_loss_or_repeat(bank: Bank) -> None:
    bank.stored(*(an_item(number) for number in range(7)))
    pages, after = [], ""
    while True:
        page = search(bank.engine, Wanted(), limit=3, after=after)
        pages.append([one.id for one in page.found])
        if page.after is None:
            break
        after = page.after
    ids = [one for page in pages for one in page]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert ids == sorted(set(ids), reverse=True)


def test_quizzes_are_listed_by_state_stage_and_words_of_their_title(bank: Bank) -> None:
    iron, birth = bank.stored(title="Iron 100% daily"), bank.stored(title="Birth", stage="birth")

    def found(**how: Any) -> list[str]:
        return [one.id for one in list_quizzes(bank.engine, **how).found]

    assert found() == [birth.id, iron.id]
    assert found(words="DAILY iron") == [iron.id]
    assert found(words="0%") == [iron.id]
    assert found(words="%") == [iron.id]
    assert found(stage="birth") == [birth.id]
    assert found(status="published") == []
    assert found(after=birth.id) == [iron.id]


def test_a_question_that_is_nearly_there_already_is_found(bank: Bank) -> None:
    bank.stored(an_item(stem="When should iron tablets be taken in pregnancy?"), an_item(stem="What is a birth plan?"))
    found = similar(bank.engine, "When should the iron tablet be taken in pregnancy")
    assert [one.item.stem for one, likeness in found if likeness >= 0.8] == [
        "When should iron tablets be taken in pregnancy?"]
    assert similar(bank.engine, found[0][0].item.stem, but=found[0][0].id) == []
    assert similar(bank.engine, "???") == []


def test_the_stems_of_a_stage_are_told_but_not_those_of_rejected_items(bank: Bank) -> None:
    quiz = bank.stored(an_item(1), an_item(2))
    bank.review.reject(quiz.id, quiz.items[0].id, 1, "Too easy.")
    assert taken_stems(bank.engine, "antenatal") == {stem_key(an_item(2).stem)}
    assert taken_stems(bank.engine, "birth") == frozenset()


def test_nothing_is_found_under_an_id_that_nobody_made(bank: Bank) -> None:
    with pytest.raises(NotFound):
        read_quiz(bank.engine, "01JD0000000000000000000000")


def test_the_real_lint_reads_the_whole_card_and_knows_what_the_bank_holds(tmp_path: Path) -> None:
    bank = Bank(f"sqlite:///{tmp_path / 'funza.db'}", Judge)
    cards = [card for card in all_cards() if card.stage == "birth"][:2]
    good, other = items_from_cards(cards, 2, seed=1)
    wrong_quote = good.model_copy(update={"evidence": good.evidence.model_copy(update={"quote": "No card says this."})})

    def rules(quiz: Any, place: int = 0) -> set[str]:
        return {one.rule for one in quiz.items[place].findings if one.severity == "block"}

    first = bank.stored(good, other)
    assert rules(first) == rules(first, 1) == set()
    assert rules(bank.stored(good)) == set(), "the same fact may be asked in another quiz"
    assert "quote-not-verbatim" in rules(bank.stored(wrong_quote))
    another_key = good.model_copy(update={"keys": ((good.answer_index + 1) % len(good.options),)})
    assert "duplicate-in-bank" in rules(bank.stored(another_key)), "but never with another answer"
    added = bank.review.add(first.id, good)
    assert "duplicate-in-bank" in {one.rule for one in added.findings}, "nor twice in one quiz"
