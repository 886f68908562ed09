"""Everyday questions are not emergencies: the examples on the page, and the words of the cards' own texts."""

from __future__ import annotations

import re

import pytest

from chatbot.knowledge.cards import all_cards
from chatbot.safety.triage import triage
from chatbot.stages import all_stages

EXAMPLES = [text for stage in all_stages() for question in stage.questions for text in (question.en, question.sw)]
WORDS = sorted({word for card in all_cards() for wording in (card.en, card.sw)
                for word in re.findall(r"[a-z]{5,}", f"{wording.title} {wording.question}".lower())})



@pytest.mark.parametrize("question", EXAMPLES)
def test_an_example_question_of_the_page_is_no_alarm(question: str) -> None:
    assert triage(question).level in ("none", "soon")


@pytest.mark.parametrize("question", [
    "Kwa nini vidonge vya madini ya chuma hutolewa wakati wa ujauzito?", "how do I bake bread",
    "Mtoto aliyezaliwa Kenya anapaswa kusajiliwa ndani ya muda gani?", "Chanjo ya pepopunda hufanya nini?",
    "Why should I take folic acid before pregnancy?"])
def test_a_word_that_only_looks_like_a_sign_is_no_alarm(question: str) -> None:
    assert triage(question).level == "none"


def test_few_single_words_of_the_cards_titles_raise_an_emergency() -> None:
    """Some do by right (`fits`, `bleeding`); a jump here means that the tolerance for misspellings went wild."""
    raised = [word for word in WORDS if triage(word).level == "emergency"]
    assert len(raised) <= 0.02 * len(WORDS), raised
