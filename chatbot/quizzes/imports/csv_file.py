"""CSV in the columns of our own export: question, option_a, option_b, ..., answer; the others may be missing.

`answer` is an option's letter, or its whole text. Comma, semicolon or tab separates; the header decides which.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from chatbot.quizzes.exports.csv_file import TAG_SEPARATOR, unguarded
from chatbot.quizzes.imports.interface import CannotImport, Import, Question, Skipped

MOST_COLUMNS = 200
_OPTION = re.compile(r"(?:option|answer|choice)[ _-]?([a-z])")
_RATIONALE = re.compile(r"(?:rationale|feedback)[ _-]?([a-z])")


class Csv(Import):
    """One row a question."""

    name = "csv"
    title = "CSV"

    def read(self, text: str) -> Iterator[Question | Skipped]:
        """Rows without any text are passed over. Raises CannotImport where the header or the quoting is wrong."""
        text = text.removeprefix("\ufeff").replace("\0", "")
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
        try:
            columns = [name.strip().lower() for name in next(rows, [])]
            if len(columns) > MOST_COLUMNS or not {"question", "answer"} <= set(columns):
                raise CannotImport("The first row must name the columns question, option_a, option_b, ... and answer.",
                                   remedy="Export a quiz as CSV to see the columns.")
            for number, row in enumerate(rows, 2):
                if any(cell.strip() for cell in row):
                    yield _question(f"row {number}", dict(zip(columns, map(unguarded, row), strict=False)))
        except csv.Error:
            raise CannotImport(f"Line {rows.line_num} is not CSV.", remedy="Check its quotation marks.") from None


def _separator(text: str) -> str:
    header = text.partition("\n")[0]
    return max(",;\t", key=header.count)


def _question(place: str, cells: dict[str, str]) -> Question | Skipped:
    texts = _lettered(cells, _OPTION)
    letters = [at for at, text in texts.items() if text.strip()]
    options = [texts[at] for at in letters]
    answer = cells.get("answer", "").strip()
    if answer.upper() in letters:
        keys = [letters.index(answer.upper())]
    else:
        keys = [at for at, option in enumerate(options) if answer and option.strip() == answer]
    if not keys:
        return Skipped(place, "Its answer is neither the letter nor the text of one of its options.")
    rationale = _lettered(cells, _RATIONALE)
    return Question(
        place, cells.get("question", ""), tuple(options), tuple(keys), tuple(rationale.get(at, "") for at in letters),
        cells.get("difficulty", "").strip(), cells.get("bloom", "").strip(), cells.get("topic", ""),
        tuple(cells.get("tags", "").split(TAG_SEPARATOR)))


def _lettered(cells: dict[str, str], column: re.Pattern[str]) -> dict[str, str]:
    """Letter -> text, of the columns whose names fit."""
    return {named[1].upper(): text for name, text in cells.items() if (named := column.fullmatch(name))}
