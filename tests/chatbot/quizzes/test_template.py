"""Quiz items from cards: one key, in the card's own words, evenly placed."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from chatbot.knowledge.cards import Card, all_cards
from chatbot.quizzes.template import Item, items_from_cards, legacy_question
from chatbot.stages import all_stages

STAGES = [stage.id for stage in all_stages()]


def _cards(stage: str) -> list[Card]:
    return [card for card in all_cards() if card.stage == stage]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("language", ["en", "sw"])
def test_each_item_has_one_key_that_stands_word_for_word_in_its_rationale(stage: str, language: str) -> None:
    for item in items_from_cards(_cards(stage), 100, language, seed=1):  # type: ignore[arg-type]
        assert item.key in item.rationale
        assert len(set(item.options)) == len(item.options) >= 3
        wrong = [option for option in item.options if option != item.key]
        assert not any(re.search(rf"\b{re.escape(option)}\b", item.rationale) for option in wrong)


@pytest.mark.parametrize("stage", STAGES)
def test_no_place_holds_the_key_in_more_than_45_percent_of_items(stage: str) -> None:
    for seed in range(20):
        items = items_from_cards(_cards(stage), 25, seed=seed)
        places = Counter(item.answer_index for item in items)
        assert max(places.values()) <= 0.45 * len(items)


def test_a_quiz_asks_nothing_twice() -> None:
    stems = [item.stem for item in items_from_cards(_cards("antenatal"), 20)]
    assert len(stems) == len(set(stems)) == 20


def test_two_quizzes_differ_and_a_seed_repeats_one() -> None:
    cards = _cards("antenatal")
    assert items_from_cards(cards, 10, seed=7) == items_from_cards(cards, 10, seed=7)
    assert len({items_from_cards(cards, 10) for _ in range(5)}) > 1


def test_the_legacy_shape_holds_the_answer_as_one_of_its_options() -> None:
    item = Item("card", "Why iron?", ("For hair", "For blood"), 1, "Iron is for blood: For blood.", "https://who.int/x")
    assert legacy_question(item) == {
        "question": "Why iron?", "options": ["For hair", "For blood"], "answer": "For blood",
        "correctReason": "Correct. Iron is for blood: For blood.",
        "incorrectReason": "Not quite. The answer is: For blood. Iron is for blood: For blood."}
