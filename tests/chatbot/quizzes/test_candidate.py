"""What becomes of a model's proposal: a draft whose every word is checked, or the reason why it is none."""

from __future__ import annotations

import pytest

from chatbot.errors import SchemaBroken
from chatbot.knowledge.cards import all_cards
from chatbot.quizzes.making.candidate import draft_of
from chatbot.quizzes.making.draft import Draft
from chatbot.quizzes.making.fact import Fact
from chatbot.quizzes.making.schema import Proposal, candidate_schema, proposals
from chatbot.quizzes.making.spans import cut_from_a_no, verbatim
from chatbot.quizzes.making.template import fact_of_card

CARD = next(card for card in all_cards() if card.id == "eight-antenatal-contacts")
FACT = fact_of_card(CARD, "en")
WATER = Fact("Do not give water to the baby before six months. Give breast milk by day and night.", "en", "postnatal",
             "")
WRONG = ("two contacts", "three contacts", "five contacts")


def _draft(stem: str, key: str, wrong: tuple[str, ...] = WRONG, fact: Fact = FACT) -> Draft | str:
    return draft_of(Proposal(stem, key, wrong), fact, 3)


def test_a_key_in_the_models_words_becomes_the_span_of_the_source() -> None:
    draft = _draft("How many antenatal contacts does WHO advise?", "8 contacts")
    assert isinstance(draft, Draft)
    assert draft.key == "eight contacts"
    assert draft.key in FACT.text


def test_the_cards_own_misconceptions_come_before_the_models() -> None:
    draft = _draft("How many contacts does WHO advise in pregnancy?", CARD.en.key)
    assert isinstance(draft, Draft)
    assert set(draft.distractors) == set(CARD.en.misconceptions)


@pytest.mark.parametrize(("stem", "key", "why"), [
    ("How many contacts does WHO advise?", "ten contacts", "its key does not stand in the fact"),
    ("How many contacts are enough after 500 mg?", "eight contacts",
     "its stem has a number that the fact does not have"),
    ("Does WHO advise eight contacts?", "eight contacts", "its stem gives the key away"),
    ("Contacts", "eight contacts", "its stem is no short question"),
    ("Ni ziara ngapi za kliniki katika mimba moja?", "eight contacts", "its stem is in another language"),
    ("Who won the football cup in Nairobi?", "eight contacts", "its stem asks about something else"),
    ("How many contacts? See www.evil.example?", "eight contacts", "it holds what no item may hold")])
def test_a_proposal_is_refused_for_a_reason_in_our_words(stem: str, key: str, why: str) -> None:
    assert _draft(stem, key) == why


def test_a_key_cut_from_a_sentence_that_denies_it_is_refused() -> None:
    wrong = ("give tea each day", "give porridge at once", "give cow's milk")
    assert _draft("What should you do for the baby before six months?", "give water to the baby", wrong, WATER) == (
        "its key is cut from a sentence that denies it")
    assert not cut_from_a_no("Give breast milk", WATER.text, "What should you give?")


def test_a_proposal_with_a_second_right_answer_is_refused() -> None:
    wrong = ("two contacts", "in the first 12 weeks", "nine visits")
    assert _draft("When is the first contact with a health worker?", "first 12 weeks", wrong) == (
        "its wrong answers are not clearly wrong, or not different")


def test_a_dose_of_the_models_own_never_becomes_an_option() -> None:
    draft = _draft("How many antenatal contacts does WHO advise?", "eight contacts", ("500 mg", *WRONG[:2]),
                   Fact(FACT.text, "en", "antenatal", ""))
    assert isinstance(draft, Draft)
    assert draft.distractors == WRONG[:2]


def test_a_scenario_says_that_it_asks_to_apply() -> None:
    draft = _draft("Amina is pregnant with her first baby. How many contacts does WHO advise?", "eight contacts")
    assert isinstance(draft, Draft)
    assert draft.bloom == "apply"


def test_words_around_the_json_are_cut_off_and_anything_else_is_no_answer() -> None:
    schema = candidate_schema(2)
    good = '{"items": [{"stem": "a?", "key": "b", "distractors": ["c", "d"]}]}'
    assert proposals(f"Here it is:\n```json\n{good}\n```", schema) == (Proposal("a?", "b", ("c", "d")),)
    for bad in ("", "no json", good[:30], good.replace('"key"', '"answer"'), good.replace('["c", "d"]', '["c"]')):
        with pytest.raises(SchemaBroken):
            proposals(bad, schema)


def test_a_span_is_found_whatever_the_case_and_spacing_and_never_made_up() -> None:
    assert verbatim("  AT LEAST eight\ncontacts. ", FACT.text) == "at least eight contacts"
    assert verbatim("at least nine contacts", FACT.text) == ""
    assert verbatim("", FACT.text) == ""
    assert verbatim("the and of", FACT.text) == ""
