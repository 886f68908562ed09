"""The support check on sentences judged by hand: nothing that the card does not say is let through."""

from __future__ import annotations

from collections import Counter

import pytest

from chatbot.knowledge.cards import Language, all_cards
from chatbot.knowledge.negation import is_negation, read_polarity
from chatbot.knowledge.quantities import Quantity, quantities
from chatbot.knowledge.support import Passages, sentences
from tests.chatbot.knowledge.score_support import HALVES, NEVER, claims, score

CLAIMS = claims()
TURNED_AWAY = 0.15
"""Ceiling of the share of true paraphrases that are refused."""


def test_the_set_is_large_and_has_every_kind_in_both_languages_and_halves() -> None:
    assert len(CLAIMS) >= 120
    assert {one.kind for one in CLAIMS} >= NEVER
    counts = Counter((one.half, one.language, one.supported) for one in CLAIMS)
    assert len(counts) == 8
    assert min(counts.values()) >= 10


@pytest.mark.parametrize("half", HALVES)
def test_no_unsupported_sentence_is_accepted(half: str) -> None:
    got = score([one for one in CLAIMS if one.half == half])
    assert [one.text for one in got.accepted] == []


@pytest.mark.parametrize("half", HALVES)
def test_few_true_paraphrases_are_turned_away(half: str) -> None:
    got = score([one for one in CLAIMS if one.half == half])
    assert len(got.turned_away) <= TURNED_AWAY * got.supported, [one.text for one in got.turned_away]


@pytest.mark.parametrize("language", ["en", "sw"])
def test_every_sentence_of_a_card_is_supported_by_its_card(language: Language) -> None:
    texts = [card.wording(language).text for card in all_cards()]
    assert [one for text in texts for one in sentences(text) if not Passages([text]).support(one)] == []


@pytest.mark.parametrize("language", ["en", "sw"])
def test_hardly_any_misconception_is_supported_though_it_is_made_of_the_cards_words(language: Language) -> None:
    """A misconception answers a question and may be true by itself ("sing to a baby"), so a few may pass."""
    wordings = [card.wording(language) for card in all_cards()]
    wrongs = [(one.text, wrong) for one in wordings for wrong in one.misconceptions if len(wrong.split()) > 3]
    passed = [wrong for text, wrong in wrongs if Passages([text]).support(wrong)]
    assert len(passed) <= 0.015 * len(wrongs), passed


@pytest.mark.parametrize("claim", ["The placenta comes out before the baby.", "All methods protect you from HIV.",
                                   "Methods protect you from HIV."])
def test_a_small_word_that_turns_the_meaning_is_heard(claim: str) -> None:
    assert not Passages(["The baby is born. The placenta comes out after the baby. "
                         "Of these methods, only condoms protect you from HIV."]).support(claim)


def test_what_may_be_said_is_wider_than_what_is_supported() -> None:
    passages = Passages(["Tea does not block zinc. Take 2 tablets a day."])
    assert passages.may_say("Tea blocks zinc.")
    assert not passages.support("Tea blocks zinc.")
    assert not passages.may_say("Tea blocks iron.")
    assert not passages.may_say("Take 9 tablets a day.")


@pytest.mark.parametrize(("text", "found"), [
    ("at least 60 mg of iron", Quantity("60", "mg", ">", "iron")),
    ("within five days", Quantity("5", "day", "<")),
    ("140/90 or more", Quantity("140/90", "", ">")),
    ("chini ya miezi 6", Quantity("6", "month", "<")),
    ("vidonge vitano", Quantity("5", "tablet")),
    ("mikrogramu 400 za asidi", Quantity("400", "mcg", "", "asidi")),
    ("a pad in an hour", Quantity("1", "hour"))])
def test_a_figure_is_read_with_its_unit_bound_and_substance(text: str, found: Quantity) -> None:
    assert quantities(text.split()) == (found,)


def test_a_range_is_two_quantities_of_one_unit() -> None:
    found = quantities("30 to 60 mg of iron".split())
    assert found == (Quantity("30", "mg", "", "iron"), Quantity("60", "mg", "", "iron"))


@pytest.mark.parametrize("word", [
    "usiku", "asidi", "hatari", "hadi", "hali", "msichana", "wasiwasi", "asili", "usingizi", "hospitali", "note"])
def test_a_word_that_only_looks_like_a_denial_is_none(word: str) -> None:
    assert not is_negation(word)


@pytest.mark.parametrize("word", [
    "haileti", "hakuleti", "haikukingi", "usimpe", "asipewe", "hawezi", "hayajaota", "isiyo", "don't", "never", "bila"])
def test_a_denial_is_recognised_in_both_languages(word: str) -> None:
    assert is_negation(word)


def test_a_denial_reaches_what_follows_it_in_its_clause() -> None:
    assert dict(read_polarity("The vaccine is safe and does not prevent pregnancy, but it helps.")) == {
        "the": "said", "vaccine": "said", "is": "said", "safe": "said", "does": "either", "prevent": "denied",
        "pregnancy": "denied", "it": "said", "helps": "said"}
