"""A question is likened to those that are known to be asked of each card, and to those that no card answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatbot.knowledge.asked import LANGUAGES, NO_CARD, Asked, all_asked, read_asked
from chatbot.knowledge.cards import all_cards
from chatbot.knowledge.likeness import NEIGHBOURS, Likeness, features
from chatbot.knowledge.search import CardSearch, card_search
from chatbot.knowledge.vocabulary import Vocabulary

ASKED = (Asked("twins", "en", "two babies inside"), Asked("twins", "en", "am carrying twins"),
         Asked("backache", "en", "my back is paining"), Asked("backache", "sw", "mgongo unauma sana"),
         Asked(NO_CARD, "en", "price of a goat"), Asked(NO_CARD, "sw", "bei ya mbuzi"))
LIKENESS = Likeness(ASKED)


def best(question: str) -> str:
    found = LIKENESS.cards(question)
    return max(found, key=lambda card: found[card])


@pytest.mark.parametrize(("question", "card"), [
    ("two babies", "twins"), ("back paining", "backache"), ("bakc painning", "backache"),
    ("mgongo waniuma", "backache"), ("goat price today", NO_CARD)])
def test_the_card_whose_questions_are_most_alike_comes_first_misspelt_or_not(question: str, card: str) -> None:
    assert best(question) == card


def test_the_same_question_is_as_alike_as_can_be_and_a_strange_one_not_at_all() -> None:
    assert LIKENESS.cards("two babies inside")["twins"] >= 0.999
    assert max(LIKENESS.cards("two babies inside").values()) <= NEIGHBOURS ** 0.5
    for nothing in ("", "?!", "xyzzy"):
        assert LIKENESS.cards(nothing) == {}
    assert Likeness(()).cards("two babies") == {}


def test_words_that_nobody_asked_with_make_a_question_less_alike() -> None:
    assert LIKENESS.cards("two babies in the zeppelin")["twins"] < LIKENESS.cards("two babies")["twins"]


def test_a_card_that_knows_too_few_of_the_words_does_not_answer() -> None:
    vocabulary = Vocabulary([["is the implant painful", "implant"], ["the back is painful"]])
    asked = vocabulary.weights("is the implant painful")
    assert vocabulary.share(asked, 0) == 1
    assert 0 < vocabulary.share(asked, 1) < 0.5
    assert vocabulary.share(vocabulary.weights("is prostate cancer painful"), 0) < 0.5
    assert vocabulary.share(vocabulary.weights("is it"), 0) == 0


def test_what_is_asked_of_a_card_finds_it_and_what_no_card_answers_finds_none() -> None:
    cards = tuple(card for card in all_cards() if card.id in ("twin-pregnancy", "back-pain-in-pregnancy"))
    question = "how many placentas are there"
    assert CardSearch(cards).find(question, "en", None) == ()
    (found, *_) = CardSearch(cards, [Asked("twin-pregnancy", "en", question)]).find(question, "en", None)
    assert found.card.id == "twin-pregnancy"
    assert CardSearch(cards).find("back pain", "en", None)
    refused = [Asked(NO_CARD, "en", "back pain")] * NEIGHBOURS
    assert CardSearch(cards, refused).find("back pain", "en", None) == ()


@pytest.mark.parametrize(("question", "card"), [
    ("what to eat", "food-groups-in-pregnancy"), ("nile nini", "food-groups-in-pregnancy"),
    ("back pain", "back-pain-in-pregnancy"), ("two babies inside", "twin-pregnancy"),
    ("wen to start solids", "first-foods-at-six-months"), ("mtoi anacry usiku kucha", "crying-baby"),
    ("which side to sleep", "sleep-on-your-side")])
def test_the_shortest_questions_find_their_card(question: str, card: str) -> None:
    assert next(one.card.id for one in card_search().find(question, "en", None)) == card


def test_every_card_is_asked_of_in_each_language_and_no_question_twice() -> None:
    asked = all_asked()
    for language in LANGUAGES:
        of_language = [one.card for one in asked if one.language == language]
        assert min(of_language.count(card.id) for card in all_cards()) >= 5, language
    assert len({(one.card, one.text.casefold()) for one in asked}) == len(asked)
    outside = {features(one.text) for one in asked if one.card == NO_CARD}
    assert len(outside) >= 900
    assert [one.text for one in asked if one.card != NO_CARD and features(one.text) in outside] == []


@pytest.mark.parametrize(("line", "complaint"), [
    ("twins|en", "not `card-id"), ("twins|en| ", "not `card-id"), ("triplets|en|three babies", "no card is called"),
    ("twins|fr|deux bébés", "the language is one of en, sw, mix")])
def test_a_line_at_fault_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    (tmp_path / "birth.txt").write_text(f"twins|en|two babies\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=rf"birth\.txt:2: .*{complaint}"):
        read_asked(["twins"], tmp_path)
