"""Forms of one word, in two languages."""

from __future__ import annotations

import pytest

from chatbot.knowledge.support import same_word


@pytest.mark.parametrize(("one", "other"), [
    ("tablets", "tablet"), ("feeding", "feed"), ("unameza", "atameza"), ("anapaswa", "unapaswa"), ("iron", "iron"),
    ("pregnancy", "pregnant")])
def test_forms_of_one_word_are_one(one: str, other: str) -> None:
    assert same_word(one, other)
    assert same_word(other, one)


@pytest.mark.parametrize(("one", "other"), [
    ("iron", "zinc"), ("hypertension", "hypotension"), ("before", "birth"), ("mtoto", "moto"), ("", "a")])
def test_other_words_are_not(one: str, other: str) -> None:
    assert not same_word(one, other)
    assert not same_word(other, one)
