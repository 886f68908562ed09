"""Quizzes as files for other programs and for paper: one file a format, and their index.

To add a format: a subclass of `interface.Export` in a file here, and its row in `EXPORTS`. The contract test runs over
the index, and the table in the documentation is made from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chatbot.errors import InvalidInput
from chatbot.quizzes.exports.anki import Anki
from chatbot.quizzes.exports.csv_file import Csv
from chatbot.quizzes.exports.gift import Gift
from chatbot.quizzes.exports.interface import CannotExport, Export
from chatbot.quizzes.exports.json_file import Json
from chatbot.quizzes.exports.kahoot_xlsx import KahootXlsx
from chatbot.quizzes.exports.markdown import Markdown
from chatbot.quizzes.exports.moodle_xml import MoodleXml
from chatbot.quizzes.exports.pdf import Pdf
from chatbot.quizzes.exports.plain_text import one_line
from chatbot.quizzes.exports.qti12 import Qti12
from chatbot.quizzes.exports.qti21 import Qti21
from chatbot.quizzes.exports.selection import selected
from chatbot.quizzes.item import Quiz

__all__ = ["EXPORTS", "CannotExport", "Export", "ExportedFile", "export_quiz", "format_rows"]

EXPORTS: dict[str, Export] = {export.name: export for export in (
    Pdf(), Markdown(), MoodleXml(), Gift(), Qti12(), Qti21(), KahootXlsx(), Anki(), Csv(), Json())}
"""Name -> format, in the order that an educator is shown."""

_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|]')


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file to hand out."""

    name: str
    media_type: str
    content: bytes


def export_quiz(quiz: Quiz, name: str, *, drafts: bool = False, seconds: int | None = None) -> ExportedFile:
    """`quiz` as a file of the format `name`.

    Args:
        quiz: with all its items, of any state.
        name: a key of `EXPORTS`.
        drafts: with items that nobody has approved yet; paper then says DRAFT.
        seconds: time to answer each question, where the format has a clock.

    Raises CannotExport, InvalidInput (an unknown format, a time that the format has not).
    """
    if name not in EXPORTS:
        raise InvalidInput("There is no such export format.", field="format",
                           remedy=f"Choose one of {', '.join(EXPORTS)}.")
    export = EXPORTS[name] if seconds is None else EXPORTS[name].timed(seconds)
    chosen = selected(quiz, drafts=drafts)
    export.check(chosen)
    return ExportedFile(f"{_file_name(chosen.title)}.{export.extension}", export.media_type, export.render(chosen))


def format_rows() -> list[tuple[str, str, str, str]]:
    """(name, title, extension, where it is opened) of every format, for the documentation."""
    return [(export.name, export.title, export.extension, export.opens_in) for export in EXPORTS.values()]


def _file_name(title: str) -> str:
    """`title` as a name that Windows, macOS and Linux take."""
    return one_line(_NOT_IN_NAMES.sub(" ", title), 80).strip(" .…") or "quiz"
