"""Cards are found for real questions, and what they do not hold gets none: the floors of `score.py`."""

from __future__ import annotations

from collections import Counter

import pytest

from chatbot.knowledge.cards import Language, all_cards
from chatbot.knowledge.search import CardSearch
from tests.chatbot.knowledge.score import HALVES, IN_THREE, LANGUAGES, WRONG_CARD, Asked, questions, score

QUESTIONS = questions()


@pytest.fixture(scope="module")
def search() -> CardSearch:
    return CardSearch(all_cards())


def of(half: str, language: Language) -> list[Asked]:
    return [one for one in QUESTIONS if (one.half, one.language) == (half, language)]


def test_the_set_is_large_and_half_of_it_is_frozen() -> None:
    counts = Counter(one.language for one in QUESTIONS)
    assert counts["en"] >= 80
    assert counts["sw"] >= 70
    frozen = sum(one.half == "frozen" for one in QUESTIONS)
    assert 0.45 <= frozen / len(QUESTIONS) <= 0.55
    assert sum(not one.cards for one in QUESTIONS) >= 0.15 * len(QUESTIONS)


def test_every_question_is_asked_once_and_names_cards_that_exist() -> None:
    known = {card.id for card in all_cards()}
    assert {card for one in QUESTIONS for card in one.cards} <= known
    assert [text for text, times in Counter(one.text for one in QUESTIONS).items() if times > 1] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("half", HALVES)
def test_a_card_that_answers_is_among_the_first_three(search: CardSearch, half: str, language: Language) -> None:
    got = score(search, of(half, language))
    assert got.in_three >= IN_THREE[language], f"{got.in_three:.3f}"


@pytest.mark.parametrize("half", HALVES)
def test_few_questions_that_no_card_answers_get_one(search: CardSearch, half: str) -> None:
    got = score(search, [one for one in QUESTIONS if one.half == half])
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
