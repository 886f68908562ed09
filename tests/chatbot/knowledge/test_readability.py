"""How hard our texts are to read, measured over every card and every fixed text; metric units only."""

from __future__ import annotations

import re
import tomllib
from statistics import median

import pytest

from chatbot.chat.refusals import REFUSALS
from chatbot.chat.texts import NOT_IN_SOURCES
from chatbot.knowledge.cards import all_cards
from chatbot.knowledge.readability import HARDEST_GRADE, TARGET_GRADE, by_grade, grade, is_too_hard, swahili_lengths

CARDS = all_cards()
POLICY = [table["answer"] for table in tomllib.loads(REFUSALS.read_text("utf-8"))["refusal"] if "answer" in table]
FIXED = {language: [NOT_IN_SOURCES[language], *(one[language] for one in POLICY)] for language in ("en", "sw")}
NOT_METRIC = re.compile(
    r"\b(?:ounces?|oz|pounds?|lbs?|inch(?:es)?|feet tall|miles?|pints?|gallons?|fahrenheit)\b|°\s?F\b", re.IGNORECASE)
MOST_WORDS, MOST_SYLLABLES = 15.0, 3.3
"""Ceilings for a Swahili text: mean words a sentence, mean syllables a word."""


def test_half_the_cards_read_at_grade_six_or_below_and_none_above_the_hardest() -> None:
    grades = by_grade([card.en.text for card in CARDS])
    assert median(found for found, _ in grades) <= TARGET_GRADE
    assert grades[0][0] <= HARDEST_GRADE, grades[0]


@pytest.mark.parametrize("text", FIXED["en"])
def test_a_fixed_english_text_reads_at_grade_seven_or_below(text: str) -> None:
    assert grade(text) <= 7.0


@pytest.mark.parametrize("text", [*FIXED["sw"], *(card.sw.text for card in CARDS)])
def test_a_swahili_text_has_short_sentences_and_words(text: str) -> None:
    words, syllables = swahili_lengths(text)
    assert words <= (MOST_WORDS if text not in FIXED["sw"] else 16)
    assert syllables <= MOST_SYLLABLES


@pytest.mark.parametrize("text", [*FIXED["en"], *(card.en.text for card in CARDS)])
def test_units_are_metric(text: str) -> None:
    assert not NOT_METRIC.search(text)


def test_a_unit_that_is_not_metric_would_be_noticed() -> None:
    assert all(NOT_METRIC.search(text) for text in ("5 pounds", "two inches", "101 °F", "8 oz"))


def test_a_hard_text_is_too_hard_and_a_short_one_is_not_judged() -> None:
    hard = "Administration of prophylactic supplementation considerably diminishes haematological complications. "
    assert is_too_hard(hard * 4)
    assert not is_too_hard(hard)
    assert swahili_lengths("") == (0.0, 0.0)
    assert grade("") == 0.0
