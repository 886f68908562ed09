"""Kahoot's spreadsheet: its limits are errors that name the item, and no cell is a formula."""

from __future__ import annotations

import io
from typing import Any

import pytest
from openpyxl import load_workbook

from chatbot.errors import InvalidInput
from chatbot.quizzes.exports import CannotExport, export_quiz
from chatbot.quizzes.exports.kahoot_xlsx import SECONDS
from tests.chatbot.quizzes.exports.sample import HOSTILE, IRON, PLAIN, hostile_item, quiz_of


def sheet_of(content: bytes) -> Any:
    return load_workbook(io.BytesIO(content)).active


def test_a_question_stands_in_the_columns_of_kahoots_template() -> None:
    sheet = sheet_of(export_quiz(PLAIN, "kahoot-xlsx", seconds=20).content)
    assert [cell.value for cell in sheet[8]][1:3] == ["Question - max 120 characters", "Answer 1 - max 75 characters"]
    assert [cell.value for cell in sheet[9]] == [1, IRON.stem, *IRON.options, 20, 1]
    assert [cell.value for cell in sheet[10]][4:8] == ["Mara moja", None, 20, 2]


@pytest.mark.parametrize(("change", "why"), [
    ({"stem": "x" * 121}, "the question has 121 characters"),
    ({"options": ("a", "b" * 76)}, "option B has 76 characters"),
    ({"stem": "🤰" * 61}, "the question has 122 characters"),
    ({"options": ("a", "b", "c", "d", "e")}, "has 5 options")])
def test_a_text_over_kahoots_limit_names_its_item(change: dict[str, Any], why: str) -> None:
    with pytest.raises(CannotExport, match=why) as caught:
        export_quiz(quiz_of(IRON, IRON.model_copy(update=change)), "kahoot-xlsx")
    assert caught.value.field == "items.1"
    assert "Item 2" in caught.value.detail
    assert caught.value.remedy


def test_a_text_at_kahoots_limit_passes() -> None:
    export_quiz(quiz_of(IRON.model_copy(update={"stem": "x" * 120, "options": ("a" * 75, "🤰" * 37)})), "kahoot-xlsx")


@pytest.mark.parametrize("seconds", SECONDS)
def test_the_times_that_kahoot_offers_pass(seconds: int) -> None:
    assert sheet_of(export_quiz(PLAIN, "kahoot-xlsx", seconds=seconds).content).cell(9, 7).value == seconds


@pytest.mark.parametrize("seconds", [0, -5, 6, 15, 45, 241, 10**9])
def test_another_time_is_refused_with_those_that_exist(seconds: int) -> None:
    with pytest.raises(InvalidInput, match="no time limit of") as caught:
        export_quiz(PLAIN, "kahoot-xlsx", seconds=seconds)
    assert caught.value.field == "seconds"
    assert "240" in (caught.value.remedy or "")


@pytest.mark.parametrize("text", [text for text in HOSTILE if len(text) < 60])
def test_no_cell_is_a_formula_or_a_link(text: str) -> None:
    """B58."""
    quiz = quiz_of(hostile_item(text), title=text)
    for row in sheet_of(export_quiz(quiz, "kahoot-xlsx").content).iter_rows():
        for cell in row:
            assert cell.data_type in {"s", "n"}
            assert cell.hyperlink is None
            assert cell.data_type == "n" or cell.quotePrefix
