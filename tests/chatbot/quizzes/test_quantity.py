"""Quantities are read in both languages, and compared only with their own kind."""

from __future__ import annotations

import pytest

from chatbot.quizzes.making.quantity import quantities, quantity_of


@pytest.mark.parametrize(("text", "spans"), [
    ("Take 30 to 60 mg of iron and 400 micrograms of folic acid.", ["30 to 60 mg", "400 micrograms"]),
    ("Miligramu 30 hadi 60 za chuma kwa wiki sita.", ["Miligramu 30 hadi 60", "wiki sita"]),
    ("Wait six months, then 24 hours.", ["six months", "24 hours"]),
    ("A reading of 140/90 is too high.", []), ("Eat well every day.", []), ("There are 12 visits.", [])])
def test_a_number_counts_with_its_unit(text: str, spans: list[str]) -> None:
    found = quantities(text)
    assert [one.span for one in found] == spans
    assert [text[one.start:one.start + len(one.span)] for one in found] == spans


def test_the_same_amount_in_two_units_is_the_same_amount() -> None:
    one, other = quantity_of("400 mcg"), quantity_of("0.4 mg")
    assert one is not None
    assert other is not None
    assert (one.kind, one.size) == (other.kind, other.size)


def test_an_option_with_two_amounts_is_no_one_quantity() -> None:
    assert quantity_of("at 2 weeks and at 3 months") is None
    assert quantity_of("on the back") is None
