"""The reading grade: syllables by a dictionary's count, the formula by hand."""

from __future__ import annotations

import pytest

from chatbot.quizzes.lint.readability import english_syllables, flesch_kincaid, lengths, swahili_syllables

ENGLISH = {
    1: "the a like made stopped helped breast milk weeks months take through clothes once health first day sleep dose",
    2: "baby table wanted tablet tablets folic woman clinic labour people water evening mother danger needed nurses"
       " boxes changes going being iron vaccine",
    3: "pregnancy medicine hospital vitamin tetanus another",
    4: "anaemia information vegetables delivery antenatal",
}
SWAHILI = {1: "na si", 2: "chanjo damu wiki", 3: "mtoto kliniki daktari miezi anyonye",
           4: "hospitali", 5: "mjamzito apumzike"}


@pytest.mark.parametrize(("word", "count"), [
    (word, count) for count, words in ENGLISH.items() for word in words.split()])
def test_an_english_word_has_the_syllables_that_a_dictionary_gives_it(word: str, count: int) -> None:
    assert english_syllables(word) == count


@pytest.mark.parametrize(("word", "count"), [
    (word, count) for count, words in SWAHILI.items() for word in words.split()])
def test_a_swahili_word_has_a_syllable_for_each_vowel_and_syllabic_m(word: str, count: int) -> None:
    assert swahili_syllables(word) == count


def test_the_grade_is_that_of_kincaid_s_formula() -> None:
    """Six words, one sentence, seven syllables: 0.39 * 6 + 11.8 * 7 / 6 - 15.59."""
    assert flesch_kincaid(["The baby sat on the mat."]) == pytest.approx(0.39 * 6 + 11.8 * 7 / 6 - 15.59)


def test_longer_words_and_sentences_have_a_higher_grade() -> None:
    plain = flesch_kincaid(["Take the tablet with food.", "Go to the clinic."])
    learned = flesch_kincaid(["Administration of supplementation necessitates gastrointestinal consideration."])
    assert plain < 3 < 12 < learned


def test_swahili_is_measured_in_words_and_syllables() -> None:
    assert lengths(["Mtoto anyonye maziwa.", "Mama apumzike nyumbani leo jioni."]) == (4.0, 24 / 8)


def test_no_words_have_no_grade() -> None:
    assert flesch_kincaid([]) == flesch_kincaid(["…"]) == 0.0
    assert lengths(["12"]) == (0.0, 0.0)
