"""Where a value stands: word for word, as the same day, as the same number; and not where it is only a part."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.documents.dates import as_iso, dates_in
from chatbot.documents.evidence import LONGEST_QUOTE, Document
from chatbot.documents.figures import as_number, figures_in
from chatbot.documents.passages import Passage


def document(*texts: str) -> Document:
    return Document([Passage(number, text) for number, text in enumerate(texts, 1)])


@pytest.mark.parametrize(("text", "value"), [
    ("The mother is Asha  Wanjiru.", "asha wanjiru"), ("Ng’ombe ni wa Amina.", "Ng'ombe"),
    ("계약자 홍길동은 서명한다.", "홍길동"), ("주식회사 한빛교육", "주식회사한빛교육"),
    ("서울특별시종로구", "서울특별시 종로구"),
    ("Fee: KES 45,000 only", "KES 45000"), ("Fee: KES45,000", "KES 45,000"), ("ＡＢＣ　123", "abc 123"),
    ("a 12–14 week scan", "12-14 week"), ("name:\nAsha\nWanjiru", "Asha Wanjiru"), ("28kg", "28"),
])
def test_a_value_is_found_however_it_is_spaced_or_typed(text: str, value: str) -> None:
    assert document(text).text_spots(value)


@pytest.mark.parametrize(("text", "value"), [
    ("Ashantika was here", "Asha"), ("홍길동", "길동"), ("홍길동순", "홍길동"),
    ("111", "11"), ("11.5", "11"), ("11.5", "5"),
    ("45,000", "45"), ("250만원", "250"), ("The mother", "father"), ("", "x"), ("abc", ""), ("abc", "..."),
])
def test_a_part_of_a_longer_word_or_number_is_not_that_value(text: str, value: str) -> None:
    assert document(text).text_spots(value) == []


def test_korean_that_was_taken_apart_into_letters_is_the_same_korean() -> None:
    assert document(unicodedata.normalize("NFD", "계약자: 홍길동")).text_spots("홍길동")
    assert document("계약자: 홍길동").text_spots(unicodedata.normalize("NFD", "홍길동"))


@pytest.mark.parametrize(("written", "iso"), [
    ("2026-03-01", "2026-03-01"), ("2026. 3. 1.", "2026-03-01"), ("2026.03.01", "2026-03-01"),
    ("2026년 3월 1일", "2026-03-01"), ("2026년3월1일", "2026-03-01"), ("1/3/2026", "2026-03-01"),
    ("01-03-26", "2026-03-01"), ("1.3.2026", "2026-03-01"), ("1 March 2026", "2026-03-01"),
    ("1st of March 2026", "2026-03-01"), ("March 1, 2026", "2026-03-01"), ("1 Machi 2026", "2026-03-01"),
    ("12 Agosti 1998", "1998-08-12"), ("31/12/99", "1999-12-31"),
])
def test_a_day_is_the_same_day_in_every_form(written: str, iso: str) -> None:
    assert [one.iso for one in dates_in(f"on {written}, here")] == [iso]
    assert as_iso(written) == iso


@pytest.mark.parametrize("written", [
    "31/2/2026", "2026-13-01", "1/3", "12345-01-01", "0/0/2026", "March 2026", "version 1.2.3"])
def test_what_no_calendar_has_is_no_day(written: str) -> None:
    assert as_iso(written) is None


@pytest.mark.parametrize(("written", "number"), [
    ("45,000", 45000), ("2,500,000원", 2500000), ("250만", 2500000), ("1억", 100000000), ("11.2", Decimal("11.2")),
    ("KES 45000.50", Decimal("45000.5")), (7, 7), (11.2, Decimal("11.2"))])
def test_a_number_is_the_same_number_in_every_form(written: object, number: object) -> None:
    assert as_number(written) == number


def test_two_numbers_are_no_number_and_true_is_not_one() -> None:
    assert as_number("12 to 14") is None
    assert as_number(True) is None
    assert as_number("9" * 40) is None
    assert as_number(float("inf")) is None


def test_a_number_within_a_date_is_no_number_of_its_own() -> None:
    found = document("Signed on 14/3/2026, 3 witnesses").number_spots(Decimal(3))
    assert len(found) == 1
    assert [one.number for one in figures_in("3 of 14")] == [3, 14]


def test_the_quote_is_the_sentence_or_the_line_with_its_page() -> None:
    made = document("First page.", "Age: 24\nName: Asha Wanjiru\nEDD: 6/12/2026")
    evidence = made.evidence(made.text_spots("Asha Wanjiru")[0])
    assert (evidence.page, evidence.quote) == (2, "Name: Asha Wanjiru")


def test_a_quote_is_short_and_holds_its_value() -> None:
    made = document("word " * 200 + "Asha Wanjiru " + "word " * 200)
    quote = made.evidence(made.text_spots("Asha Wanjiru")[0]).quote
    assert "Asha Wanjiru" in quote
    assert len(quote) <= LONGEST_QUOTE


@given(st.text(max_size=80), st.text(min_size=1, max_size=20))
def test_whatever_is_found_stands_in_the_document(text: str, value: str) -> None:
    made = document(text)
    for spot in made.text_spots(value):
        assert made.words(spot) in " ".join(made.passages[0].text.split())
