"""B58: the CSV of a quiz opens in a spreadsheet, and nothing in it runs."""

from __future__ import annotations

import csv
import io

import pytest

from chatbot.quizzes.exports import export_quiz
from chatbot.quizzes.exports.csv_file import guarded, unguarded
from chatbot.safe_csv import FORMULA_STARTS
from tests.chatbot.quizzes.exports.sample import HOSTILE, PLAIN, WILD, hostile_item, quiz_of

STARTS = ("=", "+", "-", "@", "\t=", "\r=", "\0=", "＝", "＋", "－", "＠", " =", "\u3000=", "\ufeff=")


def cells(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))


@pytest.mark.parametrize("start", STARTS)
def test_no_cell_begins_a_formula(start: str) -> None:
    quiz = quiz_of(hostile_item(f"{start}SUM(A1)"), title=start)
    for row in cells(export_quiz(quiz, "csv").content):
        for cell in row:
            assert not cell.lstrip(" \u3000").startswith((*FORMULA_STARTS, "＝", "＋", "－", "＠"))


def test_it_begins_with_a_byte_order_mark_and_its_lines_end_as_the_rfc_says() -> None:
    content = export_quiz(PLAIN, "csv").content
    assert content.startswith(b"\xef\xbb\xbfquestion,option_a,")
    assert content.endswith(b"\r\n")
    assert content.count(b"\r\n") == 3


def test_every_row_is_as_wide_as_the_header() -> None:
    assert {len(row) for row in cells(export_quiz(WILD, "csv").content)} == {22}


@pytest.mark.parametrize("text", [*HOSTILE, "'", "''", "'x", "' '=", "'\t=", ""])
def test_an_apostrophe_that_guards_is_told_from_one_that_was_typed(text: str) -> None:
    written = cells(("\ufeff" + _written(text)).encode())[0][0]
    assert unguarded(written) == text


def _written(text: str) -> str:
    from chatbot.safe_csv import csv_text

    return csv_text(["x"], [[guarded(text)]]).partition("\r\n")[2]
