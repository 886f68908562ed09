"""CSV for spreadsheets: a byte order mark so that Excel reads UTF-8, and no cell that Excel would run.

A cell that could begin a formula gets an apostrophe before it (`chatbot/safe_csv.py`). `unguarded` takes it off again;
so that it can, a text that begins like a guarded one (`'=...`) gets one more apostrophe on its way out.
"""

from __future__ import annotations

from chatbot.quizzes.exports.interface import Export
from chatbot.quizzes.exports.plain_text import letter
from chatbot.quizzes.exports.selection import rationales
from chatbot.quizzes.item import BankItem, Quiz
from chatbot.safe_csv import Cell, csv_text, safe_cell

FEWEST_OPTIONS = 4
"""Columns for options, also in a quiz whose items have fewer."""
TAG_SEPARATOR = ";"


class Csv(Export):
    """One row an item."""

    name = "csv"
    title = "CSV"
    extension = "csv"
    media_type = "text/csv; charset=utf-8"
    opens_in = "Excel, LibreOffice, Google Sheets"

    def render(self, quiz: Quiz) -> bytes:
        """RFC 4180, UTF-8 with a byte order mark."""
        width = max(FEWEST_OPTIONS, *(len(shown.item.options) for shown in quiz.items))
        letters = [letter(place).lower() for place in range(width)]
        header = ["question", *(f"option_{one}" for one in letters), "answer", *(f"rationale_{one}" for one in letters),
                  "difficulty", "bloom", "language", "stage", "topic", "tags", "source_quote", "source_title",
                  "source_url", "source_page", "status", "id"]
        return csv_text(header, (_row(shown, width) for shown in quiz.items)).encode("utf-8-sig")


def guarded(text: str) -> str:
    """A cell that `unguarded` turns back into `text`."""
    return f"'{text}" if text.startswith("'") and _begins_formula(text.lstrip("'")) else text


def unguarded(cell: str) -> str:
    """The text of a cell: without the apostrophe that guards it."""
    return cell[1:] if cell.startswith("'") and _begins_formula(cell[1:].lstrip("'")) else cell


def _begins_formula(text: str) -> bool:
    return safe_cell(text).startswith("'") and not text.startswith("'")


def _row(shown: BankItem, width: int) -> list[Cell]:
    item, evidence = shown.item, shown.item.evidence
    padding = [""] * (width - len(item.options))
    cells: list[Cell] = [
        item.stem, *item.options, *padding, letter(item.answer_index), *rationales(item), *padding, item.difficulty,
        item.bloom, item.language, item.stage, item.topic, TAG_SEPARATOR.join(item.tags), evidence.quote,
        evidence.title, evidence.url, evidence.page, shown.status, shown.id]
    return [guarded(cell) if isinstance(cell, str) else cell for cell in cells]
