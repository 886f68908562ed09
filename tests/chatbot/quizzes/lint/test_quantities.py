"""Numbers with units, in two languages."""

from __future__ import annotations

import pytest

from chatbot.quizzes.lint.quantities import canonical, quantities, unknown

EQUAL = [("400 mcg", "0.4 mg"), ("2 weeks", "14 days"), ("wiki mbili", "siku 14"), ("miligramu 60", "60 mg"),
         ("twice a day", "every 12 hours"), ("mara tatu kwa siku", "kila saa 8"), ("1,000 mg", "1 g"),
         ("half", "HALF."), ("30-60 mg", "miligramu 30 hadi 60"), ("one year", "miezi kumi na miwili"),
         ("once a day", "every day"),
         ("kila siku", "mara moja kwa siku"), ("the tea and milk", "milk and tea"), ("0,4 mg", "400 µg"),
         ("vidonge vinne", "4 tablets"), ("twenty-four hours", "saa ishirini na nne")]
DIFFERENT = [("400 mcg", "400 mg"), ("2 weeks", "2 months"), ("4 weeks", "one month"), ("wiki mbili", "wiki nne"),
             ("twice a day", "twice a week"), ("before birth, not after", "after birth, not before"), ("6 mg", "60 mg"),
             ("go at once", "go once a day"), ("mara moja", "mara moja kwa siku"), ("30 mg", "30-60 mg")]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_options_that_mean_the_same_amount_are_equal(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_options_that_mean_another_amount_differ(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


def test_an_amount_that_the_source_does_not_give_is_unknown() -> None:
    source = "Give 30 to 60 mg of iron once a day."
    assert unknown("0.06 g, every 24 hours", source) == ()
    assert [found.words for found in unknown("45 mg, 2 times a day", source)] == ["2 times a day", "45 mg"]


def test_things_that_are_counted_may_stand_apart_from_their_number() -> None:
    assert unknown("two doses", "If you have had no dose, you get two.") == ()
    assert unknown("three doses", "If you have had no dose, you get two.") != ()


def test_a_rate_is_not_read_as_a_duration_too() -> None:
    assert [found.quantity.unit for found in quantities("every 6 hours")] == ["often"]
