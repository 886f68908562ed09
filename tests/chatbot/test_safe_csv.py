"""CSV that a spreadsheet opens and does not run."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.safe_csv import csv_text, safe_cell


@pytest.mark.parametrize("text", [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\0=1", "＝1+1", "＋1", "－1", "＠x", " =1", "\u3000=1",
    "\ufeff=1", '=HYPERLINK("http://a.example","x")'])
def test_text_that_could_begin_a_formula_is_prefixed(text: str) -> None:
    assert safe_cell(text).startswith("'")


@pytest.mark.parametrize("text", ["chat", "", "a=b", "llama-3.2", "'quoted", "0", "together/meta-llama"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert safe_cell(text) == text


@pytest.mark.parametrize(("cell", "written"), [
    (Decimal("-0.50"), "-0.5"), (Decimal("1E-7"), "0.0000001"), (Decimal("1E+3"), "1000"), (-3, "-3"), (None, ""),
    (date(2026, 11, 1), "2026-11-01"), (True, "true"), (Decimal(0), "0"), (Decimal("100"), "100")])
def test_numbers_stay_numbers_and_unknown_is_empty(cell: object, written: str) -> None:
    assert safe_cell(cell) == written  # type: ignore[arg-type]


def test_quotes_commas_and_line_breaks_are_quoted() -> None:
    assert csv_text(["a"], [['x"y'], ["x,y"], ["x\ny"]]) == 'a\r\n"x""y"\r\n"x,y"\r\n"x\ny"\r\n'


@given(st.lists(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2)))
def test_whatever_the_text_the_file_has_its_rows_and_no_cell_begins_a_formula(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(csv_text(["a", "b"], rows), newline="")))
    assert len(read) == len(rows) + 1
    assert not any(cell[:1] in "=+-@\t\r" and cell for row in read for cell in row)
