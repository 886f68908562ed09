"""Cards are found for real questions, and what they do not hold gets none: the floors of `score.py`."""

from __future__ import annotations

from collections import Counter

import pytest

from chatbot.knowledge.asked import all_asked
from chatbot.knowledge.cards import Language, all_cards
from chatbot.knowledge.search import CardSearch, card_search
from chatbot.knowledge.words import words_of
from tests.chatbot.knowledge.score import HALVES, IN_THREE, LANGUAGES, SETS, WRONG_CARD, Asked, questions, score

EACH_SET = pytest.mark.parametrize("of", SETS)


@pytest.fixture(scope="module")
def search() -> CardSearch:
    return card_search()


@EACH_SET
def test_each_set_is_large_and_half_of_it_is_frozen(of: str) -> None:
    counts = Counter(one.language for one in questions(of))
    assert counts["en"] >= 75
    assert counts["sw"] >= 70
    frozen = sum(one.half == "frozen" for one in questions(of))
    assert 0.45 <= frozen / counts.total() <= 0.55
    assert sum(not one.cards for one in questions(of)) >= 0.15 * counts.total()


def test_every_question_is_asked_once_and_names_cards_that_exist() -> None:
    both = [one for of in SETS for one in questions(of)]
    assert {card for one in both for card in one.cards} <= {card.id for card in all_cards()}
    assert [text for text, times in Counter(one.text.casefold() for one in both).items() if times > 1] == []


def test_no_question_that_measures_is_among_those_the_search_knows() -> None:
    known = {" ".join(words_of(one.text)) for one in all_asked()}
    assert [one.text for of in SETS for one in questions(of) if " ".join(words_of(one.text)) in known] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("half", HALVES)
@EACH_SET
def test_a_card_that_answers_is_among_the_first_three(search: CardSearch, of: str, half: str,
                                                      language: Language) -> None:
    got = score(search, [one for one in questions(of) if (one.half, one.language) == (half, language)])
    assert got.in_three >= IN_THREE[language], f"{got.in_three:.3f}"


@pytest.mark.parametrize("half", HALVES)
@EACH_SET
def test_few_questions_that_no_card_answers_get_one(search: CardSearch, of: str, half: str) -> None:
    got = score(search, [one for one in questions(of) if one.half == half])
    assert got.wrong_card <= WRONG_CARD, f"{got.wrong_card:.3f}"


def test_the_score_counts_what_it_says(search: CardSearch) -> None:
    played = [Asked("dev", "en", "what is colostrum", ("colostrum",)),
              Asked("dev", "en", "what is colostrum", ("none",)),
              Asked("dev", "en", "why is iron given in pregnancy", ()), Asked("dev", "en", "who won the football", ())]
    got = score(search, played)
    assert (got.answerable, got.first, got.in_three, got.outside, got.wrong_card) == (2, 0.5, 0.5, 2, 0.5)
    assert len(got.misses) == 2


@pytest.mark.parametrize(("question", "card"), [
    ("I am so tired of this rain, my neighbour is away, when should my newborn be bathed?", "delay-first-bath"),
    ("we have been trying for a baby since 2023", "when-to-seek-fertility-help"),
    ("mume wangu hunipiga", "violence-by-a-partner")])
def test_a_story_an_idiom_and_a_verb_form_find_their_card(search: CardSearch, question: str, card: str) -> None:
    language: Language = "sw" if "wangu" in question else "en"
    assert card in [one.card.id for one in search.find(question, language, None)]
