"""Kahoot's spreadsheet (its "KahootQuizTemplate.xlsx"): headings in row 8, one question a row from row 9.

Kahoot refuses a sheet with a longer text or another time, so these are errors here that name the item. Every cell is
typed as text and marked as quoted: none is a formula, also after somebody edits it.
"""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime
from typing import Any

from chatbot.errors import InvalidInput
from chatbot.quizzes.exports.archive import fixed_zip
from chatbot.quizzes.exports.interface import Export, does_not_fit
from chatbot.quizzes.exports.plain_text import letter, one_line
from chatbot.quizzes.item import Quiz

LONGEST_QUESTION = 120
LONGEST_ANSWER = 75
MOST_ANSWERS = 4
SECONDS = (5, 10, 20, 30, 60, 90, 120, 240)
"""Times that Kahoot offers."""
HEADING_ROW = 8
HEADINGS = (f"Question - max {LONGEST_QUESTION} characters",
            *(f"Answer {place} - max {LONGEST_ANSWER} characters" for place in range(1, MOST_ANSWERS + 1)),
            "Time limit (sec) – 5, 10, 20, 30, 60, 90, 120, or 240 secs", "Correct answer(s) - choose at least one")
_SAVED_AT = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")


class KahootXlsx(Export):
    """Args: seconds: time to answer each question, one of `SECONDS`."""

    name = "kahoot-xlsx"
    title = "Kahoot spreadsheet"
    extension = "kahoot.xlsx"
    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    opens_in = "Kahoot"

    def __init__(self, seconds: int = 30) -> None:
        if seconds not in SECONDS:
            raise InvalidInput(f"Kahoot has no time limit of {seconds} seconds.", field="seconds",
                               remedy=f"Choose one of {', '.join(map(str, SECONDS))}.")
        self.seconds = seconds

    def timed(self, seconds: int) -> KahootXlsx:
        """Raises InvalidInput for a time that Kahoot does not offer."""
        return KahootXlsx(seconds)

    def check(self, quiz: Quiz) -> None:
        """Besides: at most four options, and no text over Kahoot's limits."""
        super().check(quiz)
        for place, shown in enumerate(quiz.items):
            item = shown.item
            if len(item.options) > MOST_ANSWERS:
                raise does_not_fit(place, shown, f"has {len(item.options)} options; Kahoot takes {MOST_ANSWERS}",
                                   "Take a wrong answer out.")
            texts = [("the question", item.stem, LONGEST_QUESTION)]
            texts += [(f"option {letter(at)}", option, LONGEST_ANSWER) for at, option in enumerate(item.options)]
            for what, text, limit in texts:
                if characters(text) > limit:
                    raise does_not_fit(place, shown, f"is too long: {what} has {characters(text)} characters, "
                                                     f"Kahoot takes {limit}", "Shorten it.")

    def render(self, quiz: Quiz) -> bytes:
        """One workbook with one sheet."""
        from openpyxl import Workbook

        book = Workbook()
        sheet: Any = book.active
        _write(sheet, 1, 2, "Quiz template")
        _write(sheet, 2, 2, one_line(quiz.title, 120))
        for column, heading in enumerate(HEADINGS, 2):
            _write(sheet, HEADING_ROW, column, heading)
        for place, shown in enumerate(quiz.items, 1):
            row = HEADING_ROW + place
            sheet.cell(row, 1, place)
            for column, text in enumerate((shown.item.stem, *shown.item.options), 2):
                _write(sheet, row, column, text)
            sheet.cell(row, 7, self.seconds)
            sheet.cell(row, 8, shown.item.answer_index + 1)
        out = io.BytesIO()
        book.save(out)
        return _without_clock(out.getvalue(), quiz.created_at)


def characters(text: str) -> int:
    """As Kahoot's page counts them: in UTF-16 units, so an emoji is two."""
    return len(text.encode("utf-16-le")) // 2


def _write(sheet: Any, row: int, column: int, text: str) -> None:
    cell = sheet.cell(row, column)
    cell.value = text
    cell.data_type = "s"  # openpyxl makes a formula of what begins with `=`
    cell.quotePrefix = True


def _without_clock(book: bytes, at: datetime) -> bytes:
    """The workbook, dated `at`: openpyxl writes the moment of saving into it."""
    stamp = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["docProps/core.xml"] = _SAVED_AT.sub(rb"\g<1>" + stamp, files["docProps/core.xml"])
    return fixed_zip(files)
