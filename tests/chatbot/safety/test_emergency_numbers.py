"""Numbers that nobody has called for half a year are reported at start-up, without the numbers themselves."""

from __future__ import annotations

from datetime import date

import pytest
from structlog.testing import capture_logs

from chatbot.safety.emergency_numbers import warn_of_old_numbers

NUMBERS = {"Ambulance": "<number>"}
TODAY = date(2026, 11, 21)


def test_old_numbers_are_reported_with_their_age_and_without_the_numbers() -> None:
    with capture_logs() as lines:
        assert warn_of_old_numbers(NUMBERS, date(2026, 5, 1), TODAY)
    said = [(line["event"], line["log_level"], line["days"]) for line in lines]
    assert said == [("emergency_numbers_old", "warning", 204)]
    assert "<number>" not in str(lines)


@pytest.mark.parametrize(("numbers", "verified_on"), [
    (NUMBERS, date(2026, 5, 25)), (NUMBERS, TODAY), ({}, date(2020, 1, 1)), ({}, None)])
def test_numbers_verified_within_half_a_year_or_none_at_all_are_not(
        numbers: dict[str, str], verified_on: date | None) -> None:
    with capture_logs() as lines:
        assert not warn_of_old_numbers(numbers, verified_on, TODAY)
    assert lines == []
