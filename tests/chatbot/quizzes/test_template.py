"""Quiz items from cards: one key, in the card's own words, evenly placed, and no blocking finding in any language."""

from __future__ import annotations

from collections import Counter

import pytest

from chatbot.knowledge.cards import Card, Language, all_cards
from chatbot.quizzes.item import Evidence, Item, MadeBy
from chatbot.quizzes.lint import blocking, lint_item
from chatbot.quizzes.making.arrange import ascending
from chatbot.quizzes.making.template import bloom_of, draft_of_card, fact_of_card, items_from_cards, legacy_question
from chatbot.stages import all_stages

STAGES = [stage.id for stage in all_stages()]
LANGUAGES: tuple[Language, ...] = ("en", "sw")


def _cards(stage: str) -> list[Card]:
    return [card for card in all_cards() if card.stage == stage]


@pytest.mark.parametrize("options", [3, 4])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stage", STAGES)
def test_every_card_makes_an_item_whose_key_stands_word_for_word_in_the_card(
        stage: str, language: Language, options: int) -> None:
    texts = {card.id: card.wording(language).text for card in _cards(stage)}
    items = items_from_cards(_cards(stage), 100, language, options=options, seed=1)
    assert len(items) == len(texts)
    for item in items:
        text = texts[item.evidence.card_id]
        assert len(set(item.options)) == len(item.options) == len(item.rationale) == options
        assert item.key in item.evidence.quote
        assert item.evidence.quote in text
        assert item.made_by == MadeBy(path="template")


@pytest.mark.parametrize("options", [3, 4])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_cards_item_has_a_blocking_finding_and_few_have_any(language: Language, options: int) -> None:
    texts = {card.id: card.wording(language).text for card in all_cards()}
    found = {item.stem: lint_item(item, source_text=texts[item.evidence.card_id])
             for item in items_from_cards(all_cards(), 1000, language, options=options, seed=1)}
    assert {stem: blocking(flaws) for stem, flaws in found.items() if blocking(flaws)} == {}
    assert sum(bool(flaws) for flaws in found.values()) <= 0.3 * len(found)
    assert sum(flaw.rule == "longest-key" for flaws in found.values() for flaw in flaws) == 0


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stage", STAGES)
def test_no_place_holds_the_key_in_more_than_45_percent_of_items(stage: str, language: Language) -> None:
    for seed in range(20):
        items = items_from_cards(_cards(stage), 25, language, seed=seed)
        assert len(items) == 25
        assert max(Counter(item.answer_index for item in items).values()) <= 0.45 * len(items)


def test_a_quiz_asks_nothing_twice() -> None:
    stems = [item.stem for item in items_from_cards(_cards("antenatal"), 20)]
    assert len(stems) == len(set(stems)) == 20


def test_two_quizzes_differ_and_a_seed_repeats_one() -> None:
    cards = _cards("antenatal")
    assert items_from_cards(cards, 10, seed=7) == items_from_cards(cards, 10, seed=7)
    assert len({items_from_cards(cards, 10) for _ in range(5)}) > 1


def test_amounts_of_one_kind_ascend_and_nothing_else_is_put_in_order() -> None:
    assert ascending(("24 hours", "2 days", "30 minutes")) == ("30 minutes", "24 hours", "2 days")
    assert ascending(("saa 8 hadi 24 kwa siku", "dakika 10 hadi 20 kwa siku", "saa 1 hadi 2 kwa siku")) == (
        "dakika 10 hadi 20 kwa siku", "saa 1 hadi 2 kwa siku", "saa 8 hadi 24 kwa siku")
    assert ascending(("24 hours", "2 mg", "30 minutes")) is None
    assert ascending(("after 3 days", "on the back", "30 minutes")) is None


def test_a_question_after_a_reason_asks_to_understand() -> None:
    assert [bloom_of(stem) for stem in ("Why is iron given?", "Kwa nini chuma?", "When is the visit?")] == [
        "understand", "understand", "remember"]


def test_the_right_answer_is_explained_by_the_source_and_a_wrong_one_is_set_right_by_it() -> None:
    card = next(card for card in all_cards() if card.id == "handwashing")
    (item,) = items_from_cards([card], 1, "sw")
    for place, words in enumerate(item.rationale):
        assert words.startswith("Sahihi." if place == item.answer_index else "Sivyo.")
        assert words.endswith(item.evidence.quote)


def test_three_options_keep_the_distractors_that_are_nearest_in_length_to_the_key() -> None:
    card = next(card for card in all_cards() if card.id == "iron-and-folic-acid-why")
    draft = draft_of_card(fact_of_card(card, "en"), 3)
    away = {one: abs(len(one) - len(card.en.key)) for one in card.en.misconceptions}
    (dropped,) = set(away) - set(draft.distractors)
    assert away[dropped] == max(away.values()) > min(away.values())


def test_the_legacy_shape_holds_the_answer_as_one_of_its_options() -> None:
    item = Item(stem="Why iron?", options=("For hair", "For blood"), keys=(1,),
                evidence=Evidence(quote="Iron is for blood: For blood."))
    assert legacy_question(item) == {
        "question": "Why iron?", "options": ["For hair", "For blood"], "answer": "For blood",
        "correctReason": "Correct. Iron is for blood: For blood.",
        "incorrectReason": "Not quite. The answer is: For blood. Iron is for blood: For blood."}
